// Indexing, joining and rearranging.
#pragma once

#include <optional>

#include "tensor/tensor.h"

namespace tt::ops {

// ---- one index tensor along one dimension (index_dim.cpp) ----

Tensor gather(const Tensor& t, int64_t dim, const Tensor& index);
Tensor take_along_dim(const Tensor& t, const Tensor& indices, std::optional<int64_t> dim);
Tensor index_select(const Tensor& t, int64_t dim, const Tensor& index);
Tensor index_add(const Tensor& t, int64_t dim, const Tensor& index, const Tensor& source, double alpha = 1);
void index_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source, double alpha = 1);
Tensor scatter(const Tensor& t, int64_t dim, const Tensor& index, const Tensor& src);
Tensor scatter(const Tensor& t, int64_t dim, const Tensor& index, const Scalar& value);
void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);
void scatter_(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value);
Tensor scatter_add(const Tensor& t, int64_t dim, const Tensor& index, const Tensor& src);
void scatter_add_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);

// ---- scatter_reduce (scatter_reduce.cpp) ----

enum class ScatterReduce : int32_t { kSum = 0, kProd = 1, kMean = 2, kAmax = 3, kAmin = 4 };
Tensor scatter_reduce(const Tensor& t, int64_t dim, const Tensor& index, const Tensor& src,
                      ScatterReduce reduce, bool include_self = true);
void scatter_reduce_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                     ScatterReduce reduce, bool include_self = true);

// ---- several index tensors (index_many.cpp) ----

// t[indices]: integer tensors that broadcast together, bool masks, undefined ones for whole dimensions.
Tensor index(const Tensor& t, std::span<const Tensor> indices);
Tensor index_put(const Tensor& t, std::span<const Tensor> indices, const Tensor& values,
                 bool accumulate = false);
void index_put_(const Tensor& self, std::span<const Tensor> indices, const Tensor& values,
                bool accumulate = false);
Tensor masked_select(const Tensor& t, const Tensor& mask);
Tensor nonzero(const Tensor& t);         // (count, ndim), int64
Tensors nonzero_tuple(const Tensor& t);  // one vector per dimension; a 0-dim tensor counts as 1-dim

// ---- joining and rearranging (join.cpp) ----

Tensor cat(std::span<const Tensor> tensors, int64_t dim = 0);
Tensor stack(std::span<const Tensor> tensors, int64_t dim = 0);
Tensor hstack(std::span<const Tensor> tensors);
Tensor vstack(std::span<const Tensor> tensors);
Tensor flip(const Tensor& t, std::span<const int64_t> dims);
Tensor roll(const Tensor& t, std::span<const int64_t> shifts, std::span<const int64_t> dims = {});
Tensor repeat(const Tensor& t, std::span<const int64_t> repeats);
Tensor tile(const Tensor& t, std::span<const int64_t> repeats);
// Without dim: of the flattened tensor.
Tensor repeat_interleave(const Tensor& t, int64_t repeats, std::optional<int64_t> dim = std::nullopt);
Tensor repeat_interleave(const Tensor& t, const Tensor& repeats, std::optional<int64_t> dim = std::nullopt);

// ---- pad (pad.cpp) ----

enum class PadMode : int32_t { kConstant = 0, kReflect = 1, kReplicate = 2, kCircular = 3 };
// `pad`: before and after, from the last dimension backwards.
Tensor pad(const Tensor& t, std::span<const int64_t> pad, PadMode mode = PadMode::kConstant,
           double value = 0);

}  // namespace tt::ops
