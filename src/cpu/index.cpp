#include "cpu/index.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "cpu/inner_loop.h"

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

// Calls fn with an unsigned type of the element's size: moving values needs no more.
template <typename F>
void visit_bytes(DType dtype, F&& fn) {
  switch (size_of(dtype)) {
    case 1:
      return fn.template operator()<uint8_t>();
    case 2:
      return fn.template operator()<uint16_t>();
    case 4:
      return fn.template operator()<uint32_t>();
    default:
      return fn.template operator()<uint64_t>();
  }
}

template <typename T>
T load(const char* from) {
  return *reinterpret_cast<const T*>(from);
}

// One row of gather.
template <typename T, typename Index>
void gather_row(char* const* data, const int64_t* strides, int64_t n, int64_t step) {
  char* out = data[0];
  const char* source = data[1];
  const char* index = data[2];
  if (strides[2] == 0) {
    // The whole row lies behind one index.
    source += static_cast<int64_t>(load<Index>(index)) * step;
    if (strides[0] == sizeof(T) && strides[1] == sizeof(T)) {
      std::memcpy(out, source, static_cast<size_t>(n) * sizeof(T));
      return;
    }
    for (int64_t i = 0; i < n; ++i) {
      *reinterpret_cast<T*>(out + i * strides[0]) = load<T>(source + i * strides[1]);
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<int64_t>(load<Index>(index + i * strides[2]));
    *reinterpret_cast<T*>(out + i * strides[0]) = load<T>(source + i * strides[1] + at * step);
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

template <typename Op, typename T, typename Index>
void scatter_row(char* const* data, const int64_t* strides, int64_t n, int64_t step) {
  char* self = data[0];
  const char* source = data[1];
  const char* index = data[2];
  if (strides[2] == 0) {
    self += static_cast<int64_t>(load<Index>(index)) * step;
    if (strides[0] == sizeof(T) && strides[1] == sizeof(T)) {
      for (int64_t i = 0; i < n; ++i) {
        combine<Op, T>(self + i * static_cast<int64_t>(sizeof(T)),
                       source + i * static_cast<int64_t>(sizeof(T)));
      }
      return;
    }
    for (int64_t i = 0; i < n; ++i) combine<Op, T>(self + i * strides[0], source + i * strides[1]);
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<int64_t>(load<Index>(index + i * strides[2]));
    combine<Op, T>(self + i * strides[0] + at * step, source + i * strides[1]);
  }
}

template <typename Op>
void scatter_with(const Loop& loop, int64_t step) {
  visit_dtype(loop.dtype[0], [&]<typename T>() {
    visit_index(loop.dtype[2], [&]<typename Index>() {
      for_each_row(loop, 0, loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
        scatter_row<Op, T, Index>(data, strides, n, step);
      });
    });
  });
}

}  // namespace

void CpuIndex::index_range(const Loop& loop, int64_t* min, int64_t* max) {
  visit_index(loop.dtype[0], [&]<typename Index>() {
    Index low = load<Index>(loop.data[0]);
    Index high = low;
    for_each_row(loop, 0, loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
      if (strides[0] == sizeof(Index)) {
        const auto* index = reinterpret_cast<const Index*>(data[0]);
        for (int64_t i = 0; i < n; ++i) {
          low = std::min(low, index[i]);
          high = std::max(high, index[i]);
        }
        return;
      }
      for (int64_t i = 0; i < n; ++i) {
        const Index index = load<Index>(data[0] + i * strides[0]);
        low = std::min(low, index);
        high = std::max(high, index);
      }
    });
    *min = low;
    *max = high;
  });
}

void CpuIndex::index_offsets(const Loop& loop, int64_t size, int64_t stride, bool add) {
  visit_index(loop.dtype[1], [&]<typename Index>() {
    for_each_row(loop, 0, loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        auto at = static_cast<int64_t>(load<Index>(data[1] + i * strides[1]));
        if (at < 0) at += size;
        auto* out = reinterpret_cast<int64_t*>(data[0] + i * strides[0]);
        *out = (add ? *out : 0) + at * stride;
      }
    });
  });
}

