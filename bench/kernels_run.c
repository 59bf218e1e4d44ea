/* Matrix products and convolutions by themselves, as a share of what the device can do: a large square
 * product's rate, measured in the same run. And what memory alone limits: a sum of two tensors (add), and of
 * a tensor's elements (sum), by the bytes that they read and write.
 *
 * usage: kernels_run [PART]... [--device NAME] [--precision P] [--largest N] [--seconds S]
 *
 * Prints a line of JSON for the large product and for each case whose name has a PART in it (all without
 * any): products of the workloads `mlp` and `mlp_wide`, and the convolutions of `cnn` and of airbench, each
 * forward and both gradients; add and sum forward. A case is captured into a graph that does it several
 * times, and replays of at least 10 ms are timed until S seconds have passed (default 0.3); the time is the
 * median's. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../examples/device.h"
#include "timing.h"

enum { MAX_TIMES = 1 << 14, MAX_PARTS = 16 };
enum { FORWARD, GRAD_INPUT, GRAD_WEIGHT, WAYS };
static const char* const ways[WAYS] = {"forward", "grad_input", "grad_weight"};

enum { ADD = -2, SUM, PRODUCT }; /* what is no convolution, in place of the kernel's size */

/* A product (batch x inputs) (inputs x outputs), a convolution of size x size pixels, or an op on batch x
 * inputs elements. */
typedef struct {
  const char* name;
  int64_t batch, inputs, outputs;
  int64_t kernel, stride, size;
} Case;

static const Case cases[] = {
    {"add", 8192, 8192, 0, ADD, 0, 0},
    {"sum", 8192, 8192, 0, SUM, 0, 0},
    {"mlp.0", 64, 784, 256, PRODUCT, 0, 0},
    {"mlp.0 1024", 1024, 784, 256, PRODUCT, 0, 0},
    {"mlp_wide.0", 512, 1024, 1024, PRODUCT, 0, 0},
    {"cnn.0", 64, 3, 32, 3, 1, 32},
    {"cnn.0 1024", 1024, 3, 32, 3, 1, 32},
    {"cnn.1", 64, 32, 64, 3, 2, 32},
    {"cnn.1 1024", 1024, 32, 64, 3, 2, 32},
    {"cnn.2", 64, 64, 128, 3, 2, 16},
    {"cnn.2 1024", 1024, 64, 128, 3, 2, 16},
    {"airbench.1", 1024, 24, 64, 3, 1, 31},
    {"airbench.2", 1024, 64, 256, 3, 1, 15},
    {"airbench.3", 1024, 256, 256, 3, 1, 7},
};
enum { CASES = sizeof cases / sizeof *cases };

typedef struct {
  Device device;
  const char* precision;
  tt_dtype dtype;
  int64_t largest;
  double seconds;
  const char* parts[MAX_PARTS];
  int part_count;
} Options;

typedef struct {
  const Case* of;
  int way;
  tt_tensor *input, *weight, *output, *grad; /* of the output */
} Work;

/* Drawn on the device's side of the graph; it requires a gradient where `gradient`. */
static tt_tensor* drawn(const Options* o, const int64_t* sizes, size_t ndim, int gradient) {
  tt_tensor *host = NULL, *converted = NULL, *out = NULL;
  CHECK(tt_randn(sizes, ndim, NULL, TT_FLOAT32, &host));
  CHECK(tt_to(host, o->dtype, &converted));
  CHECK(tt_to_device(converted, o->device.type, o->device.index, &out));
  tt_tensor_release(host);
  tt_tensor_release(converted);
  if (gradient) CHECK(tt_tensor_set_requires_grad(out, 1));
  return out;
}

static int is_matrix(const Case* c) { return c->kernel <= PRODUCT; }
static int is_memory_bound(const Case* c) { return c->kernel < PRODUCT; }

