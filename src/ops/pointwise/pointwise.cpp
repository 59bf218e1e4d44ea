#include "ops/pointwise/pointwise.h"

#include "autograd/meta.h"
#include "device/backend.h"
#include "base/convert.h"
#include "tensor/layout.h"
#include "tensor/overlap.h"
#include "ops/autocast.h"
#include "ops/pointwise/derivatives.h"
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

enum Domain : uint8_t { kAll, kNumber, kFloat, kFloatOnly, kIntegral, kInteger };
enum Result : uint8_t { kSame, kBool };

// What the gradients use, a bit each: a (the input x of an unary op), b, c and the result y; four bits for
// the gradient of a, then four for that of b, then for that of c.
enum Use : uint8_t { kUsesA = 1, kUsesB = 2, kUsesC = 4, kUsesY = 8 };
constexpr uint16_t uses(int for_a, int for_b, int for_c = 0) {
  return static_cast<uint16_t>(for_a | for_b << 4 | for_c << 8);
}
constexpr int kUsesAB = kUsesA | kUsesB, kUsesBC = kUsesB | kUsesC, kUsesABC = kUsesAB | kUsesC;
constexpr uint16_t kNone = 0, kX = kUsesA, kY = kUsesY, kOther = uses(kUsesB, kUsesA),
                   kDivisor = uses(kUsesB, kUsesAB), kModulus = uses(0, kUsesAB),
                   kBoth = uses(kUsesAB, kUsesAB), kPower = uses(kUsesAB, kUsesAB | kUsesY),
                   kOwnAndY = uses(kUsesA | kUsesY, kUsesB | kUsesY), kSign = uses(kUsesA | kUsesY, 0),
                   kLerp = uses(kUsesC, kUsesC, kUsesAB), kProduct = uses(0, kUsesC, kUsesB),
                   kQuotient = uses(0, kUsesC, kUsesBC), kSelected = uses(kUsesBC, 0),
                   kAllThree = uses(kUsesABC, kUsesABC, kUsesABC);

struct Row {
  const char* name;
  Domain domain;
  Result result;
  uint16_t saves;
  bool differentiable;
};

