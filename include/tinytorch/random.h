/* TinyTorch: generators and random tensors. */
#ifndef TINYTORCH_RANDOM_H_
#define TINYTORCH_RANDOM_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
