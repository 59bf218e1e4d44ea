#include "ops/pool/pool.h"

#include "autograd/meta.h"
#include "device/backend.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && a < 0); }

// The number of windows along one axis. With ceil_mode a last window may hang over the end, but starts inside
// the input or the padding before it.
int64_t windows(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, bool ceil) {
  int64_t reach, padded;
  TT_CHECK(!__builtin_mul_overflow(kernel - 1, dilation, &reach) && size <= INT64_MAX / 4 &&
               reach <= INT64_MAX / 4 && stride <= INT64_MAX / 4,
           Status::kShape, "kernel size ", kernel, ", stride ", stride, " or dilation ", dilation,
           " overflows int64");
  padded = size + 2 * padding - reach - 1;
  const int64_t count = floor_div(padded + (ceil ? stride - 1 : 0), stride) + 1;
  return ceil && (count - 1) * stride >= size + padding ? count - 1 : count;
}

void check_pair(const int64_t* v, const char* what) {
  TT_CHECK(v[0] > 0 && v[1] > 0, Status::kInvalidArgument, what, " is ", v[0], ", ", v[1],
           ", expected 1 or more");
}

void check_input(const Tensor& input) {
  bool ok = input.ndim() == 3 || input.ndim() == 4;
  for (int i = input.ndim() == 4 ? 1 : 0; ok && i < input.ndim(); ++i) ok = input.size(i) != 0;
  TT_CHECK(ok, Status::kShape,
           "input must have 3 or 4 dimensions, none but the batch's of size 0, got shape ", input.sizes());
}

PoolShape pool_shape(const Tensor& input, const PoolOptions& o, const int64_t* dilation) {
  const int64_t *kernel = o.kernel, *padding = o.padding;
  const int64_t stride[2] = {o.stride[0] == 0 ? kernel[0] : o.stride[0],
                             o.stride[1] == 0 ? kernel[1] : o.stride[1]};
  check_pair(kernel, "kernel_size");
  check_pair(stride, "stride");
  check_pair(dilation, "dilation");
  check_input(input);
  PoolShape s;
  const int h = input.ndim() - 2;
  s.height = input.size(h);
  s.width = input.size(h + 1);
  s.planes = input.size(h - 1) * (h == 2 ? input.size(0) : 1);
  for (int i = 0; i < 2; ++i) {
    s.kernel[i] = kernel[i];
    s.stride[i] = stride[i];
    s.padding[i] = padding[i];
    s.dilation[i] = dilation[i];
    TT_CHECK(padding[i] >= 0, Status::kInvalidArgument, "padding[", i, "] is ", padding[i],
             ", expected 0 or more");
    // Half of the span, without computing what might overflow.
    const bool small =
        kernel[i] - 1 > INT64_MAX / 4 / dilation[i] || padding[i] <= ((kernel[i] - 1) * dilation[i] + 1) / 2;
    TT_CHECK(small, Status::kInvalidArgument, "padding[", i, "] is ", padding[i],
             ", more than half of the kernel's span, of kernel_size ", kernel[i], " and dilation ",
             dilation[i]);
  }
  s.out_height = windows(s.height, kernel[0], stride[0], padding[0], dilation[0], o.ceil_mode);
  s.out_width = windows(s.width, kernel[1], stride[1], padding[1], dilation[1], o.ceil_mode);
  TT_CHECK(s.out_height >= 1 && s.out_width >= 1, Status::kShape, "input of height ", s.height, " and width ",
           s.width, " gives an output of height ", s.out_height, " and width ", s.out_width,
           ", which is too small");
  return s;
}

// The sizes of `like` with another height and width.
Dims with_plane(const Dims& like, int64_t height, int64_t width) {
  Dims sizes = like;
  sizes[sizes.size() - 2] = height;
  sizes[sizes.size() - 1] = width;
  return sizes;
}

// ---- max pooling ----

Tensor gather(const Tensor& input, const Tensor& indices, const PoolShape& s);

