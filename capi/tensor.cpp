#include <cstring>

#include "autograd/grad_mode.h"
#include "capi/guard.h"
#include "capi/scope.h"
#include "ops/ops.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

tt_tensor* tt_tensor_retain(tt_tensor* tensor) {
  if (tensor == nullptr) return tensor;
  auto* object = reinterpret_cast<RefCounted*>(tensor);
  object->retain();
  trace_retained(object);
  retain_in_scope(object);
  return tensor;
}

void tt_tensor_release(tt_tensor* tensor) {
  if (tensor == nullptr) return;
  auto* object = reinterpret_cast<RefCounted*>(tensor);
  if (object->kind() != Kind::kTensor) return;  // released before: nothing that is still alive may be harmed
  const InCall in_call;
  release_in_scope(object);
  trace_released(object);
  object->release();
}

tt_status tt_tensor_ndim(const tt_tensor* tensor, int64_t* out) {
  return guard("tt_tensor_ndim",
               [&] { out_value(out, "out") = tensor_impl(tensor, "tensor")->sizes.size(); });
}

tt_status tt_tensor_numel(const tt_tensor* tensor, int64_t* out) {
  return guard("tt_tensor_numel", [&] { out_value(out, "out") = tensor_impl(tensor, "tensor")->numel; });
}

tt_status tt_tensor_dtype(const tt_tensor* tensor, tt_dtype* out) {
  return guard("tt_tensor_dtype",
               [&] { out_value(out, "out") = static_cast<tt_dtype>(tensor_impl(tensor, "tensor")->dtype); });
}

tt_status tt_tensor_sizes(const tt_tensor* tensor, const int64_t** out) {
  return guard("tt_tensor_sizes",
               [&] { out_value(out, "out") = tensor_impl(tensor, "tensor")->sizes.data(); });
}

tt_status tt_tensor_strides(const tt_tensor* tensor, const int64_t** out) {
  return guard("tt_tensor_strides",
               [&] { out_value(out, "out") = tensor_impl(tensor, "tensor")->strides.data(); });
}

tt_status tt_tensor_data(const tt_tensor* tensor, void** out) {
  return guard("tt_tensor_data", [&] { out_value(out, "out") = In(tensor, "tensor")->raw(); });
}

tt_status tt_tensor_item(const tt_tensor* tensor, double* out) {
  return guard("tt_tensor_item", [&] {
    const In t(tensor, "tensor");
    double& value = out_value(out, "out");
    TT_CHECK(t->numel() == 1, Status::kShape, "tensor has ", t->numel(), " elements, expected 1");
    const Tensor local = ops::to_host(*t);
    visit_dtype(local.dtype(), [&]<typename T>() { value = static_cast<double>(*local.data<T>()); });
  });
}

tt_status tt_tensor_item_int64(const tt_tensor* tensor, int64_t* out) {
  return guard("tt_tensor_item_int64", [&] {
    const In t(tensor, "tensor");
    int64_t& value = out_value(out, "out");
    TT_CHECK(is_integral(t->dtype()), Status::kDtype, "tensor is ", t->dtype(),
             ", expected an integer dtype or bool");
    TT_CHECK(t->numel() == 1, Status::kShape, "tensor has ", t->numel(), " elements, expected 1");
    const GradMode off(false);
    const Tensor local = ops::to_host(*t);
    visit_dtype(local.dtype(), [&]<typename T>() { value = static_cast<int64_t>(*local.data<T>()); });
  });
}

tt_status tt_tensor_copy_data(const tt_tensor* tensor, void* buffer, size_t nbytes) {
  return guard("tt_tensor_copy_data", [&] {
    const In t(tensor, "tensor");
    TT_CHECK(nbytes == t->nbytes(), Status::kInvalidArgument, "buffer has ", static_cast<uint64_t>(nbytes),
             " bytes, expected ", static_cast<uint64_t>(t->nbytes()), " for a ", describe(*t));
    if (nbytes == 0) return;
    TT_CHECK(buffer != nullptr, Status::kInvalidArgument, "buffer is NULL, expected room for ",
             static_cast<uint64_t>(nbytes), " bytes");
    const GradMode off(false);
    const Tensor local = ops::contiguous(ops::to_host(*t));
    std::memcpy(buffer, local.raw(), nbytes);
  });
}

tt_status tt_tensor_device(const tt_tensor* tensor, tt_device_type* type, int32_t* index) {
  return guard("tt_tensor_device", [&] {
    const Device device = In(tensor, "tensor")->device();
    out_value(type, "type");
    out_value(index, "index");
    *type = static_cast<tt_device_type>(device.type);
    *index = device.index;
  });
}

tt_status tt_tensor_is_contiguous(const tt_tensor* tensor, int32_t* out) {
  return guard("tt_tensor_is_contiguous",
               [&] { out_value(out, "out") = tensor_impl(tensor, "tensor")->contiguous; });
}

tt_status tt_tensor_offset(const tt_tensor* tensor, int64_t* out) {
  return guard("tt_tensor_offset", [&] { out_value(out, "out") = tensor_impl(tensor, "tensor")->offset; });
}

tt_status tt_tensor_element_size(const tt_tensor* tensor, int64_t* out) {
  return guard("tt_tensor_element_size", [&] {
    out_value(out, "out") = static_cast<int64_t>(size_of(tensor_impl(tensor, "tensor")->dtype));
  });
}

}  // extern "C"