// A row whose backward is the single token kNotDifferentiable has no gradient.
constexpr bool is_differentiable(std::string_view backward) { return backward != "kNotDifferentiable"; }
#define TT_ROW(name, kernel, domain, result, saves, ...) \
  {#name, domain, result, saves, is_differentiable(#__VA_ARGS__)},
#define TT_TERNARY_ROW(name, kernel, domain, saves, ...) {#name, domain, kSame, saves, true},
constexpr Row kUnaryRows[] = {TT_UNARY_OPS(TT_ROW)};
constexpr Row kBinaryRows[] = {TT_BINARY_OPS(TT_ROW)};
constexpr Row kTernaryRows[] = {TT_TERNARY_OPS(TT_TERNARY_ROW)};
#undef TT_ROW
#undef TT_TERNARY_ROW

[[noreturn, gnu::cold, gnu::noinline]] void refuse_dtype(const Row& row, DType dtype) {
  const std::string_view name = row.name;
  if (name == "neg") {
    fail(Status::kDtype, "input is bool, which has no negative; for a mask's opposite use tt_logical_not");
  }
  if (name == "sub" || name == "sub_alpha") {
    fail(Status::kDtype, "bool has no subtraction; use tt_logical_xor");
  }
  if (name == "addcdiv") {
    fail(Status::kDtype, "integers are not divided here; got ", dtype,
         ". Convert one to a floating dtype (tt_to)");
  }
  fail(Status::kDtype, name, " is not implemented for ", dtype);
}

DType compute_dtype(const Row& row, DType dtype) {
  bool fits = true;
  switch (row.domain) {
    case kAll:
      return dtype;
    case kNumber:
      fits = dtype != DType::kBool;
      break;
    case kFloat:
      return is_floating(dtype) ? dtype : default_dtype();
    case kFloatOnly:
      fits = is_floating(dtype);
      break;
    case kIntegral:
      fits = is_integral(dtype);
      break;
    case kInteger:
      fits = is_integral(dtype) && dtype != DType::kBool;
      break;
  }
  if (__builtin_expect(!fits, 0)) refuse_dtype(row, dtype);
  return dtype;
}

// Stands for kNotDifferentiable in the table's expressions; never evaluated.
const Tensor kNotDifferentiable;
const Tensor kNoTensor;

const Tensor& tensor_or_none(const Arg& arg) { return arg.is_tensor() ? arg.tensor() : kNoTensor; }

// ---- the rules of the table ----

using UnaryRule = Tensor (*)(const Tensor& g, const Tensor& x, const Tensor& y, const PointwiseParams& p);
#define TT_UNARY_RULE(name, kernel, domain, result, saves, backward)                      \
  [](const Tensor& g, [[maybe_unused]] const Tensor& x, [[maybe_unused]] const Tensor& y, \
     [[maybe_unused]] const PointwiseParams& p) -> Tensor {                               \
    (void)g;                                                                              \
    return backward;                                                                      \
  },
const UnaryRule kUnaryRules[] = {TT_UNARY_OPS(TT_UNARY_RULE)};
#undef TT_UNARY_RULE

struct Grads {
  bool need_a, need_b, need_c;
  Tensor a, b, c;
};
using BinaryRule = void (*)(Grads& grads, const Tensor& g, const Arg& a, const Arg& b, const Tensor& y,
                            const PointwiseParams& p);
// The last parameter takes one expression (kNotDifferentiable) or two.
#define TT_BINARY_RULE(name, kernel, domain, result, saves, backward_a, ...)        \
  [](Grads& grads, [[maybe_unused]] const Tensor& g, [[maybe_unused]] const Arg& a, \
     [[maybe_unused]] const Arg& b, [[maybe_unused]] const Tensor& y,               \
     [[maybe_unused]] const PointwiseParams& p) {                                   \
    if (grads.need_a) grads.a = backward_a;                                         \
    __VA_OPT__(if (grads.need_b) grads.b = __VA_ARGS__;)                            \
  },
const BinaryRule kBinaryRules[] = {TT_BINARY_OPS(TT_BINARY_RULE)};
#undef TT_BINARY_RULE

using TernaryRule = void (*)(Grads& grads, const Tensor& g, const Arg& a, const Arg& b, const Arg& c,
                             const PointwiseParams& p);
#define TT_TERNARY_RULE(name, kernel, domain, saves, backward_a, backward_b, backward_c)          \
  [](Grads& grads, const Tensor& g, [[maybe_unused]] const Arg& a, [[maybe_unused]] const Arg& b, \
     [[maybe_unused]] const Arg& c, [[maybe_unused]] const PointwiseParams& p) {                  \
    if (grads.need_a) grads.a = backward_a;                                                       \
    if (grads.need_b) grads.b = backward_b;                                                       \
    if (grads.need_c) grads.c = backward_c;                                                       \
  },
const TernaryRule kTernaryRules[] = {TT_TERNARY_OPS(TT_TERNARY_RULE)};
#undef TT_TERNARY_RULE

// ---- what a node keeps ----

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

// An operand for a rule, unpacked from where it was kept; a number stays a number.
class Unpacked {
 public:
  Unpacked(const BackwardContext& context, const SavedArg& saved)
      : saved_(saved), tensor_(saved.is_tensor ? context.unpack(saved.tensor) : Tensor()) {}
  operator Arg() const { return saved_.is_tensor ? Arg(tensor_) : Arg(saved_.scalar); }

 private:
  const SavedArg& saved_;
  Tensor tensor_;
};

struct UnaryBackward {
  UnaryOp op;
  PointwiseParams params;
  SavedTensor saved;  // x or y
  bool is_result;
  void operator()(BackwardContext& context) const {
    const Tensor kept = context.unpack(saved);
    context.set(0, kUnaryRules[static_cast<int>(op)](context.grad(), is_result ? kNoTensor : kept,
                                                     is_result ? kept : kNoTensor, params));
  }
};

struct BinaryBackward {
  BinaryOp op;
  PointwiseParams params;
  InputForm a_form, b_form;
  SavedArg a, b;
  SavedTensor y;
  void operator()(BackwardContext& context) const {
    Grads grads{context.needs(0), context.needs(1), false, {}, {}, {}};
    kBinaryRules[static_cast<int>(op)](grads, context.grad(), Unpacked(context, a), Unpacked(context, b),
                                       context.unpack(y), params);
    if (grads.need_a) context.set(0, a_form.restore(grads.a));
    if (grads.need_b) context.set(1, b_form.restore(grads.b));
  }
};

struct TernaryBackward {
  TernaryOp op;
  PointwiseParams params;
  InputForm a_form, b_form, c_form;
  SavedArg a, b, c;
  void operator()(BackwardContext& context) const {
    Grads grads{context.needs(0), context.needs(1), context.needs(2), {}, {}, {}};
    kTernaryRules[static_cast<int>(op)](grads, context.grad(), Unpacked(context, a), Unpacked(context, b),
                                        Unpacked(context, c), params);
    if (grads.need_a) context.set(0, a_form.restore(grads.a));
    if (grads.need_b) context.set(1, b_form.restore(grads.b));
    if (grads.need_c) context.set(2, c_form.restore(grads.c));
  }
};

// Which operands the gradients that are wanted use.
uint8_t used_by(const Row& row, bool need_a, bool need_b, bool need_c = false) {
  return static_cast<uint8_t>((need_a ? row.saves & 15 : 0) | (need_b ? row.saves >> 4 & 15 : 0) |
                              (need_c ? row.saves >> 8 : 0));
}

// A number is always kept; a tensor only where it is used.
SavedArg save_arg(const Arg& arg, bool used) {
  return used || !arg.is_tensor() ? SavedArg(arg) : SavedArg(Arg(kNoTensor));
}

// The same for an op that writes to a tensor which the operand may be a view of.
SavedArg save_arg(const Arg& arg, bool used, const InplaceWrite& write) {
  SavedArg saved = save_arg(arg, false);
  if (used && arg.is_tensor()) saved.tensor = write.save(arg.tensor());
  return saved;
}

// ---- running kernels ----

// An operand ready for a kernel: the tensor in the compute dtype, or a value in host memory.
struct Ready {
  Tensor tensor;
  alignas(8) char value[8];

  // keeps: beside a half type, a number or a 0-dim tensor stays float; else it is rounded to that type too.
  LoopOperand prepare(const Arg& arg, DType dtype, Device device, bool keeps) {
    const bool half = is_reduced_floating(dtype);
    const DType host_dtype = half ? DType::kFloat32 : dtype;
    if (arg.is_tensor()) {
      const Tensor& t = arg.tensor();
      if (t.device() == device) {
        if (t.dtype() == dtype) return LoopOperand(t);
        const GradMode off(false);
        tensor = to_dtype(t, keeps && t.ndim() == 0 ? host_dtype : dtype);
        return LoopOperand(tensor);
      }
      refuse_host_capture("reads a value for another device");
      visit_dtype(t.dtype(), [&]<typename From>() {
        const From from = *t.data<From>();
        visit_dtype(host_dtype, [&]<typename To>() { store(convert<To>(from)); });
      });
    } else {
      visit_dtype(host_dtype, [&]<typename T>() { store(arg.scalar().to<T>()); });
    }
    if (half && !keeps) store(rounded_to(dtype, *reinterpret_cast<const float*>(value)));
    return LoopOperand(value, host_dtype);
  }

 private:
  template <typename T>
  void store(T x) {
    *reinterpret_cast<T*>(value) = x;
  }
};

// Integer division by zero is an error: a CPU's at once, a device's later.
void check_divisor(const Arg& divisor) {
  if (!divisor.is_tensor()) {
    if (divisor.scalar().to_int() == 0) fail_divisor();
    return;
  }
  const Tensor& t = divisor.tensor();
  if (t.numel() > 0) run(t.device(), call::CheckDivisor{make_loop(t.sizes(), {t})});
}

bool divides(BinaryOp op) {
  return op == BinaryOp::remainder || op == BinaryOp::fmod || op == BinaryOp::div_floor ||
         op == BinaryOp::div_trunc;
}

bool is_bool(const Arg& arg) {
  return arg.is_tensor() ? arg.tensor().dtype() == DType::kBool : arg.scalar().type() == Scalar::Type::kBool;
}

// PyTorch raises half types to powers of their own dtype.
void check_exponent(BinaryOp op, const Arg& exponent, DType dtype) {
  if (op != BinaryOp::pow || exponent.is_tensor() || !is_reduced_floating(dtype)) return;
  check_fits(exponent.scalar(), dtype, "exponent");
}

void check_values(BinaryOp op, const Arg& a, const Arg& b, DType dtype) {
  TT_CHECK((op != BinaryOp::sub && op != BinaryOp::sub_alpha) || (!is_bool(a) && !is_bool(b)), Status::kDtype,
           "bool has no subtraction; for a mask's opposite use tt_logical_not, else tt_logical_xor");
  if (is_floating(dtype)) return check_exponent(op, b, dtype);
  if (divides(op)) check_divisor(b);
  TT_CHECK(op != BinaryOp::pow || b.is_tensor() || b.scalar().to_int() >= 0, Status::kInvalidArgument,
           "an integer has no power of a negative number");
}

// Which operands of half types are computed with as float, and are not rounded to the type first: PyTorch's
// CPU kernels for these ops read a second operand that is one number as it was given.
bool keeps_second(BinaryOp op) {
  return op == BinaryOp::mul || op == BinaryOp::div || op == BinaryOp::div_floor || op == BinaryOp::div_trunc;
}
bool keeps_third(TernaryOp op) { return op == TernaryOp::lerp; }

// Quotients of half types are rounded to the type before they are rounded to integers, but not those by one
// number.
PointwiseParams with_steps(BinaryOp op, const Arg& b, DType dtype, const PointwiseParams& params) {
  if (!is_reduced_floating(dtype) || (op != BinaryOp::div_floor && op != BinaryOp::div_trunc)) return params;
  const bool by_number = !b.is_tensor() || b.tensor().numel() == 1;
  return {by_number ? 0.0 : static_cast<double>(dtype), 0, 0};
}

// Two dense CPU tensors of one dtype and shape, and no capture: nothing to promote, broadcast, merge or note.
bool alike(const Arg& a, const Arg& b) {
  if (!a.is_tensor() || !b.is_tensor()) return false;
  const TensorImpl* x = a.tensor().impl();
  const TensorImpl* y = b.tensor().impl();
  return x->dtype == y->dtype && x->contiguous && y->contiguous && x->sizes == y->sizes &&
         x->storage->device().is_cpu() && y->storage->device().is_cpu() && !x->storage->captured() &&
         !y->storage->captured() && HostCapture::current() == nullptr;
}

void set_flat(Loop& loop, int operand, const Tensor& t) {
  loop.dtype[operand] = t.dtype();
  loop.data[operand] = static_cast<char*>(t.storage()->data_now()) + t.offset() * size_of(t.dtype());
  loop.strides[operand][0] = static_cast<int64_t>(size_of(t.dtype()));
}

void set_flat(Loop& loop, const Tensor& out, const Tensor& a, const Tensor& b) {
  loop.ndim = 1;
  loop.operands = 3;
  loop.numel = out.numel();
  loop.sizes[0] = loop.numel;
  set_flat(loop, 0, out);
  set_flat(loop, 1, a);
  set_flat(loop, 2, b);
}

void run_binary(BinaryOp op, const Tensor& out, const Arg& a, const Arg& b, DType dtype,
                const PointwiseParams& params) {
  Ready ready_a, ready_b;
  const Device device = out.device();
  const call::Binary call{op,
                          make_loop(out.sizes(), {out, ready_a.prepare(a, dtype, device, false),
                                                  ready_b.prepare(b, dtype, device, keeps_second(op))}),
                          with_steps(op, b, dtype, params)};
  if (call.loop.numel > 0) run(device, call);
}

void run_ternary(TernaryOp op, const Tensor& out, const Arg& a, const Arg& b, const Arg& c, DType dtype,
                 const PointwiseParams& params) {
  Ready ready_a, ready_b, ready_c;
  const Device device = out.device();
  const call::Ternary call{op,
                           make_loop(out.sizes(), {out, ready_a.prepare(a, dtype, device, false),
                                                   ready_b.prepare(b, dtype, device, false),
                                                   ready_c.prepare(c, dtype, device, keeps_third(op))}),
                           params};
  if (call.loop.numel > 0) run(device, call);
}

void check_result_fits(DType result, const Tensor& self) {
  TT_CHECK(can_cast(result, self.dtype()), Status::kDtype, "the result is ", result, ", which input, of ",
           self.dtype(), ", cannot hold");
}

void check_shape_fits(const Dims& shape, const Tensor& self) {
  TT_CHECK(shape == self.sizes(), Status::kShape, "the result has shape ", shape, ", which input, of shape ",
           self.sizes(), ", cannot hold");
}

// Memory that the target shares with another operand in another order is read from a copy.
Tensor unaliased(const Tensor& t, const Tensor& self) {
  return t.defined() && t.storage() == self.storage() && !t.is_same(self) ? contiguous_copy(t) : t;
}

Arg arg_of(const Arg& original, const Tensor& tensor) {
  return original.is_tensor() ? Arg(tensor) : original;
}

// The special exponents that have a kernel of their own, as in PyTorch.
bool simple_power(BinaryOp op, const Arg& base, const Arg& exponent, UnaryOp* kernel) {
  if (op != BinaryOp::pow || exponent.is_tensor() || !exponent.scalar().is_floating() || !base.is_tensor()) {
    return false;
  }
  const double e = exponent.scalar().to_double();
  // A root of -0 or minus infinity shows that PyTorch has no kernel for roots of half types.
  if (e != 2 && e != -1 && is_reduced_floating(base.tensor().dtype())) return false;
  *kernel = e == 2      ? UnaryOp::square
            : e == 0.5  ? UnaryOp::sqrt
            : e == -0.5 ? UnaryOp::rsqrt
                        : UnaryOp::reciprocal;
  return e == 2 || e == 0.5 || e == -0.5 || e == -1;
}

bool holds_integers(const Arg& arg) { return arg.is_tensor() && is_integral(arg.tensor().dtype()); }

// What the domain does not say.
void check_ternary(TernaryOp op, const Arg& a, const Arg& b, const Arg& c) {
  const Row& row = kTernaryRows[static_cast<int>(op)];
  if (op == TernaryOp::addcdiv && holds_integers(b) && holds_integers(c)) {
    refuse_dtype(row, b.tensor().dtype());
  }
  if (op != TernaryOp::lerp) return;
  const DType dtype = a.tensor().dtype();
  if (is_integral(dtype)) refuse_dtype(row, dtype);
  TT_CHECK(!b.is_tensor() || b.tensor().dtype() == dtype, Status::kDtype, "end is ", b.tensor().dtype(),
           ", expected input's dtype, ", dtype);
  TT_CHECK(!c.is_tensor() || c.tensor().dtype() == dtype, Status::kDtype, "weight is ", c.tensor().dtype(),
           ", expected input's dtype, ", dtype);
  if (!c.is_tensor()) check_fits(c.scalar(), is_reduced_floating(dtype) ? DType::kFloat32 : dtype, "weight");
}

}  // namespace

