/* Graphs: captured training steps against eager ones, bit for bit, on the CPU or (argument "cuda") a CUDA
 * device. Ends with 77, having printed the reason, where there is no device. */
#include <pthread.h>

#include "check.h"

enum { kBatch = 12, kClasses = 5, kLayers = 8, kMaxParameters = 16, kWarmUp = 2, kSteps = 7 };
enum { kSgd, kMomentum, kNesterov, kAdam, kAmsgrad, kAdamW, kOptimizers };

static tt_device_type device = TT_CPU;

typedef struct {
  tt_module* net;
  tt_optimizer* optimizer;
  tt_tensor *parameters[kMaxParameters], *x, *y, *loss;
  size_t count;
  int bfloat16;
  double clip; /* the norm of the gradients at most; 0: as they are */
} Training;

static void wait_for_device(void) {
  if (device == TT_CUDA) OK(tt_cuda_synchronize(0));
}

static tt_tensor* on_device(tt_tensor* host) {
  tt_tensor* out = NULL;
  OK(tt_to_device(host, device, 0, &out));
  tt_tensor_release(host);
  return out;
}

static tt_tensor* images(uint64_t seed) {
  const int64_t sizes[] = {kBatch, 2, 8, 8};
  tt_generator* generator = NULL;
  tt_tensor* host = NULL;
  OK(tt_generator_new(TT_MT19937, seed, &generator));
  OK(tt_randn(sizes, 4, generator, TT_FLOAT32, &host));
  tt_generator_release(generator);
  return on_device(host);
}

static tt_tensor* labels(uint64_t seed) {
  const int64_t size = kBatch;
  tt_generator* generator = NULL;
  tt_tensor* host = NULL;
  OK(tt_generator_new(TT_MT19937, seed, &generator));
  OK(tt_randint(0, kClasses, &size, 1, generator, TT_INT64, &host));
  tt_generator_release(generator);
  return on_device(host);
}

static tt_optimizer* new_optimizer(int kind, tt_tensor** parameters, size_t count) {
  tt_optimizer* out = NULL;
  if (kind <= kNesterov) {
    tt_sgd_options options = TT_SGD_OPTIONS_INIT;
    options.lr = 0.05;
    options.weight_decay = 1e-3;
    if (kind != kSgd) options.momentum = 0.9;
    options.nesterov = kind == kNesterov;
    OK(tt_optim_sgd_new(parameters, count, &options, &out));
  } else {
    tt_adam_options options = TT_ADAM_OPTIONS_INIT;
    options.lr = 0.01;
    options.weight_decay = 1e-2;
    options.amsgrad = kind == kAmsgrad;
    if (kind == kAdamW) {
      OK(tt_optim_adamw_new(parameters, count, &options, &out));
    } else {
      OK(tt_optim_adam_new(parameters, count, &options, &out));
    }
  }
  return out;
}

static Training begin_training_with(int kind, int bfloat16, double dropout) {
  const int64_t three[] = {3, 3}, two[] = {2, 2};
  tt_conv_options conv = TT_CONV_OPTIONS_INIT;
  tt_module* layers[kLayers];
  Training t = {0};
  size_t i;
  conv.padding[0] = conv.padding[1] = 1;
  OK(tt_manual_seed(3));
  OK(tt_nn_conv2d_new(2, 4, three, &conv, &layers[0]));
  OK(tt_nn_batch_norm2d_new(4, NULL, &layers[1]));
  OK(tt_nn_relu_new(&layers[2]));
  OK(tt_nn_max_pool2d_new(two, NULL, &layers[3]));
  OK(tt_nn_flatten_new(1, -1, &layers[4]));
  OK(tt_nn_dropout_new(dropout, &layers[5]));
  OK(tt_nn_linear_new(4 * 4 * 4, 9, 1, &layers[6]));
  OK(tt_nn_linear_new(9, kClasses, 1, &layers[7]));
  OK(tt_nn_sequential_new(layers, kLayers, &t.net));
  for (i = 0; i < kLayers; ++i) tt_module_release(layers[i]);
  OK(tt_module_to_device(t.net, device, 0));
  OK(tt_module_parameters(t.net, t.parameters, kMaxParameters, &t.count));
  t.optimizer = new_optimizer(kind, t.parameters, t.count);
  t.x = images(100);
  t.y = labels(200);
  t.bfloat16 = bfloat16;
  t.clip = kind == kAdamW ? 0.5 : 0;
  return t;
}

static Training begin_training(int kind, int bfloat16) { return begin_training_with(kind, bfloat16, 0.25); }

