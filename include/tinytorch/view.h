/* TinyTorch: views: the same memory under another shape. */
#ifndef TINYTORCH_VIEW_H_
#define TINYTORCH_VIEW_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
