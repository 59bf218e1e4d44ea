#include "ops/create/create.h"

#include <cmath>
#include <limits>

#include "autograd/meta.h"
#include "device/backend.h"
#include "base/convert.h"
#include "tensor/layout.h"
#include "tensor/overlap.h"
#include "ops/ops.h"

namespace tt::ops {

void check_fits(const Scalar& value, DType dtype, const char* name) {
  const double v = value.to_double();
  if (v >= 0 && v <= 127) return;  // fits everywhere
  const bool fits = visit_dtype(dtype, [&]<typename T>() {
    if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, double>) {
      return true;
    } else if constexpr (std::is_same_v<T, int64_t>) {
      return !value.is_floating() || (v >= -0x1p63 && v < 0x1p63);
    } else if constexpr (std::is_integral_v<T>) {
      constexpr double kMax = std::numeric_limits<T>::max();
      const double lowest = std::is_signed_v<T>   ? std::numeric_limits<T>::lowest()
                            : value.is_floating() ? 0.0
                                                  : -kMax;
      return v >= lowest && v <= kMax;
    } else {
      const double max = std::is_same_v<T, Half> ? 65504.0
                         : std::is_same_v<T, BFloat16>
                             ? 0x1.fep127
                             : static_cast<double>(std::numeric_limits<float>::max());
      return !(std::fabs(v) > max) || std::isinf(v);
    }
  });
  TT_CHECK(fits, Status::kInvalidArgument, name, " cannot be converted to type ", dtype,
           " without overflow, got ", v);
}

Scalar whole_number(const Scalar& value, DType dtype) {
  if (!value.is_floating() || !is_integral(dtype)) return value;
  const double v = value.to_double();
  return std::floor(v) == v && std::fabs(v) < 0x1p63 ? Scalar(static_cast<int64_t>(v)) : value;
}

Scalar checked_number(const Scalar& value, DType dtype, const char* name) {
  const Scalar number = whole_number(value, dtype);
  check_fits(number, dtype, name);
  return number;
}

double checked_param(const char* name, double value, DType dtype) {
  check_fits(value, dtype, name);
  return is_reduced_floating(dtype) ? rounded_to(dtype, static_cast<float>(value)) : value;
}

double checked_factor(const char* name, double value, DType dtype) {
  if (!is_integral(dtype)) {
    check_fits(value, is_reduced_floating(dtype) ? DType::kFloat32 : dtype, name);
    return value;
  }
  checked_number(value, dtype, name);
  return dtype == DType::kUInt8 && value < 0 ? value + 256 : value;
}

namespace {
Tensor filled(const Tensor& out, const Scalar& value) {
  if (out.numel() > 0) run(out.device(), call::Fill{make_loop(out.sizes(), {out}), value});
  return out;
}
}  // namespace

Tensor full(const Dims& sizes, const Scalar& value, DType dtype, Device device) {
  const Scalar number = checked_number(value, dtype);
  return filled(empty(sizes, dtype, device), number);
}

Tensor full_like(const Tensor& t, const Scalar& value, DType dtype) {
  const Scalar number = checked_number(value, dtype);
  return filled(empty_preserving(t, dtype, t.device()), number);
}

void fill_(const Tensor& self, const Scalar& value) {
  InplaceWrite write(self, "fill_", false, true);
  const Scalar number = checked_number(value, self.dtype());
  if (needs_grad(self)) write.record_no_gradient("fill");
  write.commit([&] {
    if (self.numel() > 0) run(self.device(), call::Fill{make_loop(self.sizes(), {self}), number});
  });
}

void copy_values(const Tensor& to, const Tensor& from, bool non_blocking) {
  if (to.numel() == 0) return;
  if (to.device() == from.device()) {
    run(to.device(), call::Copy{make_loop(to.sizes(), {to, from})});
    return;
  }
  refuse_host_capture("copies between devices");
  // Across devices: the bytes travel dense and in the source's dtype, then the target's device converts and
  // places them.
  const Tensor dense = from.is_contiguous() ? from : contiguous_copy(from);
  const bool direct = to.is_contiguous() && to.dtype() == from.dtype() && to.sizes() == from.sizes();
  const Tensor landed = direct ? to : empty(from.sizes(), from.dtype(), to.device());
  Backend& backend = backend_of(to.device().is_cpu() ? from.device() : to.device());
  const Tensor& host = to.device().is_cpu() ? landed : dense;
  // What is put into place by the host must have arrived.
  if (non_blocking && host.storage()->pinned() && (direct || !to.device().is_cpu())) {
    backend.memory->start_copy(landed.raw(), to.device(), dense.raw(), from.device(), dense.nbytes());
  } else {
    backend.copy_bytes(landed.raw(), to.device(), dense.raw(), from.device(), dense.nbytes());
  }
  if (!direct) run(to.device(), call::Copy{make_loop(to.sizes(), {to, landed})});
}

