#include "ops/autocast.h"

#include "autograd/meta.h"
#include "device/graph.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// The mode that decides over the tensor, or null.
const AutocastMode* mode_of(const Tensor& t) {
  if (!t.defined() || !is_floating(t.dtype()) || t.dtype() == DType::kFloat64) return nullptr;
  const AutocastMode& mode = autocast_mode(t.device().type);
  return mode.on ? &mode : nullptr;
}

// Parameters are cast once for all their uses, and their gradients meet in the lower precision.
Tensor lowered(const Tensor& t, const AutocastMode& mode) {
  if (t.dtype() == mode.dtype) return t;
  if (!mode.cache || !grad_enabled() || t.dtype() != DType::kFloat32 || !t.is_leaf() || !t.requires_grad() ||
      t.impl()->view_base) {
    return to_dtype(t, mode.dtype);
  }
  AutocastCasts& casts = autocast_casts();
  const uint64_t capture = Graph::capture_id(t.device());
  if (const auto found = casts.find(t.impl()); found != casts.end() && found->second.version == t.version() &&
                                               found->second.capture == capture &&
                                               found->second.result.dtype() == mode.dtype) {
    return found->second.result;
  }
  const Tensor result = to_dtype(t, mode.dtype);
  casts.insert_or_assign(t.impl(), AutocastCast{t, t.version(), capture, result});
  return result;
}

}  // namespace

bool wants_float32(UnaryOp op) {
  switch (op) {
    case UnaryOp::acos:
    case UnaryOp::asin:
    case UnaryOp::cosh:
    case UnaryOp::erfinv:
    case UnaryOp::exp:
    case UnaryOp::expm1:
    case UnaryOp::log:
    case UnaryOp::log10:
    case UnaryOp::log1p:
    case UnaryOp::log2:
    case UnaryOp::reciprocal:
    case UnaryOp::rsqrt:
    case UnaryOp::sinh:
    case UnaryOp::softplus:
    case UnaryOp::tan:
      return true;
    default:
      return false;
  }
}

Autocast::Autocast(CastRule rule, std::initializer_list<const Tensor*> arguments) : rule_(rule) {
  if (rule != CastRule::kPromote) return;
  bool first = true;
  for (const Tensor* t : arguments) {
    if (mode_of(*t) == nullptr) continue;
    widest_ = first ? t->dtype() : promote(widest_, t->dtype());
    first = false;
  }
}

Tensor Autocast::operator()(const Tensor& t) const {
  const AutocastMode* mode = mode_of(t);
  if (mode == nullptr) return t;
  switch (rule_) {
    case CastRule::kLower:
      return lowered(t, *mode);
    case CastRule::kFloat32:
      return to_dtype(t, DType::kFloat32);
    case CastRule::kPromote:
      return to_dtype(t, widest_);
  }
  return t;
}

std::vector<Tensor> Autocast::operator()(std::span<const Tensor> tensors) const {
  std::vector<Tensor> cast;
  cast.reserve(tensors.size());
  for (const Tensor& t : tensors) cast.push_back((*this)(t));
  return cast;
}

}  // namespace tt::ops
