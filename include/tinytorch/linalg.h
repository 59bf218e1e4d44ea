/* TinyTorch: matrix products. */
#ifndef TINYTORCH_LINALG_H_
#define TINYTORCH_LINALG_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
