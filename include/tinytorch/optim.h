/* TinyTorch: optimizers. */
#ifndef TINYTORCH_OPTIM_H_
#define TINYTORCH_OPTIM_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
