#include "ops/norm/norm.h"

#include "autograd/meta.h"
#include "device/backend.h"
#include "tensor/layout.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// PyTorch also takes a vector without elements; it has no channels.
int64_t channels_of(const Tensor& input) { return input.ndim() == 1 ? 0 : input.size(1); }

void check_vector(const Tensor& t, const char* name, const Tensor& input, DType dtype) {
  if (!t.defined()) return;
  TT_CHECK(t.numel() == channels_of(input), Status::kShape, name, " has ", t.numel(),
           " elements, expected one for each of the ", channels_of(input), " channels of input");
  TT_CHECK(t.device() == input.device(), Status::kDevice, name, " is on ", t.device(), ", but input is on ",
           input.device());
  TT_CHECK(t.dtype() == dtype, Status::kDtype, name, " is ", t.dtype(), ", expected ", dtype,
           " with an input of ", input.dtype());
}

// The dtype of the per-channel vectors: the input's, or float32 for half types. All must agree.
DType param_dtype(const Tensor& input, std::initializer_list<const Tensor*> vectors) {
  if (is_reduced_floating(input.dtype())) {
    for (const Tensor* t : vectors) {
      if (t->defined()) return t->dtype() == DType::kFloat32 ? DType::kFloat32 : input.dtype();
    }
  }
  return input.dtype();
}

// What the backward rule needs besides its tensors.
struct Form {
  BatchNormShape shape;
  bool training;
};

// (1, C, 1) as the input's (N, C, inner).
Tensor per_channel(const Tensor& t, const BatchNormShape& s, DType dtype) {
  return to_dtype(reshape(t, {1, s.channels, 1}), dtype);
}

Tensor over_channels(const Tensor& t) { return sum(t, Dims{0, 2}, true); }

// The gradients by differentiable ops, for gradients of gradients. `mean` and `invstd` are constants in
// evaluation; in training they depend on x, and are computed again.
void backward_composed(BackwardContext& context, const Form& form, const Tensor& grad, const Tensor& input,
                       const Tensor& weight, Tensor mean, Tensor invstd) {
  const BatchNormShape& s = form.shape;
  const DType dtype = mean.dtype();
  const Dims sizes{s.batch, s.channels, s.inner};
  const double count = static_cast<double>(s.batch * s.inner);
  const Tensor g = to_dtype(reshape(grad, sizes), dtype);
  const Tensor x = to_dtype(reshape(input, sizes), dtype);
  if (form.training) {
    mean = div(over_channels(x), count);
    const Tensor centred = sub(x, mean);
    invstd = div(1.0, sqrt(add(div(over_channels(mul(centred, centred)), count), s.eps)));
  } else {
    mean = reshape(mean, {1, s.channels, 1});
    invstd = reshape(invstd, {1, s.channels, 1});
  }
  const Tensor xhat = mul(sub(x, mean), invstd);
  const Tensor grad_weight = over_channels(mul(g, xhat));
  const Tensor grad_bias = over_channels(g);
  if (context.needs(0)) {
    Tensor inner = g;
    if (form.training) inner = sub(sub(g, div(grad_bias, count)), mul(xhat, div(grad_weight, count)));
    const Tensor scale = weight.defined() ? mul(per_channel(weight, s, dtype), invstd) : invstd;
    context.set(0, to_dtype(reshape(mul(inner, scale), input.sizes()), s.dtype));
  }
  if (context.needs(1)) context.set(1, to_dtype(reshape(grad_weight, {s.channels}), s.param_dtype));
  if (context.needs(2)) context.set(2, to_dtype(reshape(grad_bias, {s.channels}), s.param_dtype));
}

struct Backward {
  Form form;
  SavedTensor input, weight, output;  // the output only with ReLU
  Tensor mean, invstd;                // nobody else sees them

  void operator()(BackwardContext& context) const {
    const Tensor x = context.unpack(input), w = context.unpack(weight);
    const Tensor y = form.shape.epilogue.some() ? contiguous(context.unpack(output)) : Tensor();
    const Tensor& grad = context.grad();
    if (grad_enabled()) {
      const Tensor through = form.shape.epilogue.some() ? threshold_backward(grad, y) : grad;
      return backward_composed(context, form, through, x, w, mean, invstd);
    }
    const BatchNormShape& s = form.shape;
    const auto make = x.numel() > 0 ? empty : zeros;
    Tensor results[3];
    if (context.needs(0)) results[0] = empty(x.sizes(), s.dtype, x.device());
    for (int i = 1; i < 3; ++i) {
      if (context.needs(i)) results[i] = make({s.channels}, s.param_dtype, x.device());
    }
    if (x.numel() > 0) {
      const Tensor dense = contiguous(x), g = contiguous(grad);
      const Tensor scale = w.defined() ? contiguous(w) : w;
      const auto address = [](const Tensor& t) -> void* { return t.defined() ? t.raw() : nullptr; };
      run(x.device(), call::BatchNormBackward{s, form.training, g.raw(), dense.raw(), address(y),
                                              address(scale), mean.raw(), invstd.raw(), address(results[0]),
                                              address(results[1]), address(results[2])});
    }
    for (int i = 0; i < 3; ++i) {
      if (results[i].defined()) context.set(i, results[i]);
    }
  }
};

// A running statistic as the kernel writes it: itself where it is dense, else a copy that is put back.
struct Running {
  Tensor target, dense;

  explicit Running(const Tensor& t) : target(t) {
    if (t.defined()) dense = t.is_contiguous() ? t : contiguous_copy(t);
  }
  void* data() const { return dense.defined() ? dense.raw() : nullptr; }
  void write_back() const {
    if (!target.defined()) return;
    if (!dense.is_same(target)) copy_values(target, dense);
    bump_version(target);
  }
};

