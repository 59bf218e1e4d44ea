// Transposing a matrix in blocks of vectors. Included inside HWY_NAMESPACE by kernel files, once per target.
#if defined(TT_CPU_SIMD_TRANSPOSE_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TT_CPU_SIMD_TRANSPOSE_H_
#undef TT_CPU_SIMD_TRANSPOSE_H_
#else
#define TT_CPU_SIMD_TRANSPOSE_H_
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// to[c * to_row + r] = from[r * from_row + c]; the two do not overlap.
template <typename T>
void transpose(const T* from, int64_t from_row, int64_t rows, int64_t cols, T* to, int64_t to_row) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(T) == 4) {
    if (rows >= 4 && cols >= 4) {
      const hn::FixedTag<T, 4> d;
      // Blocks of 4 x 4; the last ones reach back into those before them.
      for (int64_t next_row = 0; next_row < rows; next_row += 4) {
        const int64_t r = next_row + 4 <= rows ? next_row : rows - 4;
        for (int64_t next_col = 0; next_col < cols; next_col += 4) {
          const int64_t c = next_col + 4 <= cols ? next_col : cols - 4;
          const T* in = from + r * from_row + c;
          const auto v0 = hn::LoadU(d, in), v1 = hn::LoadU(d, in + from_row);
          const auto v2 = hn::LoadU(d, in + 2 * from_row), v3 = hn::LoadU(d, in + 3 * from_row);
          const auto low01 = hn::InterleaveLower(d, v0, v1), low23 = hn::InterleaveLower(d, v2, v3);
          const auto high01 = hn::InterleaveUpper(d, v0, v1), high23 = hn::InterleaveUpper(d, v2, v3);
          T* out = to + c * to_row + r;
          hn::StoreU(hn::ConcatLowerLower(d, low23, low01), d, out);
          hn::StoreU(hn::ConcatUpperUpper(d, low23, low01), d, out + to_row);
          hn::StoreU(hn::ConcatLowerLower(d, high23, high01), d, out + 2 * to_row);
          hn::StoreU(hn::ConcatUpperUpper(d, high23, high01), d, out + 3 * to_row);
        }
      }
      return;
    }
  }
#endif
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) to[c * to_row + r] = from[r * from_row + c];
  }
}

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
