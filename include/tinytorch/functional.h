/* TinyTorch: activations, convolution, pooling, normalisation, dropout and losses.
 *
 * A function and the module of its name (nn.h) take one options struct. Its arrays have an entry for each of
 * up to three spatial dimensions, the outermost first; what has fewer takes the leading ones, and does not
 * look at the rest. An option that a function or module does not have must be at its default:
 * TT_ERR_INVALID_ARGUMENT otherwise. */
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
/* How gelu is computed: exactly, or by tanh. */
typedef int32_t tt_gelu_approximate;
enum { TT_GELU_NONE = 0, TT_GELU_TANH = 1 };
/* input * (1 + erf(input / sqrt(2))) / 2, or its approximation by tanh: input * (1 + tanh(sqrt(2 / pi) *
 * (input + 0.044715 * input^3))) / 2. */
TT_API tt_status tt_gelu(const tt_tensor* input, tt_gelu_approximate approximate, tt_tensor** out);
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

/* How much padding there is: the options' numbers; none; as much as gives the output the input's size, where
 * it is odd with one more at the end (strides of 1 only). The last two are PyTorch's padding='valid' and
 * padding='same'. */
typedef int32_t tt_padding_kind;
enum { TT_PADDING_NUMBERS = 0, TT_PADDING_VALID = 1, TT_PADDING_SAME = 2 };

/* What padding consists of: zeros; the elements mirrored at the edge, of which there must be more than
 * padding; the outermost one; those of the other end, of which there must be no fewer. */
typedef int32_t tt_padding_mode;
enum {
  TT_PADDING_MODE_ZEROS = 0,
  TT_PADDING_MODE_REFLECT = 1,
  TT_PADDING_MODE_REPLICATE = 2,
  TT_PADDING_MODE_CIRCULAR = 3
};

