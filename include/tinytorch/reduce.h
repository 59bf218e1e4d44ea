/* TinyTorch: reductions, sorting, scans and counting.
 *
 * `dim` with `dim_count`: the dimensions to reduce, negative ones counting from the end; (NULL, 0) means all.
 * An optional single dim is a pointer, NULL for none. With `keepdim` reduced dimensions stay with size 1.
 * `dtype`: what the input is converted to first; TT_DTYPE_NONE for nothing. Dims out of range and dims named
 * twice are errors. Floating sums are kept in at least float and added pairwise. Unless noted, results are
 * differentiable where they are floating. */
#ifndef TINYTORCH_REDUCE_H_
#define TINYTORCH_REDUCE_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sum. Integers and bool give int64, which wraps, unless a dtype is given. */
TT_API tt_status tt_sum(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                        tt_dtype dtype, tt_tensor** out);
/* The same with NaN counted as 0. */
TT_API tt_status tt_nansum(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                           tt_dtype dtype, tt_tensor** out);
/* Mean; NaN over no elements. TT_ERR_DTYPE unless input or dtype is floating. */
TT_API tt_status tt_mean(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                         tt_dtype dtype, tt_tensor** out);
/* Product of all elements; dtypes as in tt_sum. */
TT_API tt_status tt_prod(const tt_tensor* input, tt_dtype dtype, tt_tensor** out);
/* The same along one dimension. */
TT_API tt_status tt_prod_dim(const tt_tensor* input, int64_t dim, int32_t keepdim, tt_dtype dtype,
                             tt_tensor** out);
/* The variance: the sum of squared deviations from the mean / max(0, count - correction). Floating only.
 * PyTorch's default correction: 1. */
TT_API tt_status tt_var(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                        double correction, tt_tensor** out);
/* Its square root. */
TT_API tt_status tt_std(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                        double correction, tt_tensor** out);
/* (sum |x|^ord)^(1/ord); greatest |x| for infinity, least for -infinity, count of x != 0 for 0. Floating
 * only; a dtype must not be narrower than the input's. No norm without elements for ord < 0 and infinity. */
TT_API tt_status tt_vector_norm(const tt_tensor* input, double ord, const int64_t* dim, size_t dim_count,
                                int32_t keepdim, tt_dtype dtype, tt_tensor** out);
/* log(sum(exp(x))) without overflow. Integers are computed in the default dtype. */
TT_API tt_status tt_logsumexp(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                              tt_tensor** out);

/* Greatest and least element; NaN where there is one. Elements that tie share the gradient. An empty
 * reduction is TT_ERR_SHAPE. */
TT_API tt_status tt_amax(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                         tt_tensor** out);
TT_API tt_status tt_amin(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                         tt_tensor** out);
TT_API tt_status tt_max(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_min(const tt_tensor* input, tt_tensor** out);
/* The same along one dimension, with the place (int64) of the first element that has the value, which takes
 * the whole gradient. */
TT_API tt_status tt_max_dim(const tt_tensor* input, int64_t dim, int32_t keepdim, tt_tensor** values,
                            tt_tensor** indices);
TT_API tt_status tt_min_dim(const tt_tensor* input, int64_t dim, int32_t keepdim, tt_tensor** values,
                            tt_tensor** indices);
/* The place alone (int64); without dim in the flattened input. Not for bool. */
TT_API tt_status tt_argmax(const tt_tensor* input, const int64_t* dim, int32_t keepdim, tt_tensor** out);
TT_API tt_status tt_argmin(const tt_tensor* input, const int64_t* dim, int32_t keepdim, tt_tensor** out);

/* Whether all (any) elements differ from 0: bool, uint8 for uint8. */
TT_API tt_status tt_all(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                        tt_tensor** out);
TT_API tt_status tt_any(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                        tt_tensor** out);
/* How many elements differ from 0: int64. */
TT_API tt_status tt_count_nonzero(const tt_tensor* input, const int64_t* dim, size_t dim_count,
                                  tt_tensor** out);

/* Running sum along dim; dtypes as in tt_sum. */
TT_API tt_status tt_cumsum(const tt_tensor* input, int64_t dim, tt_dtype dtype, tt_tensor** out);
/* Running product, likewise. */
TT_API tt_status tt_cumprod(const tt_tensor* input, int64_t dim, tt_dtype dtype, tt_tensor** out);
/* In place: the input's dtype stays. */
TT_API tt_status tt_cumsum_(tt_tensor* input, int64_t dim);
/* In place: the input's dtype stays. */
TT_API tt_status tt_cumprod_(tt_tensor* input, int64_t dim);

/* *out = 1 where shapes and all values agree (NaN agrees with nothing), else 0. */
TT_API tt_status tt_equal(const tt_tensor* input, const tt_tensor* other, int32_t* out);
/* |input - other| <= atol + rtol * |other| for each element (isclose: bool) or for all. NaN is close to NaN
 * where equal_nan. Dtypes must agree; shapes broadcast; tolerances are not negative. */
TT_API tt_status tt_isclose(const tt_tensor* input, const tt_tensor* other, double rtol, double atol,
                            int32_t equal_nan, tt_tensor** out);
TT_API tt_status tt_allclose(const tt_tensor* input, const tt_tensor* other, double rtol, double atol,
                             int32_t equal_nan, int32_t* out);

/* Sorted along dim, with the places (int64) the values came from. NaN counts as greatest. Equal elements keep
 * their order whether `stable` is set or not. */
TT_API tt_status tt_sort(const tt_tensor* input, int64_t dim, int32_t descending, int32_t stable,
                         tt_tensor** values, tt_tensor** indices);
TT_API tt_status tt_argsort(const tt_tensor* input, int64_t dim, int32_t descending, int32_t stable,
                            tt_tensor** out);
/* The k greatest (least) along dim, in order where `sorted`. Not for bool. */
TT_API tt_status tt_topk(const tt_tensor* input, int64_t k, int64_t dim, int32_t largest, int32_t sorted,
                         tt_tensor** values, tt_tensor** indices);
/* The k-th least along dim, k counting from 1. Not for bool. */
TT_API tt_status tt_kthvalue(const tt_tensor* input, int64_t k, int64_t dim, int32_t keepdim,
                             tt_tensor** values, tt_tensor** indices);
/* The lower of two middle elements; NaN where there is one. Not for bool. */
TT_API tt_status tt_median(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_median_dim(const tt_tensor* input, int64_t dim, int32_t keepdim, tt_tensor** values,
                               tt_tensor** indices);

/* The distinct values of the flattened input (of its slices along dim), ascending whether `sorted` is set or
 * not. `inverse` (may be NULL): for each element (slice) which value it is; `counts` (may be NULL): how often
 * each value occurs; both int64. Every NaN is a value of its own. Not differentiable. */
TT_API tt_status tt_unique(const tt_tensor* input, int32_t sorted, tt_tensor** out, tt_tensor** inverse,
                           tt_tensor** counts);
TT_API tt_status tt_unique_dim(const tt_tensor* input, int64_t dim, int32_t sorted, tt_tensor** out,
                               tt_tensor** inverse, tt_tensor** counts);
/* The same for runs of equal neighbours, in the order of the input; dim NULL: of the flattened input. */
TT_API tt_status tt_unique_consecutive(const tt_tensor* input, const int64_t* dim, tt_tensor** out,
                                       tt_tensor** inverse, tt_tensor** counts);

/* How often (with what total weight, where weights is not NULL) each of 0, 1, ..., max occurs in a vector of
 * integers >= 0; at least minlength long. int64; float32 for float32 weights, float64 for others. Not
 * differentiable. */
TT_API tt_status tt_bincount(const tt_tensor* input, const tt_tensor* weights, int64_t minlength,
                             tt_tensor** out);
/* How many elements lie in each of `bins` equal bins over [min, max]; from the least to the greatest element
 * where min = max. Floating only. Not differentiable. */
TT_API tt_status tt_histc(const tt_tensor* input, int64_t bins, double min, double max, tt_tensor** out);

#ifdef __cplusplus
}
#endif

#endif
