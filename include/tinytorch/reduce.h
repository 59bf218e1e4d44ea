/* TinyTorch: reductions, sorting, scans and counting. */
#ifndef TINYTORCH_REDUCE_H_
#define TINYTORCH_REDUCE_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
