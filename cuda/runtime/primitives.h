// Sorting and summing whole arrays on the thread's stream (CUB, which the toolkit ships).
#pragma once

#include <cstdint>

namespace tt::cuda {

// Stable, by bits [0, end_bit) of the keys. The outputs do not overlap the inputs.
void sort_pairs(const uint64_t* keys, uint64_t* keys_out, const int64_t* values, int64_t* values_out,
                int64_t n, int end_bit);

// sums[i] = flags[0] + ... + flags[i].
void inclusive_sum(const uint8_t* flags, int64_t* sums, int64_t n);

}  // namespace tt::cuda
