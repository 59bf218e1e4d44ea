// Whether float32 products may be computed from operands rounded to TF32 (10 bits of mantissa), on tensor
// cores. Process-wide, with PyTorch's defaults.
#pragma once

#include <atomic>

namespace tt::cuda {

inline std::atomic<bool> g_matmul_tf32{false};
inline std::atomic<bool> g_conv_tf32{true};

inline bool matmul_tf32() { return g_matmul_tf32.load(std::memory_order_relaxed); }
inline bool conv_tf32() { return g_conv_tf32.load(std::memory_order_relaxed); }

}  // namespace tt::cuda
