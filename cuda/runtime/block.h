// How kernels are written here: as bodies, structs with their parameters as members and
//
//   static constexpr int kThreads;                                  // of a block, a multiple of 32
//   static constexpr int kBlocksResident;                           // on a multiprocessor, at least
//   struct Shared;                                                  // what a block's threads share
//   template <typename Block> void operator()(Block& block) const;  // what each thread does
//
// which run on the device (cuda/runtime/launcher.cuh) and, thread by thread, in tests that need no device.
// What a body needs of its surroundings is in Block: index() and blocks() of the grid, which has one
// dimension; thread(); sync(), which every thread of the block must come to; shuffle_xor(value, mask), which
// every thread of the warp must come to; shared<T>(). Copies of 16 bytes to shared memory may run beside the
// work: copy_16(to, from, inside) starts one, of zeros where not inside; end_copies() ends a group of them,
// which may be empty; wait_copies<kLeft>() waits until at most kLeft of the thread's groups are left, and
// sync() then makes them everybody's. load_matrices(words, row) is ldmatrix.
//
// A family's dispatch is a template too, over a Launcher: launch(name, body, blocks) (nothing for no blocks),
// buffer<T>(n) for the length of the call, fault(), where kernels report what they find wrong, and
// tensor_cores(), whether the device has those that mma_tf32 and mma_half need: both multiply matrices of a
// warp.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/dtype.h"
#include "cuda/index/index_math.h"

// Before a loop whose arrays must stay in registers.
#if defined(__CUDA_ARCH__)
#define TT_UNROLL _Pragma("unroll")
#else
#define TT_UNROLL
#endif

namespace tt::cuda {

struct Nothing {};

// What an element type is computed in.
template <typename T>
using Compute = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

// fn.template operator()<T>() for the floating dtypes.
template <typename F>
void visit_floating(DType dtype, const char* what, F&& fn) {
  switch (dtype) {
    case DType::kFloat16:
      return fn.template operator()<Half>();
    case DType::kBFloat16:
      return fn.template operator()<BFloat16>();
    case DType::kFloat32:
      return fn.template operator()<float>();
    case DType::kFloat64:
      return fn.template operator()<double>();
    default:
      fail(Status::kDtype, what, " is not implemented for ", dtype);
  }
}

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// What the grid of a body that strides over its work is cut to.
inline constexpr int64_t kMostBlocks = int64_t{1} << 30;
inline int64_t stride_blocks(int64_t n, int64_t per_block) {
  const int64_t blocks = ceil_div(n, per_block);
  return blocks < kMostBlocks ? blocks : kMostBlocks;
}

struct Plus {
  template <typename T>
  TT_HOST_DEVICE T operator()(T a, T b) const {
    return a + b;
  }
};
// Of a number and a NaN, the number.
struct Larger {
  template <typename T>
  TT_HOST_DEVICE T operator()(T a, T b) const {
    return b > a || a != a ? b : a;
  }
};

// x * y + z, rounded once; integers wrap.
template <typename T>
TT_HOST_DEVICE inline T multiply_add(T x, T y, T z) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fma(x, y, z);
  } else {
    return static_cast<T>(x * y + z);
  }
}

// What mma_tf32 does, where it is emulated: c (16 x 8) += a (16 x 8) * b (8 x 8), spread over a warp as PTX's
// mma.m16n8k8 wants it. a(lane, i) and b(lane, i) are a lane's registers; every lane asks for the same i.
template <typename GetA, typename GetB>
TT_HOST_DEVICE inline void emulate_mma(int lane, float (&c)[4], GetA&& a, GetB&& b) {
  for (int i = 0; i < 4; ++i) {
    const int group = lane / 4, col = lane % 4 * 2 + i % 2;  // row: group, and 8 more from i 2 on
    for (int k = 0; k < 8; ++k) {
      c[i] += a(group * 4 + k % 4, i / 2 + 2 * (k / 4)) * b(col * 4 + k % 4, k / 4);
    }
  }
}

// Half types go to tensor cores in pairs, the first in the lower bits.
template <typename T>
TT_HOST_DEVICE inline float half_of(uint32_t pair, int i) {
  T value;
  value.bits = static_cast<uint16_t>(pair >> 16 * i);
  return value;
}

// What mma_half does, where it is emulated: c (16 x 8) += a (16 x 16) * b (16 x 8), spread over a warp as
// PTX's mma.m16n8k16 wants it. a and b as above.
template <typename T, typename GetA, typename GetB>
TT_HOST_DEVICE inline void emulate_mma_half(int lane, float (&c)[4], GetA&& a, GetB&& b) {
  for (int i = 0; i < 4; ++i) {
    const int group = lane / 4, col = lane % 4 * 2 + i % 2;  // row: group, and 8 more from i 2 on
    for (int k = 0; k < 16; k += 2) {
      const uint32_t x = a(group * 4 + k % 8 / 2, i / 2 + 2 * (k / 8));
      const uint32_t y = b(col * 4 + k % 8 / 2, k / 8);
      for (int j = 0; j < 2; ++j) c[i] += half_of<T>(x, j) * half_of<T>(y, j);
    }
  }
}

