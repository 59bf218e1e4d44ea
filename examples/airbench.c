/* Trains a convolutional network on CIFAR-10 within seconds on a GPU, by the recipe airbench94 of Keller
 * Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (arXiv 2404.00498).
 *
 * The network is in airbench/network.h, the data with their augmentation in airbench/images.h; here are the
 * optimizer's settings, the training and the evaluation. What the recipe has in channels-last order is in the
 * usual order here; everything else follows it. ./airbench --help lists the options.
 *
 * The time is that of uploading the images, the whitening, the training and the final evaluation: what the
 * recipe times, and the upload. Left out is what happens once in a process (reading files, the device's
 * start, --warmup), and the look at the test images after each epoch. */
/* For clock_gettime and access. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <time.h>

#include "airbench/images.h"
#include "airbench/network.h"
#include "airbench/program.h"

/* ---- options ---- */

typedef struct {
  const char* data;
  Device device;
  Precision precision;
  double epochs;
  long batch, width, samples, runs, warmup;
  unsigned long long seed;
  int captured;
} Options;

static void usage(FILE* to, const char* program) {
  fprintf(to,
          "usage: %s --data DIR [OPTION VALUE]...\n"
          "\n"
          "Trains the network of airbench94 on CIFAR-10.\n"
          "\n"
          "  --data DIR      CIFAR-10's binary version: data_batch_1.bin to data_batch_5.bin and "
          "test_batch.bin, each\n"
          "                  with or without .gz\n"
          "  --device NAME   where to compute: cpu (default), cuda, or cuda:N for one of several\n"
          "  --precision P   float16: weights and images in float16, batch norm in float32, as the recipe "
          "has it\n"
          "                  (default on cuda); bfloat16: autocast, weights in float32; float32 (default on "
          "the CPU)\n"
          "  --epochs X      passes over the training images, also a fraction (default 9.9)\n"
          "  --batch N       images per step (default 1024)\n"
          "  --width N       channels of the first block; the others have four times as many (default 64)\n"
          "  --samples N     only the first N training images and N / 5 test images (default: all)\n"
          "  --seed N        of the weights, the order and the augmentation (default 0)\n"
          "  --runs N        train N networks, with seeds from --seed on (default 1)\n"
          "  --warmup N      steps with a network that is thrown away, before the clock starts (default: 10 "
          "on cuda, else 0)\n"
          "  --steps WHICH   eager (default), or captured: the step is captured into a graph and replayed\n"
          "  --help          this text\n",
          program);
}

static Options parse(int argc, char** argv) {
  Options o = {NULL, {TT_CPU, 0}, FLOAT32, 9.9, 1024, 64, 0, 1, -1, 0, 0};
  const char *problem, *precision = NULL;
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
    } else if (strcmp(name, "--device") == 0) {
      problem = device_from(value, &o.device);
      if (problem != NULL) fail("--device %s: %s", value, problem);
    } else if (strcmp(name, "--precision") == 0) {
      precision = value;
    } else if (strcmp(name, "--epochs") == 0) {
      o.epochs = number(name, value, 0.001, 10000);
    } else if (strcmp(name, "--batch") == 0) {
      o.batch = whole(name, value, 2, 100000);
    } else if (strcmp(name, "--width") == 0) {
      o.width = whole(name, value, 1, 4096);
    } else if (strcmp(name, "--samples") == 0) {
      o.samples = whole(name, value, 10, 1e6);
    } else if (strcmp(name, "--seed") == 0) {
      o.seed = (unsigned long long)whole(name, value, 0, 9007199254740991.0);
    } else if (strcmp(name, "--runs") == 0) {
      o.runs = whole(name, value, 1, 10000);
    } else if (strcmp(name, "--steps") == 0) {
      o.captured = strcmp(value, "captured") == 0;
      if (!o.captured && strcmp(value, "eager") != 0) fail("--steps is eager or captured, not '%s'", value);
    } else if (strcmp(name, "--warmup") == 0) {
      o.warmup = whole(name, value, 0, 10000);
    } else {
      fail("unknown option %s; --help lists the options", name);
    }
  }
  if (o.data == NULL) fail("--data wants the folder with CIFAR-10; --help lists the options");
  if (precision == NULL) precision = o.device.type == TT_CUDA ? "float16" : "float32";
  if (o.warmup < 0) o.warmup = o.device.type == TT_CUDA ? 10 : 0;
  if (strcmp(precision, "float16") == 0) {
    o.precision = FLOAT16;
  } else if (strcmp(precision, "bfloat16") == 0) {
    o.precision = BFLOAT16;
  } else if (strcmp(precision, "float32") != 0) {
    fail("--precision is float16, bfloat16 or float32, not '%s'", precision);
  }
  return o;
}