void copy_(const Tensor& self, const Tensor& source, bool non_blocking) {
  InplaceWrite write(self, "copy_", needs_grad(source));
  check_no_partial_overlap(self, source);
  TT_CHECK(broadcast(self.sizes(), source.sizes()) == self.sizes(), Status::kShape, "src of shape ",
           source.sizes(), " does not broadcast to input, of shape ", self.sizes());
  if (self.is_same(source)) return;
  if (needs_grad(self, source) && is_floating(self.dtype())) {
    const Dims sizes = source.sizes();
    const DType dtype = source.dtype();
    const Device device = source.device();
    write.record("copy", {&self, &source}, [sizes, dtype, device](BackwardContext& context) {
      if (context.needs(0)) context.set(0, zeros_like(context.grad()));
      if (context.needs(1))
        context.set(1, to_device(to_dtype(sum_to_size(context.grad(), sizes), dtype), device));
    });
  }
  const Tensor from = self.storage() == source.storage() ? contiguous_copy(source) : source;
  write.commit([&] { copy_values(self, from, non_blocking); });
}

Tensor contiguous_copy(const Tensor& t) {
  const Tensor out = empty_like(t);
  copy_values(out, t);
  return out;
}

namespace {

Tensor recorded_clone(const Tensor& t, const Tensor& out) {
  if (needs_grad(t)) {
    record("clone", out, {&t}, [](BackwardContext& context) { context.set(0, context.grad()); });
  }
  return out;
}
}  // namespace

Tensor clone(const Tensor& t) { return clone_like(t, t); }
Tensor clone_like(const Tensor& t, const Tensor& like) {
  const Tensor out = empty_preserving(like, t.dtype(), t.device());
  copy_values(out, t);
  return recorded_clone(t, out);
}
Tensor clone_contiguous(const Tensor& t) { return recorded_clone(t, contiguous_copy(t)); }

Tensor in_format_of(const Tensor& images, const Tensor& rows) {
  if (!suggests_channels_last(images)) return rows;
  const Tensor out = empty_channels_last(rows.sizes(), rows.dtype(), rows.device());
  copy_values(out, rows);
  return out;
}

Tensor contiguous(const Tensor& t) { return t.is_contiguous() ? t : clone_contiguous(t); }

Tensor to_dtype(const Tensor& t, DType dtype) {
  if (t.dtype() == dtype) return t;
  const Tensor out = empty_preserving(t, dtype, t.device());
  copy_values(out, t);
  if (is_floating(dtype) && needs_grad(t)) {
    const DType from = t.dtype();
    record("to_copy", out, {&t},
           [from](BackwardContext& context) { context.set(0, to_dtype(context.grad(), from)); });
  }
  return out;
}

Tensor pin_memory(const Tensor& t, DeviceType type) {
  TT_CHECK(t.device().is_cpu(), Status::kDevice, "cannot pin a tensor of ", t.device(),
           ": only memory of the CPU can be pinned");
  const Tensor dense = contiguous(t);
  const GradMode off(false);
  const Tensor out = empty(t.sizes(), t.dtype());
  out.impl()->storage = Storage::allocate_pinned(out.nbytes(), type);
  copy_values(out, dense);
  return out;
}

Tensor to_host(const Tensor& t) {
  refuse_host_capture("reads values");
  return to_device(t, Device{});
}

Tensor to_device(const Tensor& t, Device device, bool non_blocking) {
  if (t.device() == device) return t;
  Tensor out = empty_preserving(t, t.dtype(), device);
  // So that the host need not wait there either.
  if (non_blocking && device.is_cpu())
    out.impl()->storage = Storage::allocate_pinned(out.nbytes(), t.device().type);
  copy_values(out, t, non_blocking);
  if (needs_grad(t)) {
    const Device from = t.device();
    record("to_copy", out, {&t},
           [from](BackwardContext& context) { context.set(0, to_device(context.grad(), from)); });
  }
  return out;
}

}  // namespace tt::ops
