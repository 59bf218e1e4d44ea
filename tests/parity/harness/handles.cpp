#include "harness/handles.h"

#include <algorithm>
#include <cstring>

namespace tt::parity {
namespace {

// Copies the elements at `strides` from `from` to a dense row-major array.
void gather(const unsigned char* from, const std::vector<std::int64_t>& sizes,
            const std::vector<std::int64_t>& strides, std::size_t element, std::vector<unsigned char>& to) {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  to.resize(static_cast<std::size_t>(count) * element);
  std::vector<std::int64_t> index(sizes.size(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < sizes.size(); ++d) at += index[d] * strides[d];
    std::memcpy(to.data() + static_cast<std::size_t>(i) * element,
                from + at * static_cast<std::int64_t>(element), element);
    for (std::size_t d = sizes.size(); d-- > 0;) {
      if (++index[d] < sizes[d]) break;
      index[d] = 0;
    }
  }
}

std::vector<std::int64_t> row_major(const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> strides(sizes.size());
  std::int64_t step = 1;
  for (std::size_t d = sizes.size(); d-- > 0;) {
    strides[d] = step;
    step *= std::max<std::int64_t>(sizes[d], 1);
  }
  return strides;
}

}  // namespace

// Both lists are in the same order.
tt_dtype dtype_of(Dtype dtype) { return static_cast<tt_dtype>(dtype); }
Dtype dtype_of(tt_dtype dtype) { return static_cast<Dtype>(dtype); }

Handle make(const Tensor& recorded) {
  const auto stored = static_cast<std::int64_t>(recorded.stored());
  const bool plain =
      recorded.offset == 0 && recorded.strides == row_major(recorded.sizes) && stored == recorded.numel();
  tt_tensor* out = nullptr;
  if (plain) {
    check(tt_from_data(recorded.data.data(), recorded.sizes.data(), recorded.sizes.size(),
                       dtype_of(recorded.dtype), &out));
  } else {
    tt_tensor* flat = nullptr;
    check(tt_from_data(recorded.data.data(), &stored, 1, dtype_of(recorded.dtype), &flat));
    const Handle owner(flat);
    check(tt_as_strided(flat, recorded.sizes.data(), recorded.sizes.size(), recorded.strides.data(),
                        recorded.strides.size(), &recorded.offset, &out));
  }
  Handle handle(out);
  if (recorded.requires_grad) check(tt_tensor_set_requires_grad(out, 1));
  return handle;
}

Handle make_contiguous(const Tensor& values, bool requires_grad) {
  tt_tensor* out = nullptr;
  check(tt_from_data(values.data.data(), values.sizes.data(), values.sizes.size(), dtype_of(values.dtype),
                     &out));
  Handle handle(out);
  if (requires_grad) check(tt_tensor_set_requires_grad(out, 1));
  return handle;
}

Handle clone(const Handle& tensor) {
  tt_tensor* out = nullptr;
  check(tt_clone(tensor.get(), &out));
  return Handle(out);
}

Seen see(const tt_tensor* tensor) {
  Seen seen;
  tt_dtype dtype = 0;
  std::int64_t ndim = 0;
  const std::int64_t* sizes = nullptr;
  const std::int64_t* strides = nullptr;
  void* data = nullptr;
  std::int32_t requires_grad = 0;
  check(tt_tensor_dtype(tensor, &dtype));
  check(tt_tensor_ndim(tensor, &ndim));
  check(tt_tensor_sizes(tensor, &sizes));
  check(tt_tensor_strides(tensor, &strides));
  check(tt_tensor_data(tensor, &data));
  check(tt_tensor_requires_grad(tensor, &requires_grad));
  seen.tensor.dtype = dtype_of(dtype);
  seen.tensor.sizes.assign(sizes, sizes + ndim);
  seen.tensor.strides.assign(strides, strides + ndim);
  seen.tensor.requires_grad = requires_grad != 0;
  seen.address = static_cast<const unsigned char*>(data);
  gather(seen.address, seen.tensor.sizes, seen.tensor.strides, size_of(seen.tensor.dtype), seen.tensor.data);
  return seen;
}

Tensor shown(const Tensor& input) {
  Tensor out = input;
  const std::size_t element = size_of(input.dtype);
  gather(input.data.data() + static_cast<std::size_t>(input.offset) * element, input.sizes, input.strides,
         element, out.data);
  out.strides = row_major(input.sizes);
  out.offset = 0;
  return out;
}

}  // namespace tt::parity