/* ---- the optimizer ---- */

/* The recipe's settings, for a batch of 1024. */
#define LEARNING_RATE 11.5
#define MOMENTUM 0.85
#define WEIGHT_DECAY 0.0153
#define BIAS_SCALER 64.0 /* of the learning rate of batch norm's biases, not of their decay */
#define LABEL_SMOOTHING 0.2
#define LOOKAHEAD_DECAY 0.95 /* of a step; to the power of the share of the training done, cubed */
enum { EAGER_STEPS = 3 };    /* before one is captured: they make what is made when first used */
enum { LOOKAHEAD_START = 3, LOOKAHEAD_STEPS = 5, WHITENING_BIAS_EPOCHS = 3 }; /* epochs, steps, epochs */

typedef struct {
  tt_optimizer* sgd;
  double lr, lr_biases; /* before the schedule */
} Training;

/* Nesterov's SGD over two groups. In the recipe the settings are decoupled: with constant gradients a step is
 * as long whatever the momentum, and the decay does not depend on the learning rate. */
static Training make_training(const Network* net, long batch) {
  const double scale = 1024 * (1 + 1 / (1 - MOMENTUM));
  const double decay = WEIGHT_DECAY * (double)batch / scale;
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  Training out;
  int64_t group;
  out.lr = LEARNING_RATE / scale;
  out.lr_biases = out.lr * BIAS_SCALER;
  options.lr = out.lr;
  options.momentum = MOMENTUM;
  options.nesterov = 1;
  options.weight_decay = decay / out.lr;
  CHECK(tt_optim_sgd_new(net->weights, net->weight_count, &options, &out.sgd));
  CHECK(tt_optimizer_add_param_group(out.sgd, net->norm_biases, net->norm_bias_count, &group));
  CHECK(tt_optimizer_set_option(out.sgd, group, "weight_decay", decay / out.lr_biases));
  return out;
}

/* The share of the learning rate at a step: up from 0.2 to 1 at 23 % of the steps, and down to 0.07. */
static double triangle(long step, long steps) {
  const double peak = floor(0.23 * (double)steps);
  if ((double)step < peak) return 0.2 + 0.8 * (double)step / peak;
  return 1 + (0.07 - 1) * ((double)step - peak) / fmax(1, (double)steps - peak);
}

static void set_learning_rate(const Training* training, double share) {
  CHECK(tt_optimizer_set_lr(training->sgd, 0, training->lr * share));
  CHECK(tt_optimizer_set_lr(training->sgd, 1, training->lr_biases * share));
}

/* ---- Lookahead: a moving average of the weights, to which they are set back every few steps ---- */

typedef struct {
  tt_tensor *weights[MAX_STATE], *averages[MAX_STATE];
  size_t count;
} Lookahead;

