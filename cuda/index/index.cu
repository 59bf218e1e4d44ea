// Gathering and scattering. Scatters are deterministic: what goes to one place is sorted by it and combined
// in the order of the loop, which is the CPU's. Indices beyond their bounds are faults (check_bounds); the
// kernels that use them leave memory alone: such an element of a gather is zero, that of a scatter is left
// out.
#include "cuda/runtime/kernels.h"
#include "device/index.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "cuda/runtime/convert.h"
#include "cuda/runtime/fault.h"
#include "cuda/runtime/for_each.cuh"
#include "cuda/index/index_math.h"
#include "cuda/runtime/memory.h"
#include "cuda/runtime/primitives.h"

namespace tt::cuda {

namespace {

TT_HOST_DEVICE inline int64_t load_index(const char* at, bool is_int32) {
  return is_int32 ? *reinterpret_cast<const int32_t*>(at) : *reinterpret_cast<const int64_t*>(at);
}

// The extremes of what falls to each of `parts` threads, for the host to combine: there are few.
struct IndexRange {
  OffsetMath<1> math;
  const char* data;
  bool is_int32;
  int64_t n, parts;
  int64_t* extremes;  // [parts][2]

  TT_HOST_DEVICE void operator()(int64_t part) const {
    int64_t low = INT64_MAX;
    int64_t high = INT64_MIN;
    for (int64_t i = part; i < n; i += parts) {
      int64_t offset[1];
      math(static_cast<uint32_t>(i), offset);
      const int64_t index = load_index(data + offset[0], is_int32);
      low = index < low ? index : low;
      high = index > high ? index : high;
    }
    extremes[2 * part] = low;
    extremes[2 * part + 1] = high;
  }
};

struct CheckBounds {
  OffsetMath<1> math;
  const char* data;
  bool is_int32;
  IndexBounds bounds;
  FaultRecord* faults;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    int64_t offset[1];
    math(static_cast<uint32_t>(i), offset);
    const int64_t index = load_index(data + offset[0], is_int32);
    if (index < bounds.low || index >= bounds.size) {
      raise(faults, FaultKind::kIndex, index, bounds.size, bounds.dim);
    }
  }
};

struct CountTrue {
  const bool* mask;
  int64_t n, parts;
  int64_t* counts;

  TT_HOST_DEVICE void operator()(int64_t part) const {
    int64_t count = 0;
    for (int64_t i = part; i < n; i += parts) count += mask[i];
    counts[part] = count;
  }
};

constexpr int64_t kParts = 8192;  // threads whose results the host combines

struct IndexOffsets {
  OffsetMath<2> math;
  char* out;
  const char* index;
  bool is_int32, add;
  int64_t size, stride;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    int64_t offset[2];
    math(static_cast<uint32_t>(i), offset);
    int64_t at = load_index(index + offset[1], is_int32);
    if (at < 0) at += size;
    auto* to = reinterpret_cast<int64_t*>(out + offset[0]);
    const int64_t before = add ? *to : 0;
    *to = at < 0 || at >= size || before < 0 ? -1 : before + at * stride;
  }
};

template <typename U>
struct Gather {
  OffsetMath<3> math;
  char* out;
  const char* source;
  const char* index;
  bool is_int32;
  int64_t size, stride;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    int64_t offset[3];
    math(static_cast<uint32_t>(i), offset);
    const int64_t at = load_index(index + offset[2], is_int32);
    const bool good = at >= 0 && at < size;
    *reinterpret_cast<U*>(out + offset[0]) =
        good ? *reinterpret_cast<const U*>(source + offset[1] + at * stride) : U(0);
  }
};

// The key of what goes nowhere; no element lies there.
constexpr uint64_t kNowhere = ~uint64_t{0};

// The address that element i goes to is its key, i its value.
struct ScatterKeys {
  OffsetMath<3> math;
  const char* self;
  const char* index;  // null: the address is self's own
  bool is_int32;
  int64_t size, stride;
  uint64_t* keys;
  int64_t* places;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    int64_t offset[3];
    math(static_cast<uint32_t>(i), offset);
    const int64_t at = index == nullptr ? 0 : load_index(index + offset[2], is_int32);
    const bool good = at >= 0 && at < size;
    keys[i] =
        good ? reinterpret_cast<uint64_t>(self) + static_cast<uint64_t>(offset[0] + at * stride) : kNowhere;
    places[i] = i;
  }
};

