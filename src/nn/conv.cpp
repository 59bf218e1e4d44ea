#include "nn/conv.h"

#include <algorithm>

#include "nn/linear.h"

namespace tt::nn {

Conv::Conv(int spatial, int64_t in_channels, int64_t out_channels, const int64_t* kernel_size,
           const ops::ConvOptions& options, bool bias)
    : Layer(spatial == 1 ? "Conv1d" : "Conv2d"),
      spatial_(spatial),
      in_channels_(in_channels),
      out_channels_(out_channels),
      kernel_size_(std::span(kernel_size, static_cast<size_t>(spatial))),
      options_(options),
      bias_(bias) {
  TT_CHECK(options.groups > 0, Status::kInvalidArgument, "options.groups is ", options.groups,
           ", expected 1 or more");
  TT_CHECK(in_channels >= 0 && out_channels >= 0, Status::kShape,
           "in_channels and out_channels must be 0 or more, got ", in_channels, " and ", out_channels);
  TT_CHECK(in_channels % options.groups == 0, Status::kInvalidArgument,
           "in_channels must be divisible by options.groups, got ", in_channels, " and ", options.groups);
  TT_CHECK(out_channels % options.groups == 0, Status::kInvalidArgument,
           "out_channels must be divisible by options.groups, got ", out_channels, " and ", options.groups);
  for (int i = 0; i < spatial; ++i) {
    TT_CHECK(kernel_size[i] > 0, Status::kShape, "kernel_size[", i, "] is ", kernel_size[i],
             ", expected 1 or more");
    TT_CHECK(options.stride[i] > 0, Status::kInvalidArgument, "options.stride[", i, "] is ",
             options.stride[i], ", expected 1 or more");
    TT_CHECK(options.padding[i] >= 0, Status::kInvalidArgument, "options.padding[", i, "] is ",
             options.padding[i], ", expected 0 or more");
    TT_CHECK(options.dilation[i] > 0, Status::kInvalidArgument, "options.dilation[", i, "] is ",
             options.dilation[i], ", expected 1 or more");
    TT_CHECK(options.padding_kind != ops::PaddingKind::kSame || options.stride[i] == 1,
             Status::kInvalidArgument, "TT_PADDING_SAME needs a stride of 1");
  }
  Dims sizes{out_channels, in_channels / options.groups};
  for (const int64_t k : kernel_size_) sizes.push_back(k);
  const Tensor w = new_parameter(sizes);
  const Tensor b = bias ? new_parameter({out_channels}) : Tensor();
  reset_weight_and_bias(w, b);
  register_parameter("weight", w);
  register_parameter("bias", b);
}

Tensor Conv::forward(const Tensor& input) {
  const auto conv = spatial_ == 1 ? ops::conv1d : ops::conv2d;
  return conv(input, needed_parameter(0), parameter(1), options_);
}

Tensor Conv::forward_relu(const Tensor& input) {
  return ops::conv2d_relu(input, needed_parameter(0), parameter(1), options_);
}

std::string Conv::extra_repr() const {
  const auto leading = [this](const int64_t(&values)[3]) {
    return std::span(values, static_cast<size_t>(spatial_));
  };
  const auto all = [](std::span<const int64_t> values, int64_t expected) {
    return std::all_of(values.begin(), values.end(), [=](int64_t v) { return v == expected; });
  };
  const auto stride = leading(options_.stride), padding = leading(options_.padding),
             dilation = leading(options_.dilation);
  std::string out = str(in_channels_, ", ", out_channels_, ", kernel_size=", tuple_text(kernel_size_),
                        ", stride=", tuple_text(stride));
  if (options_.padding_kind != ops::PaddingKind::kNumbers) {
    out += options_.padding_kind == ops::PaddingKind::kSame ? ", padding=same" : ", padding=valid";
  } else if (!all(padding, 0)) {
    out += ", padding=" + tuple_text(padding);
  }
  if (!all(dilation, 1)) out += ", dilation=" + tuple_text(dilation);
  if (options_.groups != 1) out += str(", groups=", options_.groups);
  if (!bias_) out += ", bias=False";
  if (options_.padding_mode != ops::PadMode::kConstant) {
    constexpr const char* kNames[] = {"zeros", "reflect", "replicate", "circular"};
    out += str(", padding_mode=", kNames[static_cast<int32_t>(options_.padding_mode)]);
  }
  return out;
}

}  // namespace tt::nn
