#include "harness/handles.h"

#include <algorithm>
#include <cstdio>
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

bool g_on_cuda = false;
bool g_capturing = false;

bool on_cpu(const tt_tensor* tensor) {
  tt_device_type type = TT_CPU;
  std::int32_t index = 0;
  check(tt_tensor_device(tensor, &type, &index));
  return type == TT_CPU;
}

// The tensor with the values, where tensors go.
Handle from_data(const void* data, const std::vector<std::int64_t>& sizes, Dtype dtype) {
  tt_tensor* out = nullptr;
  check(tt_from_data(data, sizes.data(), sizes.size(), dtype_of(dtype), &out));
  Handle here(out);
  if (!g_on_cuda) return here;
  check(tt_to_device(here.get(), TT_CUDA, 0, &out));
  return Handle(out);
}

}  // namespace

void start_capturing() { g_capturing = true; }
bool capturing_calls() { return g_capturing; }

bool take_flag(const char* flag, int& argc, char** argv) {
  const auto end = argv + argc;
  const auto found = std::find_if(argv, end, [&](const char* arg) { return std::strcmp(arg, flag) == 0; });
  if (found == end) return false;
  std::copy(found + 1, end, found);
  --argc;
  return true;
}

int start_cuda() {
  constexpr int kSkipped = 77;
  const float value = 0;
  tt_tensor* out = nullptr;
  check(tt_from_data(&value, nullptr, 0, TT_FLOAT32, &out));
  const Handle here(out);
  if (tt_to_device(here.get(), TT_CUDA, 0, &out) != TT_OK) {
    std::printf("skipped: %s\n", tt_last_error());
    return kSkipped;
  }
  const Handle there(out);
  g_on_cuda = true;
  return 0;
}

bool work_failed() { return g_on_cuda && tt_cuda_synchronize(0) != TT_OK; }

// Both lists are in the same order.
tt_dtype dtype_of(Dtype dtype) { return static_cast<tt_dtype>(dtype); }
Dtype dtype_of(tt_dtype dtype) { return static_cast<Dtype>(dtype); }

Handle make(const Tensor& recorded) {
  const auto stored = static_cast<std::int64_t>(recorded.stored());
  const bool plain =
      recorded.offset == 0 && recorded.strides == row_major(recorded.sizes) && stored == recorded.numel();
  Handle handle;
  if (plain) {
    handle = from_data(recorded.data.data(), recorded.sizes, recorded.dtype);
  } else {
    const Handle flat = from_data(recorded.data.data(), {stored}, recorded.dtype);
    tt_tensor* out = nullptr;
    check(tt_as_strided(flat.get(), recorded.sizes.data(), recorded.sizes.size(), recorded.strides.data(),
                        recorded.strides.size(), &recorded.offset, &out));
    handle = Handle(out);
  }
  if (recorded.requires_grad) check(tt_tensor_set_requires_grad(handle.get(), 1));
  return handle;
}

Handle make_contiguous(const Tensor& values, bool requires_grad) {
  Handle handle = from_data(values.data.data(), values.sizes, values.dtype);
  if (requires_grad) check(tt_tensor_set_requires_grad(handle.get(), 1));
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
  if (on_cpu(tensor)) {
    gather(seen.address, seen.tensor.sizes, seen.tensor.strides, size_of(seen.tensor.dtype),
           seen.tensor.data);
  } else {
    seen.tensor.data.resize(static_cast<std::size_t>(seen.tensor.numel()) * size_of(seen.tensor.dtype));
    check(tt_tensor_copy_data(tensor, seen.tensor.data.data(), seen.tensor.data.size()));
  }
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
