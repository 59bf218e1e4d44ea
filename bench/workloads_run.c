/* One workload under TinyTorch, timed: what bench/compare sets against the peers' numbers (bench/peers.py).
 *
 * usage: workloads_run NAME [SECONDS] [--device NAME] [--batch N] [--precision P] [--captured]
 *
 * A step of add4 and add4_grad is one add of four floats, its result released; of all others a training step:
 * forward, loss, zero_grad, backward, SGD. Steps are timed in blocks of at least 10 ms, after a warm-up of a
 * fifth of SECONDS (1 if not given), until SECONDS have passed; the numbers are times of a step in the median
 * and the fastest block. On a CUDA device a block takes at least 50 ms and ends with waiting for the device,
 * which nothing inside a block does.
 *
 * --captured: three steps are done as usual, one is captured into a graph, and what is timed is its replay.
 *
 * Weights and data are drawn on the CPU, so that they are the same on every device. --precision bfloat16 is
 * the forward under autocast; tf32 lets a CUDA device round the operands of products and convolutions. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../examples/device.h"
#include "timing.h"

enum { MAX_LAYERS = 16, MAX_PARAMETERS = 32, MAX_BLOCKS = 1 << 16 };
enum { MSE_SUM, BCE, CROSS_ENTROPY };

typedef struct {
  tt_module* layers[MAX_LAYERS];
  size_t count;
  double flops; /* of a training step's matrix products, an FMA being two */
  tt_module* model;
  tt_optimizer* optimizer;
  tt_tensor *x, *y; /* data and targets, or the two addends */
  int loss_kind;
  double loss; /* of the last step that asked for it */
  int64_t batch;
  Device device;
  int bfloat16; /* the forward under autocast */
  int tf32;     /* rounded operands */
  long done;    /* training steps */
  int captured; /* steps are replays of the graph */
  tt_graph* graph;
} Workload;

/* ---- networks ---- */

static tt_module** next_layer(Workload* w) { return &w->layers[w->count++]; }

/* Forward, gradient of the weight and, but for the first layer, gradient of the input. */
static void count_flops(Workload* w, double multiply_adds) {
  w->flops += (w->flops == 0 ? 4 : 6) * multiply_adds;
}

static void linear(Workload* w, int64_t in, int64_t out) {
  CHECK(tt_nn_linear_new(in, out, 1, next_layer(w)));
  count_flops(w, (double)w->batch * (double)in * (double)out);
}

static void conv(Workload* w, int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding,
                 int32_t bias, int64_t out_size) {
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  int64_t kernel_size[2];
  kernel_size[0] = kernel_size[1] = kernel;
  options.stride[0] = options.stride[1] = stride;
  options.padding[0] = options.padding[1] = padding;
  options.bias = bias;
  CHECK(tt_nn_conv2d_new(in, out, kernel_size, &options, next_layer(w)));
  count_flops(w, (double)(w->batch * out_size * out_size) * (double)(in * kernel * kernel) * (double)out);
}

static void relu(Workload* w) { CHECK(tt_nn_relu_new(next_layer(w))); }

static void pool(Workload* w) {
  static const int64_t two[] = {2, 2};
  CHECK(tt_nn_max_pool2d_new(two, NULL, next_layer(w)));
}

static void randn(tt_tensor** out, int64_t a, int64_t b, int64_t c, int64_t d, size_t ndim) {
  int64_t sizes[4];
  sizes[0] = a;
  sizes[1] = b;
  sizes[2] = c;
  sizes[3] = d;
  CHECK(tt_randn(sizes, ndim, NULL, TT_FLOAT32, out));
}

static void labels(Workload* w) {
  w->loss_kind = CROSS_ENTROPY;
  CHECK(tt_randint(0, 10, &w->batch, 1, NULL, TT_INT64, &w->y));
}

