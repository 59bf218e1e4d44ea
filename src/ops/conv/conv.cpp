#include "ops/conv/conv.h"

#include "autograd/meta.h"
#include "device/backend.h"
#include "tensor/layout.h"
#include "ops/autocast.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// A convolution over `spatial` dimensions, as the caller sees it; for messages and checks.
struct Request {
  int spatial;
  const char* name;
  const int64_t* stride;
  const int64_t* padding;
  const int64_t* dilation;
  int64_t groups;
  bool relu = false;
};

void check_positive(const int64_t* values, int count, int64_t least, const char* message) {
  for (int i = 0; i < count; ++i) {
    TT_CHECK(values[i] >= least, Status::kInvalidArgument, message, values[i]);
  }
}

// "5 x 5"
std::string times(const int64_t* values, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += str(i == 0 ? "" : " x ", values[i]);
  return text;
}

Dims batched_sizes(const Tensor& input, int spatial) {
  Dims sizes = input.sizes();
  if (sizes.size() == spatial + 1) sizes.insert(0, 1);
  return sizes;
}

// Everything but the sizes of the output.
void check(const Tensor& input, const Tensor& weight, const Tensor& bias, const Request& r) {
  TT_CHECK(input.ndim() == r.spatial + 1 || input.ndim() == r.spatial + 2, Status::kShape, "input must have ",
           r.spatial + 1, " or ", r.spatial + 2, " dimensions, got shape ", input.sizes());
  TT_CHECK(weight.ndim() == r.spatial + 2, Status::kShape, "weight must have ", r.spatial + 2,
           " dimensions, got shape ", weight.sizes());
  TT_CHECK(input.device() == weight.device(), Status::kDevice, "input is on ", input.device(),
           ", but weight is on ", weight.device());
  TT_CHECK(!bias.defined() || bias.device() == input.device(), Status::kDevice, "input is on ",
           input.device(), ", but bias is on ", bias.device());
  TT_CHECK(input.dtype() == weight.dtype(), Status::kDtype, "input is ", input.dtype(), ", but weight is ",
           weight.dtype());
  TT_CHECK(!bias.defined() || bias.dtype() == input.dtype(), Status::kDtype, "input is ", input.dtype(),
           ", but bias is ", bias.dtype());
  TT_CHECK(input.dtype() != DType::kBool, Status::kDtype, r.name, " is not implemented for bool");
  check_positive(r.padding, r.spatial, 0, "negative padding is not supported, got padding ");
  check_positive(r.stride, r.spatial, 1, "non-positive stride is not supported, got stride ");
  check_positive(r.dilation, r.spatial, 1, "non-positive dilation is not supported, got dilation ");
  TT_CHECK(r.groups > 0, Status::kInvalidArgument, "groups is ", r.groups, ", expected 1 or more");
  TT_CHECK(weight.size(0) >= r.groups, Status::kShape, "weight has shape ", weight.sizes(),
           ", expected at least groups, ", r.groups, ", as its first size");
  TT_CHECK(weight.size(0) % r.groups == 0, Status::kShape, "weight has shape ", weight.sizes(),
           ", whose first size groups, ", r.groups, ", must divide");
  const Dims sizes = batched_sizes(input, r.spatial);
  int64_t channels;
  TT_CHECK(!__builtin_mul_overflow(weight.size(1), r.groups, &channels), Status::kShape,
           "groups times the second size of weight overflows int64");
  TT_CHECK(sizes[1] == channels, Status::kShape, "input of shape ", sizes, " has ", sizes[1],
           " channels, expected ", channels, " for weight of shape ", weight.sizes(), " and groups ",
           r.groups);
  TT_CHECK(!bias.defined() || (bias.ndim() == 1 && bias.size(0) == weight.size(0)), Status::kShape,
           "bias has shape ", bias.defined() ? bias.sizes() : Dims(), ", expected [", weight.size(0),
           "] for weight of shape ", weight.sizes());
}

