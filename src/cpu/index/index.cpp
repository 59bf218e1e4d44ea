#include "cpu/runtime/kernels.h"
#include "device/index.h"

#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "cpu/pointwise/copy.h"
#include "cpu/pointwise/inner_loop.h"

namespace tt::cpu {

namespace {

// Calls fn with the C++ type of an index dtype.
template <typename F>
void visit_index(DType dtype, F&& fn) {
  if (dtype == DType::kInt32) {
    fn.template operator()<int32_t>();
  } else {
    fn.template operator()<int64_t>();
  }
}

template <typename T>
T load(const char* from) {
  return *reinterpret_cast<const T*>(from);
}

// One row of gather. (Steps are kept in variables: stores of int64 could change what `strides` points to.)
template <typename T, typename Index>
void gather_row(char* const* data, const int64_t* strides, int64_t n, int64_t step) {
  char* out = data[0];
  const char* source = data[1];
  const char* index = data[2];
  const int64_t out_step = strides[0], source_step = strides[1], index_step = strides[2];
  if (index_step == 0) {
    // The whole row lies behind one index.
    source += static_cast<int64_t>(load<Index>(index)) * step;
    if (out_step == sizeof(T) && source_step == sizeof(T)) {
      std::memcpy(out, source, static_cast<size_t>(n) * sizeof(T));
      return;
    }
    for (int64_t i = 0; i < n; ++i) {
      *reinterpret_cast<T*>(out + i * out_step) = load<T>(source + i * source_step);
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<int64_t>(load<Index>(index + i * index_step));
    *reinterpret_cast<T*>(out + i * out_step) = load<T>(source + i * source_step + at * step);
  }
}

struct Assign {
  template <typename T>
  static T apply(T, T value) {
    return value;
  }
};
struct Add {
  template <typename T>
  static T apply(T self, T value) {
    if constexpr (std::is_same_v<T, bool>) {
      return self || value;
    } else {
      return static_cast<T>(self + value);
    }
  }
};
struct Mul {
  template <typename T>
  static T apply(T self, T value) {
    if constexpr (std::is_same_v<T, bool>) {
      return self && value;
    } else {
      return static_cast<T>(self * value);
    }
  }
};
// NaN wins, as in PyTorch's maximum.
struct Max {
  template <typename T>
  static T apply(T self, T value) {
    return value > self || value != value ? value : self;
  }
};
struct Min {
  template <typename T>
  static T apply(T self, T value) {
    return value < self || value != value ? value : self;
  }
};

template <typename Op, typename T>
void combine(char* self, const char* value) {
  auto* at = reinterpret_cast<T*>(self);
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
    *at = T(Op::template apply<float>(static_cast<float>(*at), static_cast<float>(load<T>(value))));
  } else {
    *at = Op::template apply<T>(*at, load<T>(value));
  }
}

// combine over a row; `offsets`: where each element of self lies, null where they follow one another.
template <typename Op, typename T>
void combine_row(char* self, const char* source, const int64_t* strides, const int64_t* offsets, int64_t n) {
  const int64_t self_step = strides[0], source_step = strides[1];
  if (offsets != nullptr) {
    for (int64_t i = 0; i < n; ++i) combine<Op, T>(self + offsets[i], source + i * source_step);
    return;
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (self_step == sizeof(T) && source_step == sizeof(T)) {
      auto* to = reinterpret_cast<T*>(self);
      const auto* from = reinterpret_cast<const T*>(source);
      for (int64_t i = 0; i < n; ++i) to[i] = Op::template apply<T>(to[i], from[i]);
      return;
    }
  }
  for (int64_t i = 0; i < n; ++i) combine<Op, T>(self + i * self_step, source + i * source_step);
}
using CombineRow = void (*)(char* self, const char* source, const int64_t* strides, const int64_t* offsets,
                            int64_t n);

template <typename Op>
CombineRow combine_row_of(DType dtype) {
  if constexpr (std::is_same_v<Op, Assign>) {
    return visit_size(dtype, []<typename T>() -> CombineRow { return combine_row<Op, T>; });
  } else {
    return visit_dtype(dtype, []<typename T>() -> CombineRow { return combine_row<Op, T>; });
  }
}

CombineRow combine_row_of(ScatterOp op, DType dtype) {
  switch (op) {
    case ScatterOp::kAssign:
      return combine_row_of<Assign>(dtype);
    case ScatterOp::kAdd:
      return combine_row_of<Add>(dtype);
    case ScatterOp::kMul:
      return combine_row_of<Mul>(dtype);
    case ScatterOp::kMax:
      return combine_row_of<Max>(dtype);
    case ScatterOp::kMin:
      break;
  }
  return combine_row_of<Min>(dtype);
}

// One row of scatter: the offsets into self are worked out piece by piece, so that the loops over values need
// not know the indices' type.
template <typename Index>
void scatter_row(CombineRow row, char* const* data, const int64_t* strides, int64_t n, int64_t step) {
  const char* index = data[2];
  if (strides[2] == 0) {
    row(data[0] + static_cast<int64_t>(load<Index>(index)) * step, data[1], strides, nullptr, n);
    return;
  }
  constexpr int64_t kPiece = 256;
  int64_t offsets[kPiece];
  for (int64_t at = 0; at < n; at += kPiece) {
    const int64_t count = std::min(kPiece, n - at);
    for (int64_t i = 0; i < count; ++i) {
      offsets[i] = static_cast<int64_t>(load<Index>(index + (at + i) * strides[2])) * step + i * strides[0];
    }
    row(data[0] + at * strides[0], data[1] + at * strides[1], strides, offsets, count);
  }
}

// The same at once, for what is common.
template <typename Op, typename T>
void scatter_row_of(char* const* data, const int64_t* strides, int64_t n, int64_t step) {
  if (strides[2] == 0) return scatter_row<int64_t>(combine_row<Op, T>, data, strides, n, step);
  char* self = data[0];
  const char* source = data[1];
  const char* index = data[2];
  const int64_t self_step = strides[0], source_step = strides[1], index_step = strides[2];
  for (int64_t i = 0; i < n; ++i) {
    const auto at = load<int64_t>(index + i * index_step);
    combine<Op, T>(self + i * self_step + at * step, source + i * source_step);
  }
}
using ScatterRow = void (*)(char* const* data, const int64_t* strides, int64_t n, int64_t step);

ScatterRow common_scatter_row(ScatterOp op, const Loop& loop) {
  const DType dtype = loop.dtype[0];
  if (loop.dtype[2] != DType::kInt64) return nullptr;
  if (op == ScatterOp::kAssign && size_of(dtype) == 4) return scatter_row_of<Assign, uint32_t>;
  if (op == ScatterOp::kAssign && size_of(dtype) == 8) return scatter_row_of<Assign, uint64_t>;
  if (op == ScatterOp::kAdd && dtype == DType::kFloat32) return scatter_row_of<Add, float>;
  if (op == ScatterOp::kAdd && dtype == DType::kFloat64) return scatter_row_of<Add, double>;
  return nullptr;
}

void index_range(const call::IndexRange& call) {
  visit_index(call.loop.dtype[0], [&]<typename Index>() {
    Index lowest = load<Index>(call.loop.data[0]);
    Index highest = lowest;
    for_each_row(call.loop, 0, call.loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
      Index low = lowest, high = highest;  // in registers
      const char* from = data[0];
      const int64_t step = strides[0];
      if (step == sizeof(Index)) {
        const auto* index = reinterpret_cast<const Index*>(from);
        for (int64_t i = 0; i < n; ++i) {
          low = std::min(low, index[i]);
          high = std::max(high, index[i]);
        }
      } else {
        for (int64_t i = 0; i < n; ++i) {
          const Index index = load<Index>(from + i * step);
          low = std::min(low, index);
          high = std::max(high, index);
        }
      }
      lowest = low;
      highest = high;
    });
    *call.min.at = lowest;
    *call.max.at = highest;
  });
}

void check_bounds(const call::CheckBounds& call) {
  int64_t min;
  int64_t max;
  index_range({call.loop, &min, &max});
  if (min < call.bounds.low) fail_index(min, call.bounds.size, call.bounds.dim);
  if (max >= call.bounds.size) fail_index(max, call.bounds.size, call.bounds.dim);
}

void index_offsets(const call::IndexOffsets& call) {
  visit_index(call.loop.dtype[1], [&]<typename Index>() {
    for_each_row(call.loop, 0, call.loop.numel, [=](char* const* data, const int64_t* strides, int64_t n) {
      char* to = data[0];
      const char* from = data[1];
      const int64_t to_step = strides[0], from_step = strides[1];
      for (int64_t i = 0; i < n; ++i) {
        auto at = static_cast<int64_t>(load<Index>(from + i * from_step));
        if (at < 0) at += call.size;
        auto* out = reinterpret_cast<int64_t*>(to + i * to_step);
        *out = (call.add ? *out : 0) + at * call.stride;
      }
    });
  });
}

void gather(const call::Gather& call) {
  visit_size(call.loop.dtype[0], [&]<typename T>() {
    visit_index(call.loop.dtype[2], [&]<typename Index>() {
      parallel_for(call.loop.numel, kParallelGrain / 2, [&](int64_t begin, int64_t end) {
        for_each_row(call.loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
          gather_row<T, Index>(data, strides, n, call.stride);
        });
      });
    });
  });
}

