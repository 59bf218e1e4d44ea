#include "nn/gradients.h"

#include <cmath>

#include "autograd/meta.h"
#include "device/host_capture.h"
#include "ops/ops.h"

namespace tt::nn {

void zero_grad(const Tensor& parameter, bool set_to_none) {
  AutogradMeta* meta = parameter.impl()->autograd;
  if (meta == nullptr || !meta->grad.defined()) return;
  if (set_to_none) {
    meta->grad = Tensor();
    return;
  }
  const GradMode off(false);
  // A gradient that was recorded (create_graph) is cut off from its graph first.
  if (!meta->grad.is_leaf()) meta->grad = detach(meta->grad);
  ops::fill_(meta->grad, 0.0);
}

namespace {

// The norm of values in host memory, each of them |v| already.
class NormSum {
 public:
  explicit NormSum(double type) : type_(type) {}
  void add(double v) {
    if (type_ == 2) {
      sum_ += v * v;
    } else if (type_ == 1) {
      sum_ += v;
    } else if (std::isinf(type_)) {
      const bool better = type_ > 0 ? v > sum_ : (first_ || v < sum_);
      if (better || std::isnan(v)) sum_ = std::isnan(sum_) ? sum_ : v;
    } else if (type_ == 0) {
      sum_ += v != 0;
    } else {
      sum_ += std::pow(v, type_);
    }
    first_ = false;
  }
  double result() const {
    if (type_ == 2) return std::sqrt(sum_);
    if (type_ == 0 || type_ == 1 || std::isinf(type_)) return sum_;
    return std::pow(sum_, 1 / type_);
  }

 private:
  double type_;
  double sum_ = 0;
  bool first_ = true;
};

Tensors gradients_of(std::span<const Tensor> parameters) {
  Tensors out;
  for (const Tensor& p : parameters) {
    if (Tensor g = p.grad(); g.defined()) out.push_back(std::move(g));
  }
  return out;
}

void check_finite(double norm, double norm_type) {
  TT_CHECK(std::isfinite(norm), Status::kInvalidArgument, "the norm of order ", norm_type,
           " of the gradients of parameters is ", norm,
           "; with error_if_nonfinite 0 they would be scaled by it all the same");
}

// out = the norm of the dense tensors' norms, each rounded to its tensor's dtype.
void write_norm(const Tensors& tensors, double norm_type, const Tensor& out) {
  NormSum total(norm_type);
  for (const Tensor& t : tensors) {
    NormSum one(norm_type);
    visit_dtype(t.dtype(), [&]<typename T>() {
      const T* values = t.data<T>();
      for (int64_t i = 0; i < t.numel(); ++i) one.add(std::fabs(static_cast<double>(values[i])));
      total.add(static_cast<double>(Scalar(one.result()).to<T>()));
    });
  }
  visit_dtype(out.dtype(), [&]<typename T>() { *out.data<T>() = Scalar(total.result()).to<T>(); });
}

// Without waiting for the device, but where the norm must be looked at.
Tensor clip_on_device(const Tensors& grads, double max_norm, double norm_type, bool error_if_nonfinite) {
  const Device device = grads[0].device();
  Tensors norms;
  for (const Tensor& grad : grads) {
    norms.push_back(
        ops::to_device(ops::to_dtype(ops::vector_norm(grad, norm_type), grads[0].dtype()), device));
  }
  const Tensor total = ops::vector_norm(ops::stack(norms), norm_type);
  if (error_if_nonfinite) {
    const Tensor host = ops::to_dtype(ops::to_host(total), DType::kFloat64);
    check_finite(*host.data<double>(), norm_type);
  }
  for (const Tensor& grad : grads) check_inplace(grad, "clip_grad_norm_");
  const Tensor coefficient = ops::clamp(ops::div(max_norm, ops::add(total, 1e-6)), std::nullopt, 1.0);
  for (const Tensor& grad : grads) ops::mul_(grad, ops::to_device(coefficient, grad.device()));
  return total;
}

}  // namespace

Tensor clip_grad_norm_(std::span<const Tensor> parameters, double max_norm, double norm_type,
                       bool error_if_nonfinite) {
  TT_CHECK(max_norm >= 0, Status::kInvalidArgument, "max_norm is ", max_norm, ", expected 0 or more");
  TT_CHECK(!std::isnan(norm_type), Status::kInvalidArgument, "norm_type is NaN");
  const GradMode off(false);
  const Tensors grads = gradients_of(parameters);
  if (grads.empty()) return scalar_tensor(0.0, default_dtype());
  if (!grads[0].device().is_cpu()) return clip_on_device(grads, max_norm, norm_type, error_if_nonfinite);
  Tensors dense;
  for (const Tensor& grad : grads) {
    dense.push_back(ops::contiguous(grad.device().is_cpu() ? grad : ops::to_host(grad)));
  }
  const Tensor norm = empty({}, grads[0].dtype());
  host_work([dense, norm, norm_type] { write_norm(dense, norm_type, norm); });
  if (error_if_nonfinite) {
    const Tensor value = ops::to_dtype(ops::to_host(norm), DType::kFloat64);
    check_finite(*value.data<double>(), norm_type);
  }
  for (const Tensor& grad : grads) check_inplace(grad, "clip_grad_norm_");
  // In the norm's dtype, as there: max_norm / (norm + 1e-6), at most 1.
  const Tensor coefficient = ops::clamp(ops::div(max_norm, ops::add(norm, 1e-6)), std::nullopt, 1.0);
  for (const Tensor& grad : grads) ops::mul_(grad, coefficient);
  return norm;
}

void clip_grad_value_(std::span<const Tensor> parameters, double clip_value) {
  TT_CHECK(clip_value >= 0, Status::kInvalidArgument, "clip_value is ", clip_value, ", expected 0 or more");
  const GradMode off(false);
  const Tensors grads = gradients_of(parameters);
  for (const Tensor& grad : grads) check_inplace(grad, "clip_grad_value_");
  for (const Tensor& grad : grads) ops::clamp_(grad, -clip_value, clip_value);
}

}  // namespace tt::nn