// The span of a kernel: dilation * (kernel - 1) + 1.
int64_t extent(int64_t kernel, int64_t dilation) {
  int64_t reach;
  TT_CHECK(kernel >= 1, Status::kShape, "weight has a kernel of size ", kernel, ", expected 1 or more");
  TT_CHECK(!__builtin_mul_overflow(kernel - 1, dilation, &reach) && reach < INT64_MAX, Status::kShape,
           "kernel size ", kernel, " with dilation ", dilation, " overflows int64");
  return reach + 1;
}

// The sizes of the output, with padding[i] at the beginning and `after[i]` at the end.
void output_sizes(const Dims& input, const Tensor& weight, const Request& r, const int64_t* after,
                  int64_t* out) {
  int64_t padded[2], kernel[2];
  bool fits = true;
  for (int i = 0; i < r.spatial; ++i) {
    kernel[i] = extent(weight.size(i + 2), r.dilation[i]);
    TT_CHECK(!__builtin_add_overflow(input[i + 2], r.padding[i], &padded[i]) &&
                 !__builtin_add_overflow(padded[i], after[i], &padded[i]),
             Status::kShape, "padding ", r.padding[i], " overflows int64");
    fits = fits && padded[i] >= kernel[i];
  }
  TT_CHECK(fits, Status::kShape, "the kernel, ", times(kernel, r.spatial),
           ", is larger than the padded input, ", times(padded, r.spatial));
  for (int i = 0; i < r.spatial; ++i) out[i] = (padded[i] - kernel[i]) / r.stride[i] + 1;
}

// The two halves of 'same' padding.
void same_padding(const Tensor& weight, const Request& r, int64_t* before, int64_t* after) {
  for (int i = 0; i < r.spatial; ++i) {
    TT_CHECK(r.stride[i] == 1, Status::kInvalidArgument, "TT_PADDING_SAME needs a stride of 1");
    const int64_t total = extent(weight.size(i + 2), r.dilation[i]) - 1;
    before[i] = total / 2;
    after[i] = total - before[i];
  }
}

bool has_work(const ConvShape& s) { return s.batch > 0 && s.taps() > 0 && s.out_channels > 0; }

// The gradient of a convolution; with y, ReLU's result, of the two.
struct Backward {
  ConvShape s;
  bool relu;
  SavedTensor x, w, y;

  void operator()(BackwardContext& context) const {
    const Tensor result = relu ? context.unpack(y) : Tensor();
    if (context.needs(1) && !grad_enabled() && has_work(s) && context.grad().numel() > 0) {
      return at_once(context, result);
    }
    const Tensor g = relu ? threshold_backward(context.grad(), result) : context.grad();
    if (context.needs(0)) context.set(0, conv2d_backward_data(g, context.unpack(w), s));
    if (context.needs(1)) context.set(1, conv2d_backward_weight(g, context.unpack(x), s));
    if (context.needs(2)) context.set(2, sum(g, Dims{0, 2, 3}));
  }

  void at_once(BackwardContext& context, const Tensor& result) const {
    const Tensor g = contiguous(context.grad()), image = contiguous(context.unpack(x));
    const Tensor weight = context.needs(0) ? contiguous(context.unpack(w)) : Tensor();
    const Tensor after = result.defined() ? contiguous(result) : result;
    const auto result_of = [&](int input, const Dims& sizes) {
      return context.needs(input) ? empty(sizes, g.dtype(), g.device()) : Tensor();
    };
    const Tensor grads[] = {result_of(0, image.sizes()),
                            result_of(1, {s.out_channels, s.group_inputs(), s.kernel[0], s.kernel[1]}),
                            result_of(2, {s.out_channels})};
    const auto address = [](const Tensor& t) -> void* { return t.defined() ? t.raw() : nullptr; };
    run(g.device(), call::ConvBackward{s, g.dtype(), g.raw(), address(after), image.raw(), address(weight),
                                       address(grads[0]), address(grads[1]), address(grads[2])});
    for (int i = 0; i < 3; ++i) {
      if (grads[i].defined()) context.set(i, grads[i]);
    }
  }
};