template <typename T>
TT_HOST_DEVICE inline T combine(ScatterOp op, T self_value, T source_value) {
  if constexpr (kHalfType<T>) {
    return T(combine<float>(op, static_cast<float>(self_value), static_cast<float>(source_value)));
  } else {
    // Integers wrap around.
    using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
    const T a = self_value, b = source_value;
    switch (op) {
      case ScatterOp::kAssign:
        return b;
      case ScatterOp::kAdd:
        return convert<T>(static_cast<Wide>(static_cast<Wide>(a) + static_cast<Wide>(b)));
      case ScatterOp::kMul:
        return convert<T>(static_cast<Wide>(static_cast<Wide>(a) * static_cast<Wide>(b)));
      case ScatterOp::kMax:  // NaN wins
        return b > a || b != b ? b : a;
      case ScatterOp::kMin:
        return b < a || b != b ? b : a;
    }
    return a;
  }
}

// The first of each run of equal keys takes in the whole run.
template <typename T>
struct ScatterRuns {
  OffsetMath<3> math;
  const char* source;  // null: it is `number` everywhere
  T number;
  ScatterOp op;
  int64_t n;
  const uint64_t* keys;
  const int64_t* places;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    const uint64_t key = keys[i];
    if (key == kNowhere || (i > 0 && keys[i - 1] == key)) return;
    T* self = reinterpret_cast<T*>(key);
    T value = *self;
    for (; i < n && keys[i] == key; ++i) {
      int64_t offset[3];
      math(static_cast<uint32_t>(places[i]), offset);
      value =
          combine<T>(op, value, source == nullptr ? number : *reinterpret_cast<const T*>(source + offset[1]));
    }
    *self = value;
  }
};

template <typename T>
struct FloorDivide {
  OffsetMath<2> math;
  char* self;
  const char* counts;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    int64_t offset[2];
    math(static_cast<uint32_t>(i), offset);
    T& value = *reinterpret_cast<T*>(self + offset[0]);
    const T count = *reinterpret_cast<const T*>(counts + offset[1]);
    T quotient = static_cast<T>(value / count);
    if constexpr (std::is_signed_v<T>) {
      if (value < 0 && quotient * count != value) --quotient;
    }
    value = quotient;
  }
};

struct NonzeroRows {
  const bool* mask;
  const int64_t* ranks;  // how many are true up to and with this one
  int ndim;
  int64_t sizes[kMaxDims];
  int64_t* out;

  TT_HOST_DEVICE void operator()(int64_t i) const {
    if (!mask[i]) return;
    int64_t* row = out + (ranks[i] - 1) * ndim;
    for (int d = ndim - 1; d >= 0; --d) {
      row[d] = i % sizes[d];
      i /= sizes[d];
    }
  }
};

bool is_int32(const Loop& loop, int op) { return loop.dtype[op] == DType::kInt32; }

// OffsetMath<3> of a loop of two or three operands.
OffsetMath<3> math_of(const Loop& loop) {
  Loop padded = loop;
  if (loop.operands < 3) std::fill_n(padded.strides[2], loop.ndim, int64_t{0});
  return OffsetMath<3>(padded);
}

void scatter_part(ScatterOp op, const Loop& part, const char* index, int64_t size, int64_t stride) {
  const int64_t n = part.numel;
  const auto bytes = static_cast<size_t>(n) * 8;
  const Workspace keys(bytes), sorted_keys(bytes), places(bytes), sorted_places(bytes);
  const OffsetMath<3> math = math_of(part);
  for_each("scatter", n,
           ScatterKeys{math, part.data[0], index, index != nullptr && is_int32(part, 2), size, stride,
                       keys.data<uint64_t>(), places.data<int64_t>()});
  sort_pairs(keys.data<uint64_t>(), sorted_keys.data<uint64_t>(), places.data<int64_t>(),
             sorted_places.data<int64_t>(), n, 64);
  const bool number = part.host_scalars >> 1 & 1;
  visit_dtype(part.dtype[0], [&]<typename T>() {
    for_each("scatter", n,
             ScatterRuns<T>{math, number ? nullptr : part.data[1],
                            number ? *reinterpret_cast<const T*>(part.data[1]) : T(), op, n,
                            sorted_keys.data<uint64_t>(), sorted_places.data<int64_t>()});
  });
}

