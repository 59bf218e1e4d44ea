#include <cstring>

#include "capi/guard.h"
#include "capi/scope.h"
#include "ops/ops.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

tt_tensor* tt_tensor_retain(tt_tensor* tensor) {
  if (tensor != nullptr) reinterpret_cast<RefCounted*>(tensor)->retain();
  return tensor;
}

void tt_tensor_release(tt_tensor* tensor) {
  if (tensor == nullptr) return;
  auto* object = reinterpret_cast<RefCounted*>(tensor);
  if (object->kind() != Kind::kTensor) return;  // released before: nothing that is still alive may be harmed
  forget_in_scope(static_cast<TensorImpl*>(object));
  object->release();
}

tt_status tt_full(const int64_t* sizes, size_t ndim, double value, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_full", [&] {
    Out result(out, "out");
    result = ops::full(dims_in(sizes, ndim, "sizes"), value, dtype_in(dtype, "dtype"));
  });
}

tt_status tt_zeros(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_zeros", [&] {
    Out result(out, "out");
    result = ops::zeros(dims_in(sizes, ndim, "sizes"), dtype_in(dtype, "dtype"));
  });
}

tt_status tt_ones(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_ones", [&] {
    Out result(out, "out");
    result = ops::ones(dims_in(sizes, ndim, "sizes"), dtype_in(dtype, "dtype"));
  });
}

tt_status tt_from_data(const void* data, const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_from_data", [&] {
    Out result(out, "out");
    const Tensor tensor = empty(dims_in(sizes, ndim, "sizes"), dtype_in(dtype, "dtype"));
    TT_CHECK(data != nullptr || tensor.numel() == 0, Status::kInvalidArgument, "data is NULL, but the shape ",
             tensor.sizes(), " has ", tensor.numel(), " elements");
    if (tensor.numel() > 0) std::memcpy(tensor.raw(), data, tensor.nbytes());
    result = tensor;
  });
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
    TT_CHECK(t->numel() == 1, Status::kShape, "a Tensor with ", t->numel(),
             " elements cannot be converted to Scalar");
    const Tensor local = ops::to_device(*t, Device{});
    visit_dtype(local.dtype(), [&]<typename T>() { value = static_cast<double>(*local.data<T>()); });
  });
}

}  // extern "C"