static void forward(const Work* w, tt_tensor** out) {
  const Case* c = w->of;
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  options.stride[0] = options.stride[1] = c->stride;
  options.padding[0] = options.padding[1] = c->kernel / 2;
  if (c->kernel == ADD) {
    CHECK(tt_add(w->input, w->weight, out));
  } else if (c->kernel == SUM) {
    CHECK(tt_sum(w->input, NULL, 0, 0, TT_DTYPE_NONE, out));
  } else if (c->kernel == PRODUCT) {
    CHECK(tt_mm(w->input, w->weight, out));
  } else {
    CHECK(tt_conv2d(w->input, w->weight, NULL, &options, out));
  }
}

static void do_once(const Work* w) {
  tt_backward_options options = TT_BACKWARD_OPTIONS_INIT;
  tt_tensor *result = NULL, *from = w->way == GRAD_INPUT ? w->input : w->weight, *to = w->output,
            *grad = w->grad;
  options.retain_graph = 1;
  if (w->way == FORWARD) {
    forward(w, &result);
  } else {
    CHECK(tt_grad(&to, 1, &from, 1, &grad, &options, &result));
  }
  tt_tensor_release(result);
}

static Work make_work(const Options* o, const Case* c, int way) {
  const int64_t input[4] = {c->batch, c->inputs, c->size, c->size};
  const int64_t weight[4] = {c->outputs, c->inputs, c->kernel, c->kernel};
  const int64_t matrix[2] = {c->inputs, c->outputs};
  Work w = {c, way, NULL, NULL, NULL, NULL};
  w.input = drawn(o, input, is_matrix(c) ? 2 : 4, way == GRAD_INPUT);
  if (c->kernel == ADD) {
    w.weight = drawn(o, input, 2, 0);
  } else if (c->kernel == PRODUCT) {
    w.weight = drawn(o, matrix, 2, way == GRAD_WEIGHT);
  } else if (c->kernel != SUM) {
    w.weight = drawn(o, weight, 4, way == GRAD_WEIGHT);
  }
  if (way != FORWARD) {
    forward(&w, &w.output);
    CHECK(tt_ones_like(w.output, TT_DTYPE_NONE, &w.grad));
  }
  return w;
}

static void release_work(Work* w) {
  tt_tensor_release(w->input);
  tt_tensor_release(w->weight);
  tt_tensor_release(w->output);
  tt_tensor_release(w->grad);
}

/* Seconds of `replays` replays. */
static double replay(const Options* o, tt_graph* graph, long replays) {
  const double begin = now();
  for (; replays > 0; --replays) CHECK(tt_graph_replay(graph));
  CHECK(device_wait(o->device));
  return now() - begin;
}

/* Seconds of the work, once. */
static double measure(const Options* o, const Work* w) {
  enum { CALLS = 10 };
  static double times[MAX_TIMES];
  tt_graph* graph = NULL;
  double start, total = 0;
  long count = 0, replays = 1;
  int i;
  do_once(w); /* what is made when first used */
  CHECK(tt_graph_new(o->device.type, o->device.index, &graph));
  CHECK(tt_graph_capture_begin(graph));
  for (i = 0; i < CALLS; ++i) do_once(w);
  CHECK(tt_graph_capture_end(graph));
  while (replay(o, graph, replays) < 0.01 && replays < 1 << 20) replays *= 2;
  start = now();
  do {
    times[count++] = replay(o, graph, replays);
    total = now() - start;
  } while (count < MAX_TIMES && total < o->seconds);
  qsort(times, (size_t)count, sizeof *times, compare_doubles);
  tt_graph_release(graph);
  return times[count / 2] / (double)replays / CALLS;
}

static double multiply_adds(const Case* c) {
  const int64_t size = is_matrix(c) ? 1 : (c->size + c->stride - 1) / c->stride;
  const int64_t taps = is_matrix(c) ? 1 : c->kernel * c->kernel;
  return (double)(c->batch * size * size) * (double)(c->inputs * taps) * (double)c->outputs;
}

/* Bytes that an op on elements reads and writes. */
static double bytes_moved(const Options* o, const Case* c) {
  const double size = o->dtype == TT_FLOAT32 ? 4 : 2;
  return size * (double)c->batch * (double)c->inputs * (c->kernel == ADD ? 3 : 1);
}

