/* Trains a small network on handwritten digits, and shows what it has learned.
 *
 * The data are the 1,797 real 8x8 digits that lie in examples/data/digits, or any folder laid out as MNIST's.
 * Everything is done through tinytorch.h: reading, batches, the network, training, saving. ./digits --help
 * lists the options. */
/* For clock_gettime, isatty and access. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "digits"
#include "device.h"
#include "digits_curve.h"
#include "program.h"
#include "tinytorch/tinytorch.h"

#ifndef TT_EXAMPLES_DATA_DIR
#define TT_EXAMPLES_DATA_DIR "examples/data"
#endif

enum { MAX_CLASSES = 256, MAX_NAMES = 256 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double item(const tt_tensor* tensor) {
  double value;
  CHECK(tt_tensor_item(tensor, &value));
  return value;
}

/* ---- options ---- */

typedef struct {
  const char *data, *model, *resume, *save, *curve;
  long epochs, batch;
  unsigned long long seed;
  double lr;
  Device device;
} Options;

static void usage(FILE* to, const char* program) {
  fprintf(to,
          "usage: %s [OPTION VALUE]...\n"
          "\n"
          "Trains a network on handwritten digits and reports how well it reads digits it has not seen.\n"
          "\n"
          "  --data DIR      a folder of IDX files named as MNIST's: train-images-idx3-ubyte, "
          "train-labels-idx1-ubyte,\n"
          "                  t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each with or without .gz\n"
          "                  (default: the 8x8 digits that come with TinyTorch)\n"
          "  --model NAME    cnn: two convolutions with batch norm, pooling and dropout, two linear layers "
          "(default)\n"
          "                  mlp: two hidden layers of 128\n"
          "  --epochs N      passes over the training images (default 30; 3 above 10,000 images)\n"
          "  --batch N       images per step (default 64)\n"
          "  --lr X          highest learning rate of Adam; it falls to 0 along a cosine (default 0.003)\n"
          "  --seed N        of the weights, the order and the dropout (default 0)\n"
          "  --save FILE     where the weights and the state of the training go after each epoch\n"
          "                  (default digits.safetensors)\n"
          "  --resume FILE   go on from a file that --save wrote, under the same options\n"
          "  --curve FILE    where the curve of the loss goes (default digits.svg)\n"
          "  --device NAME   where to compute: cpu (default), cuda, or cuda:N for one of several\n"
          "  --help          this text\n",
          program);
}

static Options parse(int argc, char** argv) {
  Options o = {TT_EXAMPLES_DATA_DIR "/digits",
               "cnn",
               NULL,
               "digits.safetensors",
               "digits.svg",
               0,
               64,
               0,
               0.003,
               {TT_CPU, 0}};
  const char* problem;
  int i;
  for (i = 1; i < argc; i += 2) {
    const char *name = argv[i], *value = argv[i + 1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
      usage(stdout, argv[0]);
      exit(0);
    }
    if (strncmp(name, "--", 2) != 0) fail("unexpected argument '%s'; --help lists the options", name);
    if (value == NULL) fail("%s wants a value; --help lists the options", name);
    if (strcmp(name, "--data") == 0) {
      o.data = value;
    } else if (strcmp(name, "--model") == 0) {
      if (strcmp(value, "cnn") != 0 && strcmp(value, "mlp") != 0)
        fail("--model is cnn or mlp, not '%s'", value);
      o.model = value;
    } else if (strcmp(name, "--epochs") == 0) {
      o.epochs = whole(name, value, 1, 100000);
    } else if (strcmp(name, "--batch") == 0) {
      o.batch = whole(name, value, 2, 1e6);
    } else if (strcmp(name, "--lr") == 0) {
      o.lr = number(name, value, 0, 100);
    } else if (strcmp(name, "--seed") == 0) {
      o.seed = (unsigned long long)whole(name, value, 0, 9007199254740991.0);
    } else if (strcmp(name, "--save") == 0) {
      o.save = value;
    } else if (strcmp(name, "--resume") == 0) {
      o.resume = value;
    } else if (strcmp(name, "--curve") == 0) {
      o.curve = value;
    } else if (strcmp(name, "--device") == 0) {
      problem = device_from(value, &o.device);
      if (problem != NULL) fail("--device %s: %s", value, problem);
    } else {
      fail("unknown option %s; --help lists the options", name);
    }
  }
  return o;
}

/* ---- data ---- */

