// Views of a part of a tensor.
#include <algorithm>

#include "device/backend.h"
#include "ops/ops.h"
#include "ops/view/view_rule.h"

namespace tt::ops {

namespace {

void check_has_dims(const Tensor& t, const char* op) {
  TT_CHECK(t.ndim() > 0, Status::kShape, "input has no dimensions, which ", op, " needs");
}

// stride * step. Where that overflows no second step is taken, and any stride will do.
int64_t stepped(int64_t stride, int64_t step) {
  int64_t out;
  return __builtin_mul_overflow(stride, step, &out) ? stride : out;
}

// Several views of one tensor, one after the other along `dim`, recorded as one op.
Tensors parts(const char* op, const Tensor& t, int dim, std::span<const int64_t> sizes, bool drop_dim) {
  Tensors outs;
  outs.reserve(sizes.size());
  int64_t start = 0;
  for (const int64_t size : sizes) {
    Dims out_sizes = t.sizes();
    Dims out_strides = t.strides();
    if (drop_dim) {
      out_sizes.erase(dim);
      out_strides.erase(dim);
    } else {
      out_sizes[dim] = size;
    }
    outs.push_back(alias(t, out_sizes, out_strides, t.offset() + start * t.stride(dim)));
    set_view_of(outs.back(), t, true);
    start += size;
  }
  if (!needs_grad(t) || outs.empty()) return outs;
  const Tensor inputs[] = {t};
  record(op, outs, inputs,
         [in_sizes = t.sizes(), dtype = t.dtype(), device = t.device(), dim, drop_dim,
          sizes = std::vector<int64_t>(sizes.begin(), sizes.end())](BackwardContext& context) {
           Tensors grads(sizes.size());
           for (size_t i = 0; i < sizes.size(); ++i) {
             const Tensor& grad = context.grad(static_cast<int>(i));
             if (grad.defined()) {
               grads[i] = drop_dim ? unsqueeze(grad, dim) : grad;
             } else {
               Dims part = in_sizes;
               part[dim] = sizes[i];
               grads[i] = zeros(part, dtype, device);
             }
           }
           context.set(0, cat(grads, dim));
         });
  return outs;
}

}  // namespace

Tensor select(const Tensor& t, int64_t dim, int64_t index) {
  check_has_dims(t, "select");
  const int d = wrap_dim(dim, t.ndim());
  const int64_t size = t.size(d);
  TT_CHECK(index >= -size && index < size, Status::kInvalidArgument, "index ", index,
           " is out of range for dimension ", d, " of input, of shape ", t.sizes());
  const int64_t at = index < 0 ? index + size : index;
  Dims sizes = t.sizes();
  Dims strides = t.strides();
  sizes.erase(d);
  strides.erase(d);
  const Dims in_sizes = t.sizes();
  return make_view("select", t, sizes, strides, t.offset() + at * t.stride(d),
                   [in_sizes, d, at](const Tensor& grad) {
                     return embed("select_backward", grad, in_sizes,
                                  [d, at](const Tensor& whole) { return select(whole, d, at); });
                   });
}

Tensor slice(const Tensor& t, int64_t dim, std::optional<int64_t> start, std::optional<int64_t> end,
             int64_t step) {
  check_has_dims(t, "slice");
  const int d = wrap_dim(dim, t.ndim());
  TT_CHECK(step > 0, Status::kInvalidArgument, "step is ", step, ", expected 1 or more");
  const int64_t size = t.size(d);
  const auto clamp = [size](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size); };
  const int64_t from = clamp(start.value_or(0));
  const int64_t to = std::max(clamp(end.value_or(size)), from);
  Dims sizes = t.sizes();
  Dims strides = t.strides();
  const int64_t length = (to - from) / step + ((to - from) % step != 0);
  sizes[d] = length;
  strides[d] = stepped(strides[d], step);
  const Dims in_sizes = t.sizes();
  return make_view("slice", t, sizes, strides, t.offset() + from * t.stride(d),
                   [in_sizes, d, from, to, step](const Tensor& grad) {
                     return embed("slice_backward", grad, in_sizes, [d, from, to, step](const Tensor& whole) {
                       return slice(whole, d, from, to, step);
                     });
                   });
}