static void end_training(Training* t) {
  size_t i;
  for (i = 0; i < t->count; ++i) tt_tensor_release(t->parameters[i]);
  tt_optimizer_release(t->optimizer);
  tt_module_release(t->net);
  tt_tensor_release(t->x);
  tt_tensor_release(t->y);
  tt_tensor_release(t->loss);
}

/* New inputs, where the old ones were. */
static void next_batch(Training* t, uint64_t number) {
  tt_tensor *x = images(300 + number), *y = labels(400 + number);
  OK(tt_copy_(t->x, x));
  OK(tt_copy_(t->y, y));
  tt_tensor_release(x);
  tt_tensor_release(y);
}

static void step(Training* t) {
  tt_autocast autocast = TT_AUTOCAST_INIT;
  tt_tensor* out = NULL;
  autocast.enabled = 1;
  autocast.dtype = TT_BFLOAT16;
  tt_tensor_release(t->loss);
  t->loss = NULL;
  OK(tt_optimizer_zero_grad(t->optimizer, 1));
  if (t->bfloat16) OK(tt_set_autocast(device, &autocast, NULL));
  OK(tt_module_forward(t->net, t->x, &out));
  OK(tt_cross_entropy(out, t->y, NULL, NULL, &t->loss));
  if (t->bfloat16) OK(tt_set_autocast(device, NULL, NULL));
  OK(tt_backward(t->loss));
  if (t->clip > 0) OK(tt_clip_grad_norm_(t->parameters, t->count, t->clip, 2, 0, NULL));
  OK(tt_optimizer_step(t->optimizer));
  tt_tensor_release(out);
}

static void change_rate(Training* t, int number) {
  OK(tt_optimizer_set_lr(t->optimizer, -1, 0.02 / (1 + number)));
  OK(tt_optimizer_set_option(t->optimizer, 0, "weight_decay", number % 2 == 0 ? 0.0 : 1e-2));
}

/* The two state dicts hold the same bits. */
static void expect_same(const tt_state_dict* a, const tt_state_dict* b) {
  size_t count = 0, other = 0, i;
  OK(tt_state_dict_count(a, &count));
  OK(tt_state_dict_count(b, &other));
  CHECK(count == other && count > 0);
  for (i = 0; i < count && i < other; ++i) {
    const char* name = NULL;
    tt_tensor *x = NULL, *y = NULL;
    int32_t equal = 0;
    OK(tt_state_dict_name(a, i, &name));
    OK(tt_state_dict_get(a, name, &x));
    OK(tt_state_dict_get(b, name, &y));
    OK(tt_equal(x, y, &equal));
    if (!equal) fprintf(stderr, "%s differs\n", name);
    CHECK(equal);
    tt_tensor_release(x);
    tt_tensor_release(y);
  }
}

static void compare(const Training* a, const Training* b) {
  tt_state_dict *x = NULL, *y = NULL;
  OK(tt_module_state_dict(a->net, &x));
  OK(tt_module_state_dict(b->net, &y));
  expect_same(x, y);
  tt_state_dict_release(x);
  tt_state_dict_release(y);
  OK(tt_optimizer_state_dict(a->optimizer, &x));
  OK(tt_optimizer_state_dict(b->optimizer, &y));
  expect_same(x, y);
  tt_state_dict_release(x);
  tt_state_dict_release(y);
}

static tt_graph* capture(Training* t) {
  tt_graph* graph = NULL;
  OK(tt_graph_new(device, 0, &graph));
  OK(tt_graph_capture_begin(graph));
  step(t);
  OK(tt_graph_capture_end(graph));
  return graph;
}

/* Captured steps, with rates that change and an eager step between, do what eager steps do. */
static void trains_as_eager(int kind, int bfloat16) {
  double losses[kSteps];
  int i;
  Training eager = begin_training(kind, bfloat16);
  for (i = 0; i < kWarmUp; ++i) step(&eager);
  for (i = 0; i < kSteps; ++i) {
    next_batch(&eager, (uint64_t)i);
    change_rate(&eager, i);
    step(&eager);
    losses[i] = item(eager.loss);
  }

  Training captured = begin_training(kind, bfloat16);
  for (i = 0; i < kWarmUp; ++i) step(&captured);
  tt_graph* graph = capture(&captured);
  tt_tensor* loss = tt_tensor_retain(captured.loss);
  for (i = 0; i < kSteps; ++i) {
    next_batch(&captured, (uint64_t)i);
    change_rate(&captured, i);
    if (i == 3) {
      step(&captured);
      CHECK(item(captured.loss) == losses[i]);
    } else {
      OK(tt_graph_replay(graph));
      CHECK(item(loss) == losses[i]);
    }
  }
  compare(&captured, &eager);
  tt_tensor_release(loss);
  tt_graph_release(graph);
  end_training(&captured);
  end_training(&eager);
}

