#include <cstdlib>
#include <cstring>

#include "cuda/conv_device.h"
#include "cuda/precision.h"

namespace tt::cuda {

namespace {

ConvPath path_of_environment() {
  const char* name = std::getenv("TINYTORCH_CUDA_CONV");
  if (name == nullptr || *name == '\0') return ConvPath::kAuto;
  if (std::strcmp(name, "gather") == 0) return ConvPath::kGather;
  if (std::strcmp(name, "channels_last") == 0) return ConvPath::kChannelsLast;
  fail(Status::kInvalidArgument, "TINYTORCH_CUDA_CONV is \"", name,
       "\", expected \"gather\" or \"channels_last\"");
}

}  // namespace

ConvOptions conv_options() {
  static const ConvPath path = path_of_environment();
  return {conv_tf32(), path};
}

void CudaConv::backward(const ConvShape& shape, DType dtype, const ConvGradients& gradients) {
  conv_backward(CudaLauncher(), shape, dtype, gradients, conv_options());
}

}  // namespace tt::cuda
