// The pointwise ops that choose among several rows of the table or check their parameters first.
#include <cmath>
#include <limits>

#include "autograd/meta.h"
#include "device/backend.h"
#include "tensor/layout.h"
#include "tensor/overlap.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Tensor as_condition(const Tensor& condition) {
  if (condition.dtype() == DType::kBool) return condition;
  TT_CHECK(condition.dtype() == DType::kUInt8, Status::kDtype, "condition is ", condition.dtype(),
           ", expected bool");
  return to_dtype(condition, DType::kBool);
}

// Where run_where on the device takes it: the CPU's 0-dim tensors stay.
Tensor readable_on(Device device, const Tensor& t) { return t.device().is_cpu() ? t : to_device(t, device); }

// An operand of `where` in the result's dtype.
Tensor as_branch(const Arg& arg, DType dtype, Device device) {
  if (!arg.is_tensor()) return scalar_tensor(whole_number(arg.scalar(), dtype), dtype);
  const GradMode off(false);
  return readable_on(device, to_dtype(arg.tensor(), dtype));
}

// The CPU's 0-dim tensors reach another device by value.
LoopOperand operand_on(Device device, const Tensor& t) {
  return t.device() == device ? LoopOperand(t) : LoopOperand(t.raw(), t.dtype());
}

void run_where(const Tensor& out, const Tensor& condition, const Tensor& a, const Tensor& b) {
  if (out.numel() == 0) return;
  const Device device = out.device();
  run(device, call::Where{make_loop(out.sizes(), {out, operand_on(device, condition), operand_on(device, a),
                                                  operand_on(device, b)})});
}

Tensor back_to(const Tensor& grad, const Dims& sizes, DType dtype) {
  return to_dtype(sum_to_size(grad, sizes), dtype);
}

struct WhereBackward {
  SavedTensor condition;
  Dims a_sizes, b_sizes;
  DType a_dtype, b_dtype;
  void operator()(BackwardContext& context) const {
    const Tensor mask = context.unpack(condition);
    if (context.needs(0)) context.set(0, back_to(where(mask, context.grad(), 0.0), a_sizes, a_dtype));
    if (context.needs(1)) context.set(1, back_to(where(mask, 0.0, context.grad()), b_sizes, b_dtype));
  }
};

void check_fill(const Tensor& self, const Tensor& mask, const Arg& value) {
  TT_CHECK(mask.dtype() == DType::kBool, Status::kDtype, "mask is ", mask.dtype(), ", expected bool");
  TT_CHECK(!value.is_tensor() || value.tensor().ndim() == 0, Status::kShape, "value has ",
           value.is_tensor() ? value.tensor().ndim() : 0, " dimensions, expected none");
  if (!value.is_tensor()) checked_number(value.scalar(), self.dtype());
}

PointwiseParams alpha_params(DType result, double alpha) {
  TT_CHECK(is_floating(result) || alpha == std::floor(alpha), Status::kInvalidArgument, "alpha is ", alpha,
           ", expected a whole number for integer tensors");
  const bool floating = is_floating(result);
  return {floating ? checked_param("alpha", alpha, result) : checked_factor("alpha", alpha, result), 0, 0};
}

PointwiseParams bounds(DType dtype, OptionalNumber min, OptionalNumber max) {
  TT_CHECK(min || max, Status::kInvalidArgument, "min and max are both NULL");
  return {checked_param("min", min.value_or(-kInfinity), dtype),
          checked_param("max", max.value_or(kInfinity), dtype),
          !min   ? 1.0
          : !max ? 2.0
                 : 0.0};
}

// Python numbers are floats here: integers become the default dtype.
Tensor promoted(const Tensor& x) { return to_dtype(x, promote_with_scalar(x.dtype(), 0.0)); }

void check_in_place_float(const Tensor& self) {
  TT_CHECK(is_floating(self.dtype()), Status::kDtype, "the result is ", default_dtype(), ", which input, of ",
           self.dtype(), ", cannot hold");
}

