/* TinyTorch: pointwise ops. Operands broadcast and promote as PyTorch's do. `name_` writes into its first
 * argument. */
#ifndef TINYTORCH_POINTWISE_H_
#define TINYTORCH_POINTWISE_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* input + other. */
TT_API tt_status tt_add(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
TT_API tt_status tt_add_(tt_tensor* input, const tt_tensor* other);
TT_API tt_status tt_add_scalar(const tt_tensor* input, double other, tt_tensor** out);
TT_API tt_status tt_add_scalar_(tt_tensor* input, double other);

#ifdef __cplusplus
}
#endif

#endif
