#include "optim/grad_scaler.h"

#include <algorithm>
#include <cmath>

#include "autograd/autocast_mode.h"
#include "autograd/meta.h"
#include "device/backend.h"
#include "ops/ops.h"

namespace tt::optim {

namespace {

void check(const GradScalerOptions& o) {
  TT_CHECK(o.init_scale > 0 && std::isfinite(o.init_scale), Status::kInvalidArgument, "init_scale is ",
           o.init_scale, ", expected a positive number");
  TT_CHECK(o.growth_factor > 1, Status::kInvalidArgument, "growth_factor is ", o.growth_factor,
           ", expected more than 1");
  TT_CHECK(o.backoff_factor < 1 && o.backoff_factor > 0, Status::kInvalidArgument, "backoff_factor is ",
           o.backoff_factor, ", expected a number between 0 and 1");
  TT_CHECK(o.growth_interval > 0, Status::kInvalidArgument, "growth_interval is ", o.growth_interval,
           ", expected at least 1");
}

}  // namespace

GradScaler::GradScaler(const GradScalerOptions& options)
    : RefCounted(Kind::kGradScaler), options_(options), scale_(options.init_scale) {
  check(options);
}

Tensor GradScaler::scale(const Tensor& outputs) const {
  TT_CHECK(is_floating(outputs.dtype()), Status::kDtype, "outputs are ", outputs.dtype(),
           ", expected a floating dtype");
  if (!options_.enabled) return outputs;
  // The scale does not fit float16.
  return ops::mul(is_reduced_floating(outputs.dtype()) ? ops::to_dtype(outputs, DType::kFloat32) : outputs,
                  scale_);
}

void GradScaler::unscale(Optimizer& optimizer) {
  if (!options_.enabled) return;
  if (const auto found = unscaled_.find(&optimizer); found != unscaled_.end()) {
    TT_CHECK(!found->second.stepped, Status::kInvalidArgument,
             "the optimizer has stepped since the last tt_grad_scaler_update: unscale before the step");
    fail(Status::kInvalidArgument,
         "the optimizer's gradients have been unscaled already since the last tt_grad_scaler_update");
  }
  // Everything that can fail comes before the first write.
  std::vector<Tensor> grads;
  for (const ParamGroup& group : optimizer.groups()) {
    for (const Tensor& param : group.params) {
      const Tensor grad = param.grad();
      if (!grad.defined()) continue;
      TT_CHECK(grad.dtype() != DType::kFloat16, Status::kDtype,
               "a gradient is float16; parameters, and so their gradients, must stay float32");
      check_inplace(grad, "unscale_");
      grads.push_back(grad);
    }
  }
  const GradMode off(false);
  const AutocastPause as_they_are;
  struct Part {
    Device device;
    Tensor inverse, found;
    std::vector<GradTensor> tensors;
  };
  std::vector<Part> parts;
  std::vector<std::pair<Tensor, Tensor>> copies;  // of gradients that are not dense
  for (const Tensor& grad : grads) {
    auto part =
        std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.device == grad.device(); });
    if (part == parts.end()) {
      part = parts.insert(parts.end(), Part{grad.device(),
                                            ops::full({}, 1 / scale_, DType::kFloat32, grad.device()),
                                            ops::zeros({}, DType::kFloat32, grad.device()),
                                            {}});
    }
    Tensor dense = grad;
    if (!grad.is_contiguous()) {
      dense = ops::contiguous_copy(grad);
      copies.emplace_back(grad, dense);
    }
    part->tensors.push_back({dense.dtype(), dense.numel(), dense.raw()});
  }
  // Until it is known better, the step is one to leave out: should the device fail from here on, the
  // gradients are neither used nor unscaled again.
  Progress& progress =
      unscaled_.emplace(&optimizer, Progress{Ref<Optimizer>(&optimizer), false, true}).first->second;
  for (const Part& part : parts) {
    run(part.device, call::Unscale{part.tensors, part.inverse.data<float>(), part.found.data<float>()});
  }
  for (const auto& [grad, dense] : copies) ops::copy_values(grad, dense);
  for (const Tensor& grad : grads) bump_version(grad);
  bool found_inf = false;
  for (const Part& part : parts) found_inf |= *ops::to_host(part.found).data<float>() != 0;
  progress.found_inf = found_inf;
}

bool GradScaler::step(Optimizer& optimizer) {
  if (!options_.enabled) {
    optimizer.step();
    return true;
  }
  auto found = unscaled_.find(&optimizer);
  if (found != unscaled_.end()) {
    TT_CHECK(!found->second.stepped, Status::kInvalidArgument,
             "the optimizer has stepped already since the last tt_grad_scaler_update");
  } else {
    unscale(optimizer);
    found = unscaled_.find(&optimizer);
  }
  if (!found->second.found_inf) optimizer.step();
  found->second.stepped = true;
  return !found->second.found_inf;
}

void GradScaler::update() {
  if (!options_.enabled) return;
  TT_CHECK(!unscaled_.empty(), Status::kInvalidArgument,
           "nothing was unscaled or stepped since the last tt_grad_scaler_update");
  bool found_inf = false;
  for (const auto& [optimizer, progress] : unscaled_) found_inf |= progress.found_inf;
  if (found_inf) {
    scale_ *= options_.backoff_factor;
    tracker_ = 0;
  } else if (++tracker_ == options_.growth_interval) {
    const double grown = scale_ * options_.growth_factor;
    if (grown <= 0x1.fffffep127) scale_ = grown;  // float32's largest
    tracker_ = 0;
  }
  unscaled_.clear();
}

void GradScaler::set_scale(double scale) {
  TT_CHECK(scale > 0 && std::isfinite(scale), Status::kInvalidArgument, "scale is ", scale,
           ", expected a positive number");
  scale_ = scale;
  unscaled_.clear();
}

Ref<StateDict> GradScaler::state_dict() const {
  Ref<StateDict> dict = make_ref<StateDict>();
  dict->set("scale", scalar_tensor(scale_, DType::kFloat64));
  dict->set("growth_factor", scalar_tensor(options_.growth_factor, DType::kFloat64));
  dict->set("backoff_factor", scalar_tensor(options_.backoff_factor, DType::kFloat64));
  dict->set("growth_interval", scalar_tensor(options_.growth_interval, DType::kInt64));
  dict->set("_growth_tracker", scalar_tensor(tracker_, DType::kInt64));
  return dict;
}

void GradScaler::load_state_dict(const StateDict& dict) {
  const auto whole = [&](const char* name) {
    const double value = read_number(dict, name);
    TT_CHECK(value >= 0 && value < 9e15 && value == std::floor(value), Status::kInvalidArgument,
             "loaded state dict: \"", name, "\" is ", value, ", expected a whole number");
    return static_cast<int64_t>(value);
  };
  GradScalerOptions loaded = options_;
  loaded.init_scale = read_number(dict, "scale");
  loaded.growth_factor = read_number(dict, "growth_factor");
  loaded.backoff_factor = read_number(dict, "backoff_factor");
  loaded.growth_interval = whole("growth_interval");
  const int64_t tracker = whole("_growth_tracker");
  check(loaded);
  scale_ = loaded.init_scale;
  loaded.init_scale = options_.init_scale;
  options_ = loaded;
  tracker_ = tracker;
  unscaled_.clear();
}

}  // namespace tt::optim
