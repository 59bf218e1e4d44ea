#include "nn/pool.h"

namespace tt::nn {

namespace {

// "2" where both are 2, else "(2, 3)": what the caller most likely wrote.
std::string pair_text(const int64_t value[2]) {
  return value[0] == value[1] ? std::to_string(value[0]) : tuple_text({value, 2});
}

// The options with the kernel's sizes for strides of 0. Fails naming the argument.
ops::PoolOptions settled(ops::PoolOptions o) {
  for (const int i : {0, 1}) {
    TT_CHECK(o.kernel[i] > 0, Status::kInvalidArgument, "kernel_size[", i, "] is ", o.kernel[i],
             ", expected 1 or more");
    TT_CHECK(o.stride[i] >= 0, Status::kInvalidArgument, "options.stride[", i, "] is ", o.stride[i],
             ", expected 1 or more, or 0 for the kernel's size");
    TT_CHECK(o.padding[i] >= 0, Status::kInvalidArgument, "options.padding[", i, "] is ", o.padding[i],
             ", expected 0 or more");
    TT_CHECK(o.dilation[i] > 0, Status::kInvalidArgument, "options.dilation[", i, "] is ", o.dilation[i],
             ", expected 1 or more");
    if (o.stride[i] == 0) o.stride[i] = o.kernel[i];
  }
  return o;
}

}  // namespace

// The limit of its padding depends on the dilation: the op checks it.
MaxPool2d::MaxPool2d(const ops::PoolOptions& options) : Layer("MaxPool2d"), options_(settled(options)) {}

std::string MaxPool2d::extra_repr() const {
  return str("kernel_size=", pair_text(options_.kernel), ", stride=", pair_text(options_.stride),
             ", padding=", pair_text(options_.padding), ", dilation=", pair_text(options_.dilation),
             ", ceil_mode=", options_.ceil_mode);
}

AvgPool2d::AvgPool2d(const ops::PoolOptions& options) : Layer("AvgPool2d"), options_(settled(options)) {
  for (const int i : {0, 1}) {
    TT_CHECK(options.padding[i] <= options.kernel[i] / 2, Status::kInvalidArgument, "options.padding[", i,
             "] is ", options.padding[i], ", expected at most half of kernel_size[", i, "], which is ",
             options.kernel[i]);
  }
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
