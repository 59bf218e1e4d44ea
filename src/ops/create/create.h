// Tensors from nothing, copies and conversions.
#pragma once

#include "tensor/tensor.h"

namespace tt::ops {

// ---- copies and conversions (create.cpp) ----

Tensor full(const Dims& sizes, const Scalar& value, DType dtype, Device device = {});
inline Tensor zeros(const Dims& sizes, DType dtype, Device device = {}) {
  return full(sizes, 0, dtype, device);
}
inline Tensor ones(const Dims& sizes, DType dtype, Device device = {}) {
  return full(sizes, 1, dtype, device);
}
// Laid out in memory as a copy of t is.
Tensor full_like(const Tensor& t, const Scalar& value, DType dtype);
inline Tensor zeros_like(const Tensor& t) { return full_like(t, 0, t.dtype()); }
inline Tensor ones_like(const Tensor& t) { return full_like(t, 1, t.dtype()); }

// Fails where the dtype cannot hold the number (negative integers may wrap into unsigned dtypes).
void check_fits(const Scalar& value, DType dtype, const char* name = "value");
// A number that an integer dtype shall hold: whole ones are integers, because the C functions take doubles.
Scalar whole_number(const Scalar& value, DType dtype);
// The same; fails where the dtype cannot hold it.
Scalar checked_number(const Scalar& value, DType dtype, const char* name = "value");
// A parameter as a number of the dtype, which must be able to hold it: rounded for half types.
double checked_param(const char* name, double value, DType dtype);
// A factor such as alpha, which half types take as a float. For integer dtypes checked likewise, with whole
// numbers as integers, and wrapped.
double checked_factor(const char* name, double value, DType dtype);

void fill_(const Tensor& self, const Scalar& value);
// self = source, broadcast and converted; differentiable in both.
void copy_(const Tensor& self, const Tensor& source, bool non_blocking = false);
// The same without recording or version count: for results that are not visible yet.
void copy_values(const Tensor& to, const Tensor& from, bool non_blocking = false);

Tensor clone(const Tensor& t);  // differentiable; the order of the dimensions in memory is kept
Tensor clone_like(const Tensor& t, const Tensor& like);  // differentiable; laid out as a copy of `like` is
Tensor clone_contiguous(const Tensor& t);                // differentiable; row-major
// What a kernel has written row by row, in the memory format of the images it was made from; not recorded.
Tensor in_format_of(const Tensor& images, const Tensor& rows);
Tensor contiguous(const Tensor& t);             // t itself where it is contiguous
Tensor contiguous_copy(const Tensor& t);        // always new memory; not recorded
Tensor to_dtype(const Tensor& t, DType dtype);  // t itself where it has the dtype; differentiable
// non_blocking: the host does not wait where its side is pinned, contiguous and of the other's dtype.
Tensor to_device(const Tensor& t, Device device, bool non_blocking = false);
// On the CPU, for the host to read: fails in a capture of the CPU's work.
Tensor to_host(const Tensor& t);
// A copy in page-locked memory, for the devices of the type. t: on the CPU. Not recorded.
Tensor pin_memory(const Tensor& t, DeviceType type = DeviceType::kCuda);

// ---- sequences and matrices (sequence.cpp) ----

// Values start + i * step before end. Of an integer dtype the arguments are truncated first.
Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, DType dtype, Device device = {});
Tensor linspace(double start, double end, int64_t steps, DType dtype, Device device = {});
Tensor logspace(double start, double end, int64_t steps, double base, DType dtype, Device device = {});
Tensor eye(int64_t rows, int64_t columns, DType dtype, Device device = {});
Tensor empty_strided(const Dims& sizes, const Dims& strides, DType dtype, Device device = {});
Tensor tril(const Tensor& t, int64_t diagonal = 0);
Tensor triu(const Tensor& t, int64_t diagonal = 0);
void tril_(const Tensor& self, int64_t diagonal = 0);
void triu_(const Tensor& self, int64_t diagonal = 0);
Tensor diag(const Tensor& t, int64_t diagonal = 0);
Tensor one_hot(const Tensor& t, int64_t num_classes = -1);
// One view per tensor, expanded over the others; `xy` swaps the first two.
Tensors meshgrid(std::span<const Tensor> tensors, bool xy = false);

}  // namespace tt::ops
