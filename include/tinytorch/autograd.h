/* TinyTorch: gradients. */
#ifndef TINYTORCH_AUTOGRAD_H_
#define TINYTORCH_AUTOGRAD_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