// The transpose of gather: puts each gradient where its maximum was. `output` with a relu, and not to be
// differentiated again: what pooling returned.
Tensor scatter(const Tensor& grad, const Tensor& indices, const PoolShape& s, const Tensor& output = {}) {
  const Tensor out = empty(with_plane(grad.sizes(), s.height, s.width), grad.dtype(), grad.device());
  if (s.planes > 0) {
    const GradMode off(false);
    const Tensor dense = contiguous(grad), pooled = output.defined() ? contiguous(output) : output;
    run(grad.device(), call::MaxPoolBackward{s, grad.dtype(), dense.raw(), indices.data<int64_t>(),
                                             pooled.defined() ? pooled.raw() : nullptr, out.raw()});
  }
  if (needs_grad(grad)) {
    record("max_pool2d_backward", out, {&grad},
           [s, indices = SavedTensor::input(indices)](BackwardContext& context) {
             context.set(0, gather(context.grad(), context.unpack(indices), s));
           });
  }
  return out;
}

Tensor gather(const Tensor& input, const Tensor& indices, const PoolShape& s) {
  const Tensor out = empty(indices.sizes(), input.dtype(), input.device());
  if (s.planes > 0) {
    const GradMode off(false);
    const Tensor dense = contiguous(input);
    run(input.device(),
        call::MaxPoolGather{s, input.dtype(), dense.raw(), indices.data<int64_t>(), out.raw()});
  }
  if (needs_grad(input)) {
    record("max_pool2d_gather", out, {&input},
           [s, indices = SavedTensor::input(indices)](BackwardContext& context) {
             context.set(0, scatter(context.grad(), context.unpack(indices), s));
           });
  }
  return out;
}

struct MaxPoolBackward {
  PoolShape s;
  SavedTensor indices, output;  // the output only with ReLU
  void operator()(BackwardContext& context) const {
    const Tensor at = context.unpack(indices), y = context.unpack(output);
    const Tensor& g = context.grad();
    const bool apart = y.defined() && grad_enabled();
    context.set(0, scatter(apart ? threshold_backward(g, y) : g, at, s, apart ? Tensor() : y));
  }
};

MaxPool2dResult max_pool(const Tensor& input, const PoolShape& s, bool want_indices,
                         const Epilogue& epilogue = {}) {
  TT_CHECK(input.dtype() != DType::kBool, Status::kDtype, "max_pool2d is not implemented for bool");
  const Dims sizes = with_plane(input.sizes(), s.out_height, s.out_width);
  const bool grad = needs_grad(input);
  MaxPool2dResult result;
  result.output = empty(sizes, input.dtype(), input.device());
  if (grad || want_indices) result.indices = empty(sizes, DType::kInt64, input.device());
  if (s.planes > 0) {
    const GradMode off(false);
    const Tensor dense = contiguous(input);
    run(input.device(), call::MaxPool{s, input.dtype(), epilogue, dense.raw(), result.output.raw(),
                                      result.indices.defined() ? result.indices.data<int64_t>() : nullptr});
  }
  // The rule's own handle: the caller may write into the indices it got.
  const Tensor kept = result.indices;
  result.output = in_format_of(input, result.output);
  if (want_indices) result.indices = in_format_of(input, result.indices);
  if (grad) {
    record("max_pool2d", result.output, {&input},
           MaxPoolBackward{s, SavedTensor::input(kept),
                           epilogue.some() ? SavedTensor::output(result.output) : SavedTensor()});
  }
  return result;
}

// ---- average pooling ----

Tensor avg_pool(const Tensor& input, const PoolShape& s, const AvgPoolOptions& o);

Tensor avg_pool_backward(const Tensor& grad, const PoolShape& s, const AvgPoolOptions& o) {
  const Tensor out = empty(with_plane(grad.sizes(), s.height, s.width), grad.dtype(), grad.device());
  if (s.planes > 0) {
    const GradMode off(false);
    const Tensor dense = contiguous(grad);
    run(grad.device(), call::AvgPoolBackward{s, o, grad.dtype(), dense.raw(), out.raw()});
  }
  if (needs_grad(grad)) {
    record("avg_pool2d_backward", out, {&grad},
           [s, o](BackwardContext& context) { context.set(0, avg_pool(context.grad(), s, o)); });
  }
  return out;
}

Tensor avg_pool(const Tensor& input, const PoolShape& s, const AvgPoolOptions& o) {
  Tensor out = empty(with_plane(input.sizes(), s.out_height, s.out_width), input.dtype(), input.device());
  if (s.planes > 0) {
    const GradMode off(false);
    const Tensor dense = contiguous(input);
    run(input.device(), call::AvgPool{s, o, input.dtype(), dense.raw(), out.raw()});
  }
  out = in_format_of(input, out);
  if (needs_grad(input)) {
    record("avg_pool2d", out, {&input},
           [s, o](BackwardContext& context) { context.set(0, avg_pool_backward(context.grad(), s, o)); });
  }
  return out;
}