Tensor narrow(const Tensor& t, int64_t dim, int64_t start, int64_t length) {
  check_has_dims(t, "narrow");
  TT_CHECK(length >= 0, Status::kInvalidArgument, "length is ", length, ", expected 0 or more");
  const int d = wrap_dim(dim, t.ndim());
  const int64_t size = t.size(d);
  TT_CHECK(start >= -size && start <= size, Status::kInvalidArgument, "start is ", start, ", expected from ",
           -size, " to ", size);
  const int64_t from = start < 0 ? start + size : start;
  TT_CHECK(from <= size - length, Status::kInvalidArgument, "start (", from, ") + length (", length,
           ") exceeds dimension size (", size, ").");
  return slice(t, d, from, from + length, 1);
}

Tensor diagonal(const Tensor& t, int64_t offset, int64_t dim1, int64_t dim2) {
  const int a = wrap_dim(dim1, t.ndim());
  const int b = wrap_dim(dim2, t.ndim());
  TT_CHECK(a != b, Status::kInvalidArgument, "dim1 and dim2 are one dimension: ", dim1, " and ", dim2);
  const int64_t rows = t.size(a);
  const int64_t columns = t.size(b);
  int64_t length = 0;
  int64_t start = t.offset();
  if (offset >= 0 && offset < columns) {
    length = std::min(rows, columns - offset);
    if (length > 0) start += offset * t.stride(b);
  } else if (offset < 0 && offset > -rows) {
    length = std::min(rows + offset, columns);
    if (length > 0) start -= offset * t.stride(a);
  }
  Dims sizes = t.sizes();
  Dims strides = t.strides();
  for (const int d : {std::max(a, b), std::min(a, b)}) {
    sizes.erase(d);
    strides.erase(d);
  }
  sizes.push_back(length);
  strides.push_back(t.stride(a) + t.stride(b));
  const Dims in_sizes = t.sizes();
  return make_view("diagonal", t, sizes, strides, start, [in_sizes, offset, a, b](const Tensor& grad) {
    return embed("diagonal_backward", grad, in_sizes,
                 [offset, a, b](const Tensor& whole) { return diagonal(whole, offset, a, b); });
  });
}

namespace {

// The sum over the windows that an element lies in.
Tensor unfold_backward(const Tensor& grad, const Dims& in_sizes, int d, int64_t size, int64_t step) {
  const Tensor out = zeros(in_sizes, grad.dtype(), grad.device());
  {
    const GradMode off(false);
    const Tensor windows = unfold(out, d, size, step);
    if (grad.numel() > 0) {
      run(out.device(), call::Accumulate{make_loop(windows.sizes(), {windows, grad})});
    }
  }
  if (needs_grad(grad)) {
    record("unfold_backward", out, {&grad}, [d, size, step](BackwardContext& context) {
      context.set(0, unfold(context.grad(), d, size, step));
    });
  }
  return out;
}

}  // namespace

Tensor unfold(const Tensor& t, int64_t dim, int64_t size, int64_t step) {
  const int d = wrap_dim(dim, t.ndim());
  TT_CHECK(size >= 0, Status::kInvalidArgument, "size is ", size, ", expected 0 or more");
  TT_CHECK(step > 0, Status::kInvalidArgument, "step is ", step, ", expected 1 or more");
  const int64_t whole = t.ndim() == 0 ? 1 : t.size(d);
  TT_CHECK(size <= whole, Status::kInvalidArgument, "size is ", size, ", but dimension ", d,
           " of input has size ", whole);
  if (t.ndim() == 0) return as_strided(t, Dims{size}, Dims{1});
  Dims sizes = t.sizes();
  Dims strides = t.strides();
  const int64_t count = (whole - size) / step + 1;
  sizes[d] = count;
  sizes.push_back(size);
  checked_numel(sizes);
  strides.push_back(t.stride(d));
  strides[d] = stepped(strides[d], step);
  const Dims in_sizes = t.sizes();
  return make_view("unfold", t, sizes, strides, t.offset(), [in_sizes, d, size, step](const Tensor& grad) {
    return unfold_backward(grad, in_sizes, d, size, step);
  });
}

