#include "ops/loss/loss.h"

#include "autograd/meta.h"
#include "device/backend.h"
#include "tensor/layout.h"
#include "base/warning.h"
#include "ops/autocast.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// The operands of a loss of single elements; weight and pos_weight may be undefined.
struct Inputs {
  ElementLoss kind;
  double parameter = 0;
  Tensor x, y, w, p;

  Dims shape() const { return broadcast(x.sizes(), y.sizes()); }
};

// Stands for an absent weight, or a gradient of 1.
struct One {
  alignas(8) char value[8];
  DType dtype;
  explicit One(DType dtype_) : dtype(dtype_) {
    visit_dtype(dtype, [&]<typename T>() { *reinterpret_cast<T*>(value) = Scalar(1).to<T>(); });
  }
  LoopOperand operand(const Tensor& t) { return t.defined() ? LoopOperand(t) : LoopOperand(value, dtype); }
};

// first (operand 0), the inputs, and the losses' gradient where there is one.
Loop loss_loop(const Dims& shape, const Tensor& first, const Inputs& in, const LoopOperand* grad, One& one) {
  switch (element_loss_inputs(in.kind)) {
    case 2:
      return grad != nullptr ? make_loop(shape, {first, in.x, in.y, *grad})
                             : make_loop(shape, {first, in.x, in.y});
    case 3:
      return grad != nullptr ? make_loop(shape, {first, in.x, in.y, one.operand(in.w), *grad})
                             : make_loop(shape, {first, in.x, in.y, one.operand(in.w)});
    default:
      return grad != nullptr
                 ? make_loop(shape, {first, in.x, in.y, one.operand(in.w), one.operand(in.p), *grad})
                 : make_loop(shape, {first, in.x, in.y, one.operand(in.w), one.operand(in.p)});
  }
}

double mean_scale(Reduction reduction, const Dims& shape) {
  return reduction == Reduction::kMean ? 1.0 / static_cast<double>(checked_numel(shape)) : 1.0;
}

// 1 where |z| < bound, else 0: a constant to autograd.
Tensor inside(const Tensor& z, double bound) {
  const GradMode off(false);
  return to_dtype(gt(bound, abs(z)), z.dtype());
}

// mask ? a : b for a mask of ones and zeros.
Tensor blend(const Tensor& mask, const Tensor& a, const Tensor& b) {
  return add(mul(mask, a), mul(rsub(1.0, mask), b));
}

Tensor log_sigmoid(const Tensor& x) { return neg(add(relu(neg(x)), log(add(exp(neg(abs(x))), 1.0)))); }

// The derivative of the loss by x, of the inputs' shape, by differentiable ops.
Tensor slope(const Inputs& in) {
  const Tensor& x = in.x;
  const Tensor& y = in.y;
  Tensor out;
  switch (in.kind) {
    case ElementLoss::kMse:
      return mul(sub(x, y), 2.0);
    case ElementLoss::kL1:
      return sign(sub(x, y));
    case ElementLoss::kSmoothL1: {
      const Tensor z = sub(x, y);
      return blend(inside(z, in.parameter), div(z, in.parameter), sign(z));
    }
    case ElementLoss::kHuber: {
      const Tensor z = sub(x, y);
      return blend(inside(z, in.parameter), z, mul(sign(z), in.parameter));
    }
    case ElementLoss::kBce: {
      const Tensor spread = mul(rsub(1.0, x), x);
      const Tensor small = inside(spread, 1e-12);
      const Tensor bounded = add(mul(rsub(1.0, small), spread), mul(small, 1e-12));
      out = div(sub(x, y), bounded);
      break;
    }
    case ElementLoss::kBceWithLogits: {
      const Tensor t = in.p.defined() ? mul(in.p, y) : y;
      const Tensor s = sigmoid(x);
      out = sub(in.p.defined() ? mul(sub(add(t, 1.0), y), s) : s, t);
      break;
    }
  }
  return in.w.defined() ? mul(out, in.w) : out;
}

// The derivative by y of the two losses that are not symmetric.
Tensor target_slope(const Inputs& in) {
  Tensor out;
  if (in.kind == ElementLoss::kBce) {
    out = sub(log(rsub(1.0, in.x)), log(in.x));
  } else if (in.p.defined()) {
    out = sub(mul(log_sigmoid(in.x), rsub(1.0, in.p)), in.x);
  } else {
    out = neg(in.x);
  }
  return in.w.defined() ? mul(out, in.w) : out;
}

struct ElementLossBackward {
  static constexpr bool kTakesImplicitOne = true;
  ElementLoss kind;
  Reduction reduction;
  double parameter;
  SavedTensor x, y, w, p;

