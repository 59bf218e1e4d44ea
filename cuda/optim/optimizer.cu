#include "cuda/runtime/kernels.h"
#include "device/optimizer.h"

#include "cuda/runtime/launcher.cuh"
#include "cuda/optim/optimizer_body.h"

namespace tt::cuda {

namespace {

void sgd(const call::Sgd& call) { sgd_step(CudaLauncher(), call.tensors, call.options); }

void adam(const call::Adam& call) { adam_step(CudaLauncher(), call.tensors, call.options); }

void unscale(const call::Unscale& call) {
  unscale_grads(CudaLauncher(), call.grads, {call.inverse_scale, call.found_inf});
}

}  // namespace

void add_optimizer(KernelTable& table) {
  table.add<call::Sgd>(sgd);
  table.add<call::Adam>(adam);
  table.add<call::Unscale>(unscale);
}

}  // namespace tt::cuda
