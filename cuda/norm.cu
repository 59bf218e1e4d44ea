#include "cuda/norm.h"

#include "cuda/launcher.cuh"
#include "cuda/norm_body.h"

namespace tt::cuda {

void CudaNorm::batch_norm_train(const BatchNormShape& shape, const void* input, const void* weight,
                                const void* bias, void* running_mean, void* running_var, int64_t* batches,
                                double momentum, void* mean, void* invstd, void* output) {
  cuda::batch_norm_train(CudaLauncher(), shape, input, weight, bias, running_mean, running_var, batches,
                         momentum, mean, invstd, output);
}

void CudaNorm::batch_norm_eval(const BatchNormShape& shape, const void* input, const void* weight,
                               const void* bias, const void* running_mean, const void* running_var,
                               void* output) {
  cuda::batch_norm_eval(CudaLauncher(), shape, input, weight, bias, running_mean, running_var, output);
}

void CudaNorm::batch_norm_backward(const BatchNormShape& shape, bool training, const void* grad_output,
                                   const void* input, const void* output, const void* weight,
                                   const void* mean, const void* invstd, void* grad_input, void* grad_weight,
                                   void* grad_bias) {
  cuda::batch_norm_backward(CudaLauncher(), shape, training, grad_output, input, output, weight, mean, invstd,
                            grad_input, grad_weight, grad_bias);
}

}  // namespace tt::cuda
