// Matrix products, activations, layers and losses.
#include "harness/ops.h"

namespace tt::parity {
namespace {

// The vectors record PyTorch's positional arguments, one by one; the C functions take an options struct. Each
// of these has the parameters as they are recorded.

using Values = const std::int64_t*;

// A pair that is not there, or whose 0 the struct takes for "the default", is an error in PyTorch alone.
void put_pair(Values pair, std::int64_t* to, bool zero_is_default = false) {
  if (pair == nullptr || (zero_is_default && (pair[0] == 0 || pair[1] == 0))) throw NotExpressible();
  to[0] = pair[0];
  to[1] = pair[1];
}

tt_conv_options conv_options(Values stride, Values dilation, std::int64_t groups) {
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  put_pair(stride, options.stride);
  put_pair(dilation, options.dilation);
  options.groups = groups;
  return options;
}

tt_status conv2d(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias, Values stride,
                 Values padding, Values dilation, std::int64_t groups, tt_tensor** out) {
  tt_conv_options options = conv_options(stride, dilation, groups);
  put_pair(padding, options.padding);
  return tt_conv2d(input, weight, bias, &options, out);
}

tt_status conv2d_padding(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                         Values stride, std::int32_t padding, Values dilation, std::int64_t groups,
                         tt_tensor** out) {
  tt_conv_options options = conv_options(stride, dilation, groups);
  options.padding_kind = padding;
  return tt_conv2d(input, weight, bias, &options, out);
}

tt_pool_options pool_options(Values stride, Values padding, std::int32_t ceil_mode) {
  tt_pool_options options = TT_POOL_OPTIONS_INIT;
  if (stride != nullptr) put_pair(stride, options.stride, true);
  put_pair(padding, options.padding);
  options.ceil_mode = ceil_mode;
  return options;
}

tt_status max_pool2d(const tt_tensor* input, Values kernel_size, Values stride, Values padding,
                     Values dilation, std::int32_t ceil_mode, tt_tensor** out) {
  tt_pool_options options = pool_options(stride, padding, ceil_mode);
  put_pair(dilation, options.dilation);
  return tt_max_pool2d(input, kernel_size, &options, out);
}

tt_status max_pool2d_with_indices(const tt_tensor* input, Values kernel_size, Values stride, Values padding,
                                  Values dilation, std::int32_t ceil_mode, tt_tensor** out,
                                  tt_tensor** indices) {
  tt_pool_options options = pool_options(stride, padding, ceil_mode);
  put_pair(dilation, options.dilation);
  return tt_max_pool2d_with_indices(input, kernel_size, &options, out, indices);
}

tt_status avg_pool2d(const tt_tensor* input, Values kernel_size, Values stride, Values padding,
                     std::int32_t ceil_mode, std::int32_t count_include_pad, Values divisor_override,
                     tt_tensor** out) {
  tt_pool_options options = pool_options(stride, padding, ceil_mode);
  options.count_include_pad = count_include_pad;
  if (divisor_override != nullptr) {
    if (*divisor_override == 0) throw NotExpressible();
    options.divisor_override = *divisor_override;
  }
  return tt_avg_pool2d(input, kernel_size, &options, out);
}

tt_status batch_norm(const tt_tensor* input, tt_tensor* running_mean, tt_tensor* running_var,
                     const tt_tensor* weight, const tt_tensor* bias, std::int32_t training, double momentum,
                     double eps, tt_tensor** out) {
  tt_norm_options options = TT_NORM_OPTIONS_INIT;
  options.momentum = momentum;
  options.eps = eps;
  return tt_batch_norm(input, running_mean, running_var, weight, bias, training, &options, out);
}

tt_loss_options loss_options(std::int32_t reduction) {
  tt_loss_options options = TT_LOSS_OPTIONS_INIT;
  options.reduction = reduction;
  return options;
}

template <tt_status (*Function)(const tt_tensor*, const tt_tensor*, const tt_loss_options*, tt_tensor**)>
tt_status reduced(const tt_tensor* input, const tt_tensor* target, std::int32_t reduction, tt_tensor** out) {
  const tt_loss_options options = loss_options(reduction);
  return Function(input, target, &options, out);
}

tt_status smooth_l1_loss(const tt_tensor* input, const tt_tensor* target, std::int32_t reduction, double beta,
                         tt_tensor** out) {
  tt_loss_options options = loss_options(reduction);
  options.beta = beta;
  return tt_smooth_l1_loss(input, target, &options, out);
}

tt_status huber_loss(const tt_tensor* input, const tt_tensor* target, std::int32_t reduction, double delta,
                     tt_tensor** out) {
  tt_loss_options options = loss_options(reduction);
  options.delta = delta;
  return tt_huber_loss(input, target, &options, out);
}

tt_status binary_cross_entropy(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                               std::int32_t reduction, tt_tensor** out) {
  const tt_loss_options options = loss_options(reduction);
  return tt_binary_cross_entropy(input, target, weight, &options, out);
}

tt_status binary_cross_entropy_with_logits(const tt_tensor* input, const tt_tensor* target,
                                           const tt_tensor* weight, const tt_tensor* pos_weight,
                                           std::int32_t reduction, tt_tensor** out) {
  const tt_loss_options options = loss_options(reduction);
  return tt_binary_cross_entropy_with_logits(input, target, weight, pos_weight, &options, out);
}

tt_status nll_loss(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                   std::int32_t reduction, std::int64_t ignore_index, tt_tensor** out) {
  tt_loss_options options = loss_options(reduction);
  options.ignore_index = ignore_index;
  return tt_nll_loss(input, target, weight, &options, out);
}

tt_status cross_entropy(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                        std::int32_t reduction, std::int64_t ignore_index, double label_smoothing,
                        tt_tensor** out) {
  tt_loss_options options = loss_options(reduction);
  options.ignore_index = ignore_index;
  options.label_smoothing = label_smoothing;
  return tt_cross_entropy(input, target, weight, &options, out);
}

}  // namespace

void add_functional_ops(Table& table) {
  TT_OP(mm);
  TT_OP(bmm);
  TT_OP(matmul);
  TT_OP(mv);
  TT_OP(dot);
  TT_OP_INPLACE(addmm);
  TT_OP(addmv);
  TT_OP(baddbmm);
  TT_OP(tensordot);
  TT_OP(bilinear);
  TT_OP(linear);

  // The other activations are rows of the op table.
  TT_OP_INPLACE(relu6);
  TT_OP_INPLACE(leaky_relu);
  TT_OP_INPLACE(elu);
  TT_OP_INPLACE(celu);
  TT_OP(gelu);
  TT_OP(softplus);
  TT_OP_INPLACE(hardtanh);
  TT_OP_INPLACE(threshold);
  TT_OP(softshrink);
  TT_OP(hardshrink);
  TT_OP(prelu);
  TT_OP(glu);
  TT_OP(softsign);
  TT_OP(tanhshrink);

  TT_OP_AS_RECORDED(conv2d);
  TT_OP_AS_RECORDED(conv2d_padding);
  TT_OP_AS_RECORDED(max_pool2d);
  TT_OP_AS_RECORDED(max_pool2d_with_indices);
  TT_OP_AS_RECORDED(avg_pool2d);
  TT_OP_AS_RECORDED(batch_norm);
  table["conv2d_padding"].function = "tt_conv2d";

  TT_OP(softmax);
  TT_OP(log_softmax);
  TT_OP(softmin);
  table["mse_loss"] = {box(reduced<tt_mse_loss>), ""};
  table["l1_loss"] = {box(reduced<tt_l1_loss>), ""};
  TT_OP_AS_RECORDED(smooth_l1_loss);
  TT_OP_AS_RECORDED(huber_loss);
  TT_OP_AS_RECORDED(binary_cross_entropy);
  TT_OP_AS_RECORDED(binary_cross_entropy_with_logits);
  TT_OP_AS_RECORDED(nll_loss);
  TT_OP_AS_RECORDED(cross_entropy);
}

}  // namespace tt::parity