/* Of the floating-point tensors of the network's state, the running statistics of batch norm among them. */
static void lookahead_start(Lookahead* lookahead, const Network* net) {
  tt_state_dict* state;
  tt_tensor* tensor;
  tt_dtype dtype;
  size_t count, i;
  tt_scope scope;
  CHECK(tt_scope_begin(&scope));
  CHECK(tt_module_state_dict(net->layers, &state));
  CHECK(tt_state_dict_count(state, &count));
  for (i = 0; i < count; ++i) {
    CHECK(tt_state_dict_tensor(state, i, &tensor));
    CHECK(tt_tensor_dtype(tensor, &dtype));
    if (dtype == TT_INT64) continue;
    if (lookahead->count == MAX_STATE) fail("too many tensors in the network");
    lookahead->weights[lookahead->count] = tensor;
    CHECK(tt_scope_keep(tensor));
    CHECK(tt_clone(tensor, &lookahead->averages[lookahead->count]));
    CHECK(tt_scope_keep(lookahead->averages[lookahead->count]));
    ++lookahead->count;
  }
  tt_state_dict_release(state);
  CHECK(tt_scope_end(scope));
}

static void lookahead_update(Lookahead* lookahead, double decay) {
  int32_t recording;
  size_t i;
  CHECK(tt_set_grad_enabled(0, &recording));
  for (i = 0; i < lookahead->count; ++i) {
    CHECK(tt_lerp_scalar_(lookahead->averages[i], lookahead->weights[i], 1 - decay));
    CHECK(tt_copy_(lookahead->weights[i], lookahead->averages[i]));
  }
  CHECK(tt_set_grad_enabled(recording, NULL));
}

static void lookahead_free(Lookahead* lookahead) {
  size_t i;
  for (i = 0; i < lookahead->count; ++i) {
    tt_tensor_release(lookahead->weights[i]);
    tt_tensor_release(lookahead->averages[i]);
  }
}

/* ---- training and evaluation ---- */

/* The share of images whose highest score is their label's. */
static double accuracy(const tt_tensor* scores, const tt_tensor* labels) {
  const int64_t last = 1;
  tt_tensor *guess, *right;
  CHECK(tt_argmax(scores, &last, 0, &guess));
  CHECK(tt_eq(guess, labels, &right));
  CHECK(tt_mean(right, NULL, 0, 0, TT_FLOAT32, &right));
  return item(right);
}

/* One step on a batch; the scores and the loss belong to the caller's scope. */
static void train_step(Network* net, const Training* training, const Batch* batch, tt_tensor** scores,
                       tt_tensor** loss) {
  tt_loss_options options = TT_LOSS_OPTIONS_INIT;
  options.reduction = TT_REDUCTION_SUM;
  options.label_smoothing = LABEL_SMOOTHING;
  network_autocast(net, 1);
  *scores = network_scores(net, batch->images);
  CHECK(tt_cross_entropy(*scores, batch->labels, NULL, &options, loss));
  network_autocast(net, 0);
  CHECK(tt_optimizer_zero_grad(training->sgd, 1));
  CHECK(tt_backward(*loss));
  CHECK(tt_optimizer_step(training->sgd));
}

/* A step that was captured, and the memory that it reads its batch from. The optimizer's learning rates are
 * up to date in every replay. */
typedef struct {
  tt_graph* graph;
  Batch batch;
  tt_tensor *scores, *loss;
} Captured;

static void captured_free(Captured* captured) {
  tt_graph_release(captured->graph);
  tt_tensor_release(captured->batch.images);
  tt_tensor_release(captured->batch.labels);
  tt_tensor_release(captured->scores);
  tt_tensor_release(captured->loss);
  memset(captured, 0, sizeof *captured);
}

static void captured_step(Captured* captured, Network* net, const Training* training, const Batch* batch,
                          tt_tensor** scores, tt_tensor** loss) {
  if (captured->graph == NULL) {
    CHECK(tt_clone(batch->images, &captured->batch.images));
    CHECK(tt_clone(batch->labels, &captured->batch.labels));
    CHECK(tt_graph_new(net->device.type, net->device.index, &captured->graph));
    CHECK(tt_graph_capture_begin(captured->graph));
    train_step(net, training, &captured->batch, &captured->scores, &captured->loss);
    CHECK(tt_graph_capture_end(captured->graph));
    CHECK(tt_scope_keep(captured->batch.images));
    CHECK(tt_scope_keep(captured->batch.labels));
    CHECK(tt_scope_keep(captured->scores));
    CHECK(tt_scope_keep(captured->loss));
  } else {
    CHECK(tt_copy_(captured->batch.images, batch->images));
    CHECK(tt_copy_(captured->batch.labels, batch->labels));
  }
  CHECK(tt_graph_replay(captured->graph));
  *scores = captured->scores;
  *loss = captured->loss;
}

