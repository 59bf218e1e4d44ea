#include "nn/norm.h"

#include "autograd/meta.h"
#include "ops/ops.h"

namespace tt::nn {

namespace {
enum Parameter { kWeight, kBias };
enum BufferIndex { kRunningMean, kRunningVar, kBatches };
}  // namespace

BatchNorm::BatchNorm(Dimensions dimensions, int64_t num_features, const NormOptions& settings)
    : Layer(dimensions == Dimensions::k1d ? "BatchNorm1d" : "BatchNorm2d"),
      dimensions_(dimensions),
      num_features_(num_features),
      settings_(settings) {
  TT_CHECK(num_features >= 0, Status::kShape, "num_features is ", num_features, ", expected 0 or more");
  TT_CHECK(settings.eps >= 0, Status::kInvalidArgument, "eps is ", settings.eps, ", expected 0 or more");
  settings_.bias = settings.affine && settings.bias;
  const Dims sizes{num_features};
  const DType dtype = default_dtype();
  register_parameter("weight", settings_.affine ? ops::ones(sizes, dtype) : Tensor());
  register_parameter("bias", settings_.bias ? ops::zeros(sizes, dtype) : Tensor());
  const bool track = settings_.track_running_stats;
  register_buffer("running_mean", track ? ops::zeros(sizes, dtype) : Tensor());
  register_buffer("running_var", track ? ops::ones(sizes, dtype) : Tensor());
  register_buffer("num_batches_tracked", track ? ops::zeros({}, DType::kInt64) : Tensor());
}

Tensor BatchNorm::normalise(const Tensor& input, bool relu) {
  if (dimensions_ == Dimensions::k1d) {
    TT_CHECK(input.ndim() == 2 || input.ndim() == 3, Status::kShape,
             "input must have 2 or 3 dimensions, got shape ", input.sizes());
  } else {
    TT_CHECK(input.ndim() == 4, Status::kShape, "input must have 4 dimensions, got shape ", input.sizes());
  }
  const bool track = settings_.track_running_stats;
  const bool counts = training() && track && buffer(kBatches).defined();
  double momentum = settings_.cumulative ? 0 : settings_.momentum;
  if (counts && settings_.cumulative) {
    const Tensor seen = ops::to_host(buffer(kBatches));
    momentum = 1.0 / static_cast<double>(*seen.data<int64_t>() + 1);
  }
  const bool pass_statistics = !training() || track;
  const Tensor mean = pass_statistics ? buffer(kRunningMean) : Tensor();
  const Tensor var = pass_statistics ? buffer(kRunningVar) : Tensor();
  const bool use_batch = training() || (!mean.defined() && !var.defined());
  return (relu ? ops::batch_norm_relu : ops::batch_norm)(input, mean, var, parameter(kWeight),
                                                         parameter(kBias), use_batch, momentum, settings_.eps,
                                                         counts ? buffer(kBatches) : Tensor());
}

std::string BatchNorm::extra_repr() const {
  return str(num_features_, ", eps=", float_text(settings_.eps),
             ", momentum=", settings_.cumulative ? "None" : float_text(settings_.momentum),
             ", affine=", settings_.affine, ", bias=", settings_.bias,
             ", track_running_stats=", settings_.track_running_stats);
}

}  // namespace tt::nn