/* The layers as a Sequential, with SGD over its parameters. */
static void finish(Workload* w, double lr, double momentum) {
  tt_tensor* parameters[MAX_PARAMETERS];
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  size_t count, i;
  options.lr = lr;
  options.momentum = momentum;
  CHECK(tt_nn_sequential_new(w->layers, w->count, &w->model));
  for (i = 0; i < w->count; ++i) tt_module_release(w->layers[i]);
  CHECK(tt_module_to_device(w->model, w->device.type, w->device.index));
  CHECK(tt_module_parameters(w->model, parameters, MAX_PARAMETERS, &count));
  CHECK(tt_optim_sgd_new(parameters, count, &options, &w->optimizer));
  for (i = 0; i < count; ++i) tt_tensor_release(parameters[i]);
}

static void make_add4(Workload* w) {
  const float values[] = {1, 2, 3, 4};
  const int64_t sizes[] = {4};
  CHECK(tt_from_data(values, sizes, 1, TT_FLOAT32, &w->x));
  CHECK(tt_from_data(values, sizes, 1, TT_FLOAT32, &w->y));
  w->flops = 4;
}

static void make_add4_grad(Workload* w) {
  make_add4(w);
  CHECK(tt_tensor_set_requires_grad(w->x, 1));
}

/* examples/lessons/07_linear_regression.c */
static void make_linear1(Workload* w) {
  const float xs[] = {1, 2, 3}, ys[] = {2, 4, 6};
  const int64_t sizes[] = {3, 1};
  CHECK(tt_from_data(xs, sizes, 2, TT_FLOAT32, &w->x));
  CHECK(tt_from_data(ys, sizes, 2, TT_FLOAT32, &w->y));
  w->loss_kind = MSE_SUM;
  linear(w, 1, 1);
  finish(w, 0.01, 0);
}

/* examples/lessons/12_diabetes.c, on random rows */
static void make_diabetes(Workload* w) {
  const int64_t widths[] = {8, 6, 4, 1};
  int64_t target[] = {0, 1};
  int i;
  target[0] = w->batch;
  randn(&w->x, w->batch, 8, 0, 0, 2);
  CHECK(tt_randint(0, 2, target, 2, NULL, TT_FLOAT32, &w->y));
  w->loss_kind = BCE;
  for (i = 0; i < 3; ++i) {
    linear(w, widths[i], widths[i + 1]);
    CHECK(tt_nn_sigmoid_new(next_layer(w)));
  }
  finish(w, 0.1, 0);
}

static void make_layers(Workload* w, const int64_t* widths, int count) {
  int i;
  randn(&w->x, w->batch, widths[0], 0, 0, 2);
  labels(w);
  for (i = 0; i < count; ++i) {
    if (i != 0) relu(w);
    linear(w, widths[i], widths[i + 1]);
  }
  finish(w, 0.01, 0);
}

static void make_mlp(Workload* w) {
  const int64_t widths[] = {784, 256, 128, 10};
  make_layers(w, widths, 3);
}

static void make_mlp_wide(Workload* w) {
  const int64_t widths[] = {1024, 1024, 1024, 10};
  make_layers(w, widths, 3);
}

/* examples/lessons/14_cifar_lenet.c */
static void make_lenet(Workload* w) {
  randn(&w->x, w->batch, 3, 32, 32, 4);
  labels(w);
  conv(w, 3, 6, 5, 1, 0, 1, 28);
  relu(w);
  pool(w);
  conv(w, 6, 16, 5, 1, 0, 1, 10);
  relu(w);
  pool(w);
  CHECK(tt_nn_flatten_new(1, -1, next_layer(w)));
  linear(w, 16 * 5 * 5, 120);
  relu(w);
  linear(w, 120, 84);
  relu(w);
  linear(w, 84, 10);
  finish(w, 0.01, 0.9);
}