/* The scores of views of the images, weighed as the recipe does: themselves and mirrored for a half, and the
 * same moved by a pixel to either corner for the other. */
static tt_tensor* scores_of_views(Network* net, const tt_tensor* images) {
  const int64_t around[] = {1, 1, 1, 1};
  tt_tensor *padded, *view, *t, *out;
  int64_t shift;
  out = network_mirror_scores(net, images);
  CHECK(tt_mul_scalar(out, 0.5, &out));
  CHECK(tt_pad(images, around, 4, TT_PAD_REFLECT, 0, &padded));
  for (shift = 0; shift <= 2; shift += 2) {
    CHECK(tt_narrow(padded, 2, shift, IMAGE_SIZE, &view));
    CHECK(tt_narrow(view, 3, shift, IMAGE_SIZE, &view));
    t = network_mirror_scores(net, view);
    CHECK(tt_mul_scalar(t, 0.25, &t));
    CHECK(tt_add(out, t, &out));
  }
  return out;
}

/* The accuracy on images that the network has not seen, with or without the views. */
static double evaluate(Network* net, const Split* split, int views) {
  enum { STEP = 2000 };
  double right = 0;
  int64_t start;
  int32_t recording;
  CHECK(tt_set_grad_enabled(0, &recording));
  CHECK(tt_module_eval(net->layers));
  network_autocast(net, 1);
  for (start = 0; start < split->count; start += STEP) {
    const int64_t count = split->count - start < STEP ? split->count - start : STEP;
    tt_tensor *images, *labels, *scores;
    tt_scope scope;
    CHECK(tt_scope_begin(&scope));
    CHECK(tt_narrow(split->images, 0, start, count, &images));
    CHECK(tt_narrow(split->labels, 0, start, count, &labels));
    scores = views ? scores_of_views(net, images) : network_scores(net, images);
    right += accuracy(scores, labels) * (double)count;
    CHECK(tt_scope_end(scope));
  }
  network_autocast(net, 0);
  CHECK(tt_module_train(net->layers, 1));
  CHECK(tt_set_grad_enabled(recording, NULL));
  return right / (double)split->count;
}

typedef struct {
  double start, sum;
  Device device;
} Clock;

