/* TinyTorch: exchange with other libraries. */
#ifndef TINYTORCH_DLPACK_H_
#define TINYTORCH_DLPACK_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
