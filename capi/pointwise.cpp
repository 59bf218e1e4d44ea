// The pointwise functions. Those of the op table are generated from it and share one body per form.
#include "ops/pointwise/pointwise.h"

#include <cmath>

#include "capi/enums.h"
#include "ops/create/create.h"

using namespace tt;
using namespace tt::capi;

namespace {

tt_status apply(const char* name, UnaryOp op, const tt_tensor* input, tt_tensor** out) {
  return guard(name, [&] {
    Out result(out, "out");
    result = ops::unary(op, *In(input, "input"));
  });
}
tt_status apply_(const char* name, UnaryOp op, tt_tensor* input) {
  return guard(name, [&] { ops::unary_(op, *In(input, "input")); });
}
tt_status apply(const char* name, BinaryOp op, const tt_tensor* input, const tt_tensor* other,
                tt_tensor** out) {
  return guard(name, [&] {
    Out result(out, "out");
    result = ops::binary(op, *In(input, "input"), *In(other, "other"));
  });
}
tt_status apply_(const char* name, BinaryOp op, tt_tensor* input, const tt_tensor* other) {
  return guard(name, [&] { ops::binary_(op, *In(input, "input"), *In(other, "other")); });
}
tt_status apply(const char* name, BinaryOp op, const tt_tensor* input, Scalar other, tt_tensor** out) {
  return guard(name, [&] {
    Out result(out, "out");
    result = ops::binary(op, *In(input, "input"), other);
  });
}
tt_status apply_(const char* name, BinaryOp op, tt_tensor* input, Scalar other) {
  return guard(name, [&] { ops::binary_(op, *In(input, "input"), other); });
}
// The number first.
tt_status call_reversed(const char* name, BinaryOp op, const tt_tensor* input, double other,
                        tt_tensor** out) {
  return guard(name, [&] {
    Out result(out, "out");
    result = ops::binary(op, other, *In(input, "input"));
  });
}

ops::OptionalNumber number_in(const double* value) {
  return value == nullptr ? ops::OptionalNumber() : ops::OptionalNumber(*value);
}

ops::Rounding rounding_in(tt_rounding_mode mode) {
  return enum_in<ops::Rounding>(mode, "rounding_mode",
                                {"TT_ROUNDING_NONE", "TT_ROUNDING_TRUNC", "TT_ROUNDING_FLOOR"});
}

// addcmul and addcdiv.
struct Scaled {
  In input, tensor1, tensor2;
  PointwiseParams params;
  Scaled(const tt_tensor* a, const tt_tensor* b, const tt_tensor* c, double value)
      : input(a, "input"), tensor1(b, "tensor1"), tensor2(c, "tensor2"), params{value, 0, 0} {
    const Arg args[] = {*input, *tensor1, *tensor2};
    const DType result = result_type(args);
    TT_CHECK(value == std::floor(value) || is_floating(result), Status::kInvalidArgument,
             "For integral input tensors, argument value must not be a floating point number, got ", value);
    params.a = ops::checked_factor("value", value, result);
  }
};

}  // namespace

