// What a call costs beside its arithmetic: adds of four floats through the C ABI.
#include <benchmark/benchmark.h>

#include "tinytorch/tinytorch.h"

namespace {

tt_tensor* four_floats(bool requires_grad) {
  const float values[] = {1, 2, 3, 4};
  const int64_t sizes[] = {4};
  tt_tensor* tensor = nullptr;
  if (tt_from_data(values, sizes, 1, TT_FLOAT32, &tensor) != TT_OK) return nullptr;
  if (requires_grad) tt_tensor_set_requires_grad(tensor, 1);
  return tensor;
}

void run(benchmark::State& state, bool requires_grad,
         tt_status (*op)(const tt_tensor*, const tt_tensor*, tt_tensor**)) {
  tt_tensor* a = four_floats(requires_grad);
  tt_tensor* b = four_floats(false);
  for (auto _ : state) {
    tt_tensor* out = nullptr;
    if (op(a, b, &out) != TT_OK) state.SkipWithError(tt_last_error());
    tt_tensor_release(out);
  }
  tt_tensor_release(a);
  tt_tensor_release(b);
}

void Add(benchmark::State& state) { run(state, false, tt_add); }
void AddRecorded(benchmark::State& state) { run(state, true, tt_add); }
void MulRecorded(benchmark::State& state) { run(state, true, tt_mul); }

void Relu(benchmark::State& state) {
  tt_tensor* a = four_floats(false);
  for (auto _ : state) {
    tt_tensor* out = nullptr;
    if (tt_relu(a, &out) != TT_OK) state.SkipWithError(tt_last_error());
    tt_tensor_release(out);
  }
  tt_tensor_release(a);
}

void AddScalar(benchmark::State& state) {
  tt_tensor* a = four_floats(false);
  for (auto _ : state) {
    tt_tensor* out = nullptr;
    if (tt_add_scalar(a, 2.0, &out) != TT_OK) state.SkipWithError(tt_last_error());
    tt_tensor_release(out);
  }
  tt_tensor_release(a);
}

BENCHMARK(Add);
BENCHMARK(AddRecorded);
BENCHMARK(MulRecorded);
BENCHMARK(Relu);
BENCHMARK(AddScalar);

}  // namespace
