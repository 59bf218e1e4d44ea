// Whether float32 products may be computed from operands rounded to TF32 (10 bits of mantissa), on tensor
// cores. Process-wide. PyTorch's default is off for matrix products and on for convolutions; here both are
// off until callers can choose, so that convolutions keep to the CPU's results.
#pragma once

#include <atomic>

namespace tt::cuda {

inline std::atomic<bool> g_matmul_tf32{false};
inline std::atomic<bool> g_conv_tf32{false};

inline bool matmul_tf32() { return g_matmul_tf32.load(std::memory_order_relaxed); }
inline bool conv_tf32() { return g_conv_tf32.load(std::memory_order_relaxed); }

}  // namespace tt::cuda