enum { kSamples = 64, kEpochs = 3 };

/* Part of a data set on the device, shuffled. */
static tt_loader* new_loader(void) {
  const int64_t sizes[] = {kSamples, 2, 8, 8}, lengths[] = {kSamples - 13, 13};
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  tt_generator* generator = NULL;
  tt_tensor* tensors[2];
  tt_dataset *whole = NULL, *parts[2];
  tt_loader* loader = NULL;
  OK(tt_generator_new(TT_MT19937, 17, &generator));
  OK(tt_randn(sizes, 4, generator, TT_FLOAT32, &tensors[0]));
  OK(tt_randint(0, kClasses, sizes, 1, generator, TT_INT64, &tensors[1]));
  tensors[0] = on_device(tensors[0]);
  tensors[1] = on_device(tensors[1]);
  OK(tt_tensor_dataset_new(tensors, 2, &whole));
  OK(tt_random_split(whole, lengths, 2, generator, parts));
  options.batch_size = kBatch;
  options.shuffle = 1;
  options.drop_last = 1;
  OK(tt_loader_new(parts[0], &options, &loader));
  tt_tensor_release(tensors[0]);
  tt_tensor_release(tensors[1]);
  tt_dataset_release(whole);
  tt_dataset_release(parts[0]);
  tt_dataset_release(parts[1]);
  tt_generator_release(generator);
  return loader;
}

static int load(tt_loader* loader, Training* t) {
  tt_tensor* batch[2] = {NULL, NULL};
  int32_t has_batch = 0;
  OK(tt_loader_next(loader, batch, 2, &has_batch));
  if (!has_batch) return 0;
  tt_tensor_release(t->x);
  tt_tensor_release(t->y);
  t->x = batch[0];
  t->y = batch[1];
  return 1;
}

/* Whole epochs whose batches are gathered by the graph. */
static void loads_as_eager(void) {
  Training eager = begin_training(kAdamW, 0);
  tt_loader* loader = new_loader();
  int64_t length = 0;
  int epoch, i;
  OK(tt_loader_length(loader, &length));
  CHECK(length == (kSamples - 13) / kBatch);
  OK(tt_manual_seed(5));
  for (epoch = 0; epoch < kEpochs; ++epoch) {
    OK(tt_loader_begin(loader));
    for (i = 0; load(loader, &eager); ++i) step(&eager);
    CHECK(i == length);
  }
  tt_loader_release(loader);

  Training captured = begin_training(kAdamW, 0);
  tt_graph* graph = NULL;
  loader = new_loader();
  OK(tt_manual_seed(5));
  OK(tt_loader_begin(loader));
  CHECK(load(loader, &captured));
  step(&captured);
  OK(tt_graph_new(device, 0, &graph));
  OK(tt_graph_capture_begin(graph));
  CHECK(load(loader, &captured));
  step(&captured);
  OK(tt_graph_capture_end(graph));
  for (epoch = 0; epoch < kEpochs; ++epoch) {
    if (epoch > 0) OK(tt_loader_begin(loader));
    for (i = epoch == 0 ? 1 : 0; i < length; ++i) OK(tt_graph_replay(graph));
  }
  compare(&captured, &eager);
  FAILS(tt_graph_replay(graph), TT_ERR_SHAPE, "has 3 samples, and the captured one 12");
  CHECK(!load(loader, &captured));
  FAILS(tt_graph_replay(graph), TT_ERR_INVALID_ARGUMENT, "call tt_loader_begin");
  OK(tt_loader_begin(loader));
  OK(tt_graph_replay(graph));
  wait_for_device();
  tt_loader_release(loader);
  tt_graph_release(graph);
  end_training(&captured);
  end_training(&eager);
}

enum { kRows = 30, kDrawn = 6, kResults = 4 };

/* What is drawn and looked up on the device. */
static void draw(tt_generator* generator, const tt_tensor* table, const tt_tensor* weights, tt_tensor** out) {
  tt_tensor *choice = NULL, *values = NULL;
  int i;
  for (i = 0; i < kResults; ++i) tt_tensor_release(out[i]);
  OK(tt_multinomial(weights, kDrawn, 0, generator, &choice));
  OK(tt_index_select(table, 0, choice, &out[0]));
  OK(tt_bernoulli(weights, generator, &out[1]));
  OK(tt_index_select(weights, 0, choice, &values));
  OK(tt_scatter_add_(out[1], 0, choice, values));
  OK(tt_randn_like(table, generator, &out[2]));
  OK(tt_clone(weights, &out[3]));
  OK(tt_random_(out[3], -4, 5, generator));
  tt_tensor_release(choice);
  tt_tensor_release(values);
}

