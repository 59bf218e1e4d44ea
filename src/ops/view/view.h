// Views: the same memory under another geometry. All are differentiable, and in-place writes through them
// reach the base.
#pragma once

#include <optional>

#include "tensor/geometry.h"
#include "tensor/tensor.h"

namespace tt::ops {

// ---- shape (view.cpp) ----

// `offset` in elements from the start of the storage; none: the tensor's own.
Tensor as_strided(const Tensor& t, const Dims& sizes, const Dims& strides,
                  std::optional<int64_t> offset = std::nullopt);
// Values laid out in memory by `from` (added up where it overlaps itself), read back by `to`; both count from
// one origin. Where `counted` overlaps itself, each place is divided by how often `counted` refers to it. The
// gradient of as_strided is that of (view, input, input).
Tensor restride(const Tensor& values, const Geometry& from, const Geometry& to, const Geometry& counted);
Tensor view(const Tensor& t, const Dims& sizes);     // one size may be -1
Tensor reshape(const Tensor& t, const Dims& sizes);  // a view where possible, else a copy
Tensor flatten(const Tensor& t, int64_t start_dim = 0, int64_t end_dim = -1);
Tensor unflatten(const Tensor& t, int64_t dim, const Dims& sizes);
Tensor squeeze(const Tensor& t, std::span<const int64_t> dims = {});  // no dims: all
Tensor unsqueeze(const Tensor& t, int64_t dim);
Tensor expand(const Tensor& t, const Dims& sizes);  // -1 keeps a size
Tensor transpose(const Tensor& t, int64_t dim0, int64_t dim1);
Tensor t(const Tensor& t);
Tensor permute(const Tensor& t, std::span<const int64_t> dims);
Tensor movedim(const Tensor& t, std::span<const int64_t> source, std::span<const int64_t> destination);

// ---- parts (view_part.cpp) ----

Tensor select(const Tensor& t, int64_t dim, int64_t index);
// start and end count from the end where negative, and are clamped.
Tensor slice(const Tensor& t, int64_t dim, std::optional<int64_t> start = std::nullopt,
             std::optional<int64_t> end = std::nullopt, int64_t step = 1);
Tensor narrow(const Tensor& t, int64_t dim, int64_t start, int64_t length);
Tensor diagonal(const Tensor& t, int64_t offset = 0, int64_t dim1 = 0, int64_t dim2 = 1);
Tensor unfold(const Tensor& t, int64_t dim, int64_t size, int64_t step);
Tensors split(const Tensor& t, int64_t split_size, int64_t dim = 0);
Tensors split_with_sizes(const Tensor& t, std::span<const int64_t> sizes, int64_t dim = 0);
Tensors chunk(const Tensor& t, int64_t chunks, int64_t dim = 0);
Tensors unbind(const Tensor& t, int64_t dim = 0);
// How many tensors the ops above return.
int64_t split_count(const Tensor& t, int64_t split_size, int64_t dim);
int64_t chunk_count(const Tensor& t, int64_t chunks, int64_t dim);

// ---- in place (view_inplace.cpp): the tensor itself takes the new geometry ----

void squeeze_(const Tensor& self, std::span<const int64_t> dims = {});
void unsqueeze_(const Tensor& self, int64_t dim);
void transpose_(const Tensor& self, int64_t dim0, int64_t dim1);
void t_(const Tensor& self);
// Contiguous with `sizes`, growing the storage where it is too small; new elements are not initialised.
void resize_(const Tensor& self, const Dims& sizes);

}  // namespace tt::ops