// What load_matrices does, where it is emulated: four matrices of eight rows of 16 bytes; row_of(lane) is the
// address that a lane came with, the row lane % 8 of matrix lane / 8. A lane gets word lane % 4 of row lane /
// 4 of each. Transposed, of matrices of 2-byte elements, it gets elements 2 * (lane % 4) and the next of
// column lane / 4.
template <bool kTransposed, typename RowOf>
TT_HOST_DEVICE inline void emulate_load_matrices(int lane, uint32_t (&words)[4], RowOf&& row_of) {
  for (int i = 0; i < 4; ++i) {
    if constexpr (kTransposed) {
      uint32_t word = 0;
      for (int j = 0; j < 2; ++j) {
        const auto* row = static_cast<const uint16_t*>(row_of(8 * i + lane % 4 * 2 + j));
        word |= uint32_t{row[lane / 4]} << 16 * j;
      }
      words[i] = word;
    } else {
      words[i] = static_cast<const uint32_t*>(row_of(8 * i + lane / 4))[lane % 4];
    }
  }
}

// To 10 bits of mantissa, ties away from zero.
TT_HOST_DEVICE inline float round_tf32(float x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return __uint_as_float(bits);
#else
  const auto bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;
  return std::bit_cast<float>((bits + 0x1000u) & ~0x1fffu);
#endif
}

// n / divisor for 0 <= n < count: a multiplication where the count allows it.
struct CountDivide {
  int64_t divisor;
  FastDivide fast;
  bool wide;

  CountDivide(int64_t divisor_, int64_t count)
      : divisor(divisor_), wide(count > INT32_MAX || divisor_ < 1 || divisor_ > INT32_MAX) {
    if (!wide) fast = FastDivide(static_cast<uint32_t>(divisor));
  }
  TT_HOST_DEVICE int64_t operator()(int64_t n) const {
    return wide ? n / divisor : static_cast<int64_t>(fast(static_cast<uint32_t>(n)));
  }
};

// Threads that work on one thing together: `lanes` neighbours, a power of two up to 32, or the whole block.
// Everything a team does, all teams of the block must do alike.
template <int kThreads, bool kWholeBlock>
class Team {
 public:
  static constexpr int kWarps = kThreads / 32;
  template <typename Block>
  TT_HOST_DEVICE Team(const Block& block, int lanes)
      : lanes_(kWholeBlock ? kThreads : lanes),
        lane_(block.thread() % lanes_),
        index_(block.thread() / lanes_) {}

  TT_HOST_DEVICE int lanes() const { return lanes_; }
  TT_HOST_DEVICE int lane() const { return lane_; }
  TT_HOST_DEVICE int index() const { return index_; }  // of the team in its block
  TT_HOST_DEVICE int teams() const { return kThreads / lanes_; }

  // `op` over the team's values, in the same order for every lane. slots: shared, one for each warp.
  template <typename Block, typename T, typename Op>
  TT_HOST_DEVICE T reduce(Block& block, T value, T* slots, Op op) const {
    for (int mask = (kWholeBlock ? 32 : lanes_) / 2; mask > 0; mask /= 2) {
      value = op(value, block.shuffle_xor(value, mask));
    }
    if constexpr (kWholeBlock) {
      if (block.thread() % 32 == 0) slots[block.thread() / 32] = value;
      block.sync();
      value = slots[0];
      for (int i = 1; i < kWarps; ++i) value = op(value, slots[i]);
      block.sync();
    }
    return value;
  }

 private:
  int lanes_, lane_, index_;
};

// The sum over the block, for every thread.
template <int kThreads, typename Block, typename T>
TT_HOST_DEVICE inline T block_sum(Block& block, T value, T* slots) {
  return Team<kThreads, true>(block, 0).reduce(block, value, slots, Plus());
}

// Lanes for rows of `dim` elements whose neighbours lie `inner` apart: with many columns side by side a
// thread each, which reads along them; else enough for the row.
struct TeamPlan {
  bool whole_block;
  int lanes;
};
inline TeamPlan team_plan(int64_t rows, int64_t dim, int64_t inner) {
  if (inner >= 32 && rows >= 8192) return {false, 1};
  if (dim > 1024) return {true, 0};
  int lanes = 1;
  while (lanes < 32 && lanes < dim) lanes *= 2;
  return {false, lanes};
}

}  // namespace tt::cuda
