// How exactly devices compute products of float32 numbers: PyTorch's float32_matmul_precision, and the same
// for convolutions. The CPU is always exact.
#pragma once

#include <atomic>
#include <cstdint>

namespace tt {

// kHigh: operands may be rounded to TF32 (10 bits of mantissa) on the way into tensor cores. kMedium allows
// bfloat16, which no backend uses: it is kHigh.
enum class Float32Precision : int32_t { kHighest = 0, kHigh = 1, kMedium = 2 };

// Of the process; plug-ins read the host's. Calls that are under way may see the old value.
struct Float32Settings {
  std::atomic<Float32Precision> matmul{Float32Precision::kHighest};
  std::atomic<Float32Precision> conv{Float32Precision::kHighest};
};

inline bool may_round(const std::atomic<Float32Precision>& precision) {
  return precision.load(std::memory_order_relaxed) != Float32Precision::kHighest;
}

Float32Settings& float32_settings();  // device/plugin.cpp: the host's

}  // namespace tt
