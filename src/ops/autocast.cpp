#include "ops/autocast.h"

#include <algorithm>
#include <unordered_map>

#include "autograd/meta.h"
#include "ops/ops.h"

namespace tt {

namespace detail {
thread_local bool t_autocast_on = false;
}

namespace {

// What a parameter was cast to, while its values are those of then.
struct Cast {
  Tensor parameter;  // keeps the address from being used again
  uint32_t version;
  Tensor result;
};

struct Modes {
  AutocastMode of[kDeviceTypeCount];
  std::unordered_map<const TensorImpl*, Cast> casts;
};

// Made when the thread first turns a mode on: thread-local memory is scarce.
struct ThreadModes {
  Modes* modes = nullptr;
  ~ThreadModes() { delete modes; }
};
thread_local ThreadModes t_modes;

bool any_on(const Modes& modes) {
  return std::any_of(std::begin(modes.of), std::end(modes.of), [](const AutocastMode& m) { return m.on; });
}

}  // namespace

AutocastMode autocast_mode(DeviceType type) {
  return t_modes.modes != nullptr ? t_modes.modes->of[static_cast<int>(type)] : AutocastMode{};
}

void set_autocast_mode(DeviceType type, const AutocastMode& mode) {
  if (t_modes.modes == nullptr) t_modes.modes = new Modes;
  Modes& modes = *t_modes.modes;
  modes.of[static_cast<int>(type)] = mode;
  detail::t_autocast_on = any_on(modes);
  if (!detail::t_autocast_on) modes.casts.clear();
}

namespace ops {

namespace {

// The mode that decides over the tensor, or null.
const AutocastMode* mode_of(const Tensor& t) {
  if (!t.defined() || !is_floating(t.dtype()) || t.dtype() == DType::kFloat64) return nullptr;
  const AutocastMode& mode = t_modes.modes->of[static_cast<int>(t.device().type)];
  return mode.on ? &mode : nullptr;
}

// Parameters are cast once for all their uses, and their gradients meet in the lower precision.
Tensor lowered(const Tensor& t, const AutocastMode& mode) {
  if (t.dtype() == mode.dtype) return t;
  if (!mode.cache || !grad_enabled() || t.dtype() != DType::kFloat32 || !t.is_leaf() || !t.requires_grad() ||
      t.impl()->view_base) {
    return to_dtype(t, mode.dtype);
  }
  auto& casts = t_modes.modes->casts;
  if (const auto found = casts.find(t.impl()); found != casts.end() && found->second.version == t.version() &&
                                               found->second.result.dtype() == mode.dtype) {
    return found->second.result;
  }
  const Tensor result = to_dtype(t, mode.dtype);
  casts.insert_or_assign(t.impl(), Cast{t, t.version(), result});
  return result;
}

}  // namespace

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

}  // namespace ops
}  // namespace tt
