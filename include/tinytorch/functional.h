/* TinyTorch: activations, convolution, pooling, normalisation, dropout and losses. */
#ifndef TINYTORCH_FUNCTIONAL_H_
#define TINYTORCH_FUNCTIONAL_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif
