// Scans, sorting, selection and counting.
#pragma once

#include <optional>

#include "device/order.h"
#include "ops/reduce/reduce.h"

namespace tt::ops {

// Integers and bool become int64 unless a dtype is given.
Tensor cumsum(const Tensor& t, int64_t dim, OptionalDType dtype = std::nullopt);
Tensor cumprod(const Tensor& t, int64_t dim, OptionalDType dtype = std::nullopt);
void cumsum_(const Tensor& self, int64_t dim);
void cumprod_(const Tensor& self, int64_t dim);
// The same from the dimension's end; floating.
Tensor reverse_cumsum(const Tensor& t, int64_t dim);
Tensor reverse_cumprod(const Tensor& t, int64_t dim);
// out[k] = b[k] + a[k] * out[k - 1] along dim (out[k + 1] where `reverse`): what the gradients of products
// satisfy.
Tensor affine_scan(const Tensor& a, const Tensor& b, int64_t dim, bool reverse);
// t moved along dim by one place (by: 1 or -1); `fill` comes in at the edge.
Tensor shift(const Tensor& t, int64_t dim, int by, double fill);

// Always stable.
ValuesAndIndices sort(const Tensor& t, int64_t dim = -1, bool descending = false);
Tensor argsort(const Tensor& t, int64_t dim = -1, bool descending = false);
ValuesAndIndices topk(const Tensor& t, int64_t k, int64_t dim = -1, bool largest = true, bool sorted = true);
// k counts from 1.
ValuesAndIndices kthvalue(const Tensor& t, int64_t k, int64_t dim = -1, bool keepdim = false);
// The lower median; NaN where there is one.
Tensor median(const Tensor& t);
ValuesAndIndices median_dim(const Tensor& t, int64_t dim = -1, bool keepdim = false);

// out[k] = t[indices[k]] along dim, and its opposite: zeros of `size` along dim with values at the indices.
// Shapes agree but along dim; indices of one line differ. Differentiable.
Tensor pick_along(const Tensor& t, const Tensor& indices, int dim);
Tensor place_along(const Tensor& values, const Tensor& indices, int dim, int64_t size);

struct Unique {
  Tensor values;   // ascending
  Tensor inverse;  // undefined where it was not asked for, like counts
  Tensor counts;
};
Unique unique(const Tensor& t, bool return_inverse = false, bool return_counts = false);
Unique unique_dim(const Tensor& t, int64_t dim, bool return_inverse = false, bool return_counts = false);
Unique unique_consecutive(const Tensor& t, bool return_inverse = false, bool return_counts = false,
                          std::optional<int64_t> dim = std::nullopt);

Tensor bincount(const Tensor& t, const Tensor& weights = Tensor(), int64_t minlength = 0);
Tensor histc(const Tensor& t, int64_t bins = 100, double min = 0, double max = 0);

}  // namespace tt::ops
