/* The network of airbench94: a convolution that whitens patches, three blocks of two convolutions, a linear
 * layer. */
#ifndef AIRBENCH_NETWORK_H_
#define AIRBENCH_NETWORK_H_

#include <math.h>

#include "program.h"

/* FLOAT16: weights and images, with batch norm in float32. BFLOAT16: autocast, with weights in float32. */
typedef enum { FLOAT32, FLOAT16, BFLOAT16 } Precision;

static inline const char* precision_name(Precision precision) {
  static const char* const names[] = {"float32", "float16", "bfloat16"};
  return names[precision];
}

enum { PATCH = 3 * 2 * 2, CLASSES = 10, BLOCKS = 3, MAX_STATE = 64 };

typedef struct {
  tt_module* layers;
  Precision precision;
  Device device;
  tt_tensor *whitening, *whitening_bias;
  tt_tensor* weights[2 * BLOCKS +
                     2]; /* what is trained but for the norms' biases: whitening_bias, convolutions, linear */
  size_t weight_count;
  tt_tensor* norm_biases[2 * BLOCKS];
  size_t norm_bias_count;
} Network;

/* The type of the images that it takes. */
static inline tt_dtype image_dtype(const Network* net) {
  return net->precision == FLOAT16 ? TT_FLOAT16 : TT_FLOAT32;
}

/* ---- making it ---- */

typedef struct {
  tt_module* layers[32];
  size_t count;
  tt_module* norms[2 * BLOCKS];
  size_t norm_count;
} Stack;

static inline tt_module** next_layer(Stack* stack) { return &stack->layers[stack->count++]; }

/* 3x3 without a bias. The first filters pass their input through (the others are drawn as usual), so that a
 * block begins as something like the identity. */
static inline void add_conv(Network* net, Stack* stack, int64_t in, int64_t out) {
  const int64_t three[] = {3, 3};
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  tt_module** conv = next_layer(stack);
  tt_tensor *weight, *first, *t;
  options.padding_kind = TT_PADDING_SAME;
  options.bias = 0;
  CHECK(tt_nn_conv2d_new(in, out, three, &options, conv));
  CHECK(tt_module_get_parameter(*conv, "weight", &weight));
  CHECK(tt_detach(weight, &t));
  CHECK(tt_narrow(t, 0, 0, in < out ? in : out, &first));
  CHECK(tt_init_dirac_(first, 1));
  tt_tensor_release(first);
  tt_tensor_release(t);
  net->weights[net->weight_count++] = weight;
}

/* Without a trained weight. */
static inline void add_norm(Network* net, Stack* stack, int64_t channels) {
  tt_norm_options options = TT_NORM_OPTIONS_INIT;
  tt_module** norm = next_layer(stack);
  tt_tensor* weight;
  options.eps = 1e-12;
  options.momentum = 1 - 0.6;
  CHECK(tt_nn_batch_norm2d_new(channels, &options, norm));
  CHECK(tt_module_get_parameter(*norm, "weight", &weight));
  CHECK(tt_tensor_set_requires_grad(weight, 0));
  tt_tensor_release(weight);
  CHECK(tt_module_get_parameter(*norm, "bias", &net->norm_biases[net->norm_bias_count++]));
  stack->norms[stack->norm_count++] = *norm;
}

static inline void add_pool(Stack* stack, int64_t size) {
  int64_t sizes[2];
  sizes[0] = sizes[1] = size;
  CHECK(tt_nn_max_pool2d_new(sizes, NULL, next_layer(stack)));
}

static inline void add_gelu(Stack* stack) { CHECK(tt_nn_gelu_new(TT_GELU_NONE, next_layer(stack))); }

static inline void add_block(Network* net, Stack* stack, int64_t in, int64_t out) {
  add_conv(net, stack, in, out);
  add_pool(stack, 2);
  add_norm(net, stack, out);
  add_gelu(stack);
  add_conv(net, stack, out, out);
  add_norm(net, stack, out);
  add_gelu(stack);
}

