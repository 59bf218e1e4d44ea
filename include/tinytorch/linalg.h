/* TinyTorch: matrix products. */
#ifndef TINYTORCH_LINALG_H_
#define TINYTORCH_LINALG_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Matrix products. Operands of one call share one dtype (TT_ERR_DTYPE otherwise); every dtype but bool,
 * which mm, bmm, mv, matmul, linear and tensordot take where there is nothing to add up. Half
 * types are added up in float32; integers wrap around. A product over no elements is 0. Differentiable, any
 * number of times. Operands may lie in memory in any way; transposed ones are not copied. */

/* (n, k) x (k, m): (n, m). */
TT_API tt_status tt_mm(const tt_tensor* input, const tt_tensor* mat2, tt_tensor** out);
/* (b, n, k) x (b, k, m): (b, n, m). */
TT_API tt_status tt_bmm(const tt_tensor* input, const tt_tensor* mat2, tt_tensor** out);
/* By dimensions: 1 x 1 the dot product, 2 x 1 matrix times vector, 1 x 2 vector times matrix, 2 x 2 tt_mm;
 * with more, the last two are matrices and the others broadcast. */
TT_API tt_status tt_matmul(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
/* (n, k) x (k): (n). */
TT_API tt_status tt_mv(const tt_tensor* input, const tt_tensor* vec, tt_tensor** out);
/* (k) x (k): a 0-dim tensor. */
TT_API tt_status tt_dot(const tt_tensor* input, const tt_tensor* other, tt_tensor** out);
/* (n) x (m): (n, m), out[i][j] = input[i] * vec2[j]. Dtypes promote. */
TT_API tt_status tt_outer(const tt_tensor* input, const tt_tensor* vec2, tt_tensor** out);

/* beta * input + alpha * (mat1 x mat2), input broadcast to the result's shape. With beta 0 input is not read:
 * NaN in it does not count. For integers alpha and beta lose their fraction, and what
 * the dtype cannot hold is TT_ERR_INVALID_ARGUMENT; -1 is 255 in uint8. `name_` writes into input, which
 * must have the result's shape. */
TT_API tt_status tt_addmm(const tt_tensor* input, const tt_tensor* mat1, const tt_tensor* mat2, double beta,
                          double alpha, tt_tensor** out);
TT_API tt_status tt_addmm_(tt_tensor* input, const tt_tensor* mat1, const tt_tensor* mat2, double beta,
                           double alpha);
/* The same for batches, as in tt_bmm. */
TT_API tt_status tt_baddbmm(const tt_tensor* input, const tt_tensor* batch1, const tt_tensor* batch2,
                            double beta, double alpha, tt_tensor** out);
TT_API tt_status tt_baddbmm_(tt_tensor* input, const tt_tensor* batch1, const tt_tensor* batch2, double beta,
                             double alpha);
/* The same for a matrix and a vector, as in tt_mv; input (n) or one value. */
TT_API tt_status tt_addmv(const tt_tensor* input, const tt_tensor* mat, const tt_tensor* vec, double beta,
                          double alpha, tt_tensor** out);
TT_API tt_status tt_addmv_(tt_tensor* input, const tt_tensor* mat, const tt_tensor* vec, double beta,
                           double alpha);

/* input (.., in) times weight (out, in) transposed, plus bias (out): (.., out). bias may be NULL, or anything
 * that broadcasts to the result. weight (in) gives (..). */
TT_API tt_status tt_linear(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                           tt_tensor** out);
/* out[.., o] = sum over i, j of input1[.., i] * weight[o][i][j] * input2[.., j], plus bias[o]; bias may be
 * NULL. */
TT_API tt_status tt_bilinear(const tt_tensor* input1, const tt_tensor* input2, const tt_tensor* weight,
                             const tt_tensor* bias, tt_tensor** out);

/* Sums over dims_a of a paired with dims_b of b, which have equal sizes (or one has size 1). Result: the
 * other dimensions of a, then those of b. Without dims: the outer product. */
TT_API tt_status tt_tensordot(const tt_tensor* a, const tt_tensor* b, const int64_t* dims_a, size_t n_dims_a,
                              const int64_t* dims_b, size_t n_dims_b, tt_tensor** out);
/* Einstein summation: "ij,jk->ik". Subscripts a-z and A-Z, "..." for dimensions that broadcast, spaces
 * ignored. Without
 * "->" the result has the dimensions of "...", then the subscripts that occur once, A-Z before a-z. A
 * subscript twice in one operand takes its diagonal. Operands are multiplied from left to right. */
TT_API tt_status tt_einsum(const char* equation, tt_tensor* const* operands, size_t n_operands,
                           tt_tensor** out);

#ifdef __cplusplus
}
#endif

#endif
