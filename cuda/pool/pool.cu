#include "cuda/runtime/kernels.h"
#include "device/pool.h"

#include "cuda/runtime/launcher.cuh"
#include "cuda/pool/pool_body.h"

namespace tt::cuda {

namespace {

void max_pool(const call::MaxPool& call) {
  cuda::max_pool(CudaLauncher(), call.shape, call.dtype, call.epilogue.is_relu(), call.input, call.output,
                 call.indices);
}

void max_pool_backward(const call::MaxPoolBackward& call) {
  cuda::max_pool_backward(CudaLauncher(), call.shape, call.dtype, call.grad_output, call.indices, call.output,
                          call.grad_input);
}

// The maximum of a window that reads nothing says nothing of ReLU's gradient where its index points.
bool can_max_pool(const call::MaxPool& call) {
  return !call.epilogue.some() || (call.epilogue.is_relu() && every_window_reads(call.shape));
}

void max_pool_gather(const call::MaxPoolGather& call) {
  cuda::max_pool_gather(CudaLauncher(), call.shape, call.dtype, call.input, call.indices, call.output);
}

void avg_pool(const call::AvgPool& call) {
  cuda::avg_pool(CudaLauncher(), call.shape, call.options, call.dtype, call.input, call.output);
}

void avg_pool_backward(const call::AvgPoolBackward& call) {
  cuda::avg_pool_backward(CudaLauncher(), call.shape, call.options, call.dtype, call.grad_output,
                          call.grad_input);
}

void adaptive_avg_pool(const call::AdaptiveAvgPool& call) {
  cuda::adaptive_avg_pool(CudaLauncher(), call.shape, call.dtype, call.input, call.output);
}

void adaptive_avg_pool_backward(const call::AdaptiveAvgPoolBackward& call) {
  cuda::adaptive_avg_pool_backward(CudaLauncher(), call.shape, call.dtype, call.grad_output, call.grad_input);
}

}  // namespace

void add_pool(KernelTable& table) {
  table.add<call::MaxPool>(max_pool, can_max_pool);
  table.add<call::MaxPoolBackward>(max_pool_backward);
  table.add<call::MaxPoolGather>(max_pool_gather);
  table.add<call::AvgPool>(avg_pool);
  table.add<call::AvgPoolBackward>(avg_pool_backward);
  table.add<call::AdaptiveAvgPool>(adaptive_avg_pool);
  table.add<call::AdaptiveAvgPoolBackward>(adaptive_avg_pool_backward);
}

}  // namespace tt::cuda
