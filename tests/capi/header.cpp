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
  OK(tt_scope_begin());
  OK(tt_ones(&size, 1, TT_FLOAT32, &x));
  OK(tt_module_forward(module, x, &y));
  CHECK(at(x, 0) == 1.0F && at(y, 0) > 0.0F);
  OK(tt_scope_end());
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
  {
    tt::Module linear = tt::nn::Linear(2, 1);
    OK(tt_scope_begin());
    const tt::Tensor local = tt::ones({1});
    copy = local;
    outlives = local + 1.0;
    parameters = linear.parameters();
  }
  OK(tt_scope_end());
  CHECK(copy.item() == 1.0 && outlives.item() == 2.0);
  CHECK(parameters.size() == 2 && parameters[0].numel() == 2);
  outlives = copy = tt::Tensor();
  parameters.clear();
  CHECK(live_blocks == before);
}

}  // namespace

int main() {
  count_live_blocks();
  tt::manual_seed(1);
  scopes_and_modules();
  handles_in_scopes();
  return finish("header");
}
