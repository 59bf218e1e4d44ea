// The layers, activations and losses as modules.
#include "capi/callback.h"
#include "capi/module.h"
#include "capi/reduction.h"
#include "nn/activation.h"
#include "nn/conv.h"
#include "nn/loss.h"
#include "nn/norm.h"
#include "nn/pool.h"
#include "nn/shape.h"

using namespace tt;
using namespace tt::capi;

namespace {

constexpr tt_nn_conv2d_options kConv2d = TT_NN_CONV2D_OPTIONS_INIT;
constexpr tt_nn_max_pool2d_options kMaxPool2d = TT_NN_MAX_POOL2D_OPTIONS_INIT;
constexpr tt_nn_avg_pool2d_options kAvgPool2d = TT_NN_AVG_POOL2D_OPTIONS_INIT;
constexpr tt_nn_batch_norm_options kBatchNorm = TT_NN_BATCH_NORM_OPTIONS_INIT;

const int64_t* pair_in(const int64_t* values, const char* argument) {
  TT_CHECK(values != nullptr, Status::kInvalidArgument, argument, " is NULL, expected two values");
  return values;
}

tt_status make_batch_norm(const char* call, nn::BatchNorm::Dimensions dimensions, int64_t num_features,
                          const tt_nn_batch_norm_options* options, tt_module** out) {
  return make_handle(call, out, [&] {
    const tt_nn_batch_norm_options o = read_options(options, kBatchNorm, "options");
    return make_ref<nn::BatchNorm>(dimensions, num_features,
                                   nn::BatchNormSettings{.eps = o.eps,
                                                         .momentum = o.momentum,
                                                         .cumulative = o.cumulative != 0,
                                                         .affine = o.affine != 0,
                                                         .bias = o.bias != 0,
                                                         .track_running_stats = o.track_running_stats != 0});
  });
}

}  // namespace