void CpuIndex::gather(const Loop& loop, int64_t stride) {
  visit_bytes(loop.dtype[0], [&]<typename T>() {
    visit_index(loop.dtype[2], [&]<typename Index>() {
      parallel_for(loop.numel, kParallelGrain / 2, [&](int64_t begin, int64_t end) {
        for_each_row(loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
          gather_row<T, Index>(data, strides, n, stride);
        });
      });
    });
  });
}

void CpuIndex::scatter(ScatterOp op, const Loop& loop, int64_t stride) {
  switch (op) {
    case ScatterOp::kAssign:
      return scatter_with<Assign>(loop, stride);
    case ScatterOp::kAdd:
      return scatter_with<Add>(loop, stride);
    case ScatterOp::kMul:
      return scatter_with<Mul>(loop, stride);
    case ScatterOp::kMax:
      return scatter_with<Max>(loop, stride);
    case ScatterOp::kMin:
      return scatter_with<Min>(loop, stride);
  }
}

void CpuIndex::accumulate(const Loop& loop) {
  visit_dtype(loop.dtype[0], [&]<typename T>() {
    for_each_row(loop, 0, loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
      for (int64_t i = 0; i < n; ++i) combine<Add, T>(data[0] + i * strides[0], data[1] + i * strides[1]);
    });
  });
}

void CpuIndex::floor_divide(const Loop& loop) {
  visit_dtype(loop.dtype[0], [&]<typename T>() {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      for_each_row(loop, 0, loop.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
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

int64_t CpuIndex::count_true(const bool* mask, int64_t n) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) count += mask[i];
  return count;
}

void CpuIndex::nonzero(const bool* mask, const Dims& sizes, int64_t* out) {
  const int ndim = sizes.size();
  int64_t numel = 1;
  for (const int64_t size : sizes) numel *= size;
  if (ndim == 1) {
    for (int64_t i = 0; i < numel; ++i) {
      if (mask[i]) *out++ = i;
    }
    return;
  }
  if (ndim == 0 || numel == 0) return;
  int64_t index[kMaxDims] = {};
  const int64_t columns = sizes[ndim - 1];
  for (int64_t row = 0; row < numel; row += columns) {
    for (int64_t i = 0; i < columns; ++i) {
      if (!mask[row + i]) continue;
      std::memcpy(out, index, sizeof(int64_t) * static_cast<size_t>(ndim - 1));
      out[ndim - 1] = i;
      out += ndim;
    }
    for (int d = ndim - 2; d >= 0 && ++index[d] == sizes[d]; --d) index[d] = 0;
  }
}

void CpuIndex::copy_blocks(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t bytes,
                           int64_t count) {
  // A thread's worth in bytes: what four-byte elements make of the grain elsewhere.
  const int64_t grain = std::max<int64_t>(kParallelGrain * 4 / std::max<int64_t>(bytes, 1), 1);
  parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(to + i * to_step, from + i * from_step, static_cast<size_t>(bytes));
    }
  });
}

void CpuIndex::triangle(void* out, const void* in, size_t element, int64_t batch, int64_t rows,
                        int64_t columns, int64_t diagonal, bool upper) {
  const auto bytes = static_cast<int64_t>(element);
  auto* to = static_cast<char*>(out);
  const auto* from = static_cast<const char*>(in);
  for (int64_t r = 0; r < batch * rows; ++r) {
    const int64_t row = r % rows;
    // Columns [0, cut) lie below the diagonal's upper part, [cut, columns) above the lower part.
    const int64_t first = diagonal < -rows ? -rows : diagonal > columns ? columns : diagonal;
    const int64_t cut = std::clamp<int64_t>(row + first + (upper ? 0 : 1), 0, columns);
    const int64_t keep_begin = upper ? cut : 0;
    const int64_t keep_end = upper ? columns : cut;
    char* to_row = to + r * columns * bytes;
    std::memset(to_row, 0, static_cast<size_t>(keep_begin * bytes));
    std::memcpy(to_row + keep_begin * bytes, from + (r * columns + keep_begin) * bytes,
                static_cast<size_t>((keep_end - keep_begin) * bytes));
    std::memset(to_row + keep_end * bytes, 0, static_cast<size_t>((columns - keep_end) * bytes));
  }
}

}  // namespace tt::cpu
