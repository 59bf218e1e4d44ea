// Every allocation of every call that draws random numbers, of the layers that are joined, and of what
// registers, fails in turn: the call succeeds, or gives TT_ERR_OUT_OF_MEMORY and has changed nothing,
// generators, buffers and counts of batches included. And in-place ops on views of themselves leak nothing.
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "check.h"
#include "failing_allocations.h"

namespace {

std::string bytes_of(const tt_tensor* t) {
  void* data = nullptr;
  int64_t count = 0;
  tt_dtype dtype = 0;
  OK(tt_tensor_data(t, &data));
  OK(tt_tensor_numel(t, &count));
  OK(tt_tensor_dtype(t, &dtype));
  return {static_cast<const char*>(data), static_cast<size_t>(count) * tt_dtype_size(dtype)};
}

std::string state_of(const tt_generator* generator) {
  tt_tensor* state = nullptr;
  OK(tt_generator_get_state(generator, &state));
  std::string bytes = bytes_of(state);
  tt_tensor_release(state);
  return bytes;
}

void complain(const std::string& name, std::int64_t n, const std::string& what) {
  ++check_failures;
  std::fprintf(stderr, "%s, allocation %d failing: %s\n", name.c_str(), static_cast<int>(n), what.c_str());
}

bool allowed(const std::string& name, std::int64_t n, tt_status status) {
  if (status != TT_OK && status != TT_ERR_OUT_OF_MEMORY)
    complain(name, n, std::string(tt_status_name(status)) + ": " + tt_last_error());
  return status == TT_OK;
}

// ---- calls that draw ----

struct Draw {
  const char* name;
  // On a float tensor `t` of 4 x 5, from the generator; what it makes is released.
  std::function<tt_status(tt_tensor* t, tt_generator* g)> call;
  bool from_default = false;  // it takes no generator
};

template <typename F>
tt_status made(const F& call) {
  tt_tensor* out = nullptr;
  const tt_status status = call(&out);
  tt_tensor_release(out);
  return status;
}
template <typename F>
tt_status made_module(const F& call) {
  tt_module* out = nullptr;
  const tt_status status = call(&out);
  tt_module_release(out);
  return status;
}

tt_dataset* g_rows = nullptr;

tt_status split(tt_generator* g, bool by_fractions) {
  tt_dataset* parts[2] = {};
  const int64_t lengths[] = {2, 4};
  const double fractions[] = {0.5, 0.5};
  const tt_status status = by_fractions ? tt_random_split_fractions(g_rows, fractions, 2, g, parts)
                                        : tt_random_split(g_rows, lengths, 2, g, parts);
  for (tt_dataset* part : parts) tt_dataset_release(part);
  return status;
}

constexpr int64_t kSizes[] = {4, 5}, kKernel[] = {3, 3};

std::vector<Draw> draws() {
  return {
      {"rand",
       [](tt_tensor*, tt_generator* g) {
         return made([&](auto o) { return tt_rand(kSizes, 2, g, TT_DTYPE_NONE, o); });
       }},
      {"randn",
       [](tt_tensor*, tt_generator* g) {
         return made([&](auto o) { return tt_randn(kSizes, 2, g, TT_DTYPE_NONE, o); });
       }},
      {"rand_like",
       [](tt_tensor* t, tt_generator* g) { return made([&](auto o) { return tt_rand_like(t, g, o); }); }},
      {"randn_like",
       [](tt_tensor* t, tt_generator* g) { return made([&](auto o) { return tt_randn_like(t, g, o); }); }},
      {"randint",
       [](tt_tensor*, tt_generator* g) {
         return made([&](auto o) { return tt_randint(0, 9, kSizes, 2, g, TT_DTYPE_NONE, o); });
       }},
      {"randperm",
       [](tt_tensor*, tt_generator* g) {
         return made([&](auto o) { return tt_randperm(9, g, TT_DTYPE_NONE, o); });
       }},
      {"randperm of float32",
       [](tt_tensor*, tt_generator* g) {
         return made([&](auto o) { return tt_randperm(9, g, TT_FLOAT32, o); });
       }},
      {"uniform_", [](tt_tensor* t, tt_generator* g) { return tt_uniform_(t, 0, 1, g); }},
      {"normal_", [](tt_tensor* t, tt_generator* g) { return tt_normal_(t, 0, 1, g); }},
      {"exponential_", [](tt_tensor* t, tt_generator* g) { return tt_exponential_(t, 1, g); }},
      {"random_", [](tt_tensor* t, tt_generator* g) { return tt_random_(t, 0, 10, g); }},
      {"bernoulli_", [](tt_tensor* t, tt_generator* g) { return tt_bernoulli_(t, 0.5, g); }},
      {"bernoulli",
       [](tt_tensor* t, tt_generator* g) { return made([&](auto o) { return tt_bernoulli(t, g, o); }); }},
      {"multinomial",
       [](tt_tensor* t, tt_generator* g) {
         return made([&](auto o) { return tt_multinomial(t, 2, 0, g, o); });
       }},
      {"multinomial with replacement",
       [](tt_tensor* t, tt_generator* g) {
         return made([&](auto o) { return tt_multinomial(t, 3, 1, g, o); });
       }},
      {"random_split", [](tt_tensor*, tt_generator* g) { return split(g, false); }},
      {"random_split_fractions", [](tt_tensor*, tt_generator* g) { return split(g, true); }},
      {"init_uniform_", [](tt_tensor* t, tt_generator*) { return tt_init_uniform_(t, 0, 1); }, true},
      {"init_normal_", [](tt_tensor* t, tt_generator*) { return tt_init_normal_(t, 0, 1); }, true},
      {"init_trunc_normal_",
       [](tt_tensor* t, tt_generator*) { return tt_init_trunc_normal_(t, 0, 1, -2, 2); }, true},
      {"init_trunc_normal_ in a tail",
       [](tt_tensor* t, tt_generator*) { return tt_init_trunc_normal_(t, 0, 1, 3, 4); }, true},
      {"init_xavier_uniform_", [](tt_tensor* t, tt_generator*) { return tt_init_xavier_uniform_(t, 1); },
       true},
      {"init_xavier_normal_", [](tt_tensor* t, tt_generator*) { return tt_init_xavier_normal_(t, 1); }, true},
      {"dropout", [](tt_tensor* t,
                     tt_generator* g) { return made([&](auto o) { return tt_dropout(t, 0.5, 1, g, o); }); }},
      {"nn_linear",
       [](tt_tensor*, tt_generator*) {
         return made_module([&](auto o) { return tt_nn_linear_new(3, 4, 1, o); });
       },
       true},
      {"nn_conv2d",
       [](tt_tensor*, tt_generator*) {
         return made_module([&](auto o) { return tt_nn_conv2d_new(2, 3, kKernel, nullptr, o); });
       },
       true},
  };
}

// A 4 x 5 tensor of 0.5; `form`: a leaf, no leaf, or one with its dimensions exchanged.
enum class Form { kPlain, kRecorded, kTransposed };
tt_tensor* target_of(Form form) {
  const int64_t sizes[] = {4, 5}, turned[] = {5, 4};
  tt_tensor *t = nullptr, *out = nullptr;
  OK(tt_full(form == Form::kTransposed ? turned : sizes, 2, 0.5, TT_FLOAT32, &t));
  if (form == Form::kPlain) return t;
  if (form == Form::kRecorded) {
    OK(tt_tensor_set_requires_grad(t, 1));
    OK(tt_clone(t, &out));
  } else {
    OK(tt_transpose(t, 0, 1, &out));
  }
  tt_tensor_release(t);
  return out;
}

struct Seen {
  std::string values, grad_fn;
  int64_t version = 0;
  explicit Seen(tt_tensor* t) {
    tt_tensor* dense = nullptr;
    tt_tensor* plain = nullptr;
    char name[128];
    OK(tt_detach(t, &plain));
    OK(tt_contiguous(plain, &dense));
    values = bytes_of(dense);
    tt_tensor_release(dense);
    tt_tensor_release(plain);
    OK(tt_tensor_version(t, &version));
    OK(tt_tensor_grad_fn(t, name, sizeof name, nullptr));
    grad_fn = name;
  }
  bool operator==(const Seen&) const = default;
};

bool failing_draw(const Draw& draw, tt_generator_engine engine, Form form, std::int64_t n) {
  tt_generator* g = nullptr;
  if (draw.from_default) {
    OK(tt_generator_default(&g));
  } else {
    OK(tt_generator_new(engine, 5, &g));
  }
  tt_tensor* t = target_of(form);
  // Near the end of the mt19937's words, so that the call makes new ones, and with a normal sample waiting.
  tt_tensor* used = nullptr;
  const int64_t many[] = {610}, one[] = {1};
  OK(tt_generator_manual_seed(g, 5));
  OK(tt_rand(many, 1, g, TT_FLOAT32, &used));
  tt_tensor_release(used);
  OK(tt_randn(one, 1, g, TT_FLOAT32, &used));
  tt_tensor_release(used);
  const std::string before = state_of(g);
  const Seen seen(t);
  fail_allocation(n);
  const tt_status status = draw.call(t, g);
  const bool reached = stop_failing();
  if (!allowed(draw.name, n, status)) {
    if (state_of(g) != before) complain(draw.name, n, "the generator has moved on");
    if (!(Seen(t) == seen)) complain(draw.name, n, "the tensor has changed");
  }
  tt_tensor_release(t);
  tt_generator_release(g);
  return reached;
}

void test_draws() {
  const float values[] = {1, 2, 3, 4, 5, 6};
  tt_tensor* rows = vector_of(values, 6);
  OK(tt_tensor_dataset_new(&rows, 1, &g_rows));
  tt_tensor_release(rows);
  for (const Draw& draw : draws()) {
    for (const tt_generator_engine engine : {TT_MT19937, TT_PHILOX}) {
      for (const Form form : {Form::kPlain, Form::kRecorded, Form::kTransposed}) {
        failing_draw(draw, engine, form, 1000);  // makes what is made when first used
        const Counts before;
        std::int64_t n = 0;
        while (failing_draw(draw, engine, form, n) && check_failures < 20) ++n;
        if (!(Counts() == before)) complain(draw.name, -1, "a leak");
      }
    }
  }
  tt_dataset_release(g_rows);
}

// ---- layers ----

struct Net {
  tt_module* module = nullptr;
  tt_tensor* x = nullptr;
};

tt_module* sequential(std::vector<tt_module*> layers) {
  tt_module* out = nullptr;
  OK(tt_nn_sequential_new(layers.data(), layers.size(), &out));
  for (tt_module* layer : layers) tt_module_release(layer);
  return out;
}
template <typename F>
tt_module* layer(const F& make) {
  tt_module* out = nullptr;
  OK(make(&out));
  return out;
}

Net net_of(int which) {
  const int64_t rows[] = {6, 8}, images[] = {2, 3, 6, 6}, kernel[] = {3, 3}, pool[] = {2, 2};
  const auto linear = [] { return layer([](auto o) { return tt_nn_linear_new(8, 9, 1, o); }); };
  const auto conv = [&] { return layer([&](auto o) { return tt_nn_conv2d_new(3, 4, kernel, nullptr, o); }); };
  const auto norm1d = [] { return layer([](auto o) { return tt_nn_batch_norm1d_new(8, nullptr, o); }); };
  const auto norm2d = [] { return layer([](auto o) { return tt_nn_batch_norm2d_new(3, nullptr, o); }); };
  const auto relu = [] { return layer(tt_nn_relu_new); };
  Net net;
  OK(tt_manual_seed(3));
  bool image = false;
  switch (which) {
    case 0:
      net.module = sequential({linear(), relu()});
      break;
    case 1:
      net.module = sequential({linear(), layer(tt_nn_tanh_new)});
      break;
    case 2:
      net.module = sequential({linear(), layer(tt_nn_sigmoid_new)});
      break;
    case 3:
      net.module = sequential({linear()});
      break;
    case 4:
      net.module = norm1d();
      break;
    case 5:
      net.module = sequential({norm1d(), relu()});
      break;
    case 6:
      net.module = norm2d();
      image = true;
      break;
    case 7:
      net.module = sequential({norm2d(), relu()});
      image = true;
      break;
    case 8:
      net.module = sequential({conv(), relu()});
      image = true;
      break;
    case 9:
      net.module =
          sequential({relu(), layer([&](auto o) { return tt_nn_max_pool2d_new(pool, nullptr, o); })});
      image = true;
      break;
    case 10:
      net.module = sequential({linear(), layer([](auto o) { return tt_nn_dropout_new(0.5, o); })});
      break;
    default:
      return net;
  }
  OK(tt_randn(image ? images : rows, image ? 4 : 2, nullptr, TT_FLOAT32, &net.x));
  OK(tt_tensor_set_requires_grad(net.x, 1));
  return net;
}

void release(Net& net) {
  tt_module_release(net.module);
  tt_tensor_release(net.x);
}

// Parameters, buffers and the generator.
std::string everything(const Net& net) {
  std::string out;
  tt_state_dict* dict = nullptr;
  size_t count = 0;
  OK(tt_module_state_dict(net.module, &dict));
  OK(tt_state_dict_count(dict, &count));
  for (size_t i = 0; i < count; ++i) {
    tt_tensor* t = nullptr;
    int64_t version = 0;
    OK(tt_state_dict_tensor(dict, i, &t));
    OK(tt_tensor_version(t, &version));
    out += bytes_of(t) + std::to_string(version);
    tt_tensor_release(t);
  }
  tt_state_dict_release(dict);
  tt_generator* g = nullptr;
  OK(tt_generator_default(&g));
  out += state_of(g) + bytes_of(net.x);
  tt_generator_release(g);
  return out;
}

tt_status backward(tt_tensor* y) {
  tt_tensor* sum = nullptr;
  tt_status status = tt_sum(y, nullptr, 0, 0, TT_DTYPE_NONE, &sum);
  if (status == TT_OK) status = tt_backward(sum);
  tt_tensor_release(sum);
  return status;
}

std::string gradients(const Net& net) {
  std::string out;
  tt_tensor *parameters[8] = {}, *grad = nullptr;
  size_t count = 0;
  OK(tt_module_parameters(net.module, parameters, 8, &count));
  parameters[count] = tt_tensor_retain(net.x);
  for (size_t i = 0; i <= count; ++i) {
    OK(tt_tensor_grad(parameters[i], &grad));
    if (grad != nullptr) out += bytes_of(grad);
    tt_tensor_release(grad);
    tt_tensor_release(parameters[i]);
  }
  return out;
}

// What forward and backward give when nothing fails.
std::string expected(int which) {
  Net net = net_of(which);
  tt_tensor* y = nullptr;
  OK(tt_module_forward(net.module, net.x, &y));
  std::string out = bytes_of(y);
  OK(backward(y));
  out += gradients(net) + everything(net);
  tt_tensor_release(y);
  release(net);
  return out;
}

bool failing_layer(int which, bool in_backward, const std::string& wanted, std::int64_t n) {
  const std::string name = "layer " + std::to_string(which) + (in_backward ? ", backward" : "");
  Net net = net_of(which);
  const std::string before = everything(net);
  tt_tensor* y = nullptr;
  bool reached = false;
  if (!in_backward) {
    fail_allocation(n);
    const tt_status status = tt_module_forward(net.module, net.x, &y);
    reached = stop_failing();
    if (!allowed(name, n, status)) {
      if (everything(net) != before) complain(name, n, "something has changed");
      OK(tt_module_forward(net.module, net.x, &y));
    }
  } else {
    OK(tt_module_forward(net.module, net.x, &y));
    fail_allocation(n);
    const tt_status status = backward(y);
    reached = stop_failing();
    if (!allowed(name, n, status)) {  // what is left of the graph is thrown away
      tt_tensor_release(y);
      release(net);
      return reached;
    }
  }
  std::string got = bytes_of(y);
  if (!in_backward) OK(backward(y));
  got += gradients(net) + everything(net);
  if (got != wanted) complain(name, n, "then it gives something else");
  tt_tensor_release(y);
  release(net);
  return reached;
}

void test_layers() {
  for (int which = 0; which <= 10; ++which) {
    const std::string wanted = expected(which);
    for (const bool in_backward : {false, true}) {
      const Counts before;
      std::int64_t n = 0;
      while (failing_layer(which, in_backward, wanted, n) && check_failures < 20) ++n;
      CHECK(n > 2);
      (void)expected(which);
      if (!(Counts() == before)) complain("layer " + std::to_string(which), -1, "a leak");
    }
  }
}

// ---- registering ----

bool failing_register(std::int64_t n) {
  tt_module* module = layer([](auto o) { return tt_nn_sequential_new(nullptr, 0, o); });
  tt_tensor* t = target_of(Form::kPlain);
  tt_state_dict* dict = nullptr;
  size_t count = 0;
  int32_t wants = 0;
  fail_allocation(n);
  const tt_status status = tt_module_register_parameter(module, "a parameter of some length", t);
  const bool reached = stop_failing();
  const bool done = allowed("register_parameter", n, status);
  OK(tt_module_named_parameters(module, &dict));
  OK(tt_state_dict_count(dict, &count));
  OK(tt_tensor_requires_grad(t, &wants));
  CHECK(count == (done ? 1U : 0U));
  CHECK(wants == (done ? 1 : 0));
  tt_state_dict_release(dict);
  tt_tensor_release(t);
  tt_module_release(module);
  return reached;
}

// ---- views of what is written ----

void written_through_views(int which) {
  tt_tensor *leaf = target_of(Form::kPlain), *y = nullptr, *v = nullptr, *top = nullptr, *rest = nullptr;
  OK(tt_tensor_set_requires_grad(leaf, 1));
  OK(tt_add_scalar(leaf, 1, &y));
  const int64_t sizes[] = {4, 5}, middle = 2;
  OK(tt_view(y, sizes, 2, &v));
  OK(tt_slice(y, 0, nullptr, &middle, 1, &top));
  OK(tt_slice(y, 0, &middle, nullptr, 1, &rest));
  switch (which) {
    case 0:
      OK(tt_mul_(y, v));
      break;
    case 1:
      OK(tt_mul_(v, y));
      break;
    case 2:
      OK(tt_mul_(top, rest));
      break;
    case 3:
      OK(tt_pow_(y, v));
      break;
    case 4:
      OK(tt_copysign_(y, v));
      break;
    case 5:
      OK(tt_xlogy_(v, y));
      break;
    case 6:
      OK(tt_lerp_scalar_(y, v, 0.5));
      break;
    case 7:
      OK(tt_clamp_tensor_(y, v, v));
      break;
    case 8:
      OK(tt_div_(top, rest));
      break;
    case 9:
      OK(tt_addcmul_(y, v, v, 1));
      break;
    case 10:
      OK(tt_lerp_(y, v, v));
      break;
    case 11:
      OK(tt_copy_(top, rest));
      break;
    case 12:
      OK(tt_atan2_(v, y));
      break;
    default: {
      tt_tensor* view = nullptr;
      OK(tt_view(leaf, sizes, 2, &view));
      OK(tt_tensor_set_grad(leaf, view));
      tt_tensor_release(view);
      OK(tt_tensor_grad(leaf, &view));
      CHECK(view != nullptr && bytes_of(view) == bytes_of(leaf));
      tt_tensor_release(view);
    }
  }
  for (tt_tensor* t : {leaf, y, v, top, rest}) tt_tensor_release(t);
}

}  // namespace

int main() {
  OK(use_failing_allocator());
  OK(tt_set_num_threads(1));
  test_draws();
  test_layers();
  std::int64_t n = 0;
  while (failing_register(n) && check_failures < 20) ++n;
  CHECK(n > 1);
  for (int which = 0; which <= 13; ++which) {
    written_through_views(which);
    const Counts before;
    written_through_views(which);
    if (!(Counts() == before)) complain("a write through views, " + std::to_string(which), -1, "a leak");
  }
  OK(tt_set_allocator(nullptr));
  return finish("failing_calls");
}
