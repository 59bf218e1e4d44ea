// Distinct rows, and counting.
#include "cuda/runtime/kernels.h"
#include "cuda/runtime/convert.h"
#include "cuda/runtime/for_each.cuh"
#include "cuda/sort/line_math.h"
#include "cuda/runtime/memory.h"
#include "device/order.h"
#include "cuda/runtime/primitives.h"

namespace tt::cuda {

namespace {

// Sums of integers do not depend on the order.
TT_HOST_DEVICE inline void count_one(int64_t* at) {
#if defined(__CUDA_ARCH__)
  atomicAdd(reinterpret_cast<unsigned long long*>(at), 1ull);
#else
  ++*at;
#endif
}

struct Iota {
  int64_t* out;
  TT_HOST_DEVICE void operator()(int64_t i) const { out[i] = i; }
};

struct ColumnKeys {
  const char* in;
  DType dtype;
  int64_t element, cols, col;
  const int64_t* order;
  uint64_t* keys;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    keys[i] = load_key(in + (order[i] * cols + col) * element, dtype);
  }
};

// Whether a row differs from the one before it.
template <typename C>
struct RowFlags {
  const char* in;
  DType dtype;
  int64_t element, cols;
  const int64_t* order;
  uint8_t* flags;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    bool same = i > 0;
    for (int64_t c = 0; same && c < cols; ++c) {
      same = load_as<C>(in + (order[i] * cols + c) * element, dtype) ==
             load_as<C>(in + (order[i - 1] * cols + c) * element, dtype);
    }
    flags[i] = !same;
  }
};

struct WriteUnique {
  const char* in;
  int64_t row_bytes;
  const int64_t* order;
  const uint8_t* flags;
  const int64_t* ids;  // from 1
  char* values;
  int64_t* inverse;  // may be null
  int64_t* starts;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    const int64_t id = ids[i] - 1;
    if (inverse != nullptr) inverse[order[i]] = id;
    if (!flags[i]) return;
    starts[id] = i;
    for (int64_t b = 0; b < row_bytes; ++b) values[id * row_bytes + b] = in[order[i] * row_bytes + b];
  }
};

struct RunLengths {
  const int64_t* starts;
  int64_t found, rows;
  int64_t* counts;
  TT_HOST_DEVICE void operator()(int64_t u) const {
    counts[u] = (u + 1 < found ? starts[u + 1] : rows) - starts[u];
  }
};

struct CountBins {
  const char* in;
  DType dtype;
  int64_t element;
  int64_t* out;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    count_one(out + load_as<int64_t>(in + i * element, dtype));
  }
};

struct BinKeys {
  const char* in;
  DType dtype;
  int64_t element;
  uint64_t* keys;
  int64_t* places;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    keys[i] = static_cast<uint64_t>(load_as<int64_t>(in + i * element, dtype));
    places[i] = i;
  }
};

// The first of each run of equal bins adds up the run, in the order of the input.
template <typename W>
struct SumRuns {
  const uint64_t* keys;
  const int64_t* places;
  const W* weights;
  int64_t n;
  W* out;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    const uint64_t key = keys[i];
    if (i > 0 && keys[i - 1] == key) return;
    W total = 0;
    for (; i < n && keys[i] == key; ++i) total += weights[places[i]];
    out[key] = total;
  }
};

template <typename T>
struct CountWithin {
  using C = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const T* in;
  C from, to;
  int64_t bins;
  int64_t* counts;
  TT_HOST_DEVICE void operator()(int64_t i) const {
    const C x = static_cast<C>(in[i]);
    if (!(x >= from && x <= to)) return;
    const auto bin = static_cast<int64_t>((x - from) * static_cast<C>(bins) / (to - from));
    count_one(counts + (bin < bins ? bin : bins - 1));
  }
};

template <typename T>
struct WriteCounts {
  using C = typename CountWithin<T>::C;
  const int64_t* counts;
  T* out;
  TT_HOST_DEVICE void operator()(int64_t i) const { out[i] = static_cast<T>(static_cast<C>(counts[i])); }
};

void clear(void* out, size_t bytes) { TT_CUDA_CHECK(cudaMemsetAsync(out, 0, bytes, current_stream())); }

int bits_for(int64_t n) {
  int bits = 1;
  while (bits < 63 && int64_t{1} << bits < n) ++bits;
  return bits;
}