static void make_cnn(Workload* w) {
  const int64_t channels[] = {3, 32, 64, 128}, one[] = {1, 1};
  int64_t size = 32;
  int i;
  randn(&w->x, w->batch, 3, 32, 32, 4);
  labels(w);
  for (i = 0; i < 3; ++i) {
    if (i != 0) size /= 2;
    conv(w, channels[i], channels[i + 1], 3, i == 0 ? 1 : 2, 1, 0, size);
    CHECK(tt_nn_batch_norm2d_new(channels[i + 1], NULL, next_layer(w)));
    relu(w);
  }
  CHECK(tt_nn_adaptive_avg_pool2d_new(one, next_layer(w)));
  CHECK(tt_nn_flatten_new(1, -1, next_layer(w)));
  linear(w, 128, 10);
  finish(w, 0.01, 0);
}

static const struct {
  const char* name;
  void (*make)(Workload* w);
  int64_t batch;
  int fixed;          /* the batch cannot be chosen */
  int steps_are_adds; /* and not training steps */
} workloads[] = {{"add4", make_add4, 1, 1, 1},       {"add4_grad", make_add4_grad, 1, 1, 1},
                 {"linear1", make_linear1, 3, 1, 0}, {"diabetes", make_diabetes, 759, 0, 0},
                 {"mlp", make_mlp, 64, 0, 0},        {"mlp_wide", make_mlp_wide, 512, 0, 0},
                 {"lenet", make_lenet, 64, 0, 0},    {"cnn", make_cnn, 32, 0, 0}};
enum { WORKLOADS = sizeof workloads / sizeof *workloads };

/* The tensor on the workload's device, in place of the one given. */
static void move(Workload* w, tt_tensor** tensor) {
  tt_tensor* moved;
  CHECK(tt_to_device(*tensor, w->device.type, w->device.index, &moved));
  tt_tensor_release(*tensor);
  *tensor = moved;
}

static void make_workload(Workload* w, size_t which) {
  int32_t wants_grad;
  CHECK(tt_manual_seed(0));
  workloads[which].make(w);
  CHECK(tt_tensor_requires_grad(w->x, &wants_grad));
  CHECK(tt_tensor_set_requires_grad(w->x, 0));
  move(w, &w->x);
  move(w, &w->y);
  CHECK(tt_tensor_set_requires_grad(w->x, wants_grad));
}

/* ---- steps ---- */

static void add_steps(Workload* w, long count) {
  tt_tensor* out;
  for (; count > 0; --count) {
    CHECK(tt_add(w->x, w->y, &out));
    tt_tensor_release(out);
  }
}

static void set_autocast(const Workload* w, int32_t on) {
  tt_autocast autocast = TT_AUTOCAST_INIT;
  autocast.dtype = TT_BFLOAT16;
  CHECK(tt_set_autocast(w->device.type, on ? &autocast : NULL, NULL));
}

static void train_steps(Workload* w, long count, int keep_loss) {
  tt_loss_options sum = TT_LOSS_OPTIONS_INIT;
  tt_tensor *scores, *loss;
  sum.reduction = TT_REDUCTION_SUM;
  for (; count > 0; --count) {
    tt_scope scope;
    CHECK(tt_scope_begin(&scope));
    if (w->bfloat16) set_autocast(w, 1);
    CHECK(tt_module_forward(w->model, w->x, &scores));
    switch (w->loss_kind) {
      case MSE_SUM:
        CHECK(tt_mse_loss(scores, w->y, &sum, &loss));
        break;
      case BCE:
        CHECK(tt_binary_cross_entropy(scores, w->y, NULL, NULL, &loss));
        break;
      default:
        CHECK(tt_cross_entropy(scores, w->y, NULL, NULL, &loss));
    }
    if (w->bfloat16) set_autocast(w, 0);
    CHECK(tt_optimizer_zero_grad(w->optimizer, 1));
    CHECK(tt_backward(loss));
    CHECK(tt_optimizer_step(w->optimizer));
    if (keep_loss) CHECK(tt_tensor_item(loss, &w->loss));
    CHECK(tt_scope_end(scope));
    ++w->done;
  }
}