void scatter(const call::Scatter& call) {
  if (const ScatterRow row = common_scatter_row(call.op, call.loop)) {
    return for_each_row(
        call.loop, 0, call.loop.numel,
        [=](char* const* data, const int64_t* strides, int64_t n) { row(data, strides, n, call.stride); });
  }
  const CombineRow row = combine_row_of(call.op, call.loop.dtype[0]);
  visit_index(call.loop.dtype[2], [&]<typename Index>() {
    for_each_row(call.loop, 0, call.loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
      scatter_row<Index>(row, data, strides, n, call.stride);
    });
  });
}

void accumulate(const call::Accumulate& call) {
  const CombineRow row = combine_row_of<Add>(call.loop.dtype[0]);
  for_each_row(call.loop, 0, call.loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
    row(data[0], data[1], strides, nullptr, n);
  });
}

void floor_divide(const call::FloorDivide& call) {
  visit_dtype(call.loop.dtype[0], [&]<typename T>() {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      for_each_row(call.loop, 0, call.loop.numel, [](char* const* data, const int64_t* strides, int64_t n) {
        for (int64_t i = 0; i < n; ++i) {
          auto* self = reinterpret_cast<T*>(data[0] + i * strides[0]);
          const T count = load<T>(data[1] + i * strides[1]);
          T quotient = static_cast<T>(*self / count);
          if (*self < 0 && quotient * count != *self) --quotient;
          *self = quotient;
        }
      });
    }
  });
}

