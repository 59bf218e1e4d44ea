// nll_loss and cross_entropy.
#include "autograd/meta.h"
#include "device/backend.h"
#include "ops/autocast.h"
#include "ops/loss/loss.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

int class_dim(const Tensor& input) { return input.ndim() == 1 ? 0 : 1; }

// The input's sizes with one class: the shape that broadcasts a value per position.
Dims kept_sizes(const Tensor& input) {
  Dims sizes = input.sizes();
  sizes[class_dim(input)] = 1;
  return sizes;
}

Tensor dense(const Tensor& t) { return !t.defined() || t.is_contiguous() ? t : contiguous_copy(t); }

struct Setting {
  const char* op;
  bool log_input;
  Reduction reduction;
  int64_t ignore_index;
  double label_smoothing;
};

// Dense operands and the kernel's view of them.
struct Call {
  Tensor input, target, weight;
  ClassLossArgs args;

  Call(const Setting& setting, const Tensor& input_, const Tensor& target_, const Tensor& weight_)
      : input(dense(input_)), target(dense(target_)), weight(dense(weight_)) {
    args.dtype = input.dtype();
    args.log_input = setting.log_input;
    args.mean = setting.reduction == Reduction::kMean;
    args.sum = setting.reduction == Reduction::kSum;
    const int dim = class_dim(input);
    for (int i = 0; i < input.ndim(); ++i) {
      (i < dim ? args.batch : i == dim ? args.classes : args.inner) *= input.size(i);
    }
    args.input = input.raw();
    args.target = target.raw();
    args.target_dtype = target.dtype();
    args.weight = weight.defined() ? weight.raw() : nullptr;
    args.ignore_index = setting.ignore_index;
    args.label_smoothing = setting.label_smoothing;
  }
};

struct ClassLossBackward {
  static constexpr bool kTakesImplicitOne = true;
  Setting setting;
  SavedTensor input, target, weight;
  // The forward's own, seen by nobody else. gradient: the input's, for a gradient of 1; or undefined.
  Tensor normalizer, total_weight, gradient;

  void operator()(BackwardContext& context) {
    const Tensor y = context.unpack(target), w = context.unpack(weight);
    const Tensor& g = context.grad();
    // Given away: what is done again, in a graph that is kept, is computed again.
    if (!g.defined() && gradient.defined()) return context.set(0, std::exchange(gradient, Tensor()));
    const Tensor x = context.unpack(input);
    const Call call(setting, x, y, w);
    const Tensor out = empty(x.sizes(), x.dtype(), x.device());
    if (!grad_enabled()) {
      if (out.numel() > 0) {
        const Tensor dense_grad = dense(g);
        run(x.device(), call::ClassLossBackward{call.args, g.defined() ? dense_grad.raw() : nullptr,
                                                normalizer.defined() ? normalizer.raw() : nullptr,
                                                total_weight.raw(), out.raw()});
      }
      context.set(0, out);
      return;
    }
    // The loss is the sum of share * -log_probability, for shares that do not depend on the input.
    if (out.numel() > 0) run(x.device(), call::ClassWeights{call.args, out.raw()});
    Tensor scaled = g;
    if (setting.reduction == Reduction::kMean) {
      // Where all targets are ignored every share is 0, and so is the gradient.
      scaled = div(g, add(total_weight, to_dtype(eq(total_weight, 0.0), total_weight.dtype())));
    }
    if (setting.reduction == Reduction::kNone) scaled = reshape(scaled, kept_sizes(x));
    if (setting.log_input) {
      context.set(0, neg(mul(scaled, out)));
      return;
    }
    const int64_t dims[] = {class_dim(x)};
    const Tensor whole = sum(out, dims, true);
    context.set(0, mul(scaled, sub(mul(whole, softmax(x, dims[0])), out)));
  }
};

// PyTorch's cross_entropy keeps what log_softmax returned, so that the logits may be written to before
// backward; here they are copied. Not where the gradient is made in passing: then backward asks for them only
// when it is done again, scaled or differentiated. `used`: the input as the kernel got it.
SavedTensor save_input(const Setting& setting, const Tensor& input, const Tensor& used,
                       const Tensor& gradient) {
  if (setting.log_input || gradient.defined()) return SavedTensor::input(input);
  return SavedTensor::input_copy(used.is_same(input) ? contiguous_copy(input) : used, 0);
}

