#include "capi/layer_options.h"

#include "capi/enums.h"
#include "capi/pair.h"

namespace tt::capi {

static_assert(TT_PADDING_NUMBERS == static_cast<int32_t>(ops::PaddingKind::kNumbers) &&
              TT_PADDING_VALID == static_cast<int32_t>(ops::PaddingKind::kValid) &&
              TT_PADDING_SAME == static_cast<int32_t>(ops::PaddingKind::kSame));
static_assert(TT_PADDING_MODE_ZEROS == static_cast<int32_t>(ops::PadMode::kConstant) &&
              TT_PADDING_MODE_REFLECT == static_cast<int32_t>(ops::PadMode::kReflect) &&
              TT_PADDING_MODE_REPLICATE == static_cast<int32_t>(ops::PadMode::kReplicate) &&
              TT_PADDING_MODE_CIRCULAR == static_cast<int32_t>(ops::PadMode::kCircular));
static_assert(TT_REDUCTION_NONE == static_cast<int32_t>(ops::Reduction::kNone) &&
              TT_REDUCTION_MEAN == static_cast<int32_t>(ops::Reduction::kMean) &&
              TT_REDUCTION_SUM == static_cast<int32_t>(ops::Reduction::kSum));

namespace {

// Fails where an option that the call does not have is not at its default.
template <typename T>
void check_default(T value, T expected, const char* name) {
  TT_CHECK(value == expected, Status::kInvalidArgument, "options.", name, " is ", value,
           ", but it is no option of this call: expected its default, ", expected);
}

void copy3(const int64_t (&from)[3], int64_t (&to)[3]) { std::copy_n(from, 3, to); }

}  // namespace

ops::ConvOptions conv_options_in(const tt_conv_options* options, int spatial, bool* bias) {
  const tt_conv_options o = read_options(options, "options");
  ops::ConvOptions out;
  copy3(o.stride, out.stride);
  copy3(o.padding, out.padding);
  copy3(o.dilation, out.dilation);
  out.groups = o.groups;
  out.padding_kind = enum_in<ops::PaddingKind>(o.padding_kind, "options.padding_kind",
                                               {"TT_PADDING_NUMBERS", "TT_PADDING_VALID", "TT_PADDING_SAME"});
  out.padding_mode = enum_in<ops::PadMode>(o.padding_mode, "options.padding_mode",
                                           {"TT_PADDING_MODE_ZEROS", "TT_PADDING_MODE_REFLECT",
                                            "TT_PADDING_MODE_REPLICATE", "TT_PADDING_MODE_CIRCULAR"});
  for (int i = 0; i < spatial; ++i) {
    TT_CHECK(out.padding_kind == ops::PaddingKind::kNumbers || o.padding[i] == 0, Status::kInvalidArgument,
             "options.padding[", i, "] is ", o.padding[i], ", expected 0 where options.padding_kind is ",
             out.padding_kind == ops::PaddingKind::kSame ? "TT_PADDING_SAME" : "TT_PADDING_VALID");
  }
  if (bias != nullptr) {
    *bias = o.bias != 0;
  } else {
    check_default(o.bias, Defaults<tt_conv_options>::value.bias, "bias");
  }
  return out;
}

ops::PoolOptions pool_options_in(const int64_t* kernel_size, const tt_pool_options* options, PoolKind kind) {
  const tt_pool_options o = read_options(options, "options");
  const tt_pool_options& defaults = Defaults<tt_pool_options>::value;
  ops::PoolOptions out{};
  pair_in(kernel_size, "kernel_size", out.kernel);
  copy3(o.stride, out.stride);
  copy3(o.padding, out.padding);
  copy3(o.dilation, out.dilation);
  out.ceil_mode = o.ceil_mode != 0;
  out.count_include_pad = o.count_include_pad != 0;
  out.divisor_override = o.divisor_override;
  if (kind == PoolKind::kMax) {
    check_default(o.count_include_pad, defaults.count_include_pad, "count_include_pad");
    check_default(o.divisor_override, defaults.divisor_override, "divisor_override");
  } else {
    check_default(o.dilation[0], defaults.dilation[0], "dilation[0]");
    check_default(o.dilation[1], defaults.dilation[1], "dilation[1]");
  }
  return out;
}

nn::NormOptions norm_options_in(const tt_norm_options* options, NormUse use) {
  const tt_norm_options o = read_options(options, "options");
  const tt_norm_options& defaults = Defaults<tt_norm_options>::value;
  if (use == NormUse::kFunction) {
    check_default(o.cumulative, defaults.cumulative, "cumulative");
    check_default(o.affine, defaults.affine, "affine");
    check_default(o.bias, defaults.bias, "bias");
    check_default(o.track_running_stats, defaults.track_running_stats, "track_running_stats");
  }
  return {.eps = o.eps,
          .momentum = o.momentum,
          .cumulative = o.cumulative != 0,
          .affine = o.affine != 0,
          .bias = o.bias != 0,
          .track_running_stats = o.track_running_stats != 0};
}

nn::LossSettings loss_options_in(const tt_loss_options* options, unsigned has) {
  const tt_loss_options o = read_options(options, "options");
  const tt_loss_options& defaults = Defaults<tt_loss_options>::value;
  if ((has & loss_has::kIgnoreIndex) == 0) {
    check_default(o.ignore_index, defaults.ignore_index, "ignore_index");
  }
  if ((has & loss_has::kLabelSmoothing) == 0) {
    check_default(o.label_smoothing, defaults.label_smoothing, "label_smoothing");
  }
  if ((has & loss_has::kBeta) == 0) check_default(o.beta, defaults.beta, "beta");
  if ((has & loss_has::kDelta) == 0) check_default(o.delta, defaults.delta, "delta");
  nn::LossSettings out;
  out.reduction = enum_in<ops::Reduction>(o.reduction, "options.reduction",
                                          {"TT_REDUCTION_NONE", "TT_REDUCTION_MEAN", "TT_REDUCTION_SUM"});
  out.ignore_index = o.ignore_index;
  out.label_smoothing = o.label_smoothing;
  out.beta = o.beta;
  out.delta = o.delta;
  return out;
}

}  // namespace tt::capi