  void operator()(BackwardContext& context) const {
    const Inputs in{
        kind, parameter, context.unpack(x), context.unpack(y), context.unpack(w), context.unpack(p)};
    const Dims shape = in.shape();
    const Tensor& g = context.grad();
    // The mean of nothing divides by 0, which must not enter gradients of gradients.
    const double scale = checked_numel(shape) == 0 ? 1 : mean_scale(reduction, shape);
    const bool symmetric = kind <= ElementLoss::kHuber;
    if (context.needs(0) || (symmetric && context.needs(1))) {
      Tensor grad_x;
      if (grad_enabled()) {
        grad_x = mul(slope(in), scale == 1 ? g : mul(g, scale));
      } else {
        grad_x = empty(shape, in.x.dtype(), in.x.device());
        One one(in.x.dtype());
        const LoopOperand of_losses = one.operand(g);
        const call::ElementwiseLossBackward call{kind, loss_loop(shape, grad_x, in, &of_losses, one),
                                                 parameter, scale};
        if (call.loop.numel > 0) run(grad_x.device(), call);
      }
      if (symmetric && context.needs(1)) context.set(1, sum_to_size(neg(grad_x), in.y.sizes()));
      if (context.needs(0)) context.set(0, sum_to_size(grad_x, in.x.sizes()));
    }
    if (!symmetric && context.needs(1)) {
      const Tensor given = g.defined() ? g : ones({}, in.x.dtype(), in.x.device());
      context.set(1, mul(target_slope(in), scale == 1 ? given : mul(given, scale)));
    }
  }
};

void check_same_device(const Tensor& a, const Tensor& b) {
  TT_CHECK(a.device() == b.device(), Status::kDevice,
           "expected all tensors to be on the same device, but found at least two devices, ", a.device(),
           " and ", b.device(), "!");
}

Tensor element_loss(const char* op, const Inputs& in, Reduction reduction) {
  TT_CHECK(is_floating(in.x.dtype()), Status::kDtype, op, " is not implemented for ", in.x.dtype());
  check_same_device(in.x, in.y);
  const Dims shape = in.shape();
  const bool whole = reduction == Reduction::kNone;
  // PyTorch computes the one with logits from the target.
  const bool logits = in.kind == ElementLoss::kBceWithLogits;
  const Tensor& first = logits ? in.y : in.x;
  const Tensor& second = logits ? in.x : in.y;
  const Tensor out = whole ? empty_pointwise(shape, in.x.dtype(), in.x.device(), {first, second, in.w})
                           : empty({}, in.x.dtype(), in.x.device());
  One one(in.x.dtype());
  if (!whole) {
    run(in.x.device(), call::ElementwiseLossSum{in.kind, loss_loop(shape, in.x, in, nullptr, one),
                                                in.parameter, mean_scale(reduction, shape), out.raw()});
  } else if (out.numel() > 0) {
    run(in.x.device(), call::ElementwiseLoss{in.kind, loss_loop(shape, out, in, nullptr, one), in.parameter});
  }
  if (needs_grad(in.x, in.y)) {
    record(op, out, {&in.x, &in.y},
           ElementLossBackward{in.kind, reduction, in.parameter, SavedTensor::input(in.x),
                               SavedTensor::input(in.y), SavedTensor::input(in.w), SavedTensor::input(in.p)});
  }
  return out;
}

void warn_of_broadcast(const char* op, const Tensor& input, const Tensor& target) {
  if (input.sizes() == target.sizes()) return;
  warn(op, ": target has shape ", target.sizes(), ", and input ", input.sizes(), "; they broadcast to ",
       broadcast(input.sizes(), target.sizes()), ", which is probably not what is meant");
}

// Both in their common dtype.
Inputs promoted(ElementLoss kind, const Tensor& input, const Tensor& target, double parameter = 0) {
  const DType dtype = result_type(input, target);
  return {kind, parameter, to_dtype(input, dtype), to_dtype(target, dtype), {}, {}};
}

// A weight in the input's dtype, checked to broadcast to `shape`.
Tensor checked_weight(const char* op, const char* name, const Tensor& weight, const Tensor& input) {
  if (!weight.defined()) return weight;
  check_constant(op, name, weight);
  check_same_device(input, weight);
  const Dims wide = broadcast(input.sizes(), weight.sizes());
  TT_CHECK(wide == input.sizes(), Status::kShape, name, " of shape ", weight.sizes(),
           " does not broadcast to input, of shape ", input.sizes());
  const GradMode off(false);
  return to_dtype(weight, input.dtype());
}

}  // namespace

