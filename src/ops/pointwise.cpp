#include "ops/pointwise.h"

#include "autograd/meta.h"
#include "core/backend.h"
#include "ops/ops.h"

namespace tt {

namespace {
#define TT_ROW_NAME(name, ...) #name,
constexpr std::string_view kUnaryNames[] = {TT_UNARY_OPS(TT_ROW_NAME)};
constexpr std::string_view kBinaryNames[] = {TT_BINARY_OPS(TT_ROW_NAME)};
constexpr std::string_view kTernaryNames[] = {TT_TERNARY_OPS(TT_ROW_NAME)};
#undef TT_ROW_NAME
}  // namespace

std::string_view name(UnaryOp op) { return kUnaryNames[static_cast<int>(op)]; }
std::string_view name(BinaryOp op) { return kBinaryNames[static_cast<int>(op)]; }
std::string_view name(TernaryOp op) { return kTernaryNames[static_cast<int>(op)]; }

namespace ops {

namespace {

enum Domain : uint8_t { kAll, kNumber, kFloat, kIntegral };
enum Result : uint8_t { kSame, kBool };
enum Saves : uint8_t { kNone = 0, kX = 1, kY = 2, kXY = 3, kAB = 1, kABY = 3 };

struct Row {
  const char* name;
  Domain domain;
  Result result;
  Saves saves;
  bool differentiable;
};

// A row whose backward is the single token kNotDifferentiable has no gradient.
constexpr bool is_differentiable(std::string_view backward) { return backward != "kNotDifferentiable"; }
#define TT_ROW(name, domain, result, saves, ...) \
  {#name, domain, result, saves, is_differentiable(#__VA_ARGS__)},
constexpr Row kUnaryRows[] = {TT_UNARY_OPS(TT_ROW)};
constexpr Row kBinaryRows[] = {TT_BINARY_OPS(TT_ROW)};
#undef TT_ROW

DType compute_dtype(const Row& row, DType dtype) {
  if (row.domain == kFloat && !is_floating(dtype)) return default_dtype();
  TT_CHECK(row.domain != kNumber || dtype != DType::kBool, Status::kDtype, row.name,
           " is not implemented for bool");
  TT_CHECK(row.domain != kIntegral || !is_floating(dtype), Status::kDtype, row.name,
           " is not implemented for ", dtype);
  return dtype;
}

// Stands for kNotDifferentiable in the table's expressions; never evaluated.
const Tensor kNotDifferentiable;

// ---- unary ----

using UnaryRule = Tensor (*)(const Tensor& g, const Tensor& x, const Tensor& y, const PointwiseParams& p);
#define TT_UNARY_RULE(name, domain, result, saves, backward)                              \
  [](const Tensor& g, [[maybe_unused]] const Tensor& x, [[maybe_unused]] const Tensor& y, \
     [[maybe_unused]] const PointwiseParams& p) -> Tensor {                               \
    (void)g;                                                                              \
    return backward;                                                                      \
  },
const UnaryRule kUnaryRules[] = {TT_UNARY_OPS(TT_UNARY_RULE)};
#undef TT_UNARY_RULE

struct UnaryBackward {
  UnaryOp op;
  PointwiseParams params;
  SavedTensor x, y;
  void operator()(BackwardContext& context) const {
    context.set(
        0, kUnaryRules[static_cast<int>(op)](context.grad(), context.unpack(x), context.unpack(y), params));
  }
};

// ---- binary ----

struct BinaryGrads {
  bool need_a, need_b;
  Tensor a, b;
};
using BinaryRule = void (*)(BinaryGrads& grads, const Tensor& g, const Arg& a, const Arg& b, const Tensor& y,
                            const PointwiseParams& p);
// The third parameter pack takes one expression (kNotDifferentiable) or two.
#define TT_BINARY_RULE(name, domain, result, saves, backward_a, ...)                      \
  [](BinaryGrads& grads, [[maybe_unused]] const Tensor& g, [[maybe_unused]] const Arg& a, \
     [[maybe_unused]] const Arg& b, [[maybe_unused]] const Tensor& y,                     \
     [[maybe_unused]] const PointwiseParams& p) {                                         \
    if (grads.need_a) grads.a = backward_a;                                               \
    __VA_OPT__(if (grads.need_b) grads.b = __VA_ARGS__;)                                  \
  },
const BinaryRule kBinaryRules[] = {TT_BINARY_OPS(TT_BINARY_RULE)};
#undef TT_BINARY_RULE

// What a gradient must be brought back to.
struct InputForm {
  Dims sizes;
  DType dtype = DType::kFloat32;
  InputForm() = default;
  explicit InputForm(const Arg& arg) {
    if (arg.is_tensor()) {
      sizes = arg.tensor().sizes();
      dtype = arg.tensor().dtype();
    }
  }
  Tensor restore(const Tensor& grad) const {
    return grad.defined() ? to_dtype(sum_to_size(grad, sizes), dtype) : grad;
  }
};

struct BinaryBackward {
  BinaryOp op;
  PointwiseParams params;
  InputForm a_form, b_form;
  SavedArg a, b;
  SavedTensor y;
  void operator()(BackwardContext& context) const {
    BinaryGrads grads{context.needs(0), context.needs(1), {}, {}};
    const Tensor ta = context.unpack(a.tensor);
    const Tensor tb = context.unpack(b.tensor);
    kBinaryRules[static_cast<int>(op)](grads, context.grad(), a.is_tensor ? Arg(ta) : Arg(a.scalar),
                                       b.is_tensor ? Arg(tb) : Arg(b.scalar), context.unpack(y), params);
    context.set(0, a_form.restore(grads.a));
    context.set(1, b_form.restore(grads.b));
  }
};

// An operand ready for a kernel: the tensor in the compute dtype, or a value in host memory.
struct Ready {
  Tensor tensor;
  alignas(8) char value[8];

  LoopOperand prepare(const Arg& arg, DType dtype, Device device) {
    if (arg.is_tensor()) {
      const Tensor& t = arg.tensor();
      if (t.device() == device) {
        if (t.dtype() == dtype) return LoopOperand(t);
        const GradMode off(false);
        tensor = to_dtype(t, dtype);
        return LoopOperand(tensor);
      }
      visit_dtype(t.dtype(), [&]<typename From>() {
        const From from = *t.data<From>();
        visit_dtype(dtype, [&]<typename To>() { *reinterpret_cast<To*>(value) = static_cast<To>(from); });
      });
    } else {
      visit_dtype(dtype, [&]<typename T>() { *reinterpret_cast<T*>(value) = arg.scalar().to<T>(); });
    }
    return LoopOperand(value, dtype);
  }
};

void run_binary(BinaryOp op, const Tensor& out, const Arg& a, const Arg& b, DType dtype,
                const PointwiseParams& params) {
  Ready ready_a, ready_b;
  const Loop loop = make_loop(
      out.sizes(), {out, ready_a.prepare(a, dtype, out.device()), ready_b.prepare(b, dtype, out.device())});
  if (loop.numel > 0) backend_of(out.device()).pointwise->binary(op, loop, params);
}

const Tensor kNone_;

const Tensor& tensor_or_none(const Arg& arg) { return arg.is_tensor() ? arg.tensor() : kNone_; }

}  // namespace

Tensor unary(UnaryOp op, const Tensor& x, const PointwiseParams& params) {
  const Row& row = kUnaryRows[static_cast<int>(op)];
  const DType dtype = compute_dtype(row, x.dtype());
  if (dtype != x.dtype()) return unary(op, to_dtype(x, dtype), params);
  const Tensor out = empty(x.sizes(), row.result == kBool ? DType::kBool : dtype, x.device());
  const Loop loop = make_loop(out.sizes(), {out, x});
  if (loop.numel > 0) backend_of(x.device()).pointwise->unary(op, loop, params);
  if (row.differentiable && needs_grad(x)) {
    record(row.name, out, {&x},
           UnaryBackward{op, params, row.saves & kX ? SavedTensor::input(x) : SavedTensor(),
                         row.saves & kY ? SavedTensor::output(out) : SavedTensor()});
  }
  return out;
}

void unary_(UnaryOp op, const Tensor& self, const PointwiseParams& params) {
  const Row& row = kUnaryRows[static_cast<int>(op)];
  check_inplace(self, row.name);
  const DType dtype = compute_dtype(row, self.dtype());
  TT_CHECK(dtype == self.dtype(), Status::kDtype, "result type ", dtype,
           " can't be cast to the desired output type ", self.dtype());
  const bool record_it = row.differentiable && needs_grad(self);
  const SavedTensor x = record_it && (row.saves & kX) ? SavedTensor::input(self) : SavedTensor();
  const Loop loop = make_loop(self.sizes(), {self, self});
  if (loop.numel > 0) backend_of(self.device()).pointwise->unary(op, loop, params);
  bump_version(self);
  if (record_it) {
    record_inplace(row.name, self, {&self},
                   UnaryBackward{op, params, x, row.saves & kY ? SavedTensor::output(self) : SavedTensor()});
  }
}

Tensor binary(BinaryOp op, const Arg& a, const Arg& b, const PointwiseParams& params) {
  const Row& row = kBinaryRows[static_cast<int>(op)];
  const DType dtype = compute_dtype(row, result_type(a, b));
  const Arg args[] = {a, b};
  const Device device = common_device(args);
  const Tensor out =
      empty(broadcast(a.sizes(), b.sizes()), row.result == kBool ? DType::kBool : dtype, device);
  run_binary(op, out, a, b, dtype, params);
  const Tensor& ta = tensor_or_none(a);
  const Tensor& tb = tensor_or_none(b);
  if (row.differentiable && needs_grad(ta, tb)) {
    const bool save = row.saves & kAB;
    record(row.name, out, {&ta, &tb},
           BinaryBackward{op, params, InputForm(a), InputForm(b), save ? SavedArg(a) : SavedArg(),
                          save ? SavedArg(b) : SavedArg(),
                          row.saves & kY ? SavedTensor::output(out) : SavedTensor()});
  }
  return out;
}

void binary_(BinaryOp op, const Tensor& self, const Arg& other, const PointwiseParams& params) {
  const Row& row = kBinaryRows[static_cast<int>(op)];
  check_inplace(self, row.name);
  const DType dtype = compute_dtype(row, result_type(self, other));
  const DType result = row.result == kBool ? DType::kBool : dtype;
  TT_CHECK(row.result == kBool || can_cast(result, self.dtype()), Status::kDtype, "result type ", result,
           " can't be cast to the desired output type ", self.dtype());
  const Arg args[] = {self, other};
  common_device(args);
  TT_CHECK(broadcast(self.sizes(), other.sizes()) == self.sizes(), Status::kShape, "output with shape ",
           self.sizes(), " doesn't match the broadcast shape ", broadcast(self.sizes(), other.sizes()));
  const Tensor& tb = tensor_or_none(other);
  const bool record_it = row.differentiable && needs_grad(self, tb);
  const bool save = record_it && (row.saves & kAB);
  const SavedArg saved_a = save ? SavedArg(self) : SavedArg();
  const SavedArg saved_b = save ? SavedArg(other) : SavedArg();
  // Memory that the target shares with the other operand in another order is read from a copy.
  const bool aliased = tb.defined() && tb.storage() == self.storage() && !(tb.is_same(self));
  if (result == self.dtype()) {
    const GradMode off(false);
    const Tensor copy = aliased ? contiguous_copy(tb) : Tensor();
    run_binary(op, self, self, aliased ? Arg(copy) : other, dtype, params);
  } else {
    const GradMode off(false);
    const Tensor out = empty(self.sizes(), result, self.device());
    run_binary(op, out, self, other, dtype, params);
    copy_values(self, out);
  }
  bump_version(self);
  if (record_it) {
    record_inplace(row.name, self, {&self, &tb},
                   BinaryBackward{op, params, InputForm(self), InputForm(other), saved_a, saved_b,
                                  row.saves & kY ? SavedTensor::output(self) : SavedTensor()});
  }
}

}  // namespace ops
}  // namespace tt