typedef struct tt_conv_options {
  size_t struct_size;
  int64_t stride[3];            /* 1; 1 or more */
  int64_t padding[3];           /* 0; 0 or more, on both sides; 0 unless padding_kind is numbers */
  int64_t dilation[3];          /* 1; 1 or more: the distance between a kernel's elements */
  int64_t groups;               /* 1; divides the channels of input and output */
  tt_padding_kind padding_kind; /* TT_PADDING_NUMBERS */
  tt_padding_mode padding_mode; /* TT_PADDING_MODE_ZEROS */
  int32_t bias;                 /* 1; modules only */
} tt_conv_options;
#define TT_CONV_OPTIONS_INIT                                                                                \
  {                                                                                                         \
    sizeof(tt_conv_options), {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, 1, TT_PADDING_NUMBERS, TT_PADDING_MODE_ZEROS, \
        1                                                                                                   \
  }
TT_API tt_status tt_conv_options_init(size_t struct_size, tt_conv_options* options);

/* input (N, C, H, W) or (C, H, W) with weight (K, C / groups, kh, kw) and bias (K) or NULL gives (N, K, H',
 * W') or (K, H', W'): out[n, k] = bias[k] + sum over c of the cross-correlation of input[n, c] and weight[k,
 * c]. One dtype for all: floating, or an integer without gradient. H' = (H + 2 * padding - dilation * (kh -
 * 1) - 1) / stride + 1, rounded down. TT_ERR_SHAPE when channels do not match or the kernel is larger than
 * the padded input. options: NULL for the defaults. */
TT_API tt_status tt_conv2d(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                           const tt_conv_options* options, tt_tensor** out);
/* The same over one dimension: input (N, C, L) or (C, L), weight (K, C / groups, k). */
TT_API tt_status tt_conv1d(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,
                           const tt_conv_options* options, tt_tensor** out);

/* ---- Pooling ---- */

typedef struct tt_pool_options {
  size_t struct_size;
  int64_t stride[3];         /* 0: the kernel's size; else 1 or more */
  int64_t padding[3];        /* 0; 0 or more, on both sides; at most half of the kernel's span */
  int64_t dilation[3];       /* 1; 1 or more; max pooling only */
  int32_t ceil_mode;         /* 0; 1: the last window may hang over the end */
  int32_t count_include_pad; /* 1: padding counts in the divisor; average pooling only */
  int64_t divisor_override;  /* 0: none; else in place of the number of elements; average pooling only */
} tt_pool_options;
#define TT_POOL_OPTIONS_INIT \
  { sizeof(tt_pool_options), {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, 0, 1, 0 }
TT_API tt_status tt_pool_options_init(size_t struct_size, tt_pool_options* options);

/* The greatest element of each window of input (N, C, H, W) or (C, H, W); NaN where there is one. kernel_size
 * is two values, the vertical one first. Padding counts as minus infinity. Every dtype but bool. options:
 * NULL for the defaults. */
TT_API tt_status tt_max_pool2d(const tt_tensor* input, const int64_t* kernel_size,
                               const tt_pool_options* options, tt_tensor** out);
/* indices: int64, of the output's shape: where in its (H, W) plane each maximum was, row * W + column. */
TT_API tt_status tt_max_pool2d_with_indices(const tt_tensor* input, const int64_t* kernel_size,
                                            const tt_pool_options* options, tt_tensor** out,
                                            tt_tensor** indices);
/* The mean of each window; padding is zeros. Floating dtypes and int64. */
TT_API tt_status tt_avg_pool2d(const tt_tensor* input, const int64_t* kernel_size,
                               const tt_pool_options* options, tt_tensor** out);
/* Averages over windows that divide the plane into output_size[0] x output_size[1] parts; -1 keeps the
 * input's size. Floating dtypes. */
TT_API tt_status tt_adaptive_avg_pool2d(const tt_tensor* input, const int64_t* output_size, tt_tensor** out);

/* ---- Normalisation ---- */

typedef struct tt_norm_options {
  size_t struct_size;
  double eps;                  /* 1e-5; 0 or more, in training above 0: added to the variance */
  double momentum;             /* 0.1: the weight of a new batch in the running statistics */
  int32_t cumulative;          /* 0; 1: PyTorch's momentum=None, running statistics are the mean of all
                                * batches; modules only, as are the next three */
  int32_t affine;              /* 1: there is a weight and, with `bias`, a bias */
  int32_t bias;                /* 1; 0: affine without bias */
  int32_t track_running_stats; /* 1: there are running_mean, running_var and num_batches_tracked */
} tt_norm_options;
#define TT_NORM_OPTIONS_INIT \
  { sizeof(tt_norm_options), 1e-5, 0.1, 0, 1, 1, 1 }
TT_API tt_status tt_norm_options_init(size_t struct_size, tt_norm_options* options);

/* (input - mean) / sqrt(variance + eps) * weight + bias for each channel of input (N, C, ...). With training
 * the statistics are the batch's own, and running_mean and running_var, unless NULL, move towards them in
 * place: running = (1 - momentum) * running + momentum * value, with the unbiased variance. Without, they are
 * the running ones. weight and bias may be NULL. An input (0) has no channels. The vectors have C elements
 * and one dtype: the input's, or float32 for half types. options: NULL for the defaults. */
TT_API tt_status tt_batch_norm(const tt_tensor* input, tt_tensor* running_mean, tt_tensor* running_var,
                               const tt_tensor* weight, const tt_tensor* bias, int32_t training,
                               const tt_norm_options* options, tt_tensor** out);

/* ---- Dropout ---- */

/* With training, each element becomes zero with probability p, and the others are multiplied by 1 / (1 - p);
 * without, out is the input. generator NULL: the default one, which gives PyTorch's masks for PyTorch's
 * seeds. */
TT_API tt_status tt_dropout(const tt_tensor* input, double p, int32_t training, tt_generator* generator,
                            tt_tensor** out);

/* ---- Softmax ---- */

/* e^input divided by its sum along dim, without overflow, of input converted to dtype first; TT_DTYPE_NONE:
 * input's own, which must be floating where there are elements. */
TT_API tt_status tt_softmax(const tt_tensor* input, int64_t dim, tt_dtype dtype, tt_tensor** out);
/* The logarithm of it. */
TT_API tt_status tt_log_softmax(const tt_tensor* input, int64_t dim, tt_dtype dtype, tt_tensor** out);
/* tt_softmax of -input. */
TT_API tt_status tt_softmin(const tt_tensor* input, int64_t dim, tt_dtype dtype, tt_tensor** out);

/* ---- Losses ---- */

/* What becomes of the losses of the elements: themselves, their mean, their sum. */
typedef int32_t tt_reduction;
enum { TT_REDUCTION_NONE = 0, TT_REDUCTION_MEAN = 1, TT_REDUCTION_SUM = 2 };

typedef struct tt_loss_options {
  size_t struct_size;
  tt_reduction reduction; /* TT_REDUCTION_MEAN */
  int64_t ignore_index;   /* -100; nll and cross_entropy: a target that counts for nothing */
  double label_smoothing; /* 0; cross_entropy: from 0 to 1 */
  double beta;            /* 1; smooth_l1: 0 or more */
  double delta;           /* 1; huber: above 0 */
} tt_loss_options;
#define TT_LOSS_OPTIONS_INIT \
  { sizeof(tt_loss_options), TT_REDUCTION_MEAN, -100, 0.0, 1.0, 1.0 }
TT_API tt_status tt_loss_options_init(size_t struct_size, tt_loss_options* options);

/* The losses take options, NULL for the defaults: the reduction, and what is named with each. Those from mse
 * to huber are of input and target, which broadcast and promote. With z = input - target:
 *   mse        z^2
 *   l1         |z|
 *   smooth_l1  z^2 / (2 beta) where |z| < beta, else |z| - beta / 2
 *   huber      z^2 / 2 where |z| < delta, else delta (|z| - delta / 2); of input's dtype
 * Floating dtypes (l1 also integers, unless the mean). The mean of nothing is NaN. Input and target of shapes
 * [5, 1] and [5] broadcast to [5, 5], which is hardly ever meant: tt_set_warning_handler hears of it. */
TT_API tt_status tt_mse_loss(const tt_tensor* input, const tt_tensor* target, const tt_loss_options* options,
                             tt_tensor** out);
TT_API tt_status tt_l1_loss(const tt_tensor* input, const tt_tensor* target, const tt_loss_options* options,
                            tt_tensor** out);
/* With beta. */
TT_API tt_status tt_smooth_l1_loss(const tt_tensor* input, const tt_tensor* target,
                                   const tt_loss_options* options, tt_tensor** out);
/* With delta. */
TT_API tt_status tt_huber_loss(const tt_tensor* input, const tt_tensor* target,
                               const tt_loss_options* options, tt_tensor** out);

/* -weight (target log(input) + (1 - target) log(1 - input)), logarithms cut at -100. input and target: one
 * shape, one floating dtype, values in [0, 1] (TT_ERR_INVALID_ARGUMENT otherwise, also for NaN). weight
 * broadcasts to input and has no gradient: one that requires it is TT_ERR_AUTOGRAD. NULL: 1. */
TT_API tt_status tt_binary_cross_entropy(const tt_tensor* input, const tt_tensor* target,
                                         const tt_tensor* weight, const tt_loss_options* options,
                                         tt_tensor** out);
/* The same of sigmoid(input), without overflow; pos_weight (NULL: 1) multiplies the target's term. target may
 * have any value. */
TT_API tt_status tt_binary_cross_entropy_with_logits(const tt_tensor* input, const tt_tensor* target,
                                                     const tt_tensor* weight, const tt_tensor* pos_weight,
                                                     const tt_loss_options* options, tt_tensor** out);

/* input (C), (N, C) or (N, C, d1, ..) of log-probabilities; target: class indices, int64 or uint8, of shape
 * () or (1), (N) or (N, d1, ..). The loss is -weight[target] * input[target]; 0 where the target is
 * ignore_index. The mean divides by the sum of the weights counted. weight (C) has input's dtype and no
 * gradient; NULL: 1. A target outside [0, C) is TT_ERR_INVALID_ARGUMENT. */
TT_API tt_status tt_nll_loss(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                             const tt_loss_options* options, tt_tensor** out);
/* The same of log_softmax(input) over the classes. label_smoothing mixes the target with the uniform
 * distribution. A target of input's own shape holds probabilities: then ignore_index must be negative, the
 * mean divides by the number of positions, and weight may require a gradient. */
TT_API tt_status tt_cross_entropy(const tt_tensor* input, const tt_tensor* target, const tt_tensor* weight,
                                  const tt_loss_options* options, tt_tensor** out);

#ifdef __cplusplus
}
#endif

#endif