extern "C" {

#define TT_WRAP_UNARY(name, ...)                                 \
  tt_status tt_##name(const tt_tensor* input, tt_tensor** out) { \
    return apply("tt_" #name, UnaryOp::name, input, out);        \
  }
#define TT_WRAP_UNARY_INPLACE(name, ...) \
  TT_WRAP_UNARY(name)                    \
  tt_status tt_##name##_(tt_tensor* input) { return apply_("tt_" #name "_", UnaryOp::name, input); }
#define TT_WRAP_BINARY(name, ...)                                                        \
  tt_status tt_##name(const tt_tensor* input, const tt_tensor* other, tt_tensor** out) { \
    return apply("tt_" #name, BinaryOp::name, input, other, out);                        \
  }
#define TT_WRAP_BINARY_INPLACE(name, ...)                            \
  TT_WRAP_BINARY(name)                                               \
  tt_status tt_##name##_(tt_tensor* input, const tt_tensor* other) { \
    return apply_("tt_" #name "_", BinaryOp::name, input, other);    \
  }
#define TT_WRAP_SCALAR(name, number)                                                    \
  tt_status tt_##name##_scalar(const tt_tensor* input, number other, tt_tensor** out) { \
    return apply("tt_" #name "_scalar", BinaryOp::name, input, Scalar(other), out);     \
  }                                                                                     \
  tt_status tt_##name##_scalar_(tt_tensor* input, number other) {                       \
    return apply_("tt_" #name "_scalar_", BinaryOp::name, input, Scalar(other));        \
  }
#define TT_WRAP_BINARY_SCALAR(name, ...) \
  TT_WRAP_BINARY_INPLACE(name)           \
  TT_WRAP_SCALAR(name, double)

TT_UNARY_INPLACE(TT_WRAP_UNARY_INPLACE)
TT_UNARY_OUT(TT_WRAP_UNARY)
TT_BINARY_SCALAR(TT_WRAP_BINARY_SCALAR)
TT_BINARY_INPLACE(TT_WRAP_BINARY_INPLACE)
TT_BINARY_OUT(TT_WRAP_BINARY)
TT_WRAP_SCALAR(bitwise_and, int64_t)
TT_WRAP_SCALAR(bitwise_or, int64_t)
TT_WRAP_SCALAR(bitwise_xor, int64_t)
TT_WRAP_SCALAR(bitwise_left_shift, int64_t)
TT_WRAP_SCALAR(bitwise_right_shift, int64_t)

#define TT_WRAP_REVERSED(name)                                                           \
  tt_status tt_r##name##_scalar(const tt_tensor* input, double other, tt_tensor** out) { \
    return call_reversed("tt_r" #name "_scalar", BinaryOp::name, input, other, out);     \
  }
TT_WRAP_REVERSED(sub)
TT_WRAP_REVERSED(pow)
TT_WRAP_REVERSED(remainder)
TT_WRAP_REVERSED(xlogy)

// Functions written by hand: TT_CALL(name, parameters) { result = ...; } with an output, TT_CALL_(...) { ...
// } in place.
#define TT_CALL(name, expression, ...)                \
  tt_status tt_##name(__VA_ARGS__, tt_tensor** out) { \
    return guard("tt_" #name, [&] {                   \
      Out result(out, "out");                         \
      result = expression;                            \
    });                                               \
  }
#define TT_CALL_(name, expression, ...)             \
  tt_status tt_##name(__VA_ARGS__) {                \
    return guard("tt_" #name, [&] { expression; }); \
  }

TT_CALL(round, ops::round(*In(input, "input"), decimals), const tt_tensor* input, int64_t decimals)
TT_CALL_(round_, ops::round_(*In(input, "input"), decimals), tt_tensor* input, int64_t decimals)
TT_CALL(logit, ops::logit(*In(input, "input"), number_in(eps)), const tt_tensor* input, const double* eps)
TT_CALL_(logit_, ops::logit_(*In(input, "input"), number_in(eps)), tt_tensor* input, const double* eps)
TT_CALL(nan_to_num,
        ops::nan_to_num(*In(input, "input"), number_in(nan), number_in(posinf), number_in(neginf)),
        const tt_tensor* input, const double* nan, const double* posinf, const double* neginf)
TT_CALL_(nan_to_num_,
         ops::nan_to_num_(*In(input, "input"), number_in(nan), number_in(posinf), number_in(neginf)),
         tt_tensor* input, const double* nan, const double* posinf, const double* neginf)
TT_CALL(clamp, ops::clamp(*In(input, "input"), number_in(min), number_in(max)), const tt_tensor* input,
        const double* min, const double* max)
TT_CALL_(clamp_, ops::clamp_(*In(input, "input"), number_in(min), number_in(max)), tt_tensor* input,
         const double* min, const double* max)
TT_CALL(clamp_tensor,
        ops::clamp_between(*In(input, "input"), optional_in(min, "min"), optional_in(max, "max")),
        const tt_tensor* input, const tt_tensor* min, const tt_tensor* max)
TT_CALL_(clamp_tensor_,
         ops::clamp_between_(*In(input, "input"), optional_in(min, "min"), optional_in(max, "max")),
         tt_tensor* input, const tt_tensor* min, const tt_tensor* max)

TT_CALL(add_alpha, ops::add_scaled(*In(input, "input"), *In(other, "other"), alpha), const tt_tensor* input,
        const tt_tensor* other, double alpha)
TT_CALL_(add_alpha_, ops::add_scaled_(*In(input, "input"), *In(other, "other"), alpha), tt_tensor* input,
         const tt_tensor* other, double alpha)
TT_CALL(sub_alpha, ops::sub_scaled(*In(input, "input"), *In(other, "other"), alpha), const tt_tensor* input,
        const tt_tensor* other, double alpha)