void unique(const call::Unique& call) {
  *call.found.at = 0;
  if (call.rows == 0) return;
  const auto* in = static_cast<const char*>(call.input);
  const auto element = static_cast<int64_t>(size_of(call.dtype));
  const auto bytes = static_cast<size_t>(call.rows) * 8;
  const Workspace order_a(bytes), order_b(bytes), keys(bytes), sorted_keys(bytes);
  int64_t* order = order_a.data<int64_t>();
  int64_t* other = order_b.data<int64_t>();
  for_each("unique", call.rows, Iota{order});
  // By the last column first: sorting is stable.
  for (int64_t col = call.cols - 1; col >= 0 && !call.consecutive; --col) {
    for_each("unique", call.rows,
             ColumnKeys{in, call.dtype, element, call.cols, col, order, keys.data<uint64_t>()});
    sort_pairs(keys.data<uint64_t>(), sorted_keys.data<uint64_t>(), order, other, call.rows,
               key_bits(call.dtype));
    std::swap(order, other);
  }
  const Workspace flags(static_cast<size_t>(call.rows)), ids(bytes), starts(bytes);
  visit_holding(call.dtype, [&]<typename C>() {
    for_each("unique", call.rows,
             RowFlags<C>{in, call.dtype, element, call.cols, order, flags.data<uint8_t>()});
  });
  inclusive_sum(flags.data<uint8_t>(), ids.data<int64_t>(), call.rows);
  for_each("unique", call.rows,
           WriteUnique{in, element * call.cols, order, flags.data<uint8_t>(), ids.data<int64_t>(),
                       static_cast<char*>(call.values), call.inverse, starts.data<int64_t>()});
  int64_t found = 0;
  to_host(&found, ids.data<int64_t>() + (call.rows - 1), sizeof found);
  if (call.counts != nullptr)
    for_each("unique", found, RunLengths{starts.data<int64_t>(), found, call.rows, call.counts});
  *call.found.at = found;
}

void bincount(const call::Bincount& call) {
  if (call.bins == 0) return;
  clear(call.out, static_cast<size_t>(call.bins) * size_of(call.out_dtype));
  if (call.n == 0) return;
  const auto* in = static_cast<const char*>(call.input);
  const auto element = static_cast<int64_t>(size_of(call.dtype));
  if (call.weights == nullptr) {
    for_each("bincount", call.n, CountBins{in, call.dtype, element, static_cast<int64_t*>(call.out)});
    return;
  }
  const auto bytes = static_cast<size_t>(call.n) * 8;
  const Workspace keys(bytes), sorted_keys(bytes), places(bytes), sorted_places(bytes);
  for_each("bincount", call.n,
           BinKeys{in, call.dtype, element, keys.data<uint64_t>(), places.data<int64_t>()});
  sort_pairs(keys.data<uint64_t>(), sorted_keys.data<uint64_t>(), places.data<int64_t>(),
             sorted_places.data<int64_t>(), call.n, bits_for(call.bins));
  const auto sum = [&]<typename W>() {
    for_each("bincount", call.n,
             SumRuns<W>{sorted_keys.data<uint64_t>(), sorted_places.data<int64_t>(),
                        static_cast<const W*>(call.weights), call.n, static_cast<W*>(call.out)});
  };
  if (call.out_dtype == DType::kFloat32) {
    sum.operator()<float>();
  } else {
    sum.operator()<double>();
  }
}

void histc(const call::Histc& call) {
  if (call.bins == 0) return;
  const Workspace counts(static_cast<size_t>(call.bins) * 8);
  clear(counts.data(), static_cast<size_t>(call.bins) * 8);
  visit_dtype(call.dtype, [&]<typename T>() {
    if constexpr (is_floating(DTypeOf<T>::value)) {
      using C = typename CountWithin<T>::C;
      for_each("histc", call.n,
               CountWithin<T>{static_cast<const T*>(call.input), static_cast<C>(call.low),
                              static_cast<C>(call.high), call.bins, counts.data<int64_t>()});
      for_each("histc", call.bins, WriteCounts<T>{counts.data<int64_t>(), static_cast<T*>(call.out)});
    } else {
      fail(Status::kDtype, "histc is not implemented for ", DTypeOf<T>::value);
    }
  });
}

}  // namespace

void add_count(KernelTable& table) {
  table.add<call::Unique>(unique);
  table.add<call::Bincount>(bincount);
  table.add<call::Histc>(histc);
}

}  // namespace tt::cuda
