// The CUDA backend's side of device/gemm.h.
#pragma once

#include "device/gemm.h"

namespace tt::cuda {

// gemm_kernels.cu: products of integers; and c = beta * c + bias.
void gemm_integer(const call::Gemm& args);
void gemm_start(const call::Gemm& args);

// gemm_kernels.cu: see linear_body.h.
void linear_backward_kernel(const call::LinearBackward& args);
void masked_column_sums(const call::LinearBackward& args, void* masked);

}  // namespace tt::cuda
