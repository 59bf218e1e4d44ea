#include "nn/conv.h"

#include "nn/linear.h"

namespace tt::nn {

Conv2d::Conv2d(int64_t in_channels, int64_t out_channels, const int64_t kernel_size[2],
               const ops::Conv2dOptions& options, std::optional<ops::PaddingMode> named, bool bias)
    : Layer("Conv2d"),
      in_channels_(in_channels),
      out_channels_(out_channels),
      kernel_size_{kernel_size[0], kernel_size[1]},
      options_(options),
      named_(named),
      bias_(bias) {
  TT_CHECK(options.groups > 0, Status::kInvalidArgument, "options.groups is ", options.groups,
           ", expected 1 or more");
  TT_CHECK(in_channels >= 0 && out_channels >= 0, Status::kShape,
           "in_channels and out_channels must be 0 or more, got ", in_channels, " and ", out_channels);
  TT_CHECK(in_channels % options.groups == 0, Status::kInvalidArgument,
           "in_channels must be divisible by groups, got ", in_channels, " and ", options.groups);
  TT_CHECK(out_channels % options.groups == 0, Status::kInvalidArgument,
           "out_channels must be divisible by groups, got ", out_channels, " and ", options.groups);
  for (const int i : {0, 1}) {
    TT_CHECK(kernel_size[i] > 0, Status::kShape, "kernel_size[", i, "] is ", kernel_size[i],
             ", expected 1 or more");
    TT_CHECK(options.stride[i] > 0, Status::kInvalidArgument, "stride[", i, "] is ", options.stride[i],
             ", expected 1 or more");
    TT_CHECK(options.padding[i] >= 0, Status::kInvalidArgument, "padding[", i, "] is ", options.padding[i],
             ", expected 0 or more");
    TT_CHECK(options.dilation[i] > 0, Status::kInvalidArgument, "dilation[", i, "] is ", options.dilation[i],
             ", expected 1 or more");
    TT_CHECK(named != ops::PaddingMode::kSame || options.stride[i] == 1, Status::kInvalidArgument,
             "TT_PADDING_SAME needs a stride of 1");
  }
  const Tensor w =
      new_parameter({out_channels, in_channels / options.groups, kernel_size[0], kernel_size[1]});
  const Tensor b = bias ? new_parameter({out_channels}) : Tensor();
  reset_weight_and_bias(w, b);
  register_parameter("weight", w);
  register_parameter("bias", b);
}

Tensor Conv2d::forward(const Tensor& input) {
  if (named_) return ops::conv2d(input, needed_parameter(0), parameter(1), options_, *named_);
  return ops::conv2d(input, needed_parameter(0), parameter(1), options_);
}

Tensor Conv2d::forward_relu(const Tensor& input) {
  if (named_) return ops::conv2d_relu(input, needed_parameter(0), parameter(1), options_, *named_);
  return ops::conv2d_relu(input, needed_parameter(0), parameter(1), options_);
}

std::string Conv2d::extra_repr() const {
  std::string out = str(in_channels_, ", ", out_channels_, ", kernel_size=", tuple_text(kernel_size_),
                        ", stride=", tuple_text(options_.stride));
  if (named_) {
    out += *named_ == ops::PaddingMode::kSame ? ", padding=same" : ", padding=valid";
  } else if (options_.padding[0] != 0 || options_.padding[1] != 0) {
    out += ", padding=" + tuple_text(options_.padding);
  }
  if (options_.dilation[0] != 1 || options_.dilation[1] != 1) {
    out += ", dilation=" + tuple_text(options_.dilation);
  }
  if (options_.groups != 1) out += str(", groups=", options_.groups);
  if (!bias_) out += ", bias=False";
  return out;
}

}  // namespace tt::nn