/* A call that fails on the device, which nobody has been told yet. */
static void wrong_index(const tt_tensor* table) {
  const int64_t index = 1000, count = 1;
  tt_tensor *at = NULL, *out = NULL;
  tt_stream* stream = NULL;
  int32_t done = 0;
  OK(tt_from_data(&index, &count, 1, TT_INT64, &at));
  at = on_device(at);
  OK(tt_index_select(table, 0, at, &out));
  OK(tt_stream_get_current(device, 0, &stream));
  while (!done && check_failures == 0) OK(tt_stream_query(stream, &done));
  tt_stream_release(stream);
  tt_tensor_release(at);
  tt_tensor_release(out);
}

static void draws_as_eager(tt_generator_engine engine) {
  enum { kRounds = 4 };
  const int64_t sizes[] = {kRows, 3};
  tt_generator *numbers = NULL, *generator = NULL;
  tt_tensor *table = NULL, *weights = NULL, *out[kResults] = {NULL}, *wanted[kRounds][kResults];
  tt_graph* graph = NULL;
  int i, k;
  OK(tt_generator_new(TT_MT19937, 9, &numbers));
  OK(tt_randn(sizes, 2, numbers, TT_FLOAT32, &table));
  OK(tt_rand(sizes, 1, numbers, TT_FLOAT32, &weights));
  table = on_device(table);
  weights = on_device(weights);
  OK(tt_generator_new(engine, 21, &generator));
  draw(generator, table, weights, out);
  for (i = 0; i < kRounds; ++i) {
    draw(generator, table, weights, out);
    for (k = 0; k < kResults; ++k) OK(tt_clone(out[k], &wanted[i][k]));
  }

  OK(tt_generator_manual_seed(generator, 21));
  draw(generator, table, weights, out);
  OK(tt_graph_new(device, 0, &graph));
  OK(tt_graph_capture_begin(graph));
  draw(generator, table, weights, out);
  OK(tt_graph_capture_end(graph));
  for (i = 0; i < kRounds; ++i) {
    /* Something else has gone wrong meanwhile: the replay says so, and what it would have drawn is drawn
     * next. */
    if (i == 1 && device == TT_CUDA) {
      wrong_index(table);
      FAILS(tt_graph_replay(graph), TT_ERR_INVALID_ARGUMENT, "index 1000 is out of bounds");
    }
    OK(tt_graph_replay(graph));
    for (k = 0; k < kResults; ++k) {
      int32_t equal = 0;
      OK(tt_equal(out[k], wanted[i][k], &equal));
      CHECK(equal);
      /* No two rounds are alike. */
      OK(tt_equal(out[k], wanted[(i + 1) % kRounds][k], &equal));
      CHECK(!equal);
    }
  }
  for (i = 0; i < kRounds; ++i) {
    for (k = 0; k < kResults; ++k) tt_tensor_release(wanted[i][k]);
  }
  for (k = 0; k < kResults; ++k) tt_tensor_release(out[k]);
  tt_graph_release(graph);
  tt_tensor_release(table);
  tt_tensor_release(weights);
  tt_generator_release(generator);
  tt_generator_release(numbers);
}

/* The CPU's is not counted. */
static void memory_of_device(tt_cuda_memory* memory) {
  if (device == TT_CUDA) OK(tt_cuda_get_memory(0, memory));
}

/* Replays take no memory, and what the graph knows stays although everybody else lets go of it. */
static void keeps_its_memory(void) {
  tt_cuda_memory before = TT_CUDA_MEMORY_INIT, after = TT_CUDA_MEMORY_INIT;
  const int64_t size = 4096;
  tt_tensor *x = NULL, *y = NULL, *z = NULL, *junk[8];
  tt_graph* graph = NULL;
  float values[4096], back[4096];
  int i;
  for (i = 0; i < 4096; ++i) values[i] = (float)i;
  OK(tt_from_data(values, &size, 1, TT_FLOAT32, &x));
  x = on_device(x);
  wait_for_device();
  memory_of_device(&before);
  OK(tt_graph_new(device, 0, &graph));
  OK(tt_graph_capture_begin(graph));
  OK(tt_mul(x, x, &y));
  OK(tt_add(y, x, &z));
  OK(tt_graph_capture_end(graph));
  /* The input is let go of, and others take memory of its size and write to it. */
  tt_tensor_release(x);
  tt_tensor_release(y);
  OK(tt_graph_replay(graph));
  wait_for_device();
  for (i = 0; i < 8; ++i) {
    const tt_tensor* like = z;
    OK(tt_full_like(like, -1.0, TT_FLOAT32, &junk[i]));
  }
  memory_of_device(&after);
  const int64_t allocated = after.allocated, reserved = after.reserved;
  for (i = 0; i < 3; ++i) OK(tt_graph_replay(graph));
  OK(tt_tensor_copy_data(z, back, sizeof back));
  for (i = 0; i < 4096; ++i) CHECK(back[i] == values[i] * values[i] + values[i]);
  memory_of_device(&after);
  CHECK(after.allocated == allocated && after.reserved == reserved);
  for (i = 0; i < 8; ++i) {
    OK(tt_tensor_copy_data(junk[i], back, sizeof back));
    CHECK(back[0] == -1 && back[4095] == -1);
    tt_tensor_release(junk[i]);
  }
  tt_graph_release(graph);
  tt_tensor_release(z);
  wait_for_device();
  memory_of_device(&after);
  if (device == TT_CUDA) CHECK(after.allocated == before.allocated - (int64_t)sizeof values);
  if (device == TT_CUDA) OK(tt_cuda_empty_cache(0));
  memory_of_device(&after);
  CHECK(after.reserved <= before.reserved);
}