static inline Network make_network(int64_t width, Precision precision, Device device) {
  const int64_t two[] = {2, 2};
  Network net;
  Stack stack;
  size_t i;
  memset(&net, 0, sizeof net);
  memset(&stack, 0, sizeof stack);
  net.precision = precision;
  net.device = device;
  /* The parameters are kept: this must not be called inside a scope. */
  CHECK(tt_nn_conv2d_new(3, 2 * PATCH, two, NULL, next_layer(&stack)));
  CHECK(tt_module_get_parameter(stack.layers[0], "weight", &net.whitening));
  CHECK(tt_module_get_parameter(stack.layers[0], "bias", &net.whitening_bias));
  CHECK(tt_tensor_set_requires_grad(net.whitening, 0));
  CHECK(tt_init_zeros_(net.whitening_bias));
  net.weights[net.weight_count++] = tt_tensor_retain(net.whitening_bias);
  add_gelu(&stack);
  add_block(&net, &stack, 2 * PATCH, width);
  add_block(&net, &stack, width, 4 * width);
  add_block(&net, &stack, 4 * width, 4 * width);
  add_pool(&stack, 3);
  CHECK(tt_nn_flatten_new(1, -1, next_layer(&stack)));
  CHECK(tt_nn_linear_new(4 * width, CLASSES, 0, next_layer(&stack)));
  CHECK(tt_module_get_parameter(stack.layers[stack.count - 1], "weight", &net.weights[net.weight_count++]));
  CHECK(tt_nn_sequential_new(stack.layers, stack.count, &net.layers));
  if (precision == FLOAT16) {
    CHECK(tt_module_to_dtype(net.layers, TT_FLOAT16));
    for (i = 0; i < stack.norm_count; ++i) CHECK(tt_module_to_dtype(stack.norms[i], TT_FLOAT32));
  }
  CHECK(tt_module_to_device(net.layers, device.type, device.index));
  for (i = 0; i < stack.count; ++i) tt_module_release(stack.layers[i]);
  return net;
}

static inline void free_network(Network* net) {
  size_t i;
  for (i = 0; i < net->weight_count; ++i) tt_tensor_release(net->weights[i]);
  for (i = 0; i < net->norm_bias_count; ++i) tt_tensor_release(net->norm_biases[i]);
  tt_tensor_release(net->whitening);
  tt_tensor_release(net->whitening_bias);
  tt_module_release(net->layers);
}

/* ---- using it ---- */

/* Around what runs in half precision by autocast. */
static inline void network_autocast(const Network* net, int on) {
  tt_autocast autocast = TT_AUTOCAST_INIT;
  if (net->precision != BFLOAT16) return;
  autocast.dtype = TT_BFLOAT16;
  CHECK(tt_set_autocast(net->device.type, on ? &autocast : NULL, NULL));
}

/* (n, 10), scaled down as the recipe has it. */
static inline tt_tensor* network_scores(Network* net, const tt_tensor* images) {
  tt_tensor* out;
  CHECK(tt_module_forward(net->layers, images, &out));
  CHECK(tt_mul_scalar(out, 1.0 / 9, &out));
  return out;
}

/* The mean over the images and the mirrored images. */
static inline tt_tensor* network_mirror_scores(Network* net, const tt_tensor* images) {
  const int64_t last[] = {3};
  tt_tensor *mirrored, *a, *b;
  CHECK(tt_flip(images, last, 1, &mirrored));
  a = network_scores(net, images);
  b = network_scores(net, mirrored);
  CHECK(tt_add(a, b, &a));
  CHECK(tt_mul_scalar(a, 0.5, &a));
  return a;
}

static inline void network_train_whitening_bias(Network* net, int trained) {
  CHECK(tt_tensor_set_requires_grad(net->whitening_bias, trained));
}

/* ---- whitening ---- */

/* The eigenvalues of a symmetric matrix, and its eigenvectors as the rows of `vectors`, by Jacobi's
 * rotations: each makes one pair of entries zero, until all are. */
