#include "tinytorch/dlpack.h"

#include <algorithm>
#include <memory>

#include "autograd/meta.h"
#include "capi/dlpack_abi.h"
#include "capi/guard.h"
#include "device/backend.h"
#include "device/stream.h"

using namespace tt;
using namespace tt::capi;
using namespace tt::capi::dlpack;

namespace {

DLDataType type_of(DType dtype) {
  const auto bits = static_cast<uint8_t>(8 * size_of(dtype));
  if (dtype == DType::kBool) return {kDLBool, bits, 1};
  if (dtype == DType::kUInt8) return {kDLUInt, bits, 1};
  if (dtype == DType::kBFloat16) return {kDLBfloat, bits, 1};
  return {is_floating(dtype) ? kDLFloat : kDLInt, bits, 1};
}

DType dtype_of(const DLDataType& type) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const DLDataType ours = type_of(static_cast<DType>(i));
    if (ours.code == type.code && ours.bits == type.bits && type.lanes == 1) return static_cast<DType>(i);
  }
  fail(Status::kDtype, "DLPack type code ", static_cast<int>(type.code), " with ",
       static_cast<int>(type.bits), " bits and ", static_cast<int>(type.lanes), " lanes has no dtype here");
}

DLDevice device_of(Device device) { return {device.is_cpu() ? kDLCPU : kDLCUDA, device.index}; }

Device device_of(const DLDevice& device) {
  switch (device.device_type) {
    case kDLCPU:
    case kDLCUDAHost:
      return {};
    case kDLCUDA:
    case kDLCUDAManaged:
      return {DeviceType::kCuda, device.device_id};
  }
  fail(Status::kDevice, "DLPack device type ", device.device_type, " is not supported");
}

// What an exported tensor's manager_ctx points to.
template <typename Managed>
struct Export {
  Tensor tensor;
  Dims sizes;
  Dims strides;
  Managed managed;
};

template <typename Managed>
Managed* export_tensor(const Tensor& t) {
  TT_CHECK(!t.requires_grad(), Status::kAutograd,
           "can't export tensors that require gradient, use tt_detach first");
  auto* out = new Export<Managed>{t, t.sizes(), t.strides(), {}};
  out->managed.manager_ctx = out;
  out->managed.deleter = [](Managed* self) { delete static_cast<Export<Managed>*>(self->manager_ctx); };
  out->managed.dl_tensor = {t.raw(),           device_of(t.device()), t.ndim(), type_of(t.dtype()),
                            out->sizes.data(), out->strides.data(),   0};
  return &out->managed;
}

// The consumer's stream continues where the thread's is, and uses the memory.
void let_wait(const Tensor& t, void* stream) {
  const auto no_wait = reinterpret_cast<void*>(intptr_t{-1});
  if (t.device().is_cpu() || stream == no_wait) return;
  const Ref<Event> event = make_ref<Event>(t.device(), false);
  event->record(*Stream::current(t.device()));
  event->wait(t.device(), stream);
  backend_of(t.device()).stream->add_user(t.device(), t.storage()->data(), stream);
}

template <typename Managed>
Tensor import_tensor(Managed* managed, bool read_only) {
  const DLTensor& d = managed->dl_tensor;
  TT_CHECK(d.ndim >= 0 && d.ndim <= kMaxDims, Status::kShape, "the DLPack tensor has ", d.ndim,
           " dimensions, at most ", kMaxDims, " are supported");
  TT_CHECK(d.ndim == 0 || d.shape != nullptr, Status::kFormat, "the DLPack tensor has no shape");
  const DType dtype = dtype_of(d.dtype);
  const Device device = device_of(d.device);
  const Dims sizes(std::span<const int64_t>(d.shape, static_cast<size_t>(d.ndim)));
  const int64_t numel = checked_numel(sizes);
  const Dims strides = d.strides != nullptr
                           ? Dims(std::span<const int64_t>(d.strides, static_cast<size_t>(d.ndim)))
                           : contiguous_strides(sizes);
  int64_t last = 0;
  for (int i = 0; i < d.ndim && numel > 0; ++i) {
    TT_CHECK(strides[i] >= 0 || sizes[i] <= 1, Status::kNotImplemented,
             "negative strides are not supported, got strides ", strides);
    int64_t reach;
    TT_CHECK(!__builtin_mul_overflow(sizes[i] - 1, std::max<int64_t>(strides[i], 0), &reach) &&
                 !__builtin_add_overflow(last, reach, &last),
             Status::kShape, "sizes ", sizes, " and strides ", strides, " overflow int64");
  }
  TT_CHECK(d.data != nullptr || numel == 0, Status::kFormat, "the DLPack tensor has no data");
  auto* data = static_cast<char*>(d.data) + d.byte_offset;
  TT_CHECK(reinterpret_cast<uintptr_t>(data) % size_of(dtype) == 0, Status::kFormat,
           "the DLPack tensor's data is not aligned to its element size");
  if (!device.is_cpu()) check_device(device);
  const size_t nbytes = numel == 0 ? 0 : static_cast<size_t>(last + 1) * size_of(dtype);
  // Nothing may fail once the storage owns the memory, so the tensor object is made first, around a stand-in.
  const Tensor out = alias(empty({}, dtype), sizes, strides, 0);
  const Ref<Storage> storage = Storage::wrap(
      data, nbytes, device,
      [](void*, void* context) {
        auto* owner = static_cast<Managed*>(context);
        if (owner->deleter != nullptr) owner->deleter(owner);
      },
      managed);
  if (read_only) storage->set_read_only();
  out.impl()->storage = storage;
  return out;
}

template <typename Managed>
Managed* managed_in(Managed* managed) {
  TT_CHECK(managed != nullptr, Status::kInvalidArgument, "managed is NULL, expected a DLPack tensor");
  return managed;
}

}  // namespace

extern "C" {

tt_status tt_to_dlpack(const tt_tensor* tensor, void* stream, DLManagedTensorVersioned** out) {
  return guard("tt_to_dlpack", [&] {
    out_value(out, "out") = nullptr;
    const In t(tensor, "tensor");
    let_wait(*t, stream);
    DLManagedTensorVersioned* managed = export_tensor<DLManagedTensorVersioned>(*t);
    managed->version = {kMajor, kMinor};
    managed->flags = t->storage()->read_only() ? uint64_t{kReadOnly} : 0;
    *out = managed;
  });
}

tt_status tt_to_dlpack_legacy(const tt_tensor* tensor, void* stream, DLManagedTensor** out) {
  return guard("tt_to_dlpack_legacy", [&] {
    out_value(out, "out") = nullptr;
    const In t(tensor, "tensor");
    TT_CHECK(!t->storage()->read_only(), Status::kInvalidArgument,
             "tensor is read-only, which this structure cannot say; use tt_to_dlpack");
    let_wait(*t, stream);
    *out = export_tensor<DLManagedTensor>(*t);
  });
}

tt_status tt_from_dlpack(DLManagedTensorVersioned* managed, tt_tensor** out) {
  return guard("tt_from_dlpack", [&] {
    Out result(out, "out");
    const auto& version = managed_in(managed)->version;
    TT_CHECK(version.major == kMajor, Status::kFormat, "DLPack version ", version.major, ".", version.minor,
             " is not supported, expected ", kMajor, ".x");
    result = import_tensor(managed, (managed->flags & kReadOnly) != 0);
  });
}

tt_status tt_from_dlpack_legacy(DLManagedTensor* managed, tt_tensor** out) {
  return guard("tt_from_dlpack_legacy", [&] {
    Out result(out, "out");
    result = import_tensor(managed_in(managed), false);
  });
}

}  // extern "C"