// Likewise of probabilities that are smoothed: PyTorch keeps the smoothed ones.
SavedTensor save_target(const Setting& setting, const Tensor& target) {
  const bool smoothed = setting.label_smoothing > 0 && is_floating(target.dtype());
  return SavedTensor::input(smoothed ? contiguous_copy(target) : target);
}

Tensor class_loss(const Setting& setting, const Tensor& input, const Tensor& target, const Tensor& weight,
                  const Dims& out_sizes) {
  Call call(setting, input, target, weight);
  const DType wide = is_reduced_floating(input.dtype()) ? DType::kFloat32 : input.dtype();
  const bool whole = setting.reduction == Reduction::kNone;
  const Tensor out = empty(whole ? out_sizes : Dims(), input.dtype(), input.device());
  const Tensor normalizer =
      setting.log_input ? Tensor() : empty({2, call.args.batch * call.args.inner}, wide, input.device());
  const Tensor total_weight = empty({}, wide, input.device());
  call::ClassLoss kernel{
      call.args,          out.raw(),         setting.log_input ? nullptr : normalizer.raw(),
      total_weight.raw(), needs_grad(input), nullptr};
  kernel.with_gradient = kernel.with_gradient && supports(input.device(), kernel);
  Tensor gradient;
  if (kernel.with_gradient) {
    gradient = empty(input.sizes(), input.dtype(), input.device());
    kernel.gradient = gradient.raw();
  }
  run(input.device(), kernel);
  if (needs_grad(input)) {
    record(setting.op, out, {&input},
           ClassLossBackward{setting, save_input(setting, input, call.input, gradient),
                             save_target(setting, target), SavedTensor::input(weight), normalizer,
                             total_weight, gradient});
  }
  return out;
}

void check_weight(const Tensor& weight, const Tensor& input) {
  if (!weight.defined()) return;
  const int64_t classes = input.size(class_dim(input));
  TT_CHECK(weight.ndim() == 1 && weight.size(0) == classes, Status::kShape, "weight has shape ",
           weight.sizes(), ", expected one element for each of the ", classes, " classes");
  TT_CHECK(weight.device() == input.device(), Status::kDevice, "weight is on ", weight.device(),
           ", but input is on ", input.device());
}

// Checks a target of class indices; the sizes of the unreduced loss.
Dims check_indices(const char* op, const Tensor& input, const Tensor& target, const Tensor& weight) {
  TT_CHECK(input.ndim() >= 1, Status::kShape, "input must have 1 dimension or more");
  TT_CHECK(is_floating(input.dtype()), Status::kDtype, op, " is not implemented for ", input.dtype());
  TT_CHECK(target.dtype() == DType::kInt64 || target.dtype() == DType::kUInt8, Status::kDtype, "target is ",
           target.dtype(), ", expected int64 or uint8 for class indices");
  TT_CHECK(target.device() == input.device(), Status::kDevice, "target is on ", target.device(),
           ", but input is on ", input.device());
  const int n = input.ndim();
  TT_CHECK(n == 1 || target.ndim() >= 1, Status::kShape,
           "target must have a batch dimension like input, of shape ", input.sizes(), ", but has none");
  TT_CHECK(n == 1 || input.size(0) == target.size(0), Status::kShape, "input has ", input.size(0),
           " rows, but target has ", target.size(0));
  Dims sizes;
  if (n <= 2) {
    TT_CHECK(target.ndim() <= 1, Status::kShape, "target has shape ", target.sizes(),
             ", expected class indices of 1 dimension, one for each row of input, of shape ", input.sizes());
    TT_CHECK(n == 2 || target.numel() == 1, Status::kShape,
             "input has 1 dimension, so target must have one element, but has ", target.numel());
    if (n == 2) sizes = {input.size(0)};
  } else {
    sizes = input.sizes();
    sizes.erase(1);
    TT_CHECK(n != 4 || target.ndim() == 3, Status::kShape,
             "input has 4 dimensions, so target must have 3, but has ", target.ndim());
    TT_CHECK(target.sizes() == sizes, Status::kShape, "target has shape ", target.sizes(), ", expected ",
             sizes);
  }
  check_weight(weight, input);
  TT_CHECK(!weight.defined() || weight.dtype() == input.dtype(), Status::kDtype, "weight is ", weight.dtype(),
           ", expected input's dtype, ", input.dtype());
  if (weight.defined()) check_constant(op, "weight", weight);
  return sizes;
}