/* Measures and prints a case; its rate. limit 0: there is none yet. */
static double run_case(const Options* o, const Case* c, int way, double limit) {
  Work w = make_work(o, c, way);
  const double seconds = measure(o, &w);
  const double gflops = 2e-9 * multiply_adds(c) / seconds;
  release_work(&w);
  printf("{\"name\": \"%s\", \"way\": \"%s\", \"precision\": \"%s\", \"us\": %.6g, ", c->name, ways[way],
         o->precision, 1e6 * seconds);
  if (is_memory_bound(c)) {
    printf("\"gbytes\": %.6g}\n", 1e-9 * bytes_moved(o, c) / seconds);
  } else {
    printf("\"gflops\": %.6g, \"share\": %.4g}\n", gflops, limit > 0 ? gflops / limit : 1.0);
  }
  fflush(stdout);
  return gflops;
}

static int wanted(const Options* o, const char* name) {
  int i;
  for (i = 0; i < o->part_count; ++i) {
    if (strstr(name, o->parts[i]) != NULL) return 1;
  }
  return o->part_count == 0;
}

/* 0, or the exit status for wrong usage, which has been reported. */
static int parse(int argc, char** argv, Options* o) {
  const char* problem = NULL;
  char* rest;
  int i;
  for (i = 1; i < argc && problem == NULL; ++i) {
    const char *name = argv[i], *value = argv[i + 1];
    if (strncmp(name, "--", 2) != 0) {
      if (o->part_count == MAX_PARTS) problem = "there are too many";
      if (problem == NULL) o->parts[o->part_count++] = name;
    } else if (value == NULL) {
      problem = "it wants a value";
    } else if (++i, strcmp(name, "--device") == 0) {
      problem = device_from(value, &o->device);
    } else if (strcmp(name, "--precision") == 0) {
      o->precision = value;
      o->dtype = strcmp(value, "bfloat16") == 0  ? TT_BFLOAT16
                 : strcmp(value, "float16") == 0 ? TT_FLOAT16
                                                 : TT_FLOAT32;
      if (o->dtype == TT_FLOAT32 && strcmp(value, "float32") != 0 && strcmp(value, "tf32") != 0)
        problem = "there are float32, tf32, float16 and bfloat16";
    } else if (strcmp(name, "--largest") == 0) {
      o->largest = strtol(value, &rest, 10);
      if (rest == value || *rest != '\0' || o->largest < 1 || o->largest > 65536)
        problem = "it is from 1 to 65536";
    } else if (strcmp(name, "--seconds") == 0) {
      o->seconds = strtod(value, &rest);
      if (rest == value || *rest != '\0' || !(o->seconds >= 0 && o->seconds <= 60))
        problem = "it is from 0 to 60";
    } else {
      problem = "there is no such option";
    }
    if (problem != NULL) fprintf(stderr, "%s: %s: %s\n", argv[0], name, problem);
  }
  return problem == NULL ? 0 : 2;
}

int main(int argc, char** argv) {
  Options o = {{TT_CPU, 0}, "float32", TT_FLOAT32, 0, 0.3, {NULL}, 0};
  Case large = {"largest", 0, 0, 0, PRODUCT, 0, 0};
  double limit;
  int i, way;
  const int status = parse(argc, argv, &o);
  if (status != 0) return status;
  if (o.largest == 0) o.largest = o.device.type == TT_CPU ? 2048 : 8192;
  if (strcmp(o.precision, "tf32") == 0) {
    CHECK(tt_set_float32_matmul_precision(TT_PRECISION_HIGH));
    CHECK(tt_set_float32_conv_precision(TT_PRECISION_HIGH));
  }
  large.batch = large.inputs = large.outputs = o.largest;
  limit = run_case(&o, &large, FORWARD, 0);
  for (i = 0; i < CASES; ++i) {
    Case c = cases[i];
    const int count = is_memory_bound(&c) ? 1 : WAYS;
    /* Several times a cache's size: a GPU's is filled by no less, a CPU's memory is slower. */
    if (is_memory_bound(&c) && o.device.type == TT_CPU) c.batch /= 8;
    for (way = 0; way < count && wanted(&o, c.name); ++way) run_case(&o, &c, way, limit);
  }
  return 0;
}
