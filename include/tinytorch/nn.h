/* TinyTorch: modules. */
#ifndef TINYTORCH_NN_H_
#define TINYTORCH_NN_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