typedef struct {
  tt_tensor* images; /* (n, 1, height, width), float32, standardised */
  tt_tensor* labels; /* (n), int64 */
  int64_t count, height, width;
} Split;

static tt_tensor* read_idx(const char* folder, const char* name) {
  char path[4096];
  tt_tensor* out;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (access(path, F_OK) != 0) snprintf(path, sizeof path, "%s/%s.gz", folder, name);
  if (access(path, F_OK) != 0) fail("%s holds neither %s nor %s.gz", folder, name, name);
  CHECK(tt_read_idx(path, &out));
  return out;
}

static Split read_split(const char* folder, const char* prefix) {
  char name[64];
  Split split;
  tt_tensor *images, *labels, *t;
  const int64_t *sizes, *label_sizes;
  int64_t ndim, label_ndim, shape[4];

  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  snprintf(name, sizeof name, "%s-images-idx3-ubyte", prefix);
  images = read_idx(folder, name);
  snprintf(name, sizeof name, "%s-labels-idx1-ubyte", prefix);
  labels = read_idx(folder, name);
  CHECK(tt_tensor_ndim(images, &ndim));
  CHECK(tt_tensor_sizes(images, &sizes));
  CHECK(tt_tensor_ndim(labels, &label_ndim));
  CHECK(tt_tensor_sizes(labels, &label_sizes));
  if (ndim != 3 || label_ndim != 1 || sizes[0] != label_sizes[0] || sizes[0] < 2) {
    fail("%s: the %s images and labels do not belong together", folder, prefix);
  }
  split.count = shape[0] = sizes[0];
  shape[1] = 1;
  split.height = shape[2] = sizes[1];
  split.width = shape[3] = sizes[2];
  CHECK(tt_view(images, shape, 4, &t));
  CHECK(tt_to(t, TT_FLOAT32, &t));
  CHECK(tt_div_scalar(t, 255.0, &split.images));
  CHECK(tt_to(labels, TT_INT64, &split.labels));
  CHECK(tt_scope_keep(split.images));
  CHECK(tt_scope_keep(split.labels));
  CHECK(tt_scope_end(scope));
  return split;
}

/* The whole split, so that batches are gathered where they are used. */
static void move_split(Split* split, Device device) {
  tt_tensor *images, *labels;
  CHECK(tt_to_device(split->images, device.type, device.index, &images));
  CHECK(tt_to_device(split->labels, device.type, device.index, &labels));
  tt_tensor_release(split->images);
  tt_tensor_release(split->labels);
  split->images = images;
  split->labels = labels;
}

/* Both splits with the training images' mean and spread taken out. */
static void standardise(Split* train, Split* test) {
  tt_tensor* t;
  double mean, spread;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_mean(train->images, NULL, 0, 0, TT_DTYPE_NONE, &t));
  mean = item(t);
  CHECK(tt_std(train->images, NULL, 0, 0, 1, &t));
  spread = item(t);
  if (!(spread > 0)) fail("the training images are all alike");
  CHECK(tt_sub_scalar_(train->images, mean));
  CHECK(tt_div_scalar_(train->images, spread));
  CHECK(tt_sub_scalar_(test->images, mean));
  CHECK(tt_div_scalar_(test->images, spread));
  CHECK(tt_scope_end(scope));
}

static int64_t class_count(const Split* train, const Split* test) {
  tt_tensor* t;
  double a, b;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_max(train->labels, &t));
  a = item(t);
  CHECK(tt_max(test->labels, &t));
  b = item(t);
  CHECK(tt_scope_end(scope));
  if (a < b) a = b;
  if (a >= MAX_CLASSES) fail("labels up to %g; at most %d classes are supported", a, MAX_CLASSES);
  return (int64_t)a + 1;
}

/* ---- the network ---- */

typedef struct {
  tt_module* layers[16];
  size_t count;
} Stack;

static tt_module** next(Stack* stack) { return &stack->layers[stack->count++]; }

