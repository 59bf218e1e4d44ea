// Making a batch: rows gathered from a tensor, or samples stacked.
#include <cstring>

#include "autograd/meta.h"
#include "device/backend.h"
#include "base/parallel.h"
#include "data/dataset.h"
#include "ops/create/create.h"
#include "ops/view/view.h"

namespace tt::data {

namespace {

constexpr int64_t kParallelBytes = 1 << 20;

Dims without_first(const Dims& dims) { return Dims(std::span<const int64_t>(dims).subspan(1)); }

Dims with_first(int64_t first, const Dims& dims) {
  Dims out = dims;
  out.insert(0, first);
  return out;
}

Tensor row_alias(const Tensor& t, int64_t row) {
  return alias(t, without_first(t.sizes()), without_first(t.strides()), t.offset() + row * t.stride(0));
}

template <size_t kBytes>
void gather_fixed(char* to, const char* from, int64_t stride, std::span<const int64_t> indices) {
  for (size_t i = 0; i < indices.size(); ++i) {
    std::memcpy(to + i * kBytes, from + indices[i] * stride, kBytes);
  }
}

// stride: bytes from row to row of `from`.
void gather_bytes(char* to, const char* from, int64_t stride, int64_t row_bytes,
                  std::span<const int64_t> indices) {
  if (row_bytes == 8) return gather_fixed<8>(to, from, stride, indices);
  if (row_bytes == 4) return gather_fixed<4>(to, from, stride, indices);
  if (row_bytes == 1) return gather_fixed<1>(to, from, stride, indices);
  const auto n = static_cast<int64_t>(indices.size());
  parallel_for(n, std::max<int64_t>(1, kParallelBytes / row_bytes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(to + i * row_bytes, from + indices[static_cast<size_t>(i)] * stride,
                  static_cast<size_t>(row_bytes));
    }
  });
}

// One kernel for all rows, with the indices on the device.
void gather_on_device(const Tensor& out, const Tensor& t, const Tensor& at) {
  Dims source_strides = t.strides();
  source_strides[0] = 0;
  Dims index_sizes = out.sizes();
  for (int d = 1; d < index_sizes.size(); ++d) index_sizes[d] = 1;
  run(t.device(),
      call::Gather{
          make_loop(out.sizes(), {out, alias(t, out.sizes(), source_strides, t.offset()),
                                  alias(at, index_sizes, contiguous_strides(index_sizes), at.offset())}),
          t.size(0), t.stride(0) * static_cast<int64_t>(size_of(t.dtype()))});
}

// The slow way that autograd follows: every row is copied by a recorded op.
template <typename RowOf>
Tensor stack_recorded(int64_t n, const Dims& sizes, DType dtype, Device device, RowOf row_of) {
  Tensor out = ops::zeros(with_first(n, sizes), dtype, device);
  const Dims strides = without_first(out.strides());
  for (int64_t i = 0; i < n; ++i) {
    ops::copy_(ops::as_strided(out, sizes, strides, i * out.stride(0)), row_of(i));
  }
  return out;
}

}  // namespace

Tensor gather_rows(const Tensor& t, std::span<const int64_t> indices) {
  refuse_host_capture(kHostValues);
  const auto n = static_cast<int64_t>(indices.size());
  const Dims sizes = without_first(t.sizes());
  const Dims strides = without_first(t.strides());
  if (needs_grad(t)) {
    return stack_recorded(n, sizes, t.dtype(), t.device(), [&](int64_t i) {
      return ops::as_strided(t, sizes, strides, t.offset() + indices[static_cast<size_t>(i)] * t.stride(0));
    });
  }
  Tensor out = empty(with_first(n, sizes), t.dtype(), t.device());
  if (out.numel() == 0) return out;
  const auto size = static_cast<int64_t>(size_of(t.dtype()));
  const int64_t row_bytes = out.stride(0) * size;
  const int64_t stride = t.stride(0) * size;
  if (!t.device().is_cpu()) {
    const Tensor at = empty({n}, DType::kInt64, t.device());
    backend_of(t.device()).copy_bytes(at.raw(), t.device(), indices.data(), Device{}, at.nbytes());
    gather_on_device(out, t, at);
  } else if (!geometry_contiguous(sizes, strides)) {
    for (int64_t i = 0; i < n; ++i) {
      ops::copy_values(row_alias(out, i), row_alias(t, indices[static_cast<size_t>(i)]));
    }
  } else {
    gather_bytes(out.raw(), t.raw(), stride, row_bytes, indices);
  }
  return out;
}

Tensor gather_rows(const Tensor& t, const Tensor& indices) {
  Tensor out = empty(with_first(indices.numel(), without_first(t.sizes())), t.dtype(), t.device());
  if (out.numel() > 0) gather_on_device(out, t, indices);
  return out;
}

Tensor stack_samples(std::span<const Tensor> samples) {
  TT_CHECK(!samples.empty(), Status::kInvalidArgument, "a batch has no samples");
  const Tensor& first = samples[0];
  DType dtype = first.dtype();
  for (size_t i = 1; i < samples.size(); ++i) {
    const Tensor& t = samples[i];
    TT_CHECK(t.sizes() == first.sizes(), Status::kShape,
             "the tensors of a batch must have one shape, but sample 0 has ", first.sizes(), " and sample ",
             static_cast<uint64_t>(i), " has ", t.sizes());
    TT_CHECK(t.device() == first.device(), Status::kDevice,
             "the tensors of a batch must be on one device, but sample 0 is on ", first.device(),
             " and sample ", static_cast<uint64_t>(i), " on ", t.device());
    dtype = promote(dtype, t.dtype());
  }
  const auto n = static_cast<int64_t>(samples.size());
  if (needs_grad(samples)) {
    return stack_recorded(n, first.sizes(), dtype, first.device(),
                          [&](int64_t i) { return samples[static_cast<size_t>(i)]; });
  }
  Tensor out = empty(with_first(n, first.sizes()), dtype, first.device());
  if (out.numel() == 0) return out;
  const auto row_bytes = static_cast<size_t>(out.stride(0)) * size_of(dtype);
  for (int64_t i = 0; i < n; ++i) {
    const Tensor& t = samples[static_cast<size_t>(i)];
    if (t.device().is_cpu() && t.dtype() == dtype && t.is_contiguous() && HostCapture::current() == nullptr) {
      std::memcpy(out.raw() + static_cast<size_t>(i) * row_bytes, t.raw(), row_bytes);
    } else {
      ops::copy_values(row_alias(out, i), t);
    }
  }
  return out;
}

}  // namespace tt::data
