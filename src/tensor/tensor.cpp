#include "tensor/tensor.h"

#include "device/backend.h"
#include "base/live.h"
#include "tensor/loop.h"

namespace tt {

// Products of sizes are unsigned: where one of them is 0, those of the others may be anything.

bool geometry_contiguous(const Dims& sizes, const Dims& strides) {
  uint64_t expected = 1;
  bool contiguous = true;
  for (int i = sizes.size() - 1; i >= 0; --i) {
    if (sizes[i] == 0) return true;
    if (sizes[i] != 1 && static_cast<uint64_t>(strides[i]) != expected) contiguous = false;
    expected *= static_cast<uint64_t>(sizes[i]);
  }
  return contiguous;
}

TensorImpl::TensorImpl(Ref<Storage> storage_, DType dtype_, const Dims& sizes_, const Dims& strides_,
                       int64_t offset_)
    : RefCounted(Kind::kTensor), storage(std::move(storage_)), dtype(dtype_) {
  set_geometry(sizes_, strides_, offset_);
  count_live(Counted::kTensors, 1);
}

TensorImpl::~TensorImpl() {
  count_live(Counted::kTensors, -1);
  if (autograd != nullptr) destroy_autograd_meta(autograd);
}

void TensorImpl::set_geometry(const Dims& sizes_, const Dims& strides_, int64_t offset_) {
  sizes = sizes_;
  strides = strides_;
  offset = offset_;
  uint64_t count = 1;
  for (const int64_t size : sizes) count *= static_cast<uint64_t>(size);
  numel = static_cast<int64_t>(count);
  contiguous = geometry_contiguous(sizes, strides);
}

char* Tensor::raw() const {
  return static_cast<char*>(impl()->storage->data()) + offset() * size_of(dtype());
}

Tensor empty(const Dims& sizes, DType dtype, Device device) {
  if (!device.is_cpu()) check_device(device);
  const int64_t numel = checked_numel(sizes);
  int64_t nbytes;
  TT_CHECK(!__builtin_mul_overflow(numel, static_cast<int64_t>(size_of(dtype)), &nbytes),
           Status::kOutOfMemory, "the size in bytes of shape ", to_string(sizes), " overflows int64");
  return Tensor::adopt(new TensorImpl(Storage::allocate(static_cast<size_t>(nbytes), device), dtype, sizes,
                                      contiguous_strides(sizes), 0));
}

Tensor scalar_tensor(const Scalar& value, DType dtype, Device device) {
  Tensor out = empty({}, dtype, device);
  if (device.is_cpu() && HostCapture::current() == nullptr) {
    visit_dtype(dtype, [&]<typename T>() { *out.data<T>() = value.to<T>(); });
  } else {
    run(device, call::Fill{make_loop({}, {out}), value});
  }
  return out;
}

Tensor alias(const Tensor& t, const Dims& sizes, const Dims& strides, int64_t offset) {
  return Tensor::adopt(new TensorImpl(t.storage(), t.dtype(), sizes, strides, offset));
}

Tensor detach(const Tensor& t) { return alias(t, t.sizes(), t.strides(), t.offset()); }

std::string describe(const Tensor& t) {
  return t.defined() ? str("tensor of shape ", t.sizes(), ", ", t.dtype()) : std::string("NULL");
}

}  // namespace tt