TT_CALL_(sub_alpha_, ops::sub_scaled_(*In(input, "input"), *In(other, "other"), alpha), tt_tensor* input,
         const tt_tensor* other, double alpha)

TT_CALL(div_mode, ops::div(*In(input, "input"), *In(other, "other"), rounding_in(rounding_mode)),
        const tt_tensor* input, const tt_tensor* other, tt_rounding_mode rounding_mode)
TT_CALL_(div_mode_, ops::div_(*In(input, "input"), *In(other, "other"), rounding_in(rounding_mode)),
         tt_tensor* input, const tt_tensor* other, tt_rounding_mode rounding_mode)
TT_CALL(div_mode_scalar, ops::div(*In(input, "input"), other, rounding_in(rounding_mode)),
        const tt_tensor* input, double other, tt_rounding_mode rounding_mode)
TT_CALL_(div_mode_scalar_, ops::div_(*In(input, "input"), other, rounding_in(rounding_mode)),
         tt_tensor* input, double other, tt_rounding_mode rounding_mode)
TT_CALL(rdiv_scalar, ops::rdiv(other, *In(input, "input")), const tt_tensor* input, double other)
TT_CALL(rdiv_mode_scalar, ops::div(other, *In(input, "input"), rounding_in(rounding_mode)),
        const tt_tensor* input, double other, tt_rounding_mode rounding_mode)

TT_CALL(where, ops::where(*In(condition, "condition"), *In(input, "input"), *In(other, "other")),
        const tt_tensor* condition, const tt_tensor* input, const tt_tensor* other)
TT_CALL(where_scalar, ops::where(*In(condition, "condition"), *In(input, "input"), other),
        const tt_tensor* condition, const tt_tensor* input, double other)
TT_CALL(rwhere_scalar, ops::where(*In(condition, "condition"), input, *In(other, "other")),
        const tt_tensor* condition, double input, const tt_tensor* other)
TT_CALL(masked_fill, ops::masked_fill(*In(input, "input"), *In(mask, "mask"), value), const tt_tensor* input,
        const tt_tensor* mask, double value)
TT_CALL_(masked_fill_, ops::masked_fill_(*In(input, "input"), *In(mask, "mask"), value), tt_tensor* input,
         const tt_tensor* mask, double value)
TT_CALL(masked_fill_tensor, ops::masked_fill(*In(input, "input"), *In(mask, "mask"), *In(value, "value")),
        const tt_tensor* input, const tt_tensor* mask, const tt_tensor* value)
TT_CALL_(masked_fill_tensor_, ops::masked_fill_(*In(input, "input"), *In(mask, "mask"), *In(value, "value")),
         tt_tensor* input, const tt_tensor* mask, const tt_tensor* value)

TT_CALL(lerp, ops::lerp(*In(input, "input"), *In(end, "end"), *In(weight, "weight")), const tt_tensor* input,
        const tt_tensor* end, const tt_tensor* weight)
TT_CALL_(lerp_, ops::lerp_(*In(input, "input"), *In(end, "end"), *In(weight, "weight")), tt_tensor* input,
         const tt_tensor* end, const tt_tensor* weight)
TT_CALL(lerp_scalar, ops::lerp(*In(input, "input"), *In(end, "end"), weight), const tt_tensor* input,
        const tt_tensor* end, double weight)
TT_CALL_(lerp_scalar_, ops::lerp_(*In(input, "input"), *In(end, "end"), weight), tt_tensor* input,
         const tt_tensor* end, double weight)

#define TT_WRAP_SCALED(name)                                                                      \
  tt_status tt_##name(const tt_tensor* input, const tt_tensor* tensor1, const tt_tensor* tensor2, \
                      double value, tt_tensor** out) {                                            \
    return guard("tt_" #name, [&] {                                                               \
      Out result(out, "out");                                                                     \
      const Scaled in(input, tensor1, tensor2, value);                                            \
      result = ops::name(*in.input, *in.tensor1, *in.tensor2, in.params);                         \
    });                                                                                           \
  }                                                                                               \
  tt_status tt_##name##_(tt_tensor* input, const tt_tensor* tensor1, const tt_tensor* tensor2,    \
                         double value) {                                                          \
    return guard("tt_" #name "_", [&] {                                                           \
      const Scaled in(input, tensor1, tensor2, value);                                            \
      ops::name##_(*in.input, *in.tensor1, *in.tensor2, in.params);                               \
    });                                                                                           \
  }
TT_WRAP_SCALED(addcmul)
TT_WRAP_SCALED(addcdiv)

}  // extern "C"
