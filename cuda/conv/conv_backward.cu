#include <cstdlib>
#include <cstring>

#include "cuda/runtime/kernels.h"
#include "cuda/conv/conv_device.h"
#include "cuda/runtime/precision.h"

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

namespace {

void conv_backward(const call::ConvBackward& call) { conv_backward(CudaLauncher(), call, conv_options()); }

}  // namespace

void add_conv_backward(KernelTable& table) { table.add<call::ConvBackward>(conv_backward); }

}  // namespace tt::cuda
