#include "capi/guard.h"
#include "capi/pair.h"
#include "ops/pool.h"

using namespace tt;
using namespace tt::capi;

namespace {

// NULL: the kernel, which the ops know by a stride of zeros; a caller's own zeros are refused here.
void stride_in(const int64_t* stride, int64_t* to) {
  if (stride == nullptr) return;
  pair_in(stride, "stride", to);
  TT_CHECK(to[0] != 0 && to[1] != 0, Status::kInvalidArgument, "stride should not be zero, but got (", to[0],
           ", ", to[1], ")");
}

ops::MaxPool2dOptions max_pool_options(const int64_t* kernel_size, const int64_t* stride,
                                       const int64_t* padding, const int64_t* dilation, int32_t ceil_mode) {
  ops::MaxPool2dOptions options;
  pair_in(kernel_size, "kernel_size", options.kernel);
  stride_in(stride, options.stride);
  pair_in(padding, "padding", options.padding);
  pair_in(dilation, "dilation", options.dilation);
  options.ceil_mode = ceil_mode != 0;
  return options;
}

}  // namespace

extern "C" {

tt_status tt_max_pool2d(const tt_tensor* input, const int64_t* kernel_size, const int64_t* stride,
                        const int64_t* padding, const int64_t* dilation, int32_t ceil_mode, tt_tensor** out) {
  return guard("tt_max_pool2d", [&] {
    Out result(out, "out");
    result = ops::max_pool2d(*In(input, "input"),
                             max_pool_options(kernel_size, stride, padding, dilation, ceil_mode));
  });
}

tt_status tt_max_pool2d_with_indices(const tt_tensor* input, const int64_t* kernel_size,
                                     const int64_t* stride, const int64_t* padding, const int64_t* dilation,
                                     int32_t ceil_mode, tt_tensor** out, tt_tensor** indices) {
  return guard("tt_max_pool2d_with_indices", [&] {
    clear_outs({{out, "out"}, {indices, "indices"}});
    ops::MaxPool2dResult both = ops::max_pool2d_with_indices(
        *In(input, "input"), max_pool_options(kernel_size, stride, padding, dilation, ceil_mode));
    *out = give(std::move(both.output));
    *indices = give(std::move(both.indices));
  });
}

tt_status tt_avg_pool2d(const tt_tensor* input, const int64_t* kernel_size, const int64_t* stride,
                        const int64_t* padding, int32_t ceil_mode, int32_t count_include_pad,
                        const int64_t* divisor_override, tt_tensor** out) {
  return guard("tt_avg_pool2d", [&] {
    Out result(out, "out");
    ops::AvgPool2dOptions options;
    pair_in(kernel_size, "kernel_size", options.kernel);
    stride_in(stride, options.stride);
    pair_in(padding, "padding", options.padding);
    options.ceil_mode = ceil_mode != 0;
    options.count_include_pad = count_include_pad != 0;
    if (divisor_override != nullptr) options.divisor_override = *divisor_override;
    result = ops::avg_pool2d(*In(input, "input"), options);
  });
}

tt_status tt_adaptive_avg_pool2d(const tt_tensor* input, const int64_t* output_size, tt_tensor** out) {
  return guard("tt_adaptive_avg_pool2d", [&] {
    Out result(out, "out");
    int64_t sizes[2];
    pair_in(output_size, "output_size", sizes);
    result = ops::adaptive_avg_pool2d(*In(input, "input"), sizes);
  });
}

}  // extern "C"