// The checked convolution of a batch: 4-d input and weight. relu: of its result. images: whether the caller's
// tensors are these, whose memory format the result then has.
Tensor convolution(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvShape& s,
                   bool relu, bool images) {
  Tensor out = empty({s.batch, s.out_channels, s.out_height, s.out_width}, input.dtype(), input.device());
  if (has_work(s) && out.numel() > 0) {
    const GradMode off(false);
    const Tensor x = contiguous(input), w = contiguous(weight);
    const Tensor b = bias.defined() ? contiguous(bias) : bias;
    run(input.device(), call::Conv{s, input.dtype(), x.raw(), w.raw(), b.defined() ? b.raw() : nullptr,
                                   relu ? kRelu : Epilogue{}, out.raw()});
  } else if (out.numel() > 0) {
    const GradMode off(false);
    fill_(out, 0);
    if (bias.defined()) copy_values(out, expand(view(bias, {1, s.out_channels, 1, 1}), out.sizes()));
    if (relu) relu_(out);
  }
  if (images) out = in_format_of(suggests_channels_last(weight) ? weight : input, out);
  if (needs_grad(input, weight, bias)) {
    // By the name of the op that comes last.
    record(relu ? "relu" : "convolution", out, {&input, &weight, &bias},
           Backward{s, relu, SavedTensor::input(input), SavedTensor::input(weight),
                    relu ? SavedTensor::output(out) : SavedTensor()});
  }
  return out;
}

Tensor run(const Tensor& input, const Tensor& weight, const Tensor& bias, const Request& r,
           const int64_t* after) {
  const Dims sizes = batched_sizes(input, r.spatial);
  int64_t out[2];
  output_sizes(sizes, weight, r, after, out);
  // One spatial dimension is the second of two.
  const int lead = 2 - r.spatial;
  ConvShape s;
  s.batch = sizes[0];
  s.in_channels = sizes[1];
  s.out_channels = weight.size(0);
  s.groups = r.groups;
  s.height = lead ? 1 : sizes[2];
  s.width = sizes[3 - lead];
  s.out_height = lead ? 1 : out[0];
  s.out_width = out[1 - lead];
  for (int i = 0; i < r.spatial; ++i) {
    s.kernel[i + lead] = weight.size(i + 2);
    s.stride[i + lead] = r.stride[i];
    s.padding[i + lead] = r.padding[i];
    s.dilation[i + lead] = r.dilation[i];
  }
  const bool flat = r.spatial == 1, joined = r.relu && input.ndim() == 4;
  const Tensor x = input.ndim() == 4 ? input : reshape(input, {s.batch, s.in_channels, s.height, s.width});
  const Tensor w =
      flat ? reshape(weight, {s.out_channels, s.group_inputs(), s.kernel[0], s.kernel[1]}) : weight;
  const Tensor y = convolution(x, w, bias, s, joined, !flat && input.ndim() == 4);
  if (input.ndim() == 4) return y;
  Dims result{s.out_channels};
  if (!flat) result.push_back(s.out_height);
  result.push_back(s.out_width);
  if (input.ndim() == r.spatial + 2) result.insert(0, s.batch);
  const Tensor unbatched = view(y, result);
  return r.relu ? relu(unbatched) : unbatched;
}

// input with `before` and `after` put around its spatial dimensions.
Tensor padded(const Tensor& input, int spatial, const int64_t* before, const int64_t* after, PadMode mode) {
  int64_t amounts[4];
  for (int i = 0; i < spatial; ++i) {
    const int d = spatial - 1 - i;  // pad counts from the last dimension
    amounts[2 * i] = before[d];
    amounts[2 * i + 1] = after[d];
  }
  return pad(input, std::span(amounts, static_cast<size_t>(2 * spatial)), mode);
}

