/* TinyTorch: making tensors. */
#ifndef TINYTORCH_CREATE_H_
#define TINYTORCH_CREATE_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
