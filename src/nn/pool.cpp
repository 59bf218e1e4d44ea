#include "nn/pool.h"

namespace tt::nn {

namespace {

// "2" where both are 2, else "(2, 3)": what the caller most likely wrote.
std::string pair_text(const int64_t value[2]) {
  return value[0] == value[1] ? std::to_string(value[0]) : tuple_text({value, 2});
}

// Fails naming the argument; a stride of zeros becomes the kernel.
void settle(const int64_t kernel[2], int64_t stride[2], const int64_t padding[2]) {
  if (stride[0] == 0 && stride[1] == 0) {
    stride[0] = kernel[0];
    stride[1] = kernel[1];
  }
  for (const int i : {0, 1}) {
    TT_CHECK(kernel[i] > 0, Status::kInvalidArgument, "kernel_size[", i, "] is ", kernel[i],
             ", expected 1 or more");
    TT_CHECK(stride[i] > 0, Status::kInvalidArgument, "stride[", i, "] is ", stride[i],
             ", expected 1 or more");
    TT_CHECK(padding[i] >= 0 && padding[i] <= kernel[i] / 2, Status::kInvalidArgument, "padding[", i, "] is ",
             padding[i], ", expected from 0 to half of kernel_size[", i, "], which is ", kernel[i]);
  }
}

}  // namespace

MaxPool2d::MaxPool2d(const ops::MaxPool2dOptions& options) : Layer("MaxPool2d"), options_(options) {
  for (const int i : {0, 1}) {
    TT_CHECK(options.dilation[i] > 0, Status::kInvalidArgument, "dilation[", i, "] is ", options.dilation[i],
             ", expected 1 or more");
  }
  const int64_t no_padding[2] = {0, 0};  // its limit depends on the dilation: the op checks it
  settle(options_.kernel, options_.stride, no_padding);
  for (const int i : {0, 1}) {
    TT_CHECK(options.padding[i] >= 0, Status::kInvalidArgument, "padding[", i, "] is ", options.padding[i],
             ", expected 0 or more");
  }
}

std::string MaxPool2d::extra_repr() const {
  return str("kernel_size=", pair_text(options_.kernel), ", stride=", pair_text(options_.stride),
             ", padding=", pair_text(options_.padding), ", dilation=", pair_text(options_.dilation),
             ", ceil_mode=", options_.ceil_mode);
}

AvgPool2d::AvgPool2d(const ops::AvgPool2dOptions& options) : Layer("AvgPool2d"), options_(options) {
  settle(options_.kernel, options_.stride, options_.padding);
  TT_CHECK(options.divisor_override != 0, Status::kInvalidArgument, "options.divisor_override must not be 0");
}

std::string AvgPool2d::extra_repr() const {
  return str("kernel_size=", pair_text(options_.kernel), ", stride=", pair_text(options_.stride),
             ", padding=", pair_text(options_.padding));
}

AdaptiveAvgPool2d::AdaptiveAvgPool2d(const int64_t output_size[2])
    : Layer("AdaptiveAvgPool2d"), output_size_{output_size[0], output_size[1]} {
  for (const int i : {0, 1}) {
    TT_CHECK(output_size[i] >= -1, Status::kInvalidArgument, "output_size[", i, "] is ", output_size[i],
             ", expected 0 or more, or -1");
  }
}

std::string AdaptiveAvgPool2d::extra_repr() const {
  const auto one = [](int64_t size) { return size == -1 ? std::string("None") : std::to_string(size); };
  if (output_size_[0] == output_size_[1] && output_size_[0] != -1) {
    return "output_size=" + one(output_size_[0]);
  }
  return str("output_size=(", one(output_size_[0]), ", ", one(output_size_[1]), ")");
}

}  // namespace tt::nn