Tensor convolve(int spatial, const char* name, const Tensor& input, const Tensor& weight, const Tensor& bias,
                const ConvOptions& o, bool relu) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&input, &weight, &bias});
    return convolve(spatial, name, cast(input), cast(weight), cast(bias), o, relu);
  }
  int64_t before[2] = {0, 0}, after[2] = {0, 0};
  Request r{spatial, name, o.stride, before, o.dilation, o.groups, relu};
  if (o.padding_kind == PaddingKind::kNumbers) {
    for (int i = 0; i < spatial; ++i) before[i] = after[i] = o.padding[i];
  }
  check(input, weight, bias, r);
  if (o.padding_kind == PaddingKind::kSame) same_padding(weight, r, before, after);
  if (o.padding_mode == PadMode::kConstant) return run(input, weight, bias, r, after);
  const Tensor around = padded(input, spatial, before, after, o.padding_mode);
  const int64_t none[2] = {0, 0};
  r.padding = none;
  return run(around, weight, bias, r, none);
}

}  // namespace

Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions& o) {
  return convolve(2, "conv2d", input, weight, bias, o, false);
}

Tensor conv2d_relu(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions& o) {
  return convolve(2, "conv2d", input, weight, bias, o, true);
}

Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias, const ConvOptions& o) {
  return convolve(1, "conv1d", input, weight, bias, o, false);
}

Tensor conv2d_backward_data(const Tensor& grad_output, const Tensor& weight, const ConvShape& s) {
  const Dims sizes{s.batch, s.in_channels, s.height, s.width};
  const bool work = has_work(s) && grad_output.numel() > 0;
  const Tensor out =
      work ? empty(sizes, weight.dtype(), weight.device()) : zeros(sizes, weight.dtype(), weight.device());
  if (work) {
    const GradMode off(false);
    const Tensor g = contiguous(grad_output), w = contiguous(weight);
    run(weight.device(), call::ConvBackward{.shape = s,
                                            .dtype = weight.dtype(),
                                            .grad_output = g.raw(),
                                            .weight = w.raw(),
                                            .grad_input = out.raw()});
  }
  if (needs_grad(grad_output, weight)) {
    record(
        "convolution_backward_data", out, {&grad_output, &weight},
        [s, g = SavedTensor::input(grad_output), w = SavedTensor::input(weight)](BackwardContext& context) {
          const Tensor& gg = context.grad();
          if (context.needs(0)) context.set(0, convolution(gg, context.unpack(w), {}, s, false, false));
          if (context.needs(1)) context.set(1, conv2d_backward_weight(context.unpack(g), gg, s));
        });
  }
  return out;
}

Tensor conv2d_backward_weight(const Tensor& grad_output, const Tensor& input, const ConvShape& s) {
  const Dims sizes{s.out_channels, s.group_inputs(), s.kernel[0], s.kernel[1]};
  const bool work = has_work(s) && grad_output.numel() > 0;
  const Tensor out =
      work ? empty(sizes, input.dtype(), input.device()) : zeros(sizes, input.dtype(), input.device());
  if (work) {
    const GradMode off(false);
    const Tensor g = contiguous(grad_output), x = contiguous(input);
    run(input.device(), call::ConvBackward{.shape = s,
                                           .dtype = input.dtype(),
                                           .grad_output = g.raw(),
                                           .input = x.raw(),
                                           .grad_weight = out.raw()});
  }
  if (needs_grad(grad_output, input)) {
    record("convolution_backward_weight", out, {&grad_output, &input},
           [s, g = SavedTensor::input(grad_output), x = SavedTensor::input(input)](BackwardContext& context) {
             const Tensor& gg = context.grad();
             if (context.needs(0)) context.set(0, convolution(context.unpack(x), gg, {}, s, false, false));
             if (context.needs(1)) context.set(1, conv2d_backward_data(context.unpack(g), gg, s));
           });
  }
  return out;
}

}  // namespace tt::ops