static inline void eigen(double matrix[PATCH][PATCH], double values[PATCH], double vectors[PATCH][PATCH]) {
  int i, j, k, sweep;
  for (i = 0; i < PATCH; ++i) {
    for (j = 0; j < PATCH; ++j) vectors[i][j] = i == j;
  }
  for (sweep = 0; sweep < 64; ++sweep) {
    double off = 0, diagonal = 0;
    for (i = 0; i < PATCH; ++i) {
      diagonal += matrix[i][i] * matrix[i][i];
      for (j = 0; j < i; ++j) off += matrix[i][j] * matrix[i][j];
    }
    if (off <= 1e-30 * diagonal) break;
    for (i = 0; i < PATCH; ++i) {
      for (j = i + 1; j < PATCH; ++j) {
        double theta, t, c, s;
        if (matrix[i][j] == 0) continue;
        theta = (matrix[j][j] - matrix[i][i]) / (2 * matrix[i][j]);
        t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
        c = 1 / sqrt(t * t + 1);
        s = t * c;
        for (k = 0; k < PATCH; ++k) {
          const double a = matrix[k][i], b = matrix[k][j];
          matrix[k][i] = c * a - s * b;
          matrix[k][j] = s * a + c * b;
        }
        for (k = 0; k < PATCH; ++k) {
          const double a = matrix[i][k], b = matrix[j][k];
          matrix[i][k] = c * a - s * b;
          matrix[j][k] = s * a + c * b;
        }
        for (k = 0; k < PATCH; ++k) {
          const double a = vectors[i][k], b = vectors[j][k];
          vectors[i][k] = c * a - s * b;
          vectors[j][k] = s * a + c * b;
        }
      }
    }
  }
  for (i = 0; i < PATCH; ++i) values[i] = matrix[i][i];
}

/* The mean of x x^T over all 2x2 patches x of the images. */
static inline void patch_covariance(const tt_tensor* images, double out[PATCH][PATCH]) {
  const int64_t order[] = {0, 2, 3, 1, 4, 5}, flat[] = {-1, PATCH};
  float values[PATCH * PATCH];
  tt_tensor *patches, *turned, *products;
  const int64_t* sizes;
  int i, j;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_unfold(images, 2, 2, 1, &patches));
  CHECK(tt_unfold(patches, 3, 2, 1, &patches));
  CHECK(tt_permute(patches, order, 6, &patches));
  CHECK(tt_reshape(patches, flat, 2, &patches));
  CHECK(tt_to(patches, TT_FLOAT32, &patches));
  CHECK(tt_t(patches, &turned));
  CHECK(tt_mm(turned, patches, &products));
  CHECK(tt_tensor_copy_data(products, values, sizeof values));
  CHECK(tt_tensor_sizes(patches, &sizes));
  for (i = 0; i < PATCH; ++i) {
    for (j = 0; j < PATCH; ++j) out[i][j] = (double)values[i * PATCH + j] / (double)sizes[0];
  }
  CHECK(tt_scope_end(scope));
}

/* The first convolution's filters: the directions in which the patches of the first images vary, each divided
 * by how much they do, and their negatives. */
static inline void network_whiten(Network* net, const tt_tensor* images) {
  enum { MOST = 5000 };
  double covariance[PATCH][PATCH], values[PATCH], vectors[PATCH][PATCH];
  float filters[2 * PATCH * PATCH];
  const int64_t* sizes;
  const int64_t shape[] = {2 * PATCH, 3, 2, 2};
  tt_tensor *some, *weight, *t;
  int i, j;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_tensor_sizes(images, &sizes));
  CHECK(tt_narrow(images, 0, 0, sizes[0] < MOST ? sizes[0] : MOST, &some));
  patch_covariance(some, covariance);
  eigen(covariance, values, vectors);
  for (i = 0; i < PATCH; ++i) {
    const double scale = 1 / sqrt(fmax(values[i], 0) + 5e-4);
    for (j = 0; j < PATCH; ++j) {
      filters[i * PATCH + j] = (float)(scale * vectors[i][j]);
      filters[(PATCH + i) * PATCH + j] = -filters[i * PATCH + j];
    }
  }
  CHECK(tt_from_data(filters, shape, 4, TT_FLOAT32, &t));
  CHECK(tt_detach(net->whitening, &weight));
  CHECK(tt_copy_(weight, to(t, net->device)));
  CHECK(tt_scope_end(scope));
}

#endif
