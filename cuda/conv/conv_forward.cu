#include "cuda/runtime/kernels.h"
#include "cuda/conv/conv_device.h"

namespace tt::cuda {

namespace {

void conv(const call::Conv& call) {
  conv_forward(CudaLauncher(), call.shape, call.dtype, call.input, call.weight, call.bias,
               call.epilogue.is_relu(), call.output, conv_options());
}

}  // namespace

void add_conv_forward(KernelTable& table) {
  table.add<call::Conv>(conv, [](const call::Conv& call) { return call.epilogue.at_most_relu(); });
}

}  // namespace tt::cuda
