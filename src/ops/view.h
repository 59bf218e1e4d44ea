// Views: the same memory under another geometry. All are differentiable, and in-place writes through them
// reach the base.
#pragma once

#include "core/tensor.h"

namespace tt::ops {

// `offset` in elements from the start of the storage.
Tensor as_strided(const Tensor& t, const Dims& sizes, const Dims& strides, int64_t offset);
// self.as_strided(sizes, strides, offset) += values, right also where the view overlaps itself.
void as_strided_accumulate_(const Tensor& self, const Tensor& values, const Dims& sizes, const Dims& strides,
                            int64_t offset);
Tensor view(const Tensor& t, const Dims& sizes);     // one size may be -1
Tensor reshape(const Tensor& t, const Dims& sizes);  // a view where possible, else a copy
Tensor expand(const Tensor& t, const Dims& sizes);   // -1 keeps a size
Tensor transpose(const Tensor& t, int64_t dim0, int64_t dim1);
Tensor t(const Tensor& t);

}  // namespace tt::ops
