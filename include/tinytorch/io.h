/* TinyTorch: files. */
#ifndef TINYTORCH_IO_H_
#define TINYTORCH_IO_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
