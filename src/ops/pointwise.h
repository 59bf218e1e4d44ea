// The pointwise ops of the table. For a row `name`: name(x), name_(x) in place; binary rows also take
// numbers.
#pragma once

#include "core/backend/pointwise.h"
#include "ops/arg.h"

namespace tt::ops {

// The op by its enum; the named functions below are these.
Tensor unary(UnaryOp op, const Tensor& x, const PointwiseParams& params = {});
Tensor binary(BinaryOp op, const Arg& a, const Arg& b, const PointwiseParams& params = {});
void unary_(UnaryOp op, const Tensor& self, const PointwiseParams& params = {});
void binary_(BinaryOp op, const Tensor& self, const Arg& other, const PointwiseParams& params = {});

#define TT_DECLARE_UNARY(name, ...)                                       \
  inline Tensor name(const Tensor& x) { return unary(UnaryOp::name, x); } \
  inline void name##_(const Tensor& self) { unary_(UnaryOp::name, self); }
#define TT_DECLARE_BINARY(name, ...)                                                      \
  inline Tensor name(const Arg& a, const Arg& b) { return binary(BinaryOp::name, a, b); } \
  inline void name##_(const Tensor& self, const Arg& other) { binary_(BinaryOp::name, self, other); }
TT_UNARY_OPS(TT_DECLARE_UNARY)
TT_BINARY_OPS(TT_DECLARE_BINARY)
#undef TT_DECLARE_UNARY
#undef TT_DECLARE_BINARY

inline Tensor rsub(const Arg& a, const Arg& b) { return sub(a, b); }

}  // namespace tt::ops