void count_true(const call::CountTrue& call) {
  const bool* mask = call.mask;
  int64_t count = 0;
  for (int64_t i = 0; i < call.n; ++i) count += mask[i];
  *call.count.at = count;
}

void nonzero(const call::NonZero& call) {
  const bool* mask = call.mask;
  int64_t* out = call.out;
  const int ndim = call.sizes.size();
  int64_t numel = 1;
  for (const int64_t size : call.sizes) numel *= size;
  if (ndim == 1) {
    for (int64_t i = 0; i < numel; ++i) {
      if (mask[i]) *out++ = i;
    }
    return;
  }
  if (ndim == 0 || numel == 0) return;
  int64_t index[kMaxDims] = {};
  const int64_t columns = call.sizes[ndim - 1];
  for (int64_t row = 0; row < numel; row += columns) {
    for (int64_t i = 0; i < columns; ++i) {
      if (!mask[row + i]) continue;
      std::memcpy(out, index, sizeof(int64_t) * static_cast<size_t>(ndim - 1));
      out[ndim - 1] = i;
      out += ndim;
    }
    for (int d = ndim - 2; d >= 0 && ++index[d] == call.sizes[d]; --d) index[d] = 0;
  }
}

void copy_blocks(const call::CopyBlocks& call) {
  // A thread's worth in bytes: what four-byte elements make of the grain elsewhere.
  const int64_t grain = std::max<int64_t>(kParallelGrain * 4 / std::max<int64_t>(call.bytes, 1), 1);
  parallel_for(call.count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(call.to + i * call.to_step, call.from + i * call.from_step,
                  static_cast<size_t>(call.bytes));
    }
  });
}

void triangle(const call::Triangle& call) {
  const auto bytes = static_cast<int64_t>(call.element);
  const int64_t rows = call.rows, columns = call.columns;
  const int64_t diagonal = std::clamp(call.diagonal, -rows, columns);
  auto* to = static_cast<char*>(call.out);
  const auto* from = static_cast<const char*>(call.in);
  for (int64_t r = 0; r < call.batch * rows; ++r) {
    // Columns [0, cut) lie below the diagonal's upper part, [cut, columns) above the lower part.
    const int64_t cut = std::clamp<int64_t>(r % rows + diagonal + (call.upper ? 0 : 1), 0, columns);
    const int64_t keep_begin = call.upper ? cut : 0;
    const int64_t keep_end = call.upper ? columns : cut;
    char* to_row = to + r * columns * bytes;
    std::memset(to_row, 0, static_cast<size_t>(keep_begin * bytes));
    std::memcpy(to_row + keep_begin * bytes, from + (r * columns + keep_begin) * bytes,
                static_cast<size_t>((keep_end - keep_begin) * bytes));
    std::memset(to_row + keep_end * bytes, 0, static_cast<size_t>((columns - keep_end) * bytes));
  }
}

}  // namespace

void add_index(KernelTable& table) {
  table.add<call::IndexRange>(index_range);
  table.add<call::CheckBounds>(check_bounds);
  table.add<call::IndexOffsets>(index_offsets);
  table.add<call::Gather>(gather);
  table.add<call::Scatter>(scatter);
  table.add<call::Accumulate>(accumulate);
  table.add<call::FloorDivide>(floor_divide);
  table.add<call::CountTrue>(count_true);
  table.add<call::NonZero>(nonzero);
  table.add<call::CopyBlocks>(copy_blocks);
  table.add<call::Triangle>(triangle);
}

}  // namespace tt::cpu
