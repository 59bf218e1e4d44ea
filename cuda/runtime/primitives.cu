#include "cuda/runtime/primitives.h"

#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>

#include "cuda/runtime/memory.h"

namespace tt::cuda {

void sort_pairs(const uint64_t* keys, uint64_t* keys_out, const int64_t* values, int64_t* values_out,
                int64_t n, int end_bit) {
  size_t bytes = 0;
  TT_CUDA_CHECK(cub::DeviceRadixSort::SortPairs(nullptr, bytes, keys, keys_out, values, values_out, n, 0,
                                                end_bit, current_stream()));
  const Workspace workspace(bytes);
  TT_CUDA_CHECK(cub::DeviceRadixSort::SortPairs(workspace.data(), bytes, keys, keys_out, values, values_out,
                                                n, 0, end_bit, current_stream()));
}

void inclusive_sum(const uint8_t* flags, int64_t* sums, int64_t n) {
  size_t bytes = 0;
  const auto add = ::cuda::std::plus<int64_t>();
  TT_CUDA_CHECK(cub::DeviceScan::InclusiveScan(nullptr, bytes, flags, sums, add, n, current_stream()));
  const Workspace workspace(bytes);
  TT_CUDA_CHECK(
      cub::DeviceScan::InclusiveScan(workspace.data(), bytes, flags, sums, add, n, current_stream()));
}

}  // namespace tt::cuda