/* A step's work, done from now on by replaying the graph; the first steps made what is made when first used.
 */
static void capture_step(Workload* w) {
  train_steps(w, 3, 0);
  CHECK(tt_graph_new(w->device.type, w->device.index, &w->graph));
  CHECK(tt_graph_capture_begin(w->graph));
  train_steps(w, 1, 0);
  CHECK(tt_graph_capture_end(w->graph));
  --w->done;
}

static void replay_steps(Workload* w, long count) {
  w->done += count;
  for (; count > 0; --count) CHECK(tt_graph_replay(w->graph));
}

static void run_steps(Workload* w, long count) {
  if (w->graph != NULL) {
    replay_steps(w, count);
  } else if (w->model != NULL) {
    train_steps(w, count, 0);
  } else {
    add_steps(w, count);
  }
}

/* As many steps, done when it returns. */
static void finish_steps(Workload* w, long count) {
  run_steps(w, count);
  CHECK(device_wait(w->device));
}

/* ---- timing ---- */

static int usage(const char* program, FILE* file) {
  size_t i;
  fprintf(file, "usage: %s NAME [SECONDS] [OPTION VALUE]...\n\n", program);
  fputs("Times a step of a workload and prints a line of JSON. NAME:", file);
  for (i = 0; i < WORKLOADS; ++i) fprintf(file, " %s", workloads[i].name);
  fputs(
      "\nSECONDS: how long to measure, from 0 to 3600; 1 if not given.\n\n"
      "  --device NAME   cpu (default), cuda or cuda:N\n"
      "  --batch N       rows of a step, for the workloads with a batch\n"
      "  --precision P   float32 (default); tf32: rounded operands, on a CUDA device; or bfloat16: the "
      "forward\n"
      "                  under autocast\n"
      "  --captured      replay a captured training step\n",
      file);
  return file == stdout ? 0 : 2;
}

typedef struct {
  size_t which;
  double seconds;
  const char* precision;
} Options;

/* 0, or the exit status for wrong usage, which has been reported. */
static int parse(int argc, char** argv, Workload* w, Options* o) {
  const char* problem = NULL;
  char* rest;
  int i;
  if (argc < 2) return usage(argv[0], stderr);
  for (o->which = 0; o->which < WORKLOADS; ++o->which) {
    if (strcmp(argv[1], workloads[o->which].name) == 0) break;
  }
  if (o->which == WORKLOADS) {
    fprintf(stderr, "%s: no workload '%s'\n", argv[0], argv[1]);
    return usage(argv[0], stderr);
  }
  w->batch = workloads[o->which].batch;
  for (i = 2; i < argc && problem == NULL; ++i) {
    const char *name = argv[i], *value = argv[i + 1];
    if (strncmp(name, "--", 2) != 0) {
      o->seconds = strtod(name, &rest);
      if (i != 2 || rest == name || *rest != '\0' || !(o->seconds >= 0 && o->seconds <= 3600)) {
        fprintf(stderr, "%s: SECONDS is '%s', not a number from 0 to 3600\n", argv[0], name);
        return 2;
      }
      continue;
    }
    if (strcmp(name, "--captured") == 0) {
      w->captured = 1;
      continue;
    }
    ++i;
    if (value == NULL) {
      problem = "it wants a value";
    } else if (strcmp(name, "--device") == 0) {
      problem = device_from(value, &w->device);
    } else if (strcmp(name, "--batch") == 0) {
      w->batch = strtol(value, &rest, 10);
      if (rest == value || *rest != '\0' || w->batch < 1 || w->batch > 1 << 20) {
        problem = "a batch is from 1 to 1048576";
      } else if (workloads[o->which].fixed && w->batch != workloads[o->which].batch) {
        problem = "this workload's batch is fixed";
      }
    } else if (strcmp(name, "--precision") == 0) {
      o->precision = value;
      w->bfloat16 = strcmp(value, "bfloat16") == 0;
      w->tf32 = strcmp(value, "tf32") == 0;
      if (!w->bfloat16 && !w->tf32 && strcmp(value, "float32") != 0) {
        problem = "there are float32, tf32 and bfloat16";
      }
    } else {
      problem = "there is no such option";
    }
    if (problem != NULL)
      fprintf(stderr, "%s: %s%s%s: %s\n", argv[0], name, value ? " " : "", value ? value : "", problem);
  }
  if (problem == NULL && w->captured && workloads[o->which].steps_are_adds) {
    problem = "it wants a training step";
    fprintf(stderr, "%s: --captured: %s\n", argv[0], problem);
  }
  return problem == NULL ? 0 : 2;
}