// ---- unary ----

Tensor unary(UnaryOp op, const Tensor& x, const PointwiseParams& params) {
  if (autocast_on() && wants_float32(op)) {
    const Autocast cast(CastRule::kFloat32, {&x});
    return unary(op, cast(x), params);
  }
  const Row& row = kUnaryRows[static_cast<int>(op)];
  if (op == UnaryOp::square && x.dtype() == DType::kBool) return unary(op, to_dtype(x, DType::kInt64));
  const DType dtype = compute_dtype(row, x.dtype());
  if (dtype != x.dtype()) return unary(op, to_dtype(x, dtype), params);
  const DType result = row.result == kBool ? DType::kBool : dtype;
  // PyTorch's logsigmoid is the one that writes row by row whatever it reads.
  const Tensor out = op == UnaryOp::logsigmoid ? empty(x.sizes(), result, x.device())
                                               : empty_pointwise(x.sizes(), result, x.device(), {x});
  if (x.numel() > 0) run(x.device(), call::Unary{op, make_loop(out.sizes(), {out, x}), params});
  if (row.differentiable && needs_grad(x)) {
    record(row.name, out, {&x},
           UnaryBackward{op, params,
                         row.saves == kX   ? SavedTensor::input(x)
                         : row.saves == kY ? SavedTensor::output(out)
                                           : SavedTensor(),
                         row.saves == kY});
  }
  return out;
}