Tensor reduce(const Tensor& loss, Reduction reduction, bool any_class) {
  if (reduction == Reduction::kNone) return loss;
  const Tensor total = sum(loss);
  return reduction == Reduction::kSum ? total
                                      : div(total, any_class ? static_cast<double>(loss.numel()) : 0.0);
}

Tensor cross_entropy_probabilities(const Tensor& input, const Tensor& target, const Tensor& weight,
                                   const Setting& setting) {
  TT_CHECK(is_floating(target.dtype()), Status::kDtype,
           "target has input's shape, so it holds probabilities, but is ", target.dtype(),
           ", expected a floating dtype");
  TT_CHECK(input.ndim() >= 1, Status::kShape, "input must have 1 dimension or more");
  TT_CHECK(is_floating(input.dtype()), Status::kDtype, "cross_entropy is not implemented for ",
           input.dtype());
  TT_CHECK(setting.ignore_index < 0, Status::kInvalidArgument, "ignore_index is ", setting.ignore_index,
           ", expected a negative number with probabilities as target");
  TT_CHECK(target.device() == input.device(), Status::kDevice, "target is on ", target.device(),
           ", but input is on ", input.device());
  check_weight(weight, input);
  DType dtype = promote(input.dtype(), target.dtype());
  if (weight.defined()) dtype = promote(dtype, weight.dtype());
  const Tensor x = to_dtype(input, dtype), y = to_dtype(target, dtype);
  const Tensor w = weight.defined() ? to_dtype(weight, dtype) : weight;
  const int dim = class_dim(x);
  Dims sizes = x.sizes();
  sizes.erase(dim);
  if (!needs_grad(y, w)) return class_loss(setting, x, y, w, sizes);
  Tensor share = y;
  if (setting.label_smoothing > 0) {
    share =
        add(mul(y, 1 - setting.label_smoothing), setting.label_smoothing / static_cast<double>(x.size(dim)));
  }
  if (w.defined()) {
    Dims column = Dims::filled(x.ndim(), 1);
    column[dim] = w.size(0);
    share = mul(share, reshape(w, column));
  }
  const int64_t dims[] = {dim};
  return reduce(neg(sum(mul(share, log_softmax(x, dim)), dims)), setting.reduction, x.size(dim) > 0);
}

}  // namespace

Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight, Reduction reduction,
                int64_t ignore_index) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&input, &target, &weight});
    return nll_loss(cast(input), cast(target), cast(weight), reduction, ignore_index);
  }
  const Dims sizes = check_indices("nll_loss", input, target, weight);
  return class_loss({"nll_loss", true, reduction, ignore_index, 0}, input, target, weight, sizes);
}

Tensor cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight, Reduction reduction,
                     int64_t ignore_index, double label_smoothing) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&input, &target, &weight});
    return cross_entropy(cast(input), cast(target), cast(weight), reduction, ignore_index, label_smoothing);
  }
  TT_CHECK(label_smoothing >= 0 && label_smoothing <= 1, Status::kInvalidArgument, "label_smoothing is ",
           label_smoothing, ", expected a number from 0 to 1");
  const Setting setting{"cross_entropy", false, reduction, ignore_index, label_smoothing};
  if (input.sizes() == target.sizes()) {
    return cross_entropy_probabilities(input, target, weight, setting);
  }
  const Dims sizes = check_indices("cross_entropy", input, target, weight);
  return class_loss(setting, input, target, weight, sizes);
}

}  // namespace tt::ops