PointwiseParams replacements(DType dtype, OptionalNumber nan, OptionalNumber posinf, OptionalNumber neginf) {
  const double most = dtype == DType::kFloat64    ? std::numeric_limits<double>::max()
                      : dtype == DType::kFloat16  ? 65504.0
                      : dtype == DType::kBFloat16 ? 3.3895313892515355e38
                                                  : std::numeric_limits<float>::max();
  return {nan.value_or(0.0), posinf.value_or(most), neginf.value_or(-most)};
}

PointwiseParams decimal_scale(int64_t decimals) {
  return {std::pow(10.0, std::fabs(static_cast<double>(decimals))), decimals < 0 ? 1.0 : 0.0, 0};
}

void check_decimals(const Tensor& x) {
  TT_CHECK(is_floating(x.dtype()), Status::kDtype, "round with decimals is not implemented for ", x.dtype());
}

}  // namespace

Tensor where(const Tensor& condition, const Arg& a, const Arg& b) {
  const Tensor mask = as_condition(condition);
  const Arg branches[] = {a, b};
  const DType dtype = result_type(branches);
  const Arg all[] = {mask, a, b};
  const Device device = common_device(all);
  const Tensor branch_a = as_branch(a, dtype, device), branch_b = as_branch(b, dtype, device);
  const Dims shape = broadcast(broadcast(mask.sizes(), a.sizes()), b.sizes());
  const Tensor out = empty_pointwise(shape, dtype, device, {mask, branch_a, branch_b});
  run_where(out, mask, branch_a, branch_b);
  const Tensor none;
  const Tensor& ta = a.is_tensor() ? a.tensor() : none;
  const Tensor& tb = b.is_tensor() ? b.tensor() : none;
  if (needs_grad(ta, tb)) {
    record("where", out, {&ta, &tb},
           WhereBackward{SavedTensor::input(mask), a.sizes(), b.sizes(), ta.defined() ? ta.dtype() : dtype,
                         tb.defined() ? tb.dtype() : dtype});
  }
  return out;
}

Tensor masked_fill(const Tensor& self, const Tensor& mask, const Arg& value) {
  check_fill(self, mask, value);
  // The result has self's dtype, whatever the value's.
  if (value.is_tensor()) return where(mask, to_dtype(value.tensor(), self.dtype()), self);
  if (self.dtype() == DType::kBool) return where(mask, value.scalar().to<bool>(), self);
  if (is_integral(self.dtype())) return where(mask, value.scalar().to_int(), self);
  return where(mask, value, self);
}

void masked_fill_(const Tensor& self, const Tensor& mask, const Arg& value) {
  InplaceWrite write(self, "masked_fill_");
  check_no_partial_overlap(self, mask);
  check_fill(self, mask, value);
  const Arg all[] = {self, mask, value};
  common_device(all);
  const Dims shape = broadcast(self.sizes(), mask.sizes());
  TT_CHECK(shape == self.sizes(), Status::kShape, "the result has shape ", shape, ", which input, of shape ",
           self.sizes(), ", cannot hold");
  const Tensor none;
  const Tensor& tv = value.is_tensor() ? value.tensor() : none;
  const Tensor there = readable_on(self.device(), mask);
  const Tensor kept = there.storage() == self.storage() ? contiguous_copy(there) : there;
  if (needs_grad(self, tv)) {
    write.record("masked_fill", {&tv, &self},
                 WhereBackward{SavedTensor::input(kept), value.sizes(), self.sizes(),
                               tv.defined() ? tv.dtype() : self.dtype(), self.dtype()});
  }
  const Tensor branch = as_branch(value, self.dtype(), self.device());
  write.commit([&] { run_where(self, kept, branch, self); });
}

namespace {

// alpha * b for bools, where alpha says only whether b counts.
Tensor bool_scaled(const Tensor& b, double alpha) { return mul(b, alpha_params(DType::kBool, alpha).a != 0); }

}  // namespace

