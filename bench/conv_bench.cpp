// The convolutions of the lenet and cnn workloads, forward and forward with backward, through the C ABI.
// "GF/s" counts two operations a product; the first layers' input takes no gradient.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "tinytorch/tinytorch.h"

namespace {

struct Layer {
  const char* name;
  int64_t batch, in, out, size, kernel, stride, padding;
  bool first;
};

constexpr Layer kLayers[] = {
    {"lenet1", 64, 3, 6, 32, 5, 1, 0, true},   {"lenet2", 64, 6, 16, 14, 5, 1, 0, false},
    {"cnn1", 32, 3, 32, 32, 3, 1, 1, true},    {"cnn2", 32, 32, 64, 32, 3, 2, 1, false},
    {"cnn3", 32, 64, 128, 16, 3, 2, 1, false},
};

tt_tensor* ramp(const std::vector<int64_t>& sizes) {
  int64_t n = 1;
  for (const int64_t s : sizes) n *= s;
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 17) / 17.0f - 0.5f;
  tt_tensor* out = nullptr;
  tt_from_data(values.data(), sizes.data(), sizes.size(), TT_FLOAT32, &out);
  return out;
}

void run(benchmark::State& state, const Layer& l, bool backward) {
  tt_tensor* input = ramp({l.batch, l.in, l.size, l.size});
  tt_tensor* weight = ramp({l.out, l.in, l.kernel, l.kernel});
  tt_tensor* bias = ramp({l.out});
  const int64_t out_size = (l.size + 2 * l.padding - l.kernel) / l.stride + 1;
  tt_tensor* grad = ramp({l.batch, l.out, out_size, out_size});
  tt_tensor* inputs[] = {weight, bias, input};
  const size_t count = l.first ? 2 : 3;
  if (backward) {
    for (size_t i = 0; i < count; ++i) tt_tensor_set_requires_grad(inputs[i], 1);
  }
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  options.stride[0] = options.stride[1] = l.stride;
  options.padding[0] = options.padding[1] = l.padding;
  for (auto _ : state) {
    tt_tensor* out = nullptr;
    if (tt_conv2d(input, weight, bias, &options, &out) != TT_OK) {
      state.SkipWithError(tt_last_error());
      break;
    }
    if (backward) {
      tt_tensor* grads[3] = {};
      if (tt_grad(&out, 1, inputs, count, &grad, nullptr, grads) != TT_OK) {
        state.SkipWithError(tt_last_error());
        tt_tensor_release(out);
        break;
      }
      for (size_t i = 0; i < count; ++i) tt_tensor_release(grads[i]);
    }
    tt_tensor_release(out);
  }
  const double products =
      static_cast<double>(l.batch * l.out * out_size * out_size * l.in * l.kernel * l.kernel);
  const double passes = backward ? (l.first ? 2 : 3) : 1;
  state.counters["GF/s"] =
      benchmark::Counter(2e-9 * products * passes, benchmark::Counter::kIsIterationInvariantRate);
  for (tt_tensor* t : {input, weight, bias, grad}) tt_tensor_release(t);
}

const int g_registered = [] {
  for (const Layer& layer : kLayers) {
    for (const bool backward : {false, true}) {
      const std::string name = std::string(layer.name) + (backward ? "/step" : "/forward");
      benchmark::RegisterBenchmark(
          name.c_str(), [&layer, backward](benchmark::State& state) { run(state, layer, backward); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
    }
  }
  return 0;
}();

}  // namespace