int main(int argc, char** argv) {
  Workload w;
  Options o = {0, 1, "float32"};
  double start, begin, end, block, median, first_loss = 0, *times;
  long steps = 1, blocks = 0;
  int32_t threads;
  int status;

  if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
    return usage(argv[0], stdout);
  memset(&w, 0, sizeof w);
  status = parse(argc, argv, &w, &o);
  if (status != 0) return status;
  block = w.device.type == TT_CPU ? 0.01 : 0.05;
  if (w.tf32) {
    CHECK(tt_set_float32_matmul_precision(TT_PRECISION_HIGH));
    CHECK(tt_set_float32_conv_precision(TT_PRECISION_HIGH));
  }
  make_workload(&w, o.which);
  if (w.model != NULL) {
    train_steps(&w, 1, 1);
    first_loss = w.loss;
    if (w.captured) capture_step(&w);
  }

  /* Warm up, and find how many steps a block takes. */
  start = now();
  for (;;) {
    begin = now();
    finish_steps(&w, steps);
    end = now();
    if (end - begin < block) {
      steps *= 2;
    } else if (end - start >= o.seconds / 5) {
      break;
    }
  }
  times = malloc(MAX_BLOCKS * sizeof *times);
  if (times == NULL) return 1;
  start = now();
  do {
    begin = now();
    finish_steps(&w, steps);
    end = now();
    times[blocks++] = 1e6 * (end - begin) / (double)steps;
  } while (blocks < MAX_BLOCKS && (end - start < o.seconds || blocks < 3));
  qsort(times, (size_t)blocks, sizeof *times, compare_doubles);
  median = (times[(blocks - 1) / 2] + times[blocks / 2]) / 2;

  CHECK(tt_get_num_threads(&threads));
  printf("{\"name\": \"%s\", \"median_us\": %.6g, \"min_us\": %.6g, \"flops_per_step\": %.0f, ",
         workloads[o.which].name, median, times[0], w.flops);
  printf("\"steps\": %ld, \"blocks\": %ld, \"threads\": %d, ", steps, blocks, (int)threads);
  printf(
      "\"device\": \"%s\", \"batch\": %lld, \"precision\": \"%s\", \"captured\": %s, \"samples_per_s\": %.6g",
      w.device.type == TT_CPU ? "cpu" : "cuda", (long long)w.batch, o.precision,
      w.captured ? "true" : "false", 1e6 * (double)w.batch / median);
  if (w.model != NULL) {
    train_steps(&w, 1, 1);
    if (!isfinite(first_loss) || !isfinite(w.loss)) {
      fprintf(stderr, "%s: %s: the loss went from %g to %g\n", argv[0], workloads[o.which].name, first_loss,
              w.loss);
      return 1;
    }
    printf(", \"first_loss\": %.6g, \"last_loss\": %.6g, \"steps_done\": %ld", first_loss, w.loss, w.done);
  }
  puts("}");
  free(times);
  tt_graph_release(w.graph);
  tt_optimizer_release(w.optimizer);
  tt_module_release(w.model);
  tt_tensor_release(w.x);
  tt_tensor_release(w.y);
  return 0;
}