Tensor add_scaled(const Tensor& a, const Tensor& b, double alpha) {
  if (alpha == 1) return add(a, b);
  const DType dtype = result_type(a, b);
  if (dtype == DType::kBool) return add(a, bool_scaled(b, alpha));
  return add_alpha(a, b, alpha_params(dtype, alpha));
}
Tensor sub_scaled(const Arg& a, const Arg& b, double alpha) {
  if (alpha == 1) return sub(a, b);
  return sub_alpha(a, b, alpha_params(result_type(a, b), alpha));
}
void add_scaled_(const Tensor& self, const Tensor& other, double alpha) {
  if (alpha == 1) return add_(self, other);
  const DType dtype = result_type(self, other);
  if (dtype == DType::kBool) return add_(self, bool_scaled(other, alpha));
  add_alpha_(self, other, alpha_params(dtype, alpha));
}
void sub_scaled_(const Tensor& self, const Arg& other, double alpha) {
  if (alpha == 1) return sub_(self, other);
  sub_alpha_(self, other, alpha_params(result_type(self, other), alpha));
}

Tensor rdiv(double number, const Tensor& b) {
  const Tensor inverse = reciprocal(b);
  return number == 1 && !needs_grad(b) ? inverse : mul(inverse, number);
}

Tensor div(const Arg& a, const Arg& b, Rounding rounding) {
  if (rounding == Rounding::kNone && !a.is_tensor()) return rdiv(a.scalar().to_double(), b.tensor());
  return rounding == Rounding::kNone    ? div(a, b)
         : rounding == Rounding::kTrunc ? div_trunc(a, b)
                                        : div_floor(a, b);
}
void div_(const Tensor& self, const Arg& other, Rounding rounding) {
  return rounding == Rounding::kNone    ? div_(self, other)
         : rounding == Rounding::kTrunc ? div_trunc_(self, other)
                                        : div_floor_(self, other);
}

Tensor round(const Tensor& x, int64_t decimals) {
  if (decimals == 0) return round(x);
  check_decimals(x);
  return round_decimals(x, decimal_scale(decimals));
}
void round_(const Tensor& self, int64_t decimals) {
  if (decimals == 0) return round_(self);
  check_decimals(self);
  round_decimals_(self, decimal_scale(decimals));
}

// The bounds are numbers of the dtype, as in PyTorch: 1 - eps is rounded.
static PointwiseParams logit_params(DType dtype, OptionalNumber eps) {
  if (!eps || *eps < 0) return {-1, 0, 0};
  const double low = checked_param("eps", *eps, dtype);
  return {low, checked_param("eps", 1 - low, dtype), 0};
}

Tensor logit(const Tensor& x, OptionalNumber eps) { return logit(x, logit_params(x.dtype(), eps)); }
void logit_(const Tensor& self, OptionalNumber eps) { logit_(self, logit_params(self.dtype(), eps)); }

Tensor nan_to_num(const Tensor& x, OptionalNumber nan, OptionalNumber posinf, OptionalNumber neginf) {
  return nan_to_num(x, replacements(x.dtype(), nan, posinf, neginf));
}
void nan_to_num_(const Tensor& self, OptionalNumber nan, OptionalNumber posinf, OptionalNumber neginf) {
  nan_to_num_(self, replacements(self.dtype(), nan, posinf, neginf));
}

Tensor clamp(const Tensor& x, OptionalNumber min, OptionalNumber max) {
  const PointwiseParams params = bounds(promote_with_scalar(x.dtype(), 0.0), min, max);
  return clamp(promoted(x), params);
}
void clamp_(const Tensor& self, OptionalNumber min, OptionalNumber max) {
  const PointwiseParams params = bounds(promote_with_scalar(self.dtype(), 0.0), min, max);
  check_in_place_float(self);
  clamp_(self, params);
}

Tensor clamp_between(const Tensor& x, const Tensor& min, const Tensor& max) {
  TT_CHECK(min.defined() || max.defined(), Status::kInvalidArgument, "min and max are both NULL");
  return !max.defined() ? clamp_min(x, min) : !min.defined() ? clamp_max(x, max) : clamp_tensor(x, min, max);
}
void clamp_between_(const Tensor& self, const Tensor& min, const Tensor& max) {
  TT_CHECK(min.defined() || max.defined(), Status::kInvalidArgument, "min and max are both NULL");
  if (!max.defined()) return clamp_min_(self, min);
  if (!min.defined()) return clamp_max_(self, max);
  clamp_tensor_(self, min, max);
}

}  // namespace tt::ops
