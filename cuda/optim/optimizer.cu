#include "cuda/runtime/kernels.h"
#include "device/optimizer.h"

#include "cuda/runtime/launcher.cuh"
#include "cuda/optim/optimizer_body.h"

namespace tt::cuda {

namespace {

void step(const call::OptimizerStep& call) { optimizer_step(CudaLauncher(), call); }

void unscale(const call::Unscale& call) {
  unscale_grads(CudaLauncher(), call.grads, {call.inverse_scale, call.found_inf});
}

}  // namespace

void add_optimizer(KernelTable& table) {
  table.add<call::OptimizerStep>(step);
  table.add<call::Unscale>(unscale);
}

}  // namespace tt::cuda