Tensor normalise(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                 const Tensor& weight, const Tensor& bias, bool training, double momentum, double eps,
                 const Tensor& batches, bool relu) {
  TT_CHECK(input.ndim() >= 2 || (input.ndim() == 1 && input.numel() == 0), Status::kShape,
           "batch_norm expects an input of at least 2 dimensions (N, C, ...), got shape ", input.sizes());
  TT_CHECK(is_floating(input.dtype()), Status::kDtype, "batch_norm is not implemented for ", input.dtype());
  TT_CHECK(training || running_mean.defined(), Status::kInvalidArgument,
           "running_mean is NULL, which only training allows");
  TT_CHECK(training || running_var.defined(), Status::kInvalidArgument,
           "running_var is NULL, which only training allows");
  TT_CHECK(running_mean.defined() == running_var.defined(), Status::kInvalidArgument,
           "only one of running_mean and running_var is NULL, expected both or none");
  TT_CHECK(!training || eps > 0, Status::kInvalidArgument, "eps is ", eps,
           ", expected a positive number in training");
  TT_CHECK(eps >= 0, Status::kInvalidArgument, "eps is ", eps, ", expected 0 or more");
  Form form{{}, training};
  BatchNormShape& s = form.shape;
  s.dtype = input.dtype();
  s.param_dtype = param_dtype(input, {&running_mean, &running_var, &weight, &bias});
  s.eps = eps;
  if (relu) s.epilogue = kRelu;
  check_vector(running_mean, "running_mean", input, s.param_dtype);
  check_vector(running_var, "running_var", input, s.param_dtype);
  check_vector(weight, "weight", input, s.param_dtype);
  check_vector(bias, "bias", input, s.param_dtype);
  s.batch = input.size(0);
  s.channels = channels_of(input);
  s.inner = 1;
  for (int i = 2; i < input.ndim(); ++i) s.inner *= input.size(i);
  TT_CHECK(!training || s.batch * s.inner != 1, Status::kInvalidArgument, "input of shape ", input.sizes(),
           " has one value for each channel, and training needs more");
  if (training && running_mean.defined()) {
    check_inplace(running_mean, "batch_norm");
    check_inplace(running_var, "batch_norm");
  }
  // By the kernel; what it cannot count, because somebody has put another buffer there, is counted apart.
  const bool counted = batches.defined() && batches.dtype() == DType::kInt64 && batches.numel() == 1 &&
                       batches.device() == input.device() && input.numel() > 0;
  if (counted) check_inplace(batches, "batch_norm");

  const bool grad = needs_grad(input, weight, bias);
  const DType acc = s.dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  const Tensor rows = empty(input.sizes(), s.dtype, input.device());  // as the kernel writes it
  const Tensor out =
      suggests_channels_last(input) ? empty_channels_last(input.sizes(), s.dtype, input.device()) : rows;
  const auto dense = [](const Tensor& t) { return t.defined() ? contiguous(t) : t; };
  Tensor x, w, b, mean, invstd;
  {
    const GradMode off(false);
    x = contiguous(input);
    w = dense(weight);
    b = dense(bias);
    if (training) {
      mean = empty({s.channels}, acc, input.device());
      invstd = empty({s.channels}, acc, input.device());
    } else if (grad) {
      mean = running_mean.dtype() == acc ? contiguous_copy(running_mean) : to_dtype(running_mean, acc);
      invstd = div(1.0, sqrt(add(to_dtype(running_var, acc), eps)));
    }
  }
  // Before the kernel, which changes the running statistics: nothing may fail after it.
  if (grad) {
    // By the name of the op that comes last.
    record(relu ? "relu" : "batch_norm", out, {&input, &weight, &bias},
           Backward{form, SavedTensor::input(input), SavedTensor::input(weight),
                    relu ? SavedTensor::output(out) : SavedTensor(), mean, invstd});
  }
  const GradMode off(false);
  const auto address = [](const Tensor& t) -> const void* { return t.defined() ? t.raw() : nullptr; };
  if (!training) {
    const Tensor rm = contiguous(running_mean), rv = contiguous(running_var);
    if (input.numel() > 0)
      run(input.device(),
          call::BatchNormEval{s, x.raw(), address(w), address(b), rm.raw(), rv.raw(), rows.raw()});
    if (!out.is_same(rows)) copy_values(out, rows);
    return out;
  }
  if (input.numel() > 0) {
    const Running rm(running_mean), rv(running_var);
    // The one of the three that may fail.
    if (batches.defined() && !counted) add_(batches, 1);
    run(input.device(), call::BatchNormTrain{s, x.raw(), address(w), address(b), rm.data(), rv.data(),
                                             counted ? batches.data<int64_t>() : nullptr, momentum,
                                             mean.raw(), invstd.raw(), rows.raw()});
    rm.write_back();
    rv.write_back();
    if (counted) bump_version(batches);
  } else if (batches.defined()) {
    add_(batches, 1);
  }
  if (!out.is_same(rows)) copy_values(out, rows);
  return out;
}

}  // namespace

Tensor batch_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight, const Tensor& bias, bool training, double momentum, double eps,
                  const Tensor& batches) {
  return normalise(input, running_mean, running_var, weight, bias, training, momentum, eps, batches, false);
}

Tensor batch_norm_relu(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                       const Tensor& weight, const Tensor& bias, bool training, double momentum, double eps,
                       const Tensor& batches) {
  return normalise(input, running_mean, running_var, weight, bias, training, momentum, eps, batches, true);
}

}  // namespace tt::ops