void unary_(UnaryOp op, const Tensor& self, const PointwiseParams& params) {
  const Row& row = kUnaryRows[static_cast<int>(op)];
  InplaceWrite write(self, row.name);
  const DType dtype = compute_dtype(row, self.dtype());
  if (row.result == kSame) check_result_fits(dtype, self);
  if (needs_grad(self)) {
    if (row.differentiable) {
      write.record(row.name, {&self},
                   UnaryBackward{op, params,
                                 row.saves == kX   ? SavedTensor::input(clone(self))
                                 : row.saves == kY ? write.save_result()
                                                   : SavedTensor(),
                                 row.saves == kY});
    } else {
      write.record_no_gradient(row.name);
    }
  }
  const GradMode off(false);
  const Tensor result =
      row.result == kBool && self.dtype() != DType::kBool ? unary(op, self, params) : Tensor();
  write.commit([&] {
    if (result.defined()) {
      copy_values(self, result);
    } else if (self.numel() > 0) {
      run(self.device(), call::Unary{op, make_loop(self.sizes(), {self, self}), params});
    }
  });
}

// ---- binary ----

Tensor binary(BinaryOp op, const Arg& a, const Arg& b, const PointwiseParams& params) {
  if (autocast_on() && op == BinaryOp::pow) {
    const Tensor& ta = tensor_or_none(a);
    const Tensor& tb = tensor_or_none(b);
    const Autocast cast(CastRule::kFloat32, {&ta, &tb});
    const Tensor wide_a = cast(ta), wide_b = cast(tb);
    return binary(op, a.is_tensor() ? Arg(wide_a) : a, b.is_tensor() ? Arg(wide_b) : b, params);
  }
  // PyTorch has no kernel for a number divided by a tensor, which shows in half types.
  if (op == BinaryOp::div && !a.is_tensor() && is_reduced_floating(b.tensor().dtype())) {
    return mul(reciprocal(b.tensor()), a);
  }
  const Row& row = kBinaryRows[static_cast<int>(op)];
  Tensor out;
  if (alike(a, b) && compute_dtype(row, a.tensor().dtype()) == a.tensor().dtype()) {
    const DType dtype = a.tensor().dtype();
    check_values(op, a, b, dtype);
    out = empty(a.tensor().sizes(), row.result == kBool ? DType::kBool : dtype);
    if (out.numel() > 0) {
      call::Binary call{op, {}, with_steps(op, b, dtype, params)};
      set_flat(call.loop, out, a.tensor(), b.tensor());
      cpu_backend().kernels.run(call);
    }
  } else if (UnaryOp kernel; simple_power(op, a, b, &kernel)) {
    const GradMode off(false);
    out = unary(kernel, to_dtype(a.tensor(), compute_dtype(row, result_type(a, b))));
  } else {
    const DType dtype = compute_dtype(row, result_type(a, b));
    const Arg args[] = {a, b};
    const Device device = common_device(args);
    const Dims shape = broadcast(a.sizes(), b.sizes());
    check_values(op, a, b, dtype);
    out = empty_pointwise(shape, row.result == kBool ? DType::kBool : dtype, device,
                          {LayoutOperand(tensor_or_none(a), dtype), LayoutOperand(tensor_or_none(b), dtype)});
    run_binary(op, out, a, b, dtype, params);
  }
  const Tensor& ta = tensor_or_none(a);
  const Tensor& tb = tensor_or_none(b);
  if (row.differentiable && needs_grad(ta, tb)) {
    const uint8_t used = used_by(row, needs_grad(ta), needs_grad(tb));
    record(
        row.name, out, {&ta, &tb},
        BinaryBackward{op, params, InputForm(a), InputForm(b), save_arg(a, used & kUsesA),
                       save_arg(b, used & kUsesB), used & kUsesY ? SavedTensor::output(out) : SavedTensor()});
  }
  return out;
}