/* A replay writes to the parameters: what backward kept of them is out of date. */
static void counts_as_a_write(void) {
  Training t = begin_training(kSgd, 0);
  tt_graph* graph = NULL;
  tt_tensor *p = t.parameters[0], *q = NULL, *sum = NULL;
  step(&t);
  graph = capture(&t);
  OK(tt_mul(p, p, &q));
  OK(tt_sum(q, NULL, 0, 0, TT_DTYPE_NONE, &sum));
  OK(tt_graph_replay(graph));
  FAILS(tt_backward(sum), TT_ERR_AUTOGRAD, "written to in place");
  tt_tensor_release(q);
  tt_tensor_release(sum);
  tt_graph_release(graph);
  end_training(&t);
}

typedef struct {
  Training training;
  uint64_t seed;
  double losses[kSteps];
} Worker;

/* Captures and replays, on a CUDA device on a stream of the thread's own. */
static void* work(void* argument) {
  Worker* worker = argument;
  Training* t = &worker->training;
  tt_stream *stream = NULL, *before = NULL;
  tt_graph* graph = NULL;
  tt_tensor* loss = NULL;
  int i;
  if (device == TT_CUDA) {
    OK(tt_stream_new(device, 0, &stream));
    OK(tt_stream_set_current(stream, &before));
    OK(tt_stream_wait_stream(stream, before)); /* which has made the parameters */
  }
  step(t);
  graph = capture(t);
  loss = tt_tensor_retain(t->loss);
  for (i = 0; i < kSteps; ++i) {
    next_batch(t, worker->seed + (uint64_t)i);
    OK(tt_graph_replay(graph));
    worker->losses[i] = item(loss);
  }
  if (device == TT_CUDA) {
    OK(tt_stream_synchronize(stream));
    OK(tt_stream_set_current(before, NULL));
  }
  tt_tensor_release(loss);
  tt_graph_release(graph);
  tt_stream_release(stream);
  tt_stream_release(before);
  return NULL;
}

/* Threads that capture and replay at the same time do what each does alone. */
static void threads_do_not_meet(void) {
  enum { kThreads = 3 };
  Worker together[kThreads], alone[kThreads];
  pthread_t threads[kThreads];
  int i, k;
  for (i = 0; i < kThreads; ++i) {
    together[i].training = begin_training_with(i, 0, 0);
    alone[i].training = begin_training_with(i, 0, 0);
    together[i].seed = alone[i].seed = (uint64_t)(1000 * i);
  }
  for (i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, work, &together[i]) == 0);
  for (i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  for (i = 0; i < kThreads; ++i) {
    (void)work(&alone[i]);
    for (k = 0; k < kSteps; ++k) CHECK(together[i].losses[k] == alone[i].losses[k]);
    compare(&together[i].training, &alone[i].training);
    end_training(&together[i].training);
    end_training(&alone[i].training);
  }
}