void index_range(const call::IndexRange& call) {
  *call.min.at = INT64_MAX;
  *call.max.at = INT64_MIN;
  for_each_part(call.loop, [&](const Loop& part) {
    const int64_t parts = std::min(part.numel, kParts);
    const Workspace workspace(static_cast<size_t>(parts) * 16);
    for_each("index_range", parts,
             IndexRange{OffsetMath<1>(part), part.data[0], is_int32(part, 0), part.numel, parts,
                        workspace.data<int64_t>()});
    std::vector<int64_t> extremes(static_cast<size_t>(parts) * 2);
    to_host(extremes.data(), workspace.data(), extremes.size() * sizeof(int64_t));
    for (size_t i = 0; i < extremes.size(); i += 2) {
      *call.min.at = std::min(*call.min.at, extremes[i]);
      *call.max.at = std::max(*call.max.at, extremes[i + 1]);
    }
  });
}

void check_bounds(const call::CheckBounds& call) {
  FaultRecord* faults = fault_record();
  for_each_part(call.loop, [&](const Loop& part) {
    for_each("check_bounds", part.numel,
             CheckBounds{OffsetMath<1>(part), part.data[0], is_int32(part, 0), call.bounds, faults});
  });
}

void index_offsets(const call::IndexOffsets& call) {
  for_each_part(call.loop, [&](const Loop& part) {
    for_each("index_offsets", part.numel,
             IndexOffsets{OffsetMath<2>(part), part.data[0], part.data[1], is_int32(part, 1), call.add,
                          call.size, call.stride});
  });
}

void gather(const call::Gather& call) {
  visit_bytes(size_of(call.loop.dtype[0]), [&]<typename U>() {
    for_each_part(call.loop, [&](const Loop& part) {
      for_each("gather", part.numel,
               Gather<U>{OffsetMath<3>(part), part.data[0], part.data[1], part.data[2], is_int32(part, 2),
                         call.size, call.stride});
    });
  });
}

void scatter(const call::Scatter& call) {
  for_each_part(call.loop,
                [&](const Loop& part) { scatter_part(call.op, part, part.data[2], call.size, call.stride); });
}

void accumulate(const call::Accumulate& call) {
  for_each_part(call.loop, [&](const Loop& part) { scatter_part(ScatterOp::kAdd, part, nullptr, 1, 0); });
}

void floor_divide(const call::FloorDivide& call) {
  visit_dtype(call.loop.dtype[0], [&]<typename T>() {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      for_each_part(call.loop, [&](const Loop& part) {
        for_each("floor_divide", part.numel, FloorDivide<T>{OffsetMath<2>(part), part.data[0], part.data[1]});
      });
    }
  });
}

void count_true(const call::CountTrue& call) {
  *call.count.at = 0;
  if (call.n == 0) return;
  const int64_t parts = std::min(call.n, kParts);
  const Workspace workspace(static_cast<size_t>(parts) * 8);
  for_each("count_true", parts, CountTrue{call.mask, call.n, parts, workspace.data<int64_t>()});
  std::vector<int64_t> counts(static_cast<size_t>(parts));
  to_host(counts.data(), workspace.data(), counts.size() * sizeof(int64_t));
  for (const int64_t count : counts) *call.count.at += count;
}

void nonzero(const call::NonZero& call) {
  NonzeroRows rows{};
  rows.ndim = call.sizes.size();
  int64_t n = 1;
  for (int d = 0; d < rows.ndim; ++d) n *= rows.sizes[d] = call.sizes[d];
  if (n == 0 || rows.ndim == 0) return;
  const Workspace ranks(static_cast<size_t>(n) * 8);
  inclusive_sum(reinterpret_cast<const uint8_t*>(call.mask.get()), ranks.data<int64_t>(), n);
  rows.mask = call.mask;
  rows.ranks = ranks.data<int64_t>();
  rows.out = call.out;
  for_each("nonzero", n, rows);
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
}

}  // namespace tt::cuda
