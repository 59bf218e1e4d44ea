// The matrix products of the linear layers of the workloads: forward, gradient of the weight, gradient of the
// input, through the C ABI. "GF/s" counts two operations a product.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "tinytorch/tinytorch.h"

namespace {

struct Layer {
  const char* name;
  int64_t batch, in, out;
};

constexpr Layer kLayers[] = {
    {"diabetes1", 759, 8, 6},
    {"diabetes2", 759, 6, 4},
    {"diabetes3", 759, 4, 1},
    {"mlp1", 64, 784, 256},
    {"mlp2", 64, 256, 128},
    {"mlp3", 64, 128, 10},
    {"wide", 512, 1024, 1024},
    {"wide_last", 512, 1024, 10},
    {"one_row", 1, 784, 256},
    {"square", 256, 256, 256},
    {"large_square", 2048, 2048, 2048},
};

tt_tensor* random_matrix(int64_t rows, int64_t cols) {
  const int64_t sizes[] = {rows, cols};
  tt_tensor* out = nullptr;
  tt_rand(sizes, 2, nullptr, TT_FLOAT32, &out);
  return out;
}

tt_tensor* transposed(tt_tensor* matrix) {
  tt_tensor* out = nullptr;
  tt_t(matrix, &out);
  return out;
}

// a (rows, terms) times b (terms, cols)
void multiply(benchmark::State& state, tt_tensor* a, tt_tensor* b, const Layer& l) {
  for (auto _ : state) {
    tt_tensor* out = nullptr;
    if (tt_mm(a, b, &out) != TT_OK) {
      state.SkipWithError(tt_last_error());
      break;
    }
    tt_tensor_release(out);
  }
  state.counters["GF/s"] = benchmark::Counter(2e-9 * static_cast<double>(l.batch * l.in * l.out),
                                              benchmark::Counter::kIsIterationInvariantRate);
}

enum class Pass { kForward, kWeight, kInput };

void run(benchmark::State& state, const Layer& l, Pass pass) {
  tt_tensor* x = random_matrix(l.batch, l.in);
  tt_tensor* weight = random_matrix(l.out, l.in);
  tt_tensor* grad = random_matrix(l.batch, l.out);
  tt_tensor* flipped = transposed(pass == Pass::kWeight ? grad : weight);
  switch (pass) {
    case Pass::kForward:
      multiply(state, x, flipped, l);
      break;
    case Pass::kWeight:
      multiply(state, flipped, x, l);
      break;
    case Pass::kInput:
      multiply(state, grad, weight, l);
      break;
  }
  for (tt_tensor* t : {x, weight, grad, flipped}) tt_tensor_release(t);
}

const int g_registered = [] {
  for (const Layer& layer : kLayers) {
    for (const auto& [pass, name] :
         {std::pair{Pass::kForward, "/forward"}, std::pair{Pass::kWeight, "/weight"},
          std::pair{Pass::kInput, "/input"}}) {
      benchmark::RegisterBenchmark(
          (std::string(layer.name) + name).c_str(),
          [&layer, pass = pass](benchmark::State& state) { run(state, layer, pass); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
    }
  }
  return 0;
}();

}  // namespace