static void refuses(void) {
  Training t = begin_training(kMomentum, 0);
  tt_graph *graph = NULL, *other = NULL, *ready = NULL;
  tt_tensor *host = NULL, *moved = NULL, *y = NULL, *nonzero = NULL;
  int32_t capturing = -1;
  double value = 0;
  const tt_status refused = device == TT_CPU ? TT_ERR_NOT_IMPLEMENTED : TT_ERR_CUDA;
  const float one = 1;
  const int64_t size = 1;
  if (device == TT_CUDA) FAILS(tt_graph_new(TT_CUDA, 999, &graph), TT_ERR_DEVICE, "cuda:999");
  FAILS(tt_graph_new(device, 0, NULL), TT_ERR_INVALID_ARGUMENT, "out is NULL");
  FAILS(tt_graph_replay(NULL), TT_ERR_INVALID_ARGUMENT, "graph is NULL");
  OK(tt_graph_new(device, 0, &graph));
  OK(tt_graph_new(device, 0, &other));
  step(&t);
  ready = capture(&t);
  FAILS(tt_graph_replay(graph), TT_ERR_INVALID_ARGUMENT, "holds no capture");
  FAILS(tt_graph_capture_end(graph), TT_ERR_INVALID_ARGUMENT, "is not being captured");
  OK(tt_graph_is_capturing(device, 0, &capturing));
  CHECK(capturing == 0);

  OK(tt_graph_capture_begin(graph));
  OK(tt_graph_is_capturing(device, 0, &capturing));
  CHECK(capturing == 1);
  FAILS(tt_graph_capture_begin(graph), TT_ERR_INVALID_ARGUMENT, "being captured already");
  FAILS(tt_graph_capture_begin(other), TT_ERR_INVALID_ARGUMENT, "captures another graph");
  FAILS(tt_graph_replay(graph), TT_ERR_INVALID_ARGUMENT, "still being captured");
  /* What cannot be captured fails; the rest is. */
  FAILS(tt_tensor_item(t.x, &value), TT_ERR_SHAPE, "");
  FAILS(tt_tensor_item(t.loss, &value), refused, "cannot be captured into a graph");
  FAILS(tt_nonzero(t.x, &nonzero), refused, "cannot be captured into a graph");
  FAILS(tt_graph_replay(ready), refused, "cannot be captured into a graph");
  if (device == TT_CUDA) {
    OK(tt_from_data(&one, &size, 1, TT_FLOAT32, &host));
    FAILS(tt_to_device(host, device, 0, &moved), TT_ERR_CUDA, "copies values from the host");
    FAILS(tt_cuda_synchronize(0), TT_ERR_CUDA, "waits for the device");
  } else {
    FAILS(tt_from_data(&one, &size, 1, TT_FLOAT32, &host), refused, "takes values from the host");
    FAILS(tt_equal(t.x, t.x, &capturing), refused, "reads values");
  }
  CHECK(moved == NULL && nonzero == NULL);
  OK(tt_mul(t.x, t.x, &y));
  OK(tt_graph_capture_end(graph));
  FAILS(tt_graph_capture_begin(graph), TT_ERR_INVALID_ARGUMENT, "reset it first");
  OK(tt_graph_replay(graph));
  wait_for_device();
  tt_tensor_release(y);
  tt_tensor_release(host);
  tt_graph_release(ready);
  OK(tt_graph_reset(graph));
  FAILS(tt_graph_replay(graph), TT_ERR_INVALID_ARGUMENT, "holds no capture");

  /* A capture that is given up. */
  OK(tt_graph_capture_begin(graph));
  OK(tt_mul(t.x, t.x, &y));
  OK(tt_graph_reset(graph));
  tt_tensor_release(y);
  OK(tt_graph_is_capturing(device, 0, &capturing));
  CHECK(capturing == 0);
  tt_graph_release(graph);
  tt_graph_release(other);

  /* Options that decide which kernels run. */
  step(&t);
  graph = capture(&t);
  OK(tt_optimizer_set_option(t.optimizer, 0, "momentum", 0.5));
  OK(tt_graph_replay(graph));
  OK(tt_optimizer_set_option(t.optimizer, 0, "nesterov", 1));
  FAILS(tt_graph_replay(graph), TT_ERR_INVALID_ARGUMENT, "SGD's nesterov has changed from 0 to 1");
  OK(tt_optimizer_set_option(t.optimizer, 0, "nesterov", 0));
  OK(tt_graph_replay(graph));
  tt_graph_release(graph);
  end_training(&t);

  /* State that is not there yet would be made anew by every replay. */
  t = begin_training(kAdam, 0);
  OK(tt_graph_new(device, 0, &graph));
  OK(tt_optimizer_zero_grad(t.optimizer, 1));
  OK(tt_graph_capture_begin(graph));
  OK(tt_module_forward(t.net, t.x, &y));
  OK(tt_cross_entropy(y, t.y, NULL, NULL, &t.loss));
  OK(tt_backward(t.loss));
  FAILS(tt_optimizer_step(t.optimizer), TT_ERR_INVALID_ARGUMENT, "take a step before the capture");
  OK(tt_graph_capture_end(graph));
  tt_tensor_release(y);
  tt_graph_release(graph);
  end_training(&t);
}

