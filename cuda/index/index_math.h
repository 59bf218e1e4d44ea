// From the number of an element to its operands' addresses: shared by the kernels and by the tests, which run
// it on the CPU. Kernels count in 32 bits; larger loops are cut into parts.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "tensor/loop.h"
#include "base/macros.h"

namespace tt::cuda {

// The most elements of a part.
inline constexpr int64_t kMaxPart = int64_t{1} << 30;

// n / divisor by a multiplication, for n < 2^31 and 1 <= divisor < 2^31 (Granlund and Montgomery, 1994).
struct FastDivide {
  uint32_t divisor = 1;
  uint32_t magic = 1;
  uint32_t shift = 0;

  FastDivide() = default;
  explicit FastDivide(uint32_t d) : divisor(d) {
    while ((uint64_t{1} << shift) < d) ++shift;
    magic = static_cast<uint32_t>(((uint64_t{1} << 32) * ((uint64_t{1} << shift) - d)) / d + 1);
  }
  TT_HOST_DEVICE uint32_t operator()(uint32_t n) const {
#if defined(__CUDA_ARCH__)
    const uint32_t high = __umulhi(n, magic);
#else
    const auto high = static_cast<uint32_t>(static_cast<uint64_t>(n) * magic >> 32);
#endif
    return (high + n) >> shift;
  }
};

// The byte offsets of kOperands operands. Plain data: a kernel's parameter.
template <int kOperands>
struct OffsetMath {
  int ndim;
  FastDivide size[kMaxDims];
  int64_t stride[kOperands][kMaxDims];

  OffsetMath() = default;
  // Of the loop's first operands; its numel is below 2^31.
  explicit OffsetMath(const Loop& loop) : ndim(loop.ndim) {
    for (int d = 0; d < ndim; ++d) {
      size[d] = FastDivide(static_cast<uint32_t>(loop.sizes[d]));
      for (int op = 0; op < kOperands; ++op) stride[op][d] = loop.strides[op][d];
    }
  }
  TT_HOST_DEVICE void operator()(uint32_t i, int64_t (&offset)[kOperands]) const {
    for (int op = 0; op < kOperands; ++op) offset[op] = 0;
    for (int d = 0; d < ndim - 1; ++d) {
      const uint32_t rest = size[d](i);
      const int64_t at = i - rest * size[d].divisor;
      i = rest;
      for (int op = 0; op < kOperands; ++op) offset[op] += at * stride[op][d];
    }
    for (int op = 0; op < kOperands; ++op) offset[op] += static_cast<int64_t>(i) * stride[op][ndim - 1];
  }
};

// The same for numbers of any size, with real divisions where the count needs them.
template <int kOperands>
struct WideOffsetMath {
  int ndim;
  bool wide;  // a count of 2^31 or more
  FastDivide fast[kMaxDims];
  int64_t size[kMaxDims];
  int64_t stride[kOperands][kMaxDims];

  TT_HOST_DEVICE void operator()(int64_t i, int64_t (&offset)[kOperands]) const {
    for (int op = 0; op < kOperands; ++op) offset[op] = 0;
    for (int d = 0; d < ndim - 1; ++d) {
      const int64_t rest = wide ? i / size[d] : static_cast<int64_t>(fast[d](static_cast<uint32_t>(i)));
      const int64_t at = i - rest * size[d];
      i = rest;
      for (int op = 0; op < kOperands; ++op) offset[op] += at * stride[op][d];
    }
    for (int op = 0; op < kOperands; ++op) offset[op] += i * stride[op][ndim - 1];
  }

  // Host: starts without dimensions, whose product `count` is then 1.
  void clear() { ndim = 0; }
  void add(int64_t dim_size, std::initializer_list<int64_t> strides) {
    size[ndim] = dim_size;
    int op = 0;
    for (const int64_t s : strides) stride[op++][ndim] = s;
    ++ndim;
  }
  void finish(int64_t count) {
    if (ndim == 0)
      add(1, kOperands == 1 ? std::initializer_list<int64_t>{0} : std::initializer_list<int64_t>{0, 0});
    wide = count >= int64_t{1} << 31;
    for (int d = 0; d < ndim && !wide; ++d) fast[d] = FastDivide(static_cast<uint32_t>(size[d]));
  }
};

// Calls fn(loop) for parts of at most `limit` elements, in order of the outermost dimensions. No part is
// empty.
template <typename F>
void for_each_part(const Loop& loop, F&& fn, int64_t limit = kMaxPart) {
  if (loop.numel == 0) return;
  if (loop.numel <= limit) return fn(loop);
  int widest = loop.ndim - 1;
  while (widest > 0 && loop.sizes[widest] == 1) --widest;
  const int64_t half = loop.sizes[widest] / 2;
  Loop part = loop;
  part.sizes[widest] = half;
  part.numel = loop.numel / loop.sizes[widest] * half;
  for_each_part(part, fn, limit);
  part.sizes[widest] = loop.sizes[widest] - half;
  part.numel = loop.numel - part.numel;
  for (int op = 0; op < loop.operands; ++op) {
    if ((loop.host_scalars >> op & 1) == 0) part.data[op] += half * loop.strides[op][widest];
  }
  for_each_part(part, fn, limit);
}

}  // namespace tt::cuda
