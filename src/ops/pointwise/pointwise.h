// The pointwise ops of the table. For a row `name`: name(x) and name_(x) in place, for binary and ternary
// rows with tensors and numbers in any place; and the ops made of several rows.
#pragma once

#include <optional>

#include "device/pointwise.h"
#include "ops/arg.h"

namespace tt::ops {

// The op by its enum; the named functions below are these.
Tensor unary(UnaryOp op, const Tensor& x, const PointwiseParams& params = {});
Tensor binary(BinaryOp op, const Arg& a, const Arg& b, const PointwiseParams& params = {});
Tensor ternary(TernaryOp op, const Arg& a, const Arg& b, const Arg& c, const PointwiseParams& params = {});
void unary_(UnaryOp op, const Tensor& self, const PointwiseParams& params = {});
void binary_(BinaryOp op, const Tensor& self, const Arg& other, const PointwiseParams& params = {});
void ternary_(TernaryOp op, const Tensor& self, const Arg& b, const Arg& c,
              const PointwiseParams& params = {});

#define TT_DECLARE_UNARY(name, ...)                                             \
  inline Tensor name(const Tensor& x, const PointwiseParams& params = {}) {     \
    return unary(UnaryOp::name, x, params);                                     \
  }                                                                             \
  inline void name##_(const Tensor& self, const PointwiseParams& params = {}) { \
    unary_(UnaryOp::name, self, params);                                        \
  }
#define TT_DECLARE_BINARY(name, ...)                                                              \
  inline Tensor name(const Arg& a, const Arg& b, const PointwiseParams& params = {}) {            \
    return binary(BinaryOp::name, a, b, params);                                                  \
  }                                                                                               \
  inline void name##_(const Tensor& self, const Arg& other, const PointwiseParams& params = {}) { \
    binary_(BinaryOp::name, self, other, params);                                                 \
  }
#define TT_DECLARE_TERNARY(name, ...)                                                                       \
  inline Tensor name(const Arg& a, const Arg& b, const Arg& c, const PointwiseParams& params = {}) {        \
    return ternary(TernaryOp::name, a, b, c, params);                                                       \
  }                                                                                                         \
  inline void name##_(const Tensor& self, const Arg& b, const Arg& c, const PointwiseParams& params = {}) { \
    ternary_(TernaryOp::name, self, b, c, params);                                                          \
  }
TT_UNARY_OPS(TT_DECLARE_UNARY)
TT_BINARY_OPS(TT_DECLARE_BINARY)
TT_TERNARY_OPS(TT_DECLARE_TERNARY)
#undef TT_DECLARE_UNARY
#undef TT_DECLARE_BINARY
#undef TT_DECLARE_TERNARY

inline Tensor rsub(const Arg& a, const Arg& b) { return sub(a, b); }
// number / b, made of the reciprocal as Python's operator makes it: backward keeps that, and neither b nor
// the result.
Tensor rdiv(double number, const Tensor& b);

// condition ? a : b. `condition` is bool (or uint8, as PyTorch still allows).
Tensor where(const Tensor& condition, const Arg& a, const Arg& b);
// `value` (a number or a 0-dim tensor, in the dtype of self) where the mask is true.
Tensor masked_fill(const Tensor& self, const Tensor& mask, const Arg& value);
void masked_fill_(const Tensor& self, const Tensor& mask, const Arg& value);

// a +- alpha * b. Integer and bool results need an integral alpha.
Tensor add_scaled(const Tensor& a, const Tensor& b, double alpha);
Tensor sub_scaled(const Arg& a, const Arg& b, double alpha);
void add_scaled_(const Tensor& self, const Tensor& other, double alpha);
void sub_scaled_(const Tensor& self, const Arg& other, double alpha);

enum class Rounding { kNone, kTrunc, kFloor };
Tensor div(const Arg& a, const Arg& b, Rounding rounding);
void div_(const Tensor& self, const Arg& other, Rounding rounding);

Tensor round(const Tensor& x, int64_t decimals);
void round_(const Tensor& self, int64_t decimals);

using OptionalNumber = std::optional<double>;
Tensor logit(const Tensor& x, OptionalNumber eps);
void logit_(const Tensor& self, OptionalNumber eps);
Tensor nan_to_num(const Tensor& x, OptionalNumber nan, OptionalNumber posinf, OptionalNumber neginf);
void nan_to_num_(const Tensor& self, OptionalNumber nan, OptionalNumber posinf, OptionalNumber neginf);
// At least one bound; NaN bounds give NaN.
Tensor clamp(const Tensor& x, OptionalNumber min, OptionalNumber max);
void clamp_(const Tensor& self, OptionalNumber min, OptionalNumber max);
// Bounds that are tensors; either may be undefined.
Tensor clamp_between(const Tensor& x, const Tensor& min, const Tensor& max);
void clamp_between_(const Tensor& self, const Tensor& min, const Tensor& max);

}  // namespace tt::ops