void check_constant(const char* op, const char* argument, const Tensor& t) {
  TT_CHECK(!needs_grad(t), Status::kAutograd, argument, " requires a gradient, but ", op,
           " has none with respect to it: give it through tt_detach");
}

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&input, &target});
    return mse_loss(cast(input), cast(target), reduction);
  }
  warn_of_broadcast("mse_loss", input, target);
  return element_loss("mse_loss", promoted(ElementLoss::kMse, input, target), reduction);
}

Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&input, &target});
    return l1_loss(cast(input), cast(target), reduction);
  }
  Inputs in = promoted(ElementLoss::kL1, input, target);
  warn_of_broadcast("l1_loss", input, target);
  if (is_floating(in.x.dtype())) {
    // Of the difference, which nobody else sees: input and target may be written to before backward.
    check_same_device(in.x, in.y);
    in.x = sub(in.x, in.y);
    in.y = zeros({}, in.x.dtype(), in.x.device());
    return element_loss("l1_loss", in, reduction);
  }
  TT_CHECK(reduction != Reduction::kMean, Status::kDtype, "the mean of ", in.x.dtype(),
           " losses needs a floating dtype: convert input or target (tt_to)");
  const Tensor loss = abs(sub(in.x, in.y));
  return reduction == Reduction::kNone ? loss : sum(loss);
}

Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, Reduction reduction, double beta) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&input, &target});
    return smooth_l1_loss(cast(input), cast(target), reduction, beta);
  }
  TT_CHECK(beta >= 0, Status::kInvalidArgument, "beta is ", beta, ", expected 0 or more");
  if (beta == 0) return l1_loss(input, target, reduction);
  warn_of_broadcast("smooth_l1_loss", input, target);
  return element_loss("smooth_l1_loss", promoted(ElementLoss::kSmoothL1, input, target, beta), reduction);
}

Tensor huber_loss(const Tensor& input, const Tensor& target, Reduction reduction, double delta) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&input, &target});
    return huber_loss(cast(input), cast(target), reduction, delta);
  }
  TT_CHECK(delta > 0, Status::kInvalidArgument, "delta is ", delta, ", expected a positive number");
  warn_of_broadcast("huber_loss", input, target);
  return element_loss(
      "huber_loss", {ElementLoss::kHuber, delta, input, to_dtype(target, input.dtype()), {}, {}}, reduction);
}

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight,
                            Reduction reduction) {
  TT_CHECK(!autocast_on() || !autocast_mode(input.device().type).on, Status::kDtype,
           "not under autocast: a sigmoid and this loss lose what a half type cannot hold; use "
           "tt_binary_cross_entropy_with_logits");
  TT_CHECK(input.sizes() == target.sizes(), Status::kShape, "target has shape ", target.sizes(),
           ", expected input's shape, ", input.sizes());
  TT_CHECK(is_floating(input.dtype()), Status::kDtype, "binary_cross_entropy is not implemented for ",
           input.dtype());
  TT_CHECK(input.dtype() == target.dtype(), Status::kDtype, "target is ", target.dtype(),
           ", expected input's dtype, ", input.dtype());
  constexpr const char* kName = "binary_cross_entropy";
  const Inputs in{ElementLoss::kBce, 0, input, target, checked_weight(kName, "weight", weight, input), {}};
  if (input.numel() > 0) {
    run(input.device(), call::CheckProbabilities{make_loop(input.sizes(), {input}), {"input"}});
    run(target.device(), call::CheckProbabilities{make_loop(target.sizes(), {target}), {"target"}});
  }
  return element_loss(kName, in, reduction);
}

Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target, const Tensor& weight,
                                        const Tensor& pos_weight, Reduction reduction) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&input, &target, &weight, &pos_weight});
    return binary_cross_entropy_with_logits(cast(input), cast(target), cast(weight), cast(pos_weight),
                                            reduction);
  }
  TT_CHECK(input.sizes() == target.sizes(), Status::kShape, "target has shape ", target.sizes(),
           ", expected input's shape, ", input.sizes());
  TT_CHECK(is_floating(target.dtype()), Status::kDtype, "target is ", target.dtype(),
           ", expected a floating dtype: convert it (tt_to)");
  Inputs in = promoted(ElementLoss::kBceWithLogits, input, target);
  constexpr const char* kName = "binary_cross_entropy_with_logits";
  in.w = checked_weight(kName, "weight", weight, in.x);
  in.p = checked_weight(kName, "pos_weight", pos_weight, in.x);
  return element_loss(kName, in, reduction);
}

}  // namespace tt::ops