extern "C" {

tt_status tt_nn_conv2d_options_init(size_t struct_size, tt_nn_conv2d_options* options) {
  return init_struct("tt_nn_conv2d_options_init", kConv2d, struct_size, options, "options");
}
tt_status tt_nn_max_pool2d_options_init(size_t struct_size, tt_nn_max_pool2d_options* options) {
  return init_struct("tt_nn_max_pool2d_options_init", kMaxPool2d, struct_size, options, "options");
}
tt_status tt_nn_avg_pool2d_options_init(size_t struct_size, tt_nn_avg_pool2d_options* options) {
  return init_struct("tt_nn_avg_pool2d_options_init", kAvgPool2d, struct_size, options, "options");
}
tt_status tt_nn_batch_norm_options_init(size_t struct_size, tt_nn_batch_norm_options* options) {
  return init_struct("tt_nn_batch_norm_options_init", kBatchNorm, struct_size, options, "options");
}

tt_status tt_nn_conv2d(int64_t in_channels, int64_t out_channels, const int64_t* kernel_size,
                       const tt_nn_conv2d_options* options, tt_module** out) {
  return make_handle("tt_nn_conv2d", out, [&] {
    const tt_nn_conv2d_options o = read_options(options, kConv2d, "options");
    TT_CHECK(o.named_padding >= -1 && o.named_padding <= TT_PADDING_SAME, Status::kInvalidArgument,
             "options.named_padding is ", o.named_padding,
             ", expected -1, TT_PADDING_VALID (0) or TT_PADDING_SAME (1)");
    const auto named =
        o.named_padding < 0 ? std::nullopt : std::optional(static_cast<ops::PaddingMode>(o.named_padding));
    return make_ref<nn::Conv2d>(in_channels, out_channels, pair_in(kernel_size, "kernel_size"),
                                ops::Conv2dOptions{.stride = {o.stride[0], o.stride[1]},
                                                   .padding = {o.padding[0], o.padding[1]},
                                                   .dilation = {o.dilation[0], o.dilation[1]},
                                                   .groups = o.groups},
                                named, o.bias != 0);
  });
}

tt_status tt_nn_max_pool2d(const int64_t* kernel_size, const tt_nn_max_pool2d_options* options,
                           tt_module** out) {
  return make_handle("tt_nn_max_pool2d", out, [&] {
    const tt_nn_max_pool2d_options o = read_options(options, kMaxPool2d, "options");
    const int64_t* k = pair_in(kernel_size, "kernel_size");
    return make_ref<nn::MaxPool2d>(ops::MaxPool2dOptions{.kernel = {k[0], k[1]},
                                                         .stride = {o.stride[0], o.stride[1]},
                                                         .padding = {o.padding[0], o.padding[1]},
                                                         .dilation = {o.dilation[0], o.dilation[1]},
                                                         .ceil_mode = o.ceil_mode != 0});
  });
}
tt_status tt_nn_avg_pool2d(const int64_t* kernel_size, const tt_nn_avg_pool2d_options* options,
                           tt_module** out) {
  return make_handle("tt_nn_avg_pool2d", out, [&] {
    const tt_nn_avg_pool2d_options o = read_options(options, kAvgPool2d, "options");
    const int64_t* k = pair_in(kernel_size, "kernel_size");
    ops::AvgPool2dOptions settings{.kernel = {k[0], k[1]},
                                   .stride = {o.stride[0], o.stride[1]},
                                   .padding = {o.padding[0], o.padding[1]},
                                   .ceil_mode = o.ceil_mode != 0,
                                   .count_include_pad = o.count_include_pad != 0,
                                   .divisor_override = std::nullopt};
    if (o.divisor_override != 0) settings.divisor_override = o.divisor_override;
    return make_ref<nn::AvgPool2d>(settings);
  });
}
tt_status tt_nn_adaptive_avg_pool2d(const int64_t* output_size, tt_module** out) {
  return make_handle("tt_nn_adaptive_avg_pool2d", out,
                     [&] { return make_ref<nn::AdaptiveAvgPool2d>(pair_in(output_size, "output_size")); });
}

tt_status tt_nn_batch_norm1d(int64_t num_features, const tt_nn_batch_norm_options* options, tt_module** out) {
  return make_batch_norm("tt_nn_batch_norm1d", nn::BatchNorm::Dimensions::k1d, num_features, options, out);
}
tt_status tt_nn_batch_norm2d(int64_t num_features, const tt_nn_batch_norm_options* options, tt_module** out) {
  return make_batch_norm("tt_nn_batch_norm2d", nn::BatchNorm::Dimensions::k2d, num_features, options, out);
}

tt_status tt_nn_dropout(double p, tt_module** out) {
  return make_handle("tt_nn_dropout", out, [&] { return make_ref<nn::Dropout>(p); });
}
tt_status tt_nn_flatten(int64_t start_dim, int64_t end_dim, tt_module** out) {
  return make_handle("tt_nn_flatten", out, [&] { return make_ref<nn::Flatten>(start_dim, end_dim); });
}
tt_status tt_nn_unflatten(int64_t dim, const int64_t* sizes, size_t count, tt_module** out) {
  return make_handle("tt_nn_unflatten", out,
                     [&] { return make_ref<nn::Unflatten>(dim, dims_in(sizes, count, "sizes")); });
}
tt_status tt_nn_identity(tt_module** out) {
  return make_handle("tt_nn_identity", out, [] { return make_ref<nn::Identity>(); });
}

#define TT_WRAP_ACTIVATION(name, class_name)                                            \
  tt_status tt_nn_##name(tt_module** out) {                                             \
    return make_handle("tt_nn_" #name, out, [] { return nn::activation(class_name); }); \
  }
TT_WRAP_ACTIVATION(relu, "ReLU")
TT_WRAP_ACTIVATION(relu6, "ReLU6")
TT_WRAP_ACTIVATION(sigmoid, "Sigmoid")
TT_WRAP_ACTIVATION(tanh, "Tanh")
TT_WRAP_ACTIVATION(selu, "SELU")
TT_WRAP_ACTIVATION(silu, "SiLU")
TT_WRAP_ACTIVATION(mish, "Mish")
TT_WRAP_ACTIVATION(hardsigmoid, "Hardsigmoid")
TT_WRAP_ACTIVATION(hardswish, "Hardswish")
TT_WRAP_ACTIVATION(softsign, "Softsign")
TT_WRAP_ACTIVATION(logsigmoid, "LogSigmoid")
TT_WRAP_ACTIVATION(tanhshrink, "Tanhshrink")
#undef TT_WRAP_ACTIVATION

#define TT_WRAP_ACTIVATION1(name, type, a)                                \
  tt_status tt_nn_##name(type a, tt_module** out) {                       \
    return make_handle("tt_nn_" #name, out, [&] { return nn::name(a); }); \
  }
#define TT_WRAP_ACTIVATION2(name, type, a, b)                                \
  tt_status tt_nn_##name(type a, double b, tt_module** out) {                \
    return make_handle("tt_nn_" #name, out, [&] { return nn::name(a, b); }); \
  }
TT_WRAP_ACTIVATION1(leaky_relu, double, negative_slope)
TT_WRAP_ACTIVATION1(elu, double, alpha)
TT_WRAP_ACTIVATION1(celu, double, alpha)
TT_WRAP_ACTIVATION1(softshrink, double, lambd)
TT_WRAP_ACTIVATION1(hardshrink, double, lambd)
TT_WRAP_ACTIVATION1(glu, int64_t, dim)
TT_WRAP_ACTIVATION1(softmax, int64_t, dim)
TT_WRAP_ACTIVATION1(log_softmax, int64_t, dim)
TT_WRAP_ACTIVATION1(softmin, int64_t, dim)
TT_WRAP_ACTIVATION2(softplus, double, beta, threshold)
TT_WRAP_ACTIVATION2(hardtanh, double, min_val, max_val)
TT_WRAP_ACTIVATION2(threshold, double, threshold, value)
TT_WRAP_ACTIVATION2(prelu, int64_t, num_parameters, init)
#undef TT_WRAP_ACTIVATION1
#undef TT_WRAP_ACTIVATION2

tt_status tt_nn_gelu(int32_t approximate, tt_module** out) {
  return make_handle("tt_nn_gelu", out, [&] {
    TT_CHECK(approximate == TT_GELU_NONE || approximate == TT_GELU_TANH, Status::kInvalidArgument,
             "approximate is ", approximate, ", expected TT_GELU_NONE (0) or TT_GELU_TANH (1)");
    return nn::gelu(approximate == TT_GELU_TANH);
  });
}

tt_status tt_nn_mse_loss(int32_t reduction, tt_module** out) {
  return make_handle("tt_nn_mse_loss", out,
                     [&] { return nn::loss("MSELoss", {.reduction = reduction_in(reduction)}); });
}
tt_status tt_nn_l1_loss(int32_t reduction, tt_module** out) {
  return make_handle("tt_nn_l1_loss", out,
                     [&] { return nn::loss("L1Loss", {.reduction = reduction_in(reduction)}); });
}
tt_status tt_nn_smooth_l1_loss(int32_t reduction, double beta, tt_module** out) {
  return make_handle("tt_nn_smooth_l1_loss", out, [&] {
    return nn::loss("SmoothL1Loss", {.reduction = reduction_in(reduction), .number = beta});
  });
}
tt_status tt_nn_huber_loss(int32_t reduction, double delta, tt_module** out) {
  return make_handle("tt_nn_huber_loss", out, [&] {
    return nn::loss("HuberLoss", {.reduction = reduction_in(reduction), .number = delta});
  });
}
tt_status tt_nn_bce_loss(tt_tensor* weight, int32_t reduction, tt_module** out) {
  return make_handle("tt_nn_bce_loss", out, [&] {
    return nn::loss("BCELoss",
                    {.reduction = reduction_in(reduction), .weight = optional_in(weight, "weight")});
  });
}
tt_status tt_nn_bce_with_logits_loss(tt_tensor* weight, int32_t reduction, tt_tensor* pos_weight,
                                     tt_module** out) {
  return make_handle("tt_nn_bce_with_logits_loss", out, [&] {
    return nn::loss("BCEWithLogitsLoss", {.reduction = reduction_in(reduction),
                                          .weight = optional_in(weight, "weight"),
                                          .pos_weight = optional_in(pos_weight, "pos_weight")});
  });
}
tt_status tt_nn_nll_loss(tt_tensor* weight, int64_t ignore_index, int32_t reduction, tt_module** out) {
  return make_handle("tt_nn_nll_loss", out, [&] {
    return nn::loss("NLLLoss", {.reduction = reduction_in(reduction),
                                .weight = optional_in(weight, "weight"),
                                .ignore_index = ignore_index});
  });
}
tt_status tt_nn_cross_entropy_loss(tt_tensor* weight, int64_t ignore_index, int32_t reduction,
                                   double label_smoothing, tt_module** out) {
  return make_handle("tt_nn_cross_entropy_loss", out, [&] {
    return nn::loss("CrossEntropyLoss", {.reduction = reduction_in(reduction),
                                         .weight = optional_in(weight, "weight"),
                                         .ignore_index = ignore_index,
                                         .number = label_smoothing});
  });
}

}  // extern "C"
