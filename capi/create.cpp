#include <cstring>

#include "capi/enums.h"
#include "tensor/layout.h"
#include "ops/arg.h"
#include "ops/ops.h"

using namespace tt;
using namespace tt::capi;

namespace {

DType dtype_or(tt_dtype dtype, DType otherwise) {
  return optional_dtype_in(dtype, "dtype").value_or(otherwise);
}
DType dtype_or_default(tt_dtype dtype) { return dtype_or(dtype, default_dtype()); }

}  // namespace

#define TT_CREATE(name, expression) \
  return guard("tt_" #name, [&] {   \
    Out result(out, "out");         \
    result = expression;            \
  })
#define TT_FROM(name, expression)    \
  return guard("tt_" #name, [&] {    \
    Out result(out, "out");          \
    const In input_(input, "input"); \
    const Tensor& t = *input_;       \
    result = expression;             \
  })

extern "C" {

tt_status tt_empty(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(empty, empty(dims_in(sizes, ndim, "sizes"), dtype_or_default(dtype)));
}
tt_status tt_zeros(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(zeros, ops::zeros(dims_in(sizes, ndim, "sizes"), dtype_or_default(dtype)));
}
tt_status tt_ones(const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(ones, ops::ones(dims_in(sizes, ndim, "sizes"), dtype_or_default(dtype)));
}
tt_status tt_full(const int64_t* sizes, size_t ndim, double value, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(full, ops::full(dims_in(sizes, ndim, "sizes"), value, dtype_or_default(dtype)));
}
tt_status tt_empty_like(const tt_tensor* input, tt_dtype dtype, tt_tensor** out) {
  TT_FROM(empty_like, empty_preserving(t, dtype_or(dtype, t.dtype()), t.device()));
}
tt_status tt_zeros_like(const tt_tensor* input, tt_dtype dtype, tt_tensor** out) {
  TT_FROM(zeros_like, ops::full_like(t, 0, dtype_or(dtype, t.dtype())));
}
tt_status tt_ones_like(const tt_tensor* input, tt_dtype dtype, tt_tensor** out) {
  TT_FROM(ones_like, ops::full_like(t, 1, dtype_or(dtype, t.dtype())));
}
tt_status tt_full_like(const tt_tensor* input, double value, tt_dtype dtype, tt_tensor** out) {
  TT_FROM(full_like, ops::full_like(t, value, dtype_or(dtype, t.dtype())));
}
tt_status tt_empty_strided(const int64_t* sizes, size_t ndim, const int64_t* strides, size_t stride_count,
                           tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(empty_strided,
            ops::empty_strided(dims_in(sizes, ndim, "sizes"), dims_in(strides, stride_count, "strides"),
                               dtype_or_default(dtype)));
}
tt_status tt_scalar(double value, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(scalar, ops::full({}, value, dtype_or_default(dtype)));
}
tt_status tt_scalar_int64(int64_t value, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(scalar_int64, ops::full({}, value, dtype_or(dtype, DType::kInt64)));
}
tt_status tt_arange(double start, double end, double step, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(arange, ops::arange(start, end, step, dtype_or_default(dtype)));
}
tt_status tt_arange_int(int64_t start, int64_t end, int64_t step, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(arange_int, ops::arange(start, end, step, dtype_or(dtype, DType::kInt64)));
}
tt_status tt_linspace(double start, double end, int64_t steps, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(linspace, ops::linspace(start, end, steps, dtype_or_default(dtype)));
}
tt_status tt_logspace(double start, double end, int64_t steps, double base, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(logspace, ops::logspace(start, end, steps, base, dtype_or_default(dtype)));
}
tt_status tt_eye(int64_t n, int64_t m, tt_dtype dtype, tt_tensor** out) {
  TT_CREATE(eye, ops::eye(n, m, dtype_or_default(dtype)));
}

tt_status tt_from_data(const void* data, const int64_t* sizes, size_t ndim, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_from_data", [&] {
    Out result(out, "out");
    refuse_host_capture(kHostValues);
    const Tensor tensor = empty(dims_in(sizes, ndim, "sizes"), dtype_in(dtype, "dtype"));
    TT_CHECK(data != nullptr || tensor.numel() == 0, Status::kInvalidArgument, "data is NULL, but the shape ",
             tensor.sizes(), " has ", tensor.numel(), " elements");
    if (tensor.numel() > 0) std::memcpy(tensor.raw(), data, tensor.nbytes());
    if (tensor.dtype() == DType::kBool) {
      char* bytes = tensor.raw();
      for (int64_t i = 0; i < tensor.numel(); ++i) bytes[i] = bytes[i] != 0;
    }
    result = tensor;
  });
}

