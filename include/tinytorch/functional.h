/* TinyTorch: activations, convolution, pooling, normalisation, dropout and losses. */
#ifndef TINYTORCH_FUNCTIONAL_H_
#define TINYTORCH_FUNCTIONAL_H_

#include "tinytorch/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Activations: of floating tensors unless said otherwise. `name_` works in place. ---- */

/* max(input, 0). Not bool. */
TT_API tt_status tt_relu(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_relu_(tt_tensor* input);
/* 1.0507 * (input where input > 0, else 1.67326 * (e^input - 1)). */
TT_API tt_status tt_selu(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_selu_(tt_tensor* input);
/* input * sigmoid(input). */
TT_API tt_status tt_silu(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_silu_(tt_tensor* input);
/* input * tanh(log(1 + e^input)). */
TT_API tt_status tt_mish(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_mish_(tt_tensor* input);
/* min(max(input + 3, 0), 6) / 6. */
TT_API tt_status tt_hardsigmoid(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_hardsigmoid_(tt_tensor* input);
/* input * hardsigmoid(input). */
TT_API tt_status tt_hardswish(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_hardswish_(tt_tensor* input);
/* input / (1 + |input|). Integers become the default dtype. */
TT_API tt_status tt_softsign(const tt_tensor* input, tt_tensor** out);
/* log(sigmoid(input)). */
TT_API tt_status tt_logsigmoid(const tt_tensor* input, tt_tensor** out);
/* input - tanh(input). Integers become the default dtype. */
TT_API tt_status tt_tanhshrink(const tt_tensor* input, tt_tensor** out);
/* min(max(input, 0), 6). Not bool. */
TT_API tt_status tt_relu6(const tt_tensor* input, tt_tensor** out);
TT_API tt_status tt_relu6_(tt_tensor* input);
/* input where input > 0, else negative_slope * input. */
TT_API tt_status tt_leaky_relu(const tt_tensor* input, double negative_slope, tt_tensor** out);
TT_API tt_status tt_leaky_relu_(tt_tensor* input, double negative_slope);
/* input where input > 0, else alpha * (e^input - 1). */
TT_API tt_status tt_elu(const tt_tensor* input, double alpha, tt_tensor** out);
TT_API tt_status tt_elu_(tt_tensor* input, double alpha);
/* input where input > 0, else alpha * (e^(input / alpha) - 1). alpha 0 is TT_ERR_INVALID_ARGUMENT. */
TT_API tt_status tt_celu(const tt_tensor* input, double alpha, tt_tensor** out);
TT_API tt_status tt_celu_(tt_tensor* input, double alpha);
/* input * (1 + erf(input / sqrt(2))) / 2, or its approximation by tanh: input * (1 + tanh(sqrt(2 / pi) *
 * (input + 0.044715 * input^3))) / 2. */
enum { TT_GELU_NONE = 0, TT_GELU_TANH = 1 };
TT_API tt_status tt_gelu(const tt_tensor* input, int32_t approximate, tt_tensor** out);
/* log(1 + e^(beta * input)) / beta; input itself where beta * input > threshold. */
TT_API tt_status tt_softplus(const tt_tensor* input, double beta, double threshold, tt_tensor** out);
/* min(max(input, min_val), max_val). Not bool; TT_ERR_INVALID_ARGUMENT when min_val > max_val. */
TT_API tt_status tt_hardtanh(const tt_tensor* input, double min_val, double max_val, tt_tensor** out);
TT_API tt_status tt_hardtanh_(tt_tensor* input, double min_val, double max_val);
/* input where input > threshold, else value. Not bool. */
TT_API tt_status tt_threshold(const tt_tensor* input, double threshold, double value, tt_tensor** out);
TT_API tt_status tt_threshold_(tt_tensor* input, double threshold, double value);
/* Towards zero by lambd, but not past it. TT_ERR_INVALID_ARGUMENT when lambd < 0. */
TT_API tt_status tt_softshrink(const tt_tensor* input, double lambd, tt_tensor** out);
/* 0 where |input| <= lambd, else input. */
TT_API tt_status tt_hardshrink(const tt_tensor* input, double lambd, tt_tensor** out);
/* input where input > 0, else weight * input. weight has one element, or as many as input's dimension 1. */
TT_API tt_status tt_prelu(const tt_tensor* input, const tt_tensor* weight, tt_tensor** out);
/* The first half of input along dim times the sigmoid of the second. TT_ERR_SHAPE when the size is odd. */
TT_API tt_status tt_glu(const tt_tensor* input, int64_t dim, tt_tensor** out);

/* ---- Convolution ---- */

/* input (N, C, H, W) or (C, H, W) with weight (K, C / groups, kh, kw) and bias (K) or NULL gives (N, K, H',
 * W') or (K, H', W'): out[n, k] = bias[k] + sum over c of the cross-correlation of input[n, c] and weight[k,
 * c]. stride, padding and dilation are two values each, the vertical one first. One dtype for all: floating,
 * or an integer without gradient. H' = (H + 2 * padding - dilation * (kh - 1) - 1) / stride + 1, rounded
 * down. TT_ERR_SHAPE when channels do not match or the kernel is larger than the padded input. */
TT_API tt_status tt_conv2d(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                           const int64_t* stride, const int64_t* padding, const int64_t* dilation,
                           int64_t groups, tt_tensor** out);

/* PyTorch's padding='valid' and padding='same' (the output's size is the input's; stride 1 only). */
enum { TT_PADDING_VALID = 0, TT_PADDING_SAME = 1 };
TT_API tt_status tt_conv2d_padding(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                                   const int64_t* stride, int32_t padding, const int64_t* dilation,
                                   int64_t groups, tt_tensor** out);

/* The same over one dimension: input (N, C, L) or (C, L), weight (K, C / groups, k). */
TT_API tt_status tt_conv1d(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                           int64_t stride, int64_t padding, int64_t dilation, int64_t groups,
                           tt_tensor** out);
TT_API tt_status tt_conv1d_padding(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                                   int64_t stride, int32_t padding, int64_t dilation, int64_t groups,
                                   tt_tensor** out);

/* ---- Pooling ---- */

/* input (N, C, H, W) or (C, H, W). kernel_size, stride, padding and dilation are two values each, the
 * vertical one first; stride NULL is kernel_size. Padding counts as minus infinity and is at most half of the
 * kernel's span. With ceil_mode the last window may hang over the end. Every dtype but bool. */
TT_API tt_status tt_max_pool2d(const tt_tensor* input, const int64_t* kernel_size, const int64_t* stride,
                               const int64_t* padding, const int64_t* dilation, int32_t ceil_mode,
                               tt_tensor** out);
/* indices: int64, of the output's shape: where in its (H, W) plane each maximum was, row * W + column. */
TT_API tt_status tt_max_pool2d_with_indices(const tt_tensor* input, const int64_t* kernel_size,
                                            const int64_t* stride, const int64_t* padding,
                                            const int64_t* dilation, int32_t ceil_mode, tt_tensor** out,
                                            tt_tensor** indices);
/* Padding is zeros, which count in the divisor if count_include_pad. divisor_override, not zero, replaces the
 * number of elements; NULL for none. Floating dtypes and int64. */
TT_API tt_status tt_avg_pool2d(const tt_tensor* input, const int64_t* kernel_size, const int64_t* stride,
                               const int64_t* padding, int32_t ceil_mode, int32_t count_include_pad,
                               const int64_t* divisor_override, tt_tensor** out);
/* Averages over windows that divide the plane into output_size[0] x output_size[1] parts; -1 keeps the
 * input's size. Floating dtypes. */
TT_API tt_status tt_adaptive_avg_pool2d(const tt_tensor* input, const int64_t* output_size, tt_tensor** out);

/* ---- Normalisation ---- */

/* (input - mean) / sqrt(variance + eps) * weight + bias for each channel of input (N, C, ...). With training
 * the statistics are the batch's own, and running_mean and running_var, unless NULL, move towards them in
 * place: running = (1 - momentum) * running + momentum * value, with the unbiased variance. Without, they are
 * the running ones. weight and bias may be NULL. An input (0) has no channels. The vectors have C elements
 * and one dtype: the input's, or float32 for half types. */
TT_API tt_status tt_batch_norm(const tt_tensor* input, tt_tensor* running_mean, tt_tensor* running_var,
                               const tt_tensor* weight, const tt_tensor* bias, int32_t training,
                               double momentum, double eps, tt_tensor** out);

/* ---- Dropout ---- */

/* With training, each element becomes zero with probability p, and the others are multiplied by 1 / (1 - p);
 * without, out is the input. generator NULL: the default one, which gives PyTorch's masks for PyTorch's
 * seeds. */
TT_API tt_status tt_dropout(const tt_tensor* input, double p, int32_t training, tt_generator* generator,
                            tt_tensor** out);

/* ---- Softmax ---- */

/* Along dim, of input converted to dtype first; dtype -1: input's own, which must be floating where there are
 * elements. softmin is softmax of -input. */
TT_API tt_status tt_softmax(const tt_tensor* input, int64_t dim, int32_t dtype, tt_tensor** out);
TT_API tt_status tt_log_softmax(const tt_tensor* input, int64_t dim, int32_t dtype, tt_tensor** out);
TT_API tt_status tt_softmin(const tt_tensor* input, int64_t dim, int32_t dtype, tt_tensor** out);

/* ---- Losses ---- */

/* What becomes of the losses of the elements: themselves, their mean, their sum. */
enum { TT_REDUCTION_NONE = 0, TT_REDUCTION_MEAN = 1, TT_REDUCTION_SUM = 2 };

/* Of input and target, which broadcast and promote. With z = input - target:
 *   mse        z^2
 *   l1         |z|
 *   smooth_l1  z^2 / (2 beta) where |z| < beta, else |z| - beta / 2; beta >= 0
 *   huber      z^2 / 2 where |z| < delta, else delta (|z| - delta / 2); delta > 0; of input's dtype
 * Floating dtypes (l1 also integers, unless the mean). The mean of nothing is NaN. Input and target of shapes
 * [5, 1] and [5] broadcast to [5, 5], which is hardly ever meant: tt_set_warning_handler hears of it. */
TT_API tt_status tt_mse_loss(const tt_tensor* input, const tt_tensor* target, int32_t reduction,
                             tt_tensor** out);
TT_API tt_status tt_l1_loss(const tt_tensor* input, const tt_tensor* target, int32_t reduction,
                            tt_tensor** out);
TT_API tt_status tt_smooth_l1_loss(const tt_tensor* input, const tt_tensor* target, int32_t reduction,
                                   double beta, tt_tensor** out);
TT_API tt_status tt_huber_loss(const tt_tensor* input, const tt_tensor* target, int32_t reduction,
                               double delta, tt_tensor** out);

/* -weight (target log(input) + (1 - target) log(1 - input)), logarithms cut at -100. input and target: one
 * shape, one floating dtype, values in [0, 1] (TT_ERR_INVALID_ARGUMENT otherwise, also for NaN). weight
 * broadcasts to input and has no gradient: one that requires it is TT_ERR_AUTOGRAD. NULL: 1. */
TT_API tt_status tt_binary_cross_entropy(const tt_tensor* input, const tt_tensor* target,
                                         const tt_tensor* weight, int32_t reduction, tt_tensor** out);
/* The same of sigmoid(input), without overflow; pos_weight (NULL: 1) multiplies the target's term. target may
 * have any value. */
TT_API tt_status tt_binary_cross_entropy_with_logits(const tt_tensor* input, const tt_tensor* target,
                                                     const tt_tensor* weight, const tt_tensor* pos_weight,
                                                     int32_t reduction, tt_tensor** out);

/* input (C), (N, C) or (N, C, d1, ..) of log-probabilities; target: class indices, int64 or uint8, of shape
 * () or (1), (N) or (N, d1, ..). The loss is -weight[target] * input[target]; 0 where the target is
 * ignore_index (PyTorch's default is -100). The mean divides by the sum of the weights counted. weight (C)
 * has input's dtype and no gradient; NULL: 1. A target outside [0, C) is TT_ERR_INVALID_ARGUMENT. */
TT_API tt_status tt_nll_loss(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                             int32_t reduction, int64_t ignore_index, tt_tensor** out);
/* The same of log_softmax(input) over the classes. label_smoothing, from 0 to 1, mixes the target with the
 * uniform distribution. A target of input's own shape holds probabilities: then ignore_index must be
 * negative, the mean divides by the number of positions, and weight may require a gradient. */
TT_API tt_status tt_cross_entropy(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                                  int32_t reduction, int64_t ignore_index, double label_smoothing,
                                  tt_tensor** out);

#ifdef __cplusplus
}
#endif

#endif