static tt_module* make_model(const Options* o, const Split* train, int64_t classes) {
  Stack s;
  tt_module* model;
  size_t i;
  s.count = 0;
  if (strcmp(o->model, "mlp") == 0) {
    CHECK(tt_nn_flatten_new(1, -1, next(&s)));
    CHECK(tt_nn_linear_new(train->height * train->width, 128, 1, next(&s)));
    CHECK(tt_nn_relu_new(next(&s)));
    CHECK(tt_nn_linear_new(128, 128, 1, next(&s)));
    CHECK(tt_nn_relu_new(next(&s)));
    CHECK(tt_nn_linear_new(128, classes, 1, next(&s)));
  } else {
    const int64_t three[] = {3, 3}, two[] = {2, 2};
    tt_conv_options same = TT_CONV_OPTIONS_INIT;
    const int64_t rows = train->height / 4, columns = train->width / 4;
    if (rows == 0 || columns == 0) fail("the cnn wants images of at least 4x4 pixels");
    same.padding[0] = same.padding[1] = 1;
    CHECK(tt_nn_conv2d_new(1, 32, three, &same, next(&s)));
    CHECK(tt_nn_batch_norm2d_new(32, NULL, next(&s)));
    CHECK(tt_nn_relu_new(next(&s)));
    CHECK(tt_nn_max_pool2d_new(two, NULL, next(&s)));
    CHECK(tt_nn_conv2d_new(32, 64, three, &same, next(&s)));
    CHECK(tt_nn_batch_norm2d_new(64, NULL, next(&s)));
    CHECK(tt_nn_relu_new(next(&s)));
    CHECK(tt_nn_max_pool2d_new(two, NULL, next(&s)));
    CHECK(tt_nn_flatten_new(1, -1, next(&s)));
    CHECK(tt_nn_dropout_new(0.25, next(&s)));
    CHECK(tt_nn_linear_new(64 * rows * columns, 128, 1, next(&s)));
    CHECK(tt_nn_relu_new(next(&s)));
    CHECK(tt_nn_linear_new(128, classes, 1, next(&s)));
  }
  CHECK(tt_nn_sequential_new(s.layers, s.count, &model));
  CHECK(tt_module_to_device(model, o->device.type, o->device.index));
  for (i = 0; i < s.count; ++i) tt_module_release(s.layers[i]);
  return model;
}

static tt_optimizer* make_optimizer(const tt_module* model) {
  tt_tensor* parameters[64];
  size_t count, i;
  tt_optimizer* out;
  CHECK(tt_module_parameters(model, parameters, 64, &count));
  CHECK(tt_optim_adam_new(parameters, count, NULL, &out));
  for (i = 0; i < count; ++i) tt_tensor_release(parameters[i]);
  return out;
}

/* The class of each image, int64, from a pass without dropout and without recording. */
static tt_tensor* predict(tt_module* model, const Split* split) {
  enum { STEP = 500 };
  tt_tensor **parts, *images, *scores, *out;
  const size_t count = (size_t)((split->count + STEP - 1) / STEP);
  const int64_t last = 1;
  size_t i;
  int32_t recording;
  parts = malloc(count * sizeof *parts);
  if (parts == NULL) fail("out of memory");
  CHECK(tt_set_grad_enabled(0, &recording));
  CHECK(tt_module_eval(model));
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  for (i = 0; i < count; ++i) {
    const int64_t start = (int64_t)i * STEP, left = split->count - start;
    tt_scope inner;
    CHECK(tt_scope_begin(&inner));
    CHECK(tt_narrow(split->images, 0, start, left < STEP ? left : STEP, &images));
    CHECK(tt_module_forward(model, images, &scores));
    CHECK(tt_argmax(scores, &last, 0, &parts[i]));
    CHECK(tt_scope_keep(parts[i]));
    CHECK(tt_scope_end(inner));
  }
  CHECK(tt_cat(parts, count, 0, &out));
  CHECK(tt_scope_keep(out));
  CHECK(tt_scope_end(scope));
  for (i = 0; i < count; ++i) tt_tensor_release(parts[i]);
  free(parts);
  CHECK(tt_module_train(model, 1));
  CHECK(tt_set_grad_enabled(recording, NULL));
  return out;
}

static double share_right(const tt_tensor* predicted, const Split* split) {
  tt_tensor* t;
  double right;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_eq(predicted, split->labels, &t));
  CHECK(tt_sum(t, NULL, 0, 0, TT_DTYPE_NONE, &t));
  right = item(t);
  CHECK(tt_scope_end(scope));
  return right / (double)split->count;
}

/* ---- saving and loading: one file holds weights, optimizer, generators and the epoch ---- */

typedef struct {
  char* names[MAX_NAMES];
  tt_tensor* tensors[MAX_NAMES];
  size_t count;
} Entries;