tt_status tt_from_memory(void* data, const int64_t* sizes, size_t ndim, tt_dtype dtype,
                         void (*deleter)(void* data, void* user), void* user, tt_tensor** out) {
  return guard("tt_from_memory", [&] {
    Out result(out, "out");
    const Dims dims = dims_in(sizes, ndim, "sizes");
    const DType type = dtype_in(dtype, "dtype");
    const int64_t numel = checked_numel(dims);
    int64_t nbytes;
    TT_CHECK(!__builtin_mul_overflow(numel, static_cast<int64_t>(size_of(type)), &nbytes), Status::kShape,
             "the size in bytes of shape ", dims, " overflows int64");
    TT_CHECK(data != nullptr || numel == 0, Status::kInvalidArgument, "data is NULL, but the shape ", dims,
             " has ", numel, " elements");
    TT_CHECK(reinterpret_cast<uintptr_t>(data) % size_of(type) == 0, Status::kInvalidArgument,
             "data is not aligned to the ", static_cast<uint64_t>(size_of(type)), " bytes of ", type);
    // The deleter comes last: a call that fails must not have run it.
    const Ref<Storage> storage = Storage::wrap(data, static_cast<size_t>(nbytes), Device{}, nullptr, nullptr);
    result = Tensor::adopt(new TensorImpl(storage, type, dims, contiguous_strides(dims), 0));
    storage->set_deleter(deleter, user);
  });
}

tt_status tt_tril(const tt_tensor* input, int64_t diagonal, tt_tensor** out) {
  TT_FROM(tril, ops::tril(t, diagonal));
}
tt_status tt_triu(const tt_tensor* input, int64_t diagonal, tt_tensor** out) {
  TT_FROM(triu, ops::triu(t, diagonal));
}
tt_status tt_tril_(tt_tensor* input, int64_t diagonal) {
  return guard("tt_tril_", [&] { ops::tril_(*In(input, "input"), diagonal); });
}
tt_status tt_triu_(tt_tensor* input, int64_t diagonal) {
  return guard("tt_triu_", [&] { ops::triu_(*In(input, "input"), diagonal); });
}
tt_status tt_diag(const tt_tensor* input, int64_t diagonal, tt_tensor** out) {
  TT_FROM(diag, ops::diag(t, diagonal));
}
tt_status tt_one_hot(const tt_tensor* input, int64_t num_classes, tt_tensor** out) {
  TT_FROM(one_hot, ops::one_hot(t, num_classes));
}
tt_status tt_meshgrid(tt_tensor* const* tensors, size_t count, tt_meshgrid_indexing indexing,
                      tt_tensor** outs) {
  return guard("tt_meshgrid", [&] {
    out_value(outs, "outs");
    check_list(tensors, count, sizeof *tensors, "tensors");
    clear_list(outs, count, "outs", "count");
    const bool xy =
        enum_in<int32_t>(indexing, "indexing", {"TT_INDEXING_IJ", "TT_INDEXING_XY"}) == TT_INDEXING_XY;
    const Tensors list = list_in(tensors, count, "tensors");
    Tensors grids = ops::meshgrid(list, xy);
    give_all(grids, outs);
  });
}

tt_status tt_clone(const tt_tensor* input, tt_tensor** out) { TT_FROM(clone, ops::clone(t)); }
tt_status tt_to(const tt_tensor* input, tt_dtype dtype, tt_tensor** out) {
  TT_FROM(to, ops::to_dtype(t, dtype_in(dtype, "dtype")));
}
tt_status tt_to_device(const tt_tensor* input, tt_device_type type, int32_t index, tt_tensor** out) {
  TT_FROM(to_device, ops::to_device(t, device_in(type, index)));
}
tt_status tt_to_device_non_blocking(const tt_tensor* input, tt_device_type type, int32_t index,
                                    tt_tensor** out) {
  TT_FROM(to_device_non_blocking, ops::to_device(t, device_in(type, index), true));
}
tt_status tt_copy_non_blocking_(tt_tensor* input, const tt_tensor* src) {
  return guard("tt_copy_non_blocking_", [&] { ops::copy_(*In(input, "input"), *In(src, "src"), true); });
}
tt_status tt_pin_memory(const tt_tensor* input, tt_tensor** out) { TT_FROM(pin_memory, ops::pin_memory(t)); }
tt_status tt_tensor_is_pinned(const tt_tensor* tensor, int32_t* out) {
  return guard("tt_tensor_is_pinned", [&] {
    const In t(tensor, "tensor");
    out_value(out, "out") = t->storage()->pinned() ? 1 : 0;
  });
}
tt_status tt_copy_(tt_tensor* input, const tt_tensor* src) {
  return guard("tt_copy_", [&] { ops::copy_(*In(input, "input"), *In(src, "src")); });
}
tt_status tt_fill_(tt_tensor* input, double value) {
  return guard("tt_fill_", [&] { ops::fill_(*In(input, "input"), value); });
}
tt_status tt_zero_(tt_tensor* input) {
  return guard("tt_zero_", [&] { ops::fill_(*In(input, "input"), 0); });
}

tt_status tt_result_type(const tt_tensor* input, const tt_tensor* other, tt_dtype* out) {
  return guard("tt_result_type", [&] {
    const In a(input, "input");
    const In b(other, "other");
    out_value(out, "out") = static_cast<tt_dtype>(result_type(*a, *b));
  });
}
tt_status tt_promote_types(tt_dtype a, tt_dtype b, tt_dtype* out) {
  return guard("tt_promote_types", [&] {
    out_value(out, "out") = static_cast<tt_dtype>(promote(dtype_in(a, "a"), dtype_in(b, "b")));
  });
}
tt_status tt_can_cast(tt_dtype from, tt_dtype to, int32_t* out) {
  return guard("tt_can_cast",
               [&] { out_value(out, "out") = can_cast(dtype_in(from, "from"), dtype_in(to, "to")); });
}

}  // extern "C"
