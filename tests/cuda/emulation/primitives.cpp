// What the backend takes from CUB.
#include "cuda/runtime/primitives.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "cuda/runtime/common.h"
#include "streams.h"

namespace tt::cuda {

void sort_pairs(const uint64_t* keys, uint64_t* keys_out, const int64_t* values, int64_t* values_out,
                int64_t n, int end_bit) {
  emulation::submit(current_stream(), [=] {
    const uint64_t mask = end_bit >= 64 ? ~uint64_t{0} : (uint64_t{1} << end_bit) - 1;
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return (keys[a] & mask) < (keys[b] & mask); });
    for (int64_t i = 0; i < n; ++i) {
      keys_out[i] = keys[order[static_cast<size_t>(i)]];
      values_out[i] = values[order[static_cast<size_t>(i)]];
    }
  });
}

void inclusive_sum(const uint8_t* flags, int64_t* sums, int64_t n) {
  emulation::submit(current_stream(), [=] {
    int64_t sum = 0;
    for (int64_t i = 0; i < n; ++i) sums[i] = sum += flags[i];
  });
}

}  // namespace tt::cuda