static void add_entry(Entries* entries, const char* prefix, const char* name, tt_tensor* tensor) {
  char* full = malloc(strlen(prefix) + strlen(name) + 1);
  if (full == NULL || entries->count == MAX_NAMES) fail("too many tensors to save");
  strcpy(full, prefix);
  strcat(full, name);
  entries->names[entries->count] = full;
  entries->tensors[entries->count++] = tensor;
}

static void add_all(Entries* entries, const char* prefix, const tt_state_dict* dict) {
  size_t count, i;
  CHECK(tt_state_dict_count(dict, &count));
  for (i = 0; i < count; ++i) {
    const char* name;
    tt_tensor* tensor;
    CHECK(tt_state_dict_name(dict, i, &name));
    CHECK(tt_state_dict_tensor(dict, i, &tensor));
    add_entry(entries, prefix, name, tensor);
  }
}

/* The order of the samples comes from the CPU's generator, dropout from the device's. */
static void add_generator(Entries* entries, const char* name, Device device) {
  tt_generator* generator;
  tt_tensor* state;
  CHECK(tt_generator_default_of(device.type, device.index, &generator));
  CHECK(tt_generator_get_state(generator, &state));
  add_entry(entries, "", name, state);
  tt_generator_release(generator);
}

static void load_generator(const tt_safetensors* file, const char* name, Device device) {
  tt_generator* generator;
  tt_tensor* state;
  CHECK(tt_generator_default_of(device.type, device.index, &generator));
  CHECK(tt_safetensors_get(file, name, &state));
  CHECK(tt_generator_set_state(generator, state));
  tt_generator_release(generator);
}

static void save(const char* path, const tt_module* model, const tt_optimizer* optimizer, long epoch,
                 Device device) {
  const Device cpu = {TT_CPU, 0};
  Entries entries;
  tt_state_dict *weights, *state;
  char text[32];
  const char *keys[] = {"epoch"}, *values[] = {text};
  size_t i;
  entries.count = 0;
  snprintf(text, sizeof text, "%ld", epoch);
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_module_state_dict(model, &weights));
  add_all(&entries, "model.", weights);
  CHECK(tt_optimizer_state_dict(optimizer, &state));
  add_all(&entries, "optimizer.", state);
  add_generator(&entries, "generator", cpu);
  if (device.type != TT_CPU) add_generator(&entries, "device_generator", device);
  CHECK(tt_safetensors_save(path, (const char* const*)entries.names, entries.tensors, entries.count, keys,
                            values, 1));
  for (i = 0; i < entries.count; ++i) free(entries.names[i]);
  tt_state_dict_release(state);
  tt_state_dict_release(weights);
  CHECK(tt_scope_end(scope));
}

/* The file's tensors whose names start with the prefix, without it. */
static tt_state_dict* part_of(const tt_safetensors* file, const char* prefix) {
  tt_state_dict* out;
  tt_tensor* tensor;
  size_t count, i;
  CHECK(tt_state_dict_new(&out));
  CHECK(tt_safetensors_count(file, &count));
  for (i = 0; i < count; ++i) {
    const char* name;
    CHECK(tt_safetensors_name(file, i, &name));
    if (strncmp(name, prefix, strlen(prefix)) != 0) continue;
    CHECK(tt_safetensors_get(file, name, &tensor));
    CHECK(tt_state_dict_set(out, name + strlen(prefix), tensor));
  }
  return out;
}

/* Loads weights, and with an optimizer the state of the training too; returns the epochs done. The file may
 * have been written on another device: dropout then draws from this one's generator as it is. */
static long load(const char* path, tt_module* model, tt_optimizer* optimizer, Device device) {
  const Device cpu = {TT_CPU, 0};
  tt_safetensors* file;
  tt_state_dict *weights, *state;
  int32_t has_device;
  const char *key, *value;
  long epoch;
  size_t metadata;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  /* Copied, not mapped: training goes on to replace the file. */
  CHECK(tt_safetensors_open(path, 0, &file));
  weights = part_of(file, "model.");
  CHECK(tt_module_load_state_dict(model, weights, 1, NULL, NULL));
  CHECK(tt_safetensors_metadata_count(file, &metadata));
  if (metadata != 1) fail("%s was not written by --save", path);
  CHECK(tt_safetensors_metadata(file, 0, &key, &value));
  epoch = whole(key, value, 0, 1e9);
  if (optimizer != NULL) {
    state = part_of(file, "optimizer.");
    CHECK(tt_optimizer_load_state_dict(optimizer, state));
    tt_state_dict_release(state);
    load_generator(file, "generator", cpu);
    CHECK(tt_safetensors_contains(file, "device_generator", &has_device));
    if (device.type != TT_CPU && has_device) load_generator(file, "device_generator", device);
  }
  tt_state_dict_release(weights);
  tt_safetensors_release(file);
  CHECK(tt_scope_end(scope));
  return epoch;
}

