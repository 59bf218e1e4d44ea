#include "base/dims.h"

namespace tt {

std::string to_string(const Dims& dims) {
  std::string out = "[";
  for (int i = 0; i < dims.size(); ++i) {
    if (i != 0) out += ", ";
    out += std::to_string(dims[i]);
  }
  return out + "]";
}

int64_t checked_numel(std::span<const int64_t> sizes) {
  int64_t numel = 1;
  bool zero = false;
  for (const int64_t size : sizes) {
    TT_CHECK(size >= 0, Status::kShape, "sizes must not be negative, got ", to_string(Dims(sizes)));
    zero |= size == 0;
  }
  if (zero) return 0;
  for (const int64_t size : sizes) {
    TT_CHECK(!__builtin_mul_overflow(numel, size, &numel), Status::kShape, "the number of elements of shape ",
             to_string(Dims(sizes)), " overflows int64");
  }
  return numel;
}

Dims contiguous_strides(const Dims& sizes) {
  Dims strides = sizes;
  int64_t step = 1;
  for (int i = sizes.size() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= sizes[i] > 1 ? sizes[i] : 1;
  }
  return strides;
}

Dims broadcast(const Dims& a, const Dims& b) {
  if (a == b) return a;
  const int ndim = a.size() > b.size() ? a.size() : b.size();
  Dims out = Dims::filled(ndim, 1);
  for (int i = 0; i < ndim; ++i) {
    const int ia = i - (ndim - a.size());
    const int ib = i - (ndim - b.size());
    const int64_t sa = ia < 0 ? 1 : a[ia];
    const int64_t sb = ib < 0 ? 1 : b[ib];
    TT_CHECK(sa == sb || sa == 1 || sb == 1, Status::kShape, "The size of tensor a (", sa,
             ") must match the size of tensor b (", sb, ") at non-singleton dimension ", i);
    out[i] = sa == 1 ? sb : sa;
  }
  return out;
}

int wrap_dim(int64_t dim, int ndim) {
  const int64_t limit = ndim == 0 ? 1 : ndim;
  TT_CHECK(dim >= -limit && dim < limit, Status::kShape,
           "Dimension out of range (expected to be in range of [", -limit, ", ", limit - 1, "], but got ",
           dim, ")");
  return static_cast<int>(dim < 0 ? dim + limit : dim);
}

}  // namespace tt