Tensor adaptive(const Tensor& input, const PoolShape& s);

Tensor adaptive_backward(const Tensor& grad, const PoolShape& s) {
  const Tensor out = grad.numel() > 0
                         ? empty(with_plane(grad.sizes(), s.height, s.width), grad.dtype(), grad.device())
                         : zeros(with_plane(grad.sizes(), s.height, s.width), grad.dtype(), grad.device());
  if (grad.numel() > 0) {
    const GradMode off(false);
    const Tensor dense = contiguous(grad);
    run(grad.device(), call::AdaptiveAvgPoolBackward{s, grad.dtype(), dense.raw(), out.raw()});
  }
  if (needs_grad(grad)) {
    record("adaptive_avg_pool2d_backward", out, {&grad},
           [s](BackwardContext& context) { context.set(0, adaptive(context.grad(), s)); });
  }
  return out;
}

Tensor adaptive(const Tensor& input, const PoolShape& s) {
  Tensor out = empty(with_plane(input.sizes(), s.out_height, s.out_width), input.dtype(), input.device());
  if (out.numel() > 0) {
    const GradMode off(false);
    const Tensor dense = contiguous(input);
    run(input.device(), call::AdaptiveAvgPool{s, input.dtype(), dense.raw(), out.raw()});
  }
  out = in_format_of(input, out);
  if (needs_grad(input)) {
    record("adaptive_avg_pool2d", out, {&input},
           [s](BackwardContext& context) { context.set(0, adaptive_backward(context.grad(), s)); });
  }
  return out;
}

}  // namespace

Tensor max_pool2d(const Tensor& input, const PoolOptions& options) {
  return max_pool(input, pool_shape(input, options, options.dilation), false).output;
}

Tensor relu_max_pool2d(const Tensor& input, const PoolOptions& options) {
  // What is greatest before a ReLU is so after it.
  const PoolShape s = pool_shape(input, options, options.dilation);
  const call::MaxPool joined{s, input.dtype(), kRelu, nullptr, nullptr, nullptr};
  if (!supports(input.device(), joined)) return max_pool2d(relu(input), options);
  return max_pool(input, s, false, kRelu).output;
}

MaxPool2dResult max_pool2d_with_indices(const Tensor& input, const PoolOptions& options) {
  return max_pool(input, pool_shape(input, options, options.dilation), true);
}

Tensor avg_pool2d(const Tensor& input, const PoolOptions& o) {
  const int64_t no_dilation[2] = {1, 1};
  const PoolShape s = pool_shape(input, o, no_dilation);
  TT_CHECK(is_floating(input.dtype()) || input.dtype() == DType::kInt64, Status::kDtype,
           "avg_pool2d is not implemented for ", input.dtype());
  return avg_pool(input, s, {o.count_include_pad, o.divisor_override});
}

Tensor adaptive_avg_pool2d(const Tensor& input, const int64_t output_size[2]) {
  TT_CHECK(input.ndim() == 3 || input.ndim() == 4, Status::kShape,
           "input must have 3 or 4 dimensions, got shape ", input.sizes());
  const int h = input.ndim() - 2;
  TT_CHECK(input.size(h) > 0 && input.size(h + 1) > 0, Status::kShape, "input of shape ", input.sizes(),
           " is empty in a dimension other than the batch's");
  TT_CHECK(output_size[0] >= -1 && output_size[1] >= -1, Status::kInvalidArgument, "output_size is ",
           output_size[0], ", ", output_size[1], ", expected 0 or more, or -1");
  TT_CHECK(is_floating(input.dtype()), Status::kDtype, "adaptive_avg_pool2d is not implemented for ",
           input.dtype());
  PoolShape s;
  s.height = input.size(h);
  s.width = input.size(h + 1);
  s.planes = input.size(h - 1) * (h == 2 ? input.size(0) : 1);
  s.out_height = output_size[0] < 0 ? s.height : output_size[0];
  s.out_width = output_size[1] < 0 ? s.width : output_size[1];
  return adaptive(input, s);
}

}  // namespace tt::ops