/* ---- training ---- */

typedef struct {
  double loss, right, seen; /* sums over the epoch */
} Tally;

static void show_progress(long epoch, long epochs, long step, long steps, const Tally* tally, double rate,
                          double left) {
  enum { WIDTH = 24 };
  const int filled = (int)(WIDTH * step / steps);
  int i;
  printf("\repoch %2ld/%ld [", epoch, epochs);
  for (i = 0; i < WIDTH; ++i) putchar(i < filled ? '#' : '.');
  printf("] loss %.4f  accuracy %6.2f %%  %7.0f images/s  %.0f s left ", tally->loss / tally->seen,
         100 * tally->right / tally->seen, rate, left);
  fflush(stdout);
}

/* One step; the batch's loss. */
static double train_step(tt_module* model, tt_optimizer* optimizer, tt_tensor* const* batch, Tally* tally) {
  tt_tensor *scores, *loss, *guess, *t;
  const int64_t last = 1;
  int64_t count;
  double value;
  CHECK(tt_module_forward(model, batch[0], &scores));
  CHECK(tt_cross_entropy(scores, batch[1], NULL, NULL, &loss));
  CHECK(tt_optimizer_zero_grad(optimizer, 1));
  CHECK(tt_backward(loss));
  CHECK(tt_optimizer_step(optimizer));
  value = item(loss);
  CHECK(tt_argmax(scores, &last, 0, &guess));
  CHECK(tt_eq(guess, batch[1], &t));
  CHECK(tt_sum(t, NULL, 0, 0, TT_DTYPE_NONE, &t));
  CHECK(tt_tensor_numel(batch[1], &count));
  tally->loss += value * (double)count;
  tally->right += item(t);
  tally->seen += (double)count;
  return value;
}

static void train(const Options* o, tt_module* model, tt_optimizer* optimizer, const Split* data,
                  const Split* test, long first, Curve* curve) {
  const int terminal = isatty(STDOUT_FILENO);
  tt_tensor *tensors[2], *batch[2], *guess;
  tt_dataset* dataset;
  tt_loader* loader;
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  const double start = seconds();
  double shown = 0, images = 0;
  int64_t length;
  long epoch, steps;

  tensors[0] = data->images;
  tensors[1] = data->labels;
  CHECK(tt_tensor_dataset_new(tensors, 2, &dataset));
  options.batch_size = o->batch;
  options.shuffle = 1;
  /* Batch norm wants more than one image; a last batch of one is left out. */
  options.drop_last = data->count % o->batch == 1;
  CHECK(tt_loader_new(dataset, &options, &loader));
  CHECK(tt_loader_length(loader, &length));
  steps = (long)length;
  if (steps == 0) fail("%lld images are too few for a batch", (long long)data->count);
  for (epoch = first; epoch < o->epochs; ++epoch) {
    Tally tally = {0, 0, 0};
    long step = 0;
    double rate = 0, accuracy;
    CHECK(tt_loader_begin(loader));
    for (;;) {
      int32_t more;
      const double done = ((double)epoch + (double)step / (double)steps) / (double)o->epochs;
      tt_scope scope;
      CHECK(tt_scope_begin(&scope));
      CHECK(tt_loader_next(loader, batch, 2, &more));
      if (more) {
        CHECK(tt_optimizer_set_lr(optimizer, -1, o->lr * 0.5 * (1 + cos(3.14159265358979 * done))));
        curve_add(curve, train_step(model, optimizer, batch, &tally));
      }
      CHECK(tt_scope_end(scope));
      if (!more) break;
      ++step;
      rate = (images + tally.seen) / (seconds() - start);
      if (terminal && seconds() - shown > 0.1) {
        const double left = (double)(o->epochs - epoch) * (double)data->count - tally.seen;
        shown = seconds();
        show_progress(epoch + 1, o->epochs, step, steps, &tally, rate, left / rate);
      }
    }
    images += tally.seen;
    guess = predict(model, test);
    accuracy = share_right(guess, test);
    tt_tensor_release(guess);
    if (terminal) printf("\r\033[K");
    printf("epoch %2ld/%ld  loss %.4f  accuracy %6.2f %%  test %6.2f %%  %7.0f images/s\n", epoch + 1,
           o->epochs, tally.loss / tally.seen, 100 * tally.right / tally.seen, 100 * accuracy, rate);
    fflush(stdout);
    save(o->save, model, optimizer, epoch + 1, o->device);
  }
  tt_loader_release(loader);
  tt_dataset_release(dataset);
}

