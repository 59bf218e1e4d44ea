#include "capi/guard.h"
#include "capi/pair.h"
#include "ops/conv.h"

using namespace tt;
using namespace tt::capi;

namespace {

ops::PaddingMode padding_mode_in(int32_t mode) {
  TT_CHECK(mode == TT_PADDING_VALID || mode == TT_PADDING_SAME, Status::kInvalidArgument,
           "padding should be TT_PADDING_VALID (0) or TT_PADDING_SAME (1), got ", mode);
  return static_cast<ops::PaddingMode>(mode);
}

}  // namespace

static_assert(TT_PADDING_VALID == static_cast<int32_t>(ops::PaddingMode::kValid));
static_assert(TT_PADDING_SAME == static_cast<int32_t>(ops::PaddingMode::kSame));

extern "C" {

tt_status tt_conv2d(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                    const int64_t* stride, const int64_t* padding, const int64_t* dilation, int64_t groups,
                    tt_tensor** out) {
  return guard("tt_conv2d", [&] {
    Out result(out, "out");
    ops::Conv2dOptions options;
    pair_in(stride, "stride", options.stride);
    pair_in(padding, "padding", options.padding);
    pair_in(dilation, "dilation", options.dilation);
    options.groups = groups;
    result = ops::conv2d(*In(input, "input"), *In(weight, "weight"), optional_in(bias, "bias"), options);
  });
}

tt_status tt_conv2d_padding(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                            const int64_t* stride, int32_t padding, const int64_t* dilation, int64_t groups,
                            tt_tensor** out) {
  return guard("tt_conv2d_padding", [&] {
    Out result(out, "out");
    ops::Conv2dOptions options;
    pair_in(stride, "stride", options.stride);
    pair_in(dilation, "dilation", options.dilation);
    options.groups = groups;
    result = ops::conv2d(*In(input, "input"), *In(weight, "weight"), optional_in(bias, "bias"), options,
                         padding_mode_in(padding));
  });
}

tt_status tt_conv1d(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias, int64_t stride,
                    int64_t padding, int64_t dilation, int64_t groups, tt_tensor** out) {
  return guard("tt_conv1d", [&] {
    Out result(out, "out");
    const ops::Conv1dOptions options{stride, padding, dilation, groups};
    result = ops::conv1d(*In(input, "input"), *In(weight, "weight"), optional_in(bias, "bias"), options);
  });
}

tt_status tt_conv1d_padding(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                            int64_t stride, int32_t padding, int64_t dilation, int64_t groups,
                            tt_tensor** out) {
  return guard("tt_conv1d_padding", [&] {
    Out result(out, "out");
    const ops::Conv1dOptions options{stride, 0, dilation, groups};
    result = ops::conv1d(*In(input, "input"), *In(weight, "weight"), optional_in(bias, "bias"), options,
                         padding_mode_in(padding));
  });
}

}  // extern "C"
