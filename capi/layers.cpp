// The layers and activations as modules.
#include "capi/enums.h"
#include "capi/layer_options.h"
#include "capi/module.h"
#include "nn/activation.h"
#include "nn/conv.h"
#include "nn/pool.h"
#include "nn/shape.h"

using namespace tt;
using namespace tt::capi;

namespace {

// Fails where the two values are not there.
const int64_t* pair_in(const int64_t* values, const char* argument) {
  TT_CHECK(values != nullptr, Status::kInvalidArgument, argument, " is NULL, expected two values");
  return values;
}

Ref<nn::Conv> make_conv(int spatial, int64_t in_channels, int64_t out_channels, const int64_t* kernel_size,
                        const tt_conv_options* options) {
  bool bias;
  const ops::ConvOptions o = conv_options_in(options, spatial, &bias);
  return make_ref<nn::Conv>(spatial, in_channels, out_channels, kernel_size, o, bias);
}

}  // namespace

extern "C" {

tt_status tt_nn_conv2d_new(int64_t in_channels, int64_t out_channels, const int64_t* kernel_size,
                           const tt_conv_options* options, tt_module** out) {
  return make_handle("tt_nn_conv2d_new", out, [&] {
    return make_conv(2, in_channels, out_channels, pair_in(kernel_size, "kernel_size"), options);
  });
}
tt_status tt_nn_conv1d_new(int64_t in_channels, int64_t out_channels, int64_t kernel_size,
                           const tt_conv_options* options, tt_module** out) {
  return make_handle("tt_nn_conv1d_new", out,
                     [&] { return make_conv(1, in_channels, out_channels, &kernel_size, options); });
}

tt_status tt_nn_max_pool2d_new(const int64_t* kernel_size, const tt_pool_options* options, tt_module** out) {
  return make_handle("tt_nn_max_pool2d_new", out, [&] {
    return make_ref<nn::MaxPool2d>(pool_options_in(kernel_size, options, PoolKind::kMax));
  });
}
tt_status tt_nn_avg_pool2d_new(const int64_t* kernel_size, const tt_pool_options* options, tt_module** out) {
  return make_handle("tt_nn_avg_pool2d_new", out, [&] {
    return make_ref<nn::AvgPool2d>(pool_options_in(kernel_size, options, PoolKind::kAverage));
  });
}
tt_status tt_nn_adaptive_avg_pool2d_new(const int64_t* output_size, tt_module** out) {
  return make_handle("tt_nn_adaptive_avg_pool2d_new", out,
                     [&] { return make_ref<nn::AdaptiveAvgPool2d>(pair_in(output_size, "output_size")); });
}

tt_status tt_nn_batch_norm1d_new(int64_t num_features, const tt_norm_options* options, tt_module** out) {
  return make_handle("tt_nn_batch_norm1d_new", out, [&] {
    return make_ref<nn::BatchNorm>(nn::BatchNorm::Dimensions::k1d, num_features,
                                   norm_options_in(options, NormUse::kModule));
  });
}
tt_status tt_nn_batch_norm2d_new(int64_t num_features, const tt_norm_options* options, tt_module** out) {
  return make_handle("tt_nn_batch_norm2d_new", out, [&] {
    return make_ref<nn::BatchNorm>(nn::BatchNorm::Dimensions::k2d, num_features,
                                   norm_options_in(options, NormUse::kModule));
  });
}

tt_status tt_nn_dropout_new(double p, tt_module** out) {
  return make_handle("tt_nn_dropout_new", out, [&] { return make_ref<nn::Dropout>(p); });
}
tt_status tt_nn_flatten_new(int64_t start_dim, int64_t end_dim, tt_module** out) {
  return make_handle("tt_nn_flatten_new", out, [&] { return make_ref<nn::Flatten>(start_dim, end_dim); });
}
tt_status tt_nn_unflatten_new(int64_t dim, const int64_t* sizes, size_t count, tt_module** out) {
  return make_handle("tt_nn_unflatten_new", out,
                     [&] { return make_ref<nn::Unflatten>(dim, dims_in(sizes, count, "sizes")); });
}
tt_status tt_nn_identity_new(tt_module** out) {
  return make_handle("tt_nn_identity_new", out, [] { return make_ref<nn::Identity>(); });
}

#define TT_WRAP_ACTIVATION(name, class_name)                                                   \
  tt_status tt_nn_##name##_new(tt_module** out) {                                              \
    return make_handle("tt_nn_" #name "_new", out, [] { return nn::activation(class_name); }); \
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

#define TT_WRAP_ACTIVATION1(name, type, a)                                       \
  tt_status tt_nn_##name##_new(type a, tt_module** out) {                        \
    return make_handle("tt_nn_" #name "_new", out, [&] { return nn::name(a); }); \
  }
#define TT_WRAP_ACTIVATION2(name, type, a, b)                                       \
  tt_status tt_nn_##name##_new(type a, double b, tt_module** out) {                 \
    return make_handle("tt_nn_" #name "_new", out, [&] { return nn::name(a, b); }); \
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

tt_status tt_nn_gelu_new(tt_gelu_approximate approximate, tt_module** out) {
  return make_handle("tt_nn_gelu_new", out, [&] { return nn::gelu(gelu_tanh_in(approximate)); });
}

}  // extern "C"