void binary_(BinaryOp op, const Tensor& self, const Arg& other, const PointwiseParams& params) {
  const Row& row = kBinaryRows[static_cast<int>(op)];
  InplaceWrite write(self, row.name);
  check_no_partial_overlap(self, tensor_or_none(other));
  const DType dtype = compute_dtype(row, result_type(self, other));
  const DType result = row.result == kBool ? DType::kBool : dtype;
  if (row.result == kSame) check_result_fits(result, self);
  const Arg args[] = {self, other};
  common_device(args);
  check_shape_fits(broadcast(self.sizes(), other.sizes()), self);
  check_values(op, self, other, dtype);

  const Tensor& tb = tensor_or_none(other);
  if (needs_grad(self, tb)) {
    if (row.differentiable) {
      const uint8_t used = used_by(row, needs_grad(self), needs_grad(tb));
      const bool same = tb.defined() && tb.is_same(self);
      const Tensor before = used & kUsesA || (same && used & kUsesB) ? clone(self) : Tensor();
      write.record(
          row.name, {&self, &tb},
          BinaryBackward{op, params, InputForm(self), InputForm(other), save_arg(before, used & kUsesA),
                         same ? save_arg(before, used & kUsesB) : save_arg(other, used & kUsesB, write),
                         used & kUsesY ? write.save_result() : SavedTensor()});
    } else {
      write.record_no_gradient(row.name);
    }
  }
  const GradMode off(false);
  UnaryOp kernel;
  if (result == self.dtype() && simple_power(op, self, other, &kernel)) {
    write.commit([&] {
      if (self.numel() == 0) return;
      run(self.device(), call::Unary{kernel, make_loop(self.sizes(), {self, self}), {}});
    });
  } else if (result == self.dtype()) {
    const Tensor b = unaliased(tb, self);
    write.commit([&] { run_binary(op, self, self, arg_of(other, b), dtype, params); });
  } else {
    const Tensor out = empty(self.sizes(), result, self.device());
    run_binary(op, out, self, other, dtype, params);
    write.commit([&] { copy_values(self, out); });
  }
}