/* The results that backward takes for addresses. */
enum { kSort, kTopk, kKthvalue, kMedian, kMax, kPool, kCrossEntropy, kWithIndices };
static void with_indices(int which, const tt_tensor* x, const tt_tensor* y, tt_tensor** out) {
  const int64_t two[2] = {2, 2};
  tt_tensor* indices = NULL;
  *out = NULL;
  switch (which) {
    case kSort:
      OK(tt_sort(x, -1, 0, 0, out, &indices));
      break;
    case kTopk:
      OK(tt_topk(x, 2, -1, 1, 1, out, &indices));
      break;
    case kKthvalue:
      OK(tt_kthvalue(x, 2, -1, 0, out, &indices));
      break;
    case kMedian:
      OK(tt_median_dim(x, -1, 0, out, &indices));
      break;
    case kMax:
      OK(tt_max_dim(x, -1, 0, out, &indices));
      break;
    case kPool:
      OK(tt_max_pool2d(x, two, NULL, out));
      break;
    default: {
      tt_tensor *flat = NULL, *classes = NULL;
      tt_loss_options sum = TT_LOSS_OPTIONS_INIT;
      sum.reduction = TT_REDUCTION_SUM;
      OK(tt_flatten(x, 1, -1, &flat));
      OK(tt_zeros_like(y, TT_INT64, &classes));
      OK(tt_cross_entropy(flat, classes, NULL, &sum, out));
      tt_tensor_release(flat);
      tt_tensor_release(classes);
    }
  }
  tt_tensor_release(indices);
}

/* Before the first replay there is nothing to read, nor to take a gradient of. */
static void results_before_a_replay(void) {
  const char* const refused = "has no values yet: replay the graph first";
  tt_tensor *x = images(3), *y = labels(4), *copy = NULL, *grad = NULL;
  float values[16];
  int which, reset;
  OK(tt_tensor_set_requires_grad(x, 1));
  for (which = 0; which < kWithIndices; ++which) {
    for (reset = 0; reset < 2; ++reset) {
      tt_tensor *result = NULL, *sum = NULL, *twice = NULL;
      tt_graph *graph = NULL, *second = NULL;
      OK(tt_graph_new(device, 0, &graph));
      OK(tt_graph_new(device, 0, &second));
      OK(tt_graph_capture_begin(graph));
      with_indices(which, x, y, &result);
      OK(tt_sum(result, NULL, 0, 0, TT_DTYPE_NONE, &sum));
      OK(tt_graph_capture_end(graph));
      /* Another capture may go on from them, and its replays wait for the first one's. */
      OK(tt_graph_capture_begin(second));
      OK(tt_add(sum, sum, &twice));
      OK(tt_graph_capture_end(second));
      FAILS(tt_graph_replay(second), TT_ERR_INVALID_ARGUMENT, "replay that one first");
      if (reset) OK(tt_graph_reset(graph));
      FAILS(tt_tensor_copy_data(sum, values, sizeof(float)), TT_ERR_INVALID_ARGUMENT, refused);
      FAILS(tt_clone(result, &copy), TT_ERR_INVALID_ARGUMENT, refused);
      FAILS(tt_add(sum, sum, &copy), TT_ERR_INVALID_ARGUMENT, refused);
      FAILS(tt_backward(sum), TT_ERR_INVALID_ARGUMENT, refused);
      OK(tt_tensor_grad(x, &grad));
      CHECK(grad == NULL && copy == NULL);
      if (!reset) {
        OK(tt_graph_replay(graph));
        OK(tt_graph_replay(second));
        OK(tt_tensor_copy_data(twice, values, sizeof(float)));
        OK(tt_tensor_copy_data(sum, values + 1, sizeof(float)));
        CHECK(values[0] == 2 * values[1]);
      }
      tt_tensor_release(result);
      tt_tensor_release(sum);
      tt_tensor_release(twice);
      tt_graph_release(graph);
      tt_graph_release(second);
    }
  }
  wait_for_device();
  tt_tensor_release(x);
  tt_tensor_release(y);
}

static tt_status three(int64_t* out, void* user) {
  (void)user;
  *out = 3;
  return TT_OK;
}
static tt_status a_sample(int64_t index, tt_tensor** sample, size_t width, void* user) {
  const int64_t size = 2;
  (void)width;
  (void)user;
  return tt_full(&size, 1, (double)index, TT_FLOAT32, &sample[0]);
}

