// The tensor: a strided view of a storage, plus its place in the autograd graph.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/dims.h"
#include "base/dtype.h"
#include "base/scalar.h"
#include "tensor/storage.h"

namespace tt {

class Tensor;
class Node;
struct AutogradMeta;  // autograd/meta.h
void destroy_autograd_meta(AutogradMeta* meta) noexcept;

// How a view came about: views made without recording, and those that an op returns several of, must not be
// written to in place by recorded ops.
enum class ViewOrigin : uint8_t { kDefault, kNoGrad, kMultiOutput };

class TensorImpl final : public RefCounted {
 public:
  TensorImpl(Ref<Storage> storage, DType dtype, const Dims& sizes, const Dims& strides, int64_t offset);
  ~TensorImpl() override;

  // Drops whatever an error path or `data =` replaces.
  void set_geometry(const Dims& sizes, const Dims& strides, int64_t offset);

  Ref<Storage> storage;
  DType dtype;
  bool contiguous;
  int64_t offset;  // in elements
  int64_t numel;
  Dims sizes;
  Dims strides;                      // in elements
  AutogradMeta* autograd = nullptr;  // owned; null: a plain value
  // Differentiable views: the tensor that is no view itself, and the storage version at which this view's
  // history was true. An in-place write makes it stale; autograd then derives it again from the base.
  Ref<TensorImpl> view_base;
  uint32_t view_version = 0;
  ViewOrigin view_origin = ViewOrigin::kDefault;
};

using Tensors = std::vector<Tensor>;

// A counted reference to a tensor; a default-constructed one is "undefined" (None).
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Ref<TensorImpl> impl) noexcept : impl_(std::move(impl)) {}
  static Tensor adopt(TensorImpl* impl) noexcept { return Tensor(Ref<TensorImpl>::adopt(impl)); }

  bool defined() const { return static_cast<bool>(impl_); }
  explicit operator bool() const { return defined(); }
  TensorImpl* impl() const { return impl_.get(); }
  TensorImpl* detach_handle() { return impl_.detach(); }
  bool is_same(const Tensor& other) const { return impl() == other.impl(); }

  DType dtype() const { return impl()->dtype; }
  Device device() const { return impl()->storage->device(); }
  int ndim() const { return impl()->sizes.size(); }
  const Dims& sizes() const { return impl()->sizes; }
  const Dims& strides() const { return impl()->strides; }
  int64_t size(int dim) const { return impl()->sizes[dim]; }  // dim already wrapped
  int64_t stride(int dim) const { return impl()->strides[dim]; }
  int64_t numel() const { return impl()->numel; }
  int64_t offset() const { return impl()->offset; }
  bool is_contiguous() const { return impl()->contiguous; }
  size_t nbytes() const { return static_cast<size_t>(numel()) * size_of(dtype()); }
  const Ref<Storage>& storage() const { return impl()->storage; }
  uint32_t version() const { return impl()->storage->version(); }

  // The address of the first element. Not inline: the library is smaller by a hundredth without.
  char* raw() const;
  template <typename T>
  T* data() const {
    return reinterpret_cast<T*>(raw());
  }

  // Autograd (autograd/meta.cpp).
  bool requires_grad() const;  // leaf that asks for a gradient, or result of a recorded op
  bool is_leaf() const;
  Tensor grad() const;  // undefined where there is none

 private:
  Ref<TensorImpl> impl_;
};

// New memory, not initialised, contiguous.
Tensor empty(const Dims& sizes, DType dtype, Device device = {});
inline Tensor empty_like(const Tensor& t) { return empty(t.sizes(), t.dtype(), t.device()); }
// A 0-dim tensor holding the value.
Tensor scalar_tensor(const Scalar& value, DType dtype, Device device = {});
// Same storage, new geometry, no autograd history.
Tensor alias(const Tensor& t, const Dims& sizes, const Dims& strides, int64_t offset);
// Same values without history; shares memory and version.
Tensor detach(const Tensor& t);

bool geometry_contiguous(const Dims& sizes, const Dims& strides);

// "tensor of shape [2, 3], float32": for messages.
std::string describe(const Tensor& t);

}  // namespace tt