// ---- ternary ----

Tensor ternary(TernaryOp op, const Arg& a, const Arg& b, const Arg& c, const PointwiseParams& params) {
  const Row& row = kTernaryRows[static_cast<int>(op)];
  check_ternary(op, a, b, c);
  const Arg args[] = {a, b, c};
  const DType dtype = compute_dtype(row, result_type(args));
  const Device device = common_device(args);
  const Tensor& ta = tensor_or_none(a);
  const Tensor& tb = tensor_or_none(b);
  const Tensor& tc = tensor_or_none(c);
  const Dims shape = broadcast(broadcast(a.sizes(), b.sizes()), c.sizes());
  const Tensor out = empty_pointwise(shape, dtype, device, {{ta, dtype}, {tb, dtype}, {tc, dtype}});
  run_ternary(op, out, a, b, c, dtype, params);
  if (needs_grad(ta, tb, tc)) {
    const uint8_t used = used_by(row, needs_grad(ta), needs_grad(tb), needs_grad(tc));
    record(row.name, out, {&ta, &tb, &tc},
           TernaryBackward{op, params, InputForm(a), InputForm(b), InputForm(c), save_arg(a, used & kUsesA),
                           save_arg(b, used & kUsesB), save_arg(c, used & kUsesC)});
  }
  return out;
}