static void clock_start(Clock* clock) {
  struct timespec now;
  CHECK(device_wait(clock->device));
  clock_gettime(CLOCK_MONOTONIC, &now);
  clock->start = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void clock_stop(Clock* clock) {
  const double start = clock->start;
  clock_start(clock);
  clock->sum += clock->start - start;
}

typedef struct {
  double accuracy, seconds;
} Outcome;

/* Trains one network. `stop` above 0 ends it after so many steps, for the warm-up, and nothing is printed. */
static Outcome train(const Options* o, const Files* files, unsigned long long seed, long stop) {
  Clock clock = {0, 0, o->device};
  Lookahead lookahead = {{NULL}, {NULL}, 0};
  Captured captured = {NULL, {NULL, NULL}, NULL, NULL};
  Outcome outcome = {0, 0};
  Split data, test;
  Augmented augmented;
  Network net;
  Training training;
  long step = 0, steps, per_epoch, epoch;

  CHECK(tt_manual_seed(seed));
  net = make_network(o->width, o->precision, o->device);
  training = make_training(&net, o->batch);

  clock_start(&clock);
  data = upload(&files->train, o->device, image_dtype(&net));
  test = upload(&files->test, o->device, image_dtype(&net));
  per_epoch = (long)(data.count / o->batch);
  if (per_epoch == 0)
    fail("%lld training images are too few for a batch of %ld", (long long)data.count, o->batch);
  steps = (long)ceil((double)per_epoch * o->epochs);
  network_whiten(&net, data.images);
  augmented = augment(&data);
  clock_stop(&clock);

  for (epoch = 0; step < steps && (stop == 0 || step < stop); ++epoch) {
    double train_accuracy = 0, train_loss = 0;
    long i;
    tt_tensor *scores = NULL, *loss = NULL;
    tt_scope scope;
    CHECK(tt_scope_begin(&scope));
    clock_start(&clock);
    network_train_whitening_bias(&net, epoch < WHITENING_BIAS_EPOCHS);
    if (epoch == WHITENING_BIAS_EPOCHS) captured_free(&captured); /* the step is another from here on */
    begin_epoch(&augmented, epoch);
    for (i = 0; i < per_epoch && step < steps; ++i) {
      Batch batch;
      tt_scope inner;
      CHECK(tt_scope_begin(&inner));
      batch = next_batch(&augmented, i * o->batch, o->batch);
      set_learning_rate(&training, triangle(step, steps));
      if (o->captured && step >= EAGER_STEPS) {
        captured_step(&captured, &net, &training, &batch, &scores, &loss);
      } else {
        train_step(&net, &training, &batch, &scores, &loss);
      }
      ++step;
      if (epoch >= LOOKAHEAD_START && step % LOOKAHEAD_STEPS == 0) {
        if (lookahead.count == 0) {
          lookahead_start(&lookahead, &net);
        } else {
          const double done = (double)step / (double)steps;
          lookahead_update(&lookahead, pow(LOOKAHEAD_DECAY, LOOKAHEAD_STEPS) * done * done * done);
        }
      }
      if (i + 1 == per_epoch || step == steps) { /* the epoch's last: what is reported of it */
        train_accuracy = accuracy(scores, batch.labels);
        train_loss = item(loss) / (double)o->batch;
      }
      CHECK(tt_scope_end(inner));
    }
    /* The weights of the average, which the recipe sets to the network's here. */
    lookahead_update(&lookahead, 1.0);
    clock_stop(&clock);
    if (stop == 0) {
      printf("epoch %2ld  train loss %.4f  train accuracy %6.2f %%  test accuracy %6.2f %%  %8.3f s\n",
             epoch + 1, train_loss, 100 * train_accuracy, 100 * evaluate(&net, &test, 0), clock.sum);
      fflush(stdout);
    }
    CHECK(tt_scope_end(scope));
  }

  clock_start(&clock);
  outcome.accuracy = evaluate(&net, &test, 1);
  clock_stop(&clock);
  outcome.seconds = clock.sum;
  captured_free(&captured);
  lookahead_free(&lookahead);
  tt_optimizer_release(training.sgd);
  free_network(&net);
  free_augmented(&augmented);
  free_split(&data);
  free_split(&test);
  return outcome;
}

int main(int argc, char** argv) {
  const Options o = parse(argc, argv);
  double sum = 0, squares = 0;
  Files files;
  long i;
  files = read_files(o.data, o.samples);
  printf("%lld training and %lld test images, %s\n", (long long)files.train.count,
         (long long)files.test.count, precision_name(o.precision));
  if (o.warmup > 0) train(&o, &files, o.seed, o.warmup);
  for (i = 0; i < o.runs; ++i) {
    const Outcome outcome = train(&o, &files, o.seed + (unsigned long long)i, 0);
    printf("test accuracy %.2f %% with six views of each image, %.3f s\n", 100 * outcome.accuracy,
           outcome.seconds);
    fflush(stdout);
    sum += outcome.accuracy;
    squares += outcome.accuracy * outcome.accuracy;
  }
  if (o.runs > 1) {
    const double n = (double)o.runs, mean = sum / n;
    printf("mean of %ld runs %.2f %%, spread %.2f %%\n", o.runs, 100 * mean,
           100 * sqrt(fmax(0, squares - n * mean * mean) / (n - 1)));
  }
  free_split(&files.train);
  free_split(&files.test);
  return 0;
}
