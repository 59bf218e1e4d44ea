/* TinyTorch: indexing, joining and rearranging. */
#ifndef TINYTORCH_INDEX_H_
#define TINYTORCH_INDEX_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