void ternary_(TernaryOp op, const Tensor& self, const Arg& b, const Arg& c, const PointwiseParams& params) {
  const Row& row = kTernaryRows[static_cast<int>(op)];
  InplaceWrite write(self, row.name);
  for (const Arg* read : {&b, &c}) check_no_partial_overlap(self, tensor_or_none(*read));
  check_ternary(op, self, b, c);
  const Arg args[] = {self, b, c};
  const DType dtype = compute_dtype(row, result_type(args));
  check_result_fits(dtype, self);
  common_device(args);
  check_shape_fits(broadcast(broadcast(self.sizes(), b.sizes()), c.sizes()), self);
  const Tensor& tb = tensor_or_none(b);
  const Tensor& tc = tensor_or_none(c);
  if (needs_grad(self, tb, tc)) {
    const uint8_t used = used_by(row, needs_grad(self), needs_grad(tb), needs_grad(tc));
    const bool same_b = tb.defined() && tb.is_same(self);
    const bool same_c = tc.defined() && tc.is_same(self);
    const Tensor before = used != 0 && (used & kUsesA || same_b || same_c) ? clone(self) : Tensor();
    const auto save = [&](const Arg& arg, bool same, bool is_used) {
      return same ? save_arg(before, is_used) : save_arg(arg, is_used, write);
    };
    write.record(row.name, {&self, &tb, &tc},
                 TernaryBackward{op, params, InputForm(self), InputForm(b), InputForm(c),
                                 save_arg(before, used & kUsesA), save(b, same_b, used & kUsesB),
                                 save(c, same_c, used & kUsesC)});
  }
  const GradMode off(false);
  if (dtype == self.dtype()) {
    const Tensor fresh_b = unaliased(tb, self);
    const Tensor fresh_c = unaliased(tc, self);
    write.commit([&] { run_ternary(op, self, self, arg_of(b, fresh_b), arg_of(c, fresh_c), dtype, params); });
  } else {
    const Tensor out = empty(self.sizes(), dtype, self.device());
    run_ternary(op, out, self, b, c, dtype, params);
    write.commit([&] { copy_values(self, out); });
  }
}

}  // namespace ops
}  // namespace tt