static void print_confusion(const tt_tensor* predicted, const Split* test, int64_t classes) {
  static long table[MAX_CLASSES][MAX_CLASSES];
  const size_t size = (size_t)test->count * sizeof(int64_t);
  int64_t *guess = malloc(size), *truth = malloc(size), i, j;
  if (guess == NULL || truth == NULL) fail("out of memory");
  CHECK(tt_tensor_copy_data(predicted, guess, size));
  CHECK(tt_tensor_copy_data(test->labels, truth, size));
  for (i = 0; i < test->count; ++i) ++table[truth[i]][guess[i]];
  free(guess);
  free(truth);
  printf("\nrows: the digit, columns: what the network reads\n    ");
  for (j = 0; j < classes; ++j) printf("%5lld", (long long)j);
  for (i = 0; i < classes; ++i) {
    printf("\n%4lld", (long long)i);
    for (j = 0; j < classes; ++j) {
      if (table[i][j] == 0) {
        printf("    .");
      } else {
        printf("%5ld", table[i][j]);
      }
    }
  }
  puts("\n");
}

int main(int argc, char** argv) {
  Options o = parse(argc, argv);
  Split data, test;
  tt_module *model, *fresh;
  tt_optimizer* optimizer;
  tt_tensor *predicted, *again;
  int64_t classes, total = 0, numel;
  tt_tensor* parameters[64];
  size_t count, i;
  Curve curve;
  long first = 0;
  int32_t same;
  double start;

  data = read_split(o.data, "train");
  test = read_split(o.data, "t10k");
  if (data.height != test.height || data.width != test.width) fail("training and test images differ in size");
  standardise(&data, &test);
  classes = class_count(&data, &test);
  if (o.epochs == 0) o.epochs = data.count > 10000 ? 3 : 30;

  move_split(&data, o.device);
  move_split(&test, o.device);
  CHECK(tt_manual_seed(o.seed));
  model = make_model(&o, &data, classes);
  optimizer = make_optimizer(model);
  CHECK(tt_module_parameters(model, parameters, 64, &count));
  for (i = 0; i < count; ++i) {
    CHECK(tt_tensor_numel(parameters[i], &numel));
    total += numel;
    tt_tensor_release(parameters[i]);
  }
  printf("%lld training and %lld test images of %lldx%lld pixels, %s with %lld parameters\n",
         (long long)data.count, (long long)test.count, (long long)data.height, (long long)data.width, o.model,
         (long long)total);
  if (o.resume != NULL) {
    first = load(o.resume, model, optimizer, o.device);
    printf("going on after epoch %ld of %s\n", first, o.resume);
    if (first >= o.epochs)
      fail("%s has %ld epochs already; --epochs %ld leaves nothing to do", o.resume, first, o.epochs);
  }

  curve_init(&curve);
  start = seconds();
  train(&o, model, optimizer, &data, &test, first, &curve);
  start = seconds() - start;

  predicted = predict(model, &test);
  print_confusion(predicted, &test, classes);
  printf("test accuracy %.2f %% after %.1f s\n", 100 * share_right(predicted, &test), start);

  fresh = make_model(&o, &data, classes);
  load(o.save, fresh, NULL, o.device);
  again = predict(fresh, &test);
  CHECK(tt_equal(predicted, again, &same));
  if (!same) fail("the weights read back from %s predict otherwise", o.save);
  printf("weights in %s: read into a fresh network, they give the same predictions\n", o.save);
  if (curve_write(&curve, o.curve) != 0) fail("cannot write %s", o.curve);
  printf("loss curve in %s\n", o.curve);

  curve_free(&curve);
  tt_tensor_release(again);
  tt_tensor_release(predicted);
  tt_module_release(fresh);
  tt_optimizer_release(optimizer);
  tt_module_release(model);
  tt_tensor_release(data.images);
  tt_tensor_release(data.labels);
  tt_tensor_release(test.images);
  tt_tensor_release(test.labels);
  return 0;
}
