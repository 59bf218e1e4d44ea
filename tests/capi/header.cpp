// The C++ header: its handles own what they hold, also inside scopes.
#include "tinytorch/tinytorch.hpp"

#include "live_blocks.h"

namespace {

struct Through : tt::nn::Custom {
  Through() : Custom("Through") {}
  tt::Tensor forward(const tt::Tensor& x) override { return tt::relu(x); }
};

struct Identity : tt::nn::Custom {
  Identity() : Custom("Identity") {}
  tt::Tensor forward(const tt::Tensor& x) override { return x; }
};

// Keeps an activation for later, and a copy of another.
struct Remembers : tt::nn::Custom {
  tt::Tensor moved, copied;
  Remembers() : Custom("Remembers") {}
  tt::Tensor forward(const tt::Tensor& x) override {
    const tt::Tensor twice = x * 2.0;
    copied = twice;
    moved = x * 3.0;
    return twice;
  }
};

// A step of a C program: its tensors go with the scope, whatever C++ does with them meanwhile.
int64_t live_after_step(tt_module* module) {
  const int64_t size = 1;
  tt_tensor *x = nullptr, *y = nullptr;
  tt_scope scope;
  OK(tt_scope_begin(&scope));
  OK(tt_ones(&size, 1, TT_FLOAT32, &x));
  OK(tt_module_forward(module, x, &y));
  CHECK(at(x, 0) == 1.0F && at(y, 0) > 0.0F);
  OK(tt_scope_end(scope));
  return live_blocks;
}

void scopes_and_modules() {
  Through through;
  Identity identity;
  Remembers remembers;
  for (tt_module* module : {through.get(), identity.get(), remembers.get()}) {
    const int64_t after_first = live_after_step(module);
    for (int i = 0; i < 3; ++i) CHECK(live_after_step(module) == after_first);
  }
  CHECK(remembers.copied.item() == 2.0 && remembers.moved.item() == 3.0);
}

void handles_in_scopes() {
  const int64_t before = live_blocks;
  tt::Tensor outlives, copy;
  std::vector<tt::Tensor> parameters;
  tt_scope scope;
  {
    tt::Module linear = tt::nn::Linear(2, 1);
    OK(tt_scope_begin(&scope));
    const tt::Tensor local = tt::ones({1});
    copy = local;
    outlives = local + 1.0;
    parameters = linear.parameters();
  }
  OK(tt_scope_end(scope));
  CHECK(copy.item() == 1.0 && outlives.item() == 2.0);
  CHECK(parameters.size() == 2 && parameters[0].numel() == 2);
  outlives = copy = tt::Tensor();
  parameters.clear();
  CHECK(live_blocks == before);
}

void sizes_in_range() {
  const tt::Tensor x = tt::zeros({2, 3});
  CHECK(x.size(1) == 3 && x.size(-2) == 2);
  for (const int64_t dim : {int64_t{9}, int64_t{2}, int64_t{-3}, INT64_MIN}) {
    try {
      (void)x.size(dim);
      CHECK(false);
    } catch (const tt::Error& error) {
      CHECK(error.status() == TT_ERR_SHAPE);
      CHECK(strstr(error.what(), ("dim is " + std::to_string(dim) + ",").c_str()) != nullptr);
    }
  }
}

void default_dtype() {
  CHECK(tt::zeros({1}).dtype() == tt::DType::float32);
  OK(tt_set_default_dtype(TT_FLOAT64));
  CHECK(tt::zeros({1}).dtype() == tt::DType::float64 && tt::ones({1}).dtype() == tt::DType::float64);
  CHECK(tt::full({1}, 2).dtype() == tt::DType::float64 && tt::arange(0, 3).dtype() == tt::DType::float64);
  CHECK(tt::rand({1}).dtype() == tt::DType::float64 && tt::randn({1}).dtype() == tt::DType::float64);
  CHECK(tt::zeros({1}, tt::DType::float32).dtype() == tt::DType::float32);
  OK(tt_set_default_dtype(TT_FLOAT32));
}

void options() {
  const tt::Tensor image = tt::rand({1, 1, 5, 4}), target = tt::zeros({1}, tt::DType::int64);
  CHECK(tt::nn::Conv2d(1, 2, 3)(image).sizes() == tt::Sizes({1, 2, 3, 2}));
  tt_conv_options same = TT_CONV_OPTIONS_INIT;
  same.padding_kind = TT_PADDING_SAME;
  CHECK(tt::nn::Conv2d(1, 2, 3, same)(image).sizes() == tt::Sizes({1, 2, 5, 4}));
  tt_pool_options ceil = TT_POOL_OPTIONS_INIT;
  ceil.ceil_mode = 1;
  CHECK(tt::nn::MaxPool2d(2)(image).sizes() == tt::Sizes({1, 1, 2, 2}));
  CHECK(tt::nn::MaxPool2d(2, ceil)(image).sizes() == tt::Sizes({1, 1, 3, 2}));
  tt_norm_options plain = TT_NORM_OPTIONS_INIT;
  plain.affine = 0;
  CHECK(tt::nn::BatchNorm2d(1).parameters().size() == 2);
  CHECK(tt::nn::BatchNorm2d(1, plain).parameters().empty());

  const tt::Tensor scores = tt::matrix({{0, 1}});
  tt::LossOptions smooth = tt::Reduction::sum;
  smooth.label_smoothing = 1;
  CHECK(tt::cross_entropy(scores, target).item() > 1.3);
  CHECK(tt::cross_entropy(scores, target, smooth).item() < 0.82);
  CHECK(tt::cross_entropy(scores, target, tt::Reduction::none).ndim() == 1);
  CHECK(tt::mse_loss(scores, tt::zeros({1, 2})).item() == 0.5);
  CHECK(tt::mse_loss(scores, tt::zeros({1, 2}), tt::Reduction::sum).item() == 1.0);
  try {
    tt::mse_loss(scores, scores, smooth);
    CHECK(false);
  } catch (const tt::Error& error) {
    CHECK(error.status() == TT_ERR_INVALID_ARGUMENT);
    CHECK(strstr(error.what(), "tt_mse_loss: options.label_smoothing is 1") != nullptr);
  }
}

void nested_loops() {
  const tt::DataLoader loader({tt::arange(0, 6)}, 2);
  const tt::DataLoader copy = loader;
  for (int round = 0; round < 2; ++round) {
    int outer = 0, inner = 0;
    double sum = 0;
    for (const auto& a : loader) {
      sum += a[0].sum().item();
      for (const auto& b : copy) {
        sum += 100 * b[0].sum().item();
        ++inner;
      }
      ++outer;
    }
    CHECK(outer == 3 && inner == 9 && sum == 15 + 100 * 45);
  }
  for (const auto& batch : loader) {  // left in the middle
    CHECK(batch[0].numel() == 2);
    break;
  }
  int steps = 0;
  for (const auto& batch : loader) steps += batch[0].numel() == 2;
  CHECK(steps == 3);
}

}  // namespace

int main() {
  count_live_blocks();
  tt::manual_seed(1);
  scopes_and_modules();
  handles_in_scopes();
  sizes_in_range();
  default_dtype();
  options();
  nested_loops();
  return finish("header");
}