/* A replay would take the same samples each time, since nothing asks for others. */
static void refuses_a_data_set_of_callbacks(void) {
  tt_dataset_callbacks callbacks = {sizeof callbacks, 1, three, a_sample, NULL, NULL};
  tt_dataset *samples = NULL, *two[2] = {NULL, NULL}, *both = NULL;
  tt_loader* loaders[2] = {NULL, NULL};
  tt_graph* graph = NULL;
  int i;
  OK(tt_dataset_new(&callbacks, &samples));
  two[0] = two[1] = samples;
  OK(tt_concat_dataset_new(two, 2, &both));
  OK(tt_loader_new(samples, NULL, &loaders[0]));
  OK(tt_loader_new(both, NULL, &loaders[1]));
  OK(tt_graph_new(device, 0, &graph));
  for (i = 0; i < 2; ++i) {
    tt_tensor* batch = NULL;
    int32_t has_batch = 0, batches = 0;
    OK(tt_loader_begin(loaders[i]));
    OK(tt_graph_capture_begin(graph));
    FAILS(tt_loader_next(loaders[i], &batch, 1, &has_batch), TT_ERR_NOT_IMPLEMENTED, "not rows of tensors");
    CHECK(batch == NULL);
    OK(tt_graph_reset(graph));
    /* The epoch is where it was. */
    do {
      OK(tt_loader_next(loaders[i], &batch, 1, &has_batch));
      batches += has_batch;
      tt_tensor_release(batch);
    } while (has_batch && batches < 9);
    CHECK(batches == (i == 0 ? 3 : 6));
    tt_loader_release(loaders[i]);
  }
  tt_graph_release(graph);
  tt_dataset_release(samples);
  tt_dataset_release(both);
}

/* What the CPU's graphs do in their own way. */
static void on_the_cpu(void) {
  const int64_t rows = 5, count = 2, larger = 4096;
  const int64_t index[2] = {4, 1}, wrong[2] = {4, 5};
  const float values[5] = {0, 10, 20, 30, 40};
  float back[2];
  tt_tensor *table = NULL, *at = NULL, *other = NULL, *out = NULL, *drawn = NULL;
  tt_graph* graph = NULL;
  OK(tt_from_data(values, &rows, 1, TT_FLOAT32, &table));
  OK(tt_from_data(index, &count, 1, TT_INT64, &at));
  OK(tt_from_data(wrong, &count, 1, TT_INT64, &other));
  OK(tt_graph_new(TT_CPU, 0, &graph));
  OK(tt_graph_capture_begin(graph));
  OK(tt_index_select(table, 0, at, &out));
  /* Arguments are checked at once. */
  FAILS(tt_randint(5, 2, &count, 1, NULL, TT_INT64, &drawn), TT_ERR_INVALID_ARGUMENT, "5");
  FAILS(tt_uniform_(out, 3, 1, NULL), TT_ERR_INVALID_ARGUMENT, "3");
  FAILS(tt_read_npy("there is none", &drawn), TT_ERR_NOT_IMPLEMENTED, "reads a file");
  FAILS(tt_tensor_copy_data(table, back, sizeof back), TT_ERR_INVALID_ARGUMENT, "20");
  OK(tt_graph_capture_end(graph));
  CHECK(drawn == NULL);

  OK(tt_graph_replay(graph));
  OK(tt_tensor_copy_data(out, back, sizeof back));
  CHECK(back[0] == 40 && back[1] == 10);
  /* Values are when they are met; what a graph uses stays where it is. */
  OK(tt_copy_(at, other));
  FAILS(tt_graph_replay(graph), TT_ERR_INVALID_ARGUMENT,
        "index 5 is out of bounds for dimension 0 with size 5");
  OK(tt_fill_(at, 3));
  OK(tt_graph_replay(graph));
  OK(tt_tensor_copy_data(out, back, sizeof back));
  CHECK(back[0] == 30 && back[1] == 30);
  FAILS(tt_resize_(table, &larger, 1), TT_ERR_INVALID_ARGUMENT, "captured graph");
  tt_graph_release(graph);
  OK(tt_resize_(table, &larger, 1));
  /* The results outlive the graph. */
  OK(tt_tensor_copy_data(out, back, sizeof back));
  CHECK(back[0] == 30 && back[1] == 30);
  tt_tensor_release(out);
  tt_tensor_release(table);
  tt_tensor_release(at);
  tt_tensor_release(other);
}

int main(int argc, char** argv) {
  int kind;
  if (argc > 1 && strcmp(argv[1], "cuda") == 0) {
    int32_t there = 0;
    device = TT_CUDA;
    OK(tt_cuda_is_available(&there));
    if (!there) {
      char reason[512];
      OK(tt_cuda_unavailable_reason(reason, sizeof reason, NULL));
      printf("skipped: %s\n", reason);
      return 77;
    }
  }
  for (kind = 0; kind < kOptimizers; ++kind) trains_as_eager(kind, 0);
  trains_as_eager(kMomentum, 1);
  loads_as_eager();
  draws_as_eager(TT_PHILOX);
  if (device == TT_CPU) draws_as_eager(TT_MT19937);
  keeps_its_memory();
  counts_as_a_write();
  threads_do_not_meet();
  refuses();
  results_before_a_replay();
  refuses_a_data_set_of_callbacks();
  if (device == TT_CPU) on_the_cpu();
  return finish("graph");
}
