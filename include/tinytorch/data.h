/* TinyTorch: data sets, loaders and readers. */
#ifndef TINYTORCH_DATA_H_
#define TINYTORCH_DATA_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