int64_t split_count(const Tensor& t, int64_t split_size, int64_t dim) {
  TT_CHECK(t.ndim() > 0, Status::kShape, "input has no dimensions to split");
  TT_CHECK(split_size >= 0, Status::kInvalidArgument, "split_size is ", split_size, ", expected 0 or more");
  const int64_t size = t.size(wrap_dim(dim, t.ndim()));
  TT_CHECK(split_size > 0 || size == 0, Status::kInvalidArgument, "split_size is 0, but dim has size ", size);
  return size == 0 ? 1 : size / split_size + (size % split_size != 0);
}

Tensors split(const Tensor& t, int64_t split_size, int64_t dim) {
  const int64_t count = split_count(t, split_size, dim);
  const int d = wrap_dim(dim, t.ndim());
  std::vector<int64_t> sizes(static_cast<size_t>(count), split_size);
  sizes.back() = t.size(d) - split_size * (count - 1);
  return parts("split", t, d, sizes, false);
}

Tensors split_with_sizes(const Tensor& t, std::span<const int64_t> sizes, int64_t dim) {
  TT_CHECK(t.ndim() > 0, Status::kShape, "input has no dimensions to split");
  const int d = wrap_dim(dim, t.ndim());
  int64_t sum = 0;
  for (const int64_t size : sizes) {
    TT_CHECK(size >= 0, Status::kInvalidArgument, "an entry of split_sizes is ", size,
             ", expected 0 or more");
    TT_CHECK(!__builtin_add_overflow(sum, size, &sum), Status::kInvalidArgument,
             "split_with_sizes: the sum of split_sizes overflows int64");
  }
  TT_CHECK(sum == t.size(d), Status::kShape, "split_sizes sum to ", sum, ", but dimension ", d,
           " of input has size ", t.size(d));
  return parts("split_with_sizes", t, d, sizes, false);
}

namespace {

int64_t chunk_size(const Tensor& t, int64_t chunks, int64_t dim) {
  TT_CHECK(t.ndim() > 0, Status::kShape, "input has no dimensions to split");
  TT_CHECK(chunks > 0, Status::kInvalidArgument, "chunks is ", chunks, ", expected 1 or more");
  const int64_t size = t.size(wrap_dim(dim, t.ndim()));
  return size / chunks + (size % chunks != 0);
}

}  // namespace

int64_t chunk_count(const Tensor& t, int64_t chunks, int64_t dim) {
  // An empty dimension gives as many empty chunks as were asked for.
  const int64_t size = chunk_size(t, chunks, dim);
  return size == 0 ? chunks : split_count(t, size, dim);
}

Tensors chunk(const Tensor& t, int64_t chunks, int64_t dim) {
  const int64_t size = chunk_size(t, chunks, dim);
  if (size > 0) return split(t, size, dim);
  TT_CHECK(chunks < (int64_t{1} << 32), Status::kOutOfMemory, "cannot make ", chunks, " chunks");
  return parts("split_with_sizes", t, wrap_dim(dim, t.ndim()),
               std::vector<int64_t>(static_cast<size_t>(chunks), 0), false);
}

Tensors unbind(const Tensor& t, int64_t dim) {
  TT_CHECK(t.ndim() > 0, Status::kShape, "dim is ", dim, ", but input has no dimensions");
  const int d = wrap_dim(dim, t.ndim());
  return parts("unbind", t, d, std::vector<int64_t>(static_cast<size_t>(t.size(d)), 1), true);
}

}  // namespace tt::ops
