// Convolutions with the channels last: which are done so, and how. The tensors are rearranged once a call
// (conv_rearrange_body.h), weights too, and then multiplied (conv_last_body.h).
#pragma once

#include "cuda/conv/conv_last_body.h"
#include "cuda/conv/conv_rearrange_body.h"

namespace tt::cuda {

// Which of the products on tensor cores: by what they are expected to take, or always one kind, where it can.
enum class ConvPath { kAuto, kGather, kChannelsLast };
struct ConvOptions {
  bool tf32 = false;  // float32 may be rounded to it
  ConvPath path = ConvPath::kAuto;
};

// With fewer channels a depth would be mostly zeros, and the other path reads each element only a few times.
inline constexpr int64_t kFewestLast = 16;

// Whether there is room for it in 31 bits, with channels enough.
template <typename T>
bool last_fits(const ConvShape& s) {
  constexpr int64_t kMost = int64_t{1} << 30;
  if (s.groups != 1 || s.in_channels < kFewestLast || s.out_channels < kFewestLast || !conv_fits(s))
    return false;
  const auto fits = [](int64_t n, int64_t a, int64_t b, int64_t channels) {
    int64_t count;
    return !__builtin_mul_overflow(a, b, &count) && !__builtin_mul_overflow(count, n, &count) &&
           !__builtin_mul_overflow(count, channels, &count) && count <= kMost;
  };
  const int64_t inputs = filled_up<T>(s.in_channels), outputs = filled_up<T>(s.out_channels);
  // Also the weights, and the places that windows reach.
  return fits(s.batch, s.height, s.width, inputs) && fits(s.batch, s.out_height, s.out_width, outputs) &&
         fits(inputs, s.kernel[0], s.kernel[1], outputs);
}

// The expected time that it saves and that it takes, in picoseconds, on a large device (an H100): a launch;
// its reads and writes of what is rearranged, at 3.3 TB/s; a product's operands each fetched alone, with some
// 20 instructions for it, against an eighth or a quarter of them at once. Estimates, from counts of bytes and
// instructions: nobody has measured them.
struct LastCosts {
  static constexpr double kLaunch = 2.5e6, kByte = 0.3, kFetch = 1.5;
  double fetches = 0, bytes = 0;

  // A product in tiles of 64 x 128, as the other path has it.
  void add_product(double rows, double cols, double depth) {
    fetches +=
        depth * (cols * static_cast<double>(ceil_div(static_cast<int64_t>(rows), 64)) + rows * cols / 128);
  }
  void add_rearranged(double elements, size_t element) {
    bytes += 2 * elements * static_cast<double>(element);
  }
  bool pays() const { return kFetch * fetches > kLaunch + kByte * bytes; }
};

inline double input_count(const ConvShape& s) {
  return static_cast<double>(s.batch * s.height * s.width) * static_cast<double>(s.in_channels);
}
inline double output_count(const ConvShape& s) {
  return static_cast<double>(s.batch * s.out_height * s.out_width) * static_cast<double>(s.out_channels);
}

// What tensor cores multiply.
template <typename T>
inline constexpr bool kLastType = std::is_same_v<T, float> || kHalfType<T>;

template <typename T, typename Launcher>
bool last_possible(const Launcher& launcher, const ConvShape& s, const ConvOptions& options) {
  return options.path != ConvPath::kGather && launcher.tensor_cores() &&
         (options.tf32 || !std::is_same_v<T, float>)&&last_fits<T>(s);
}

template <typename T, typename Launcher>
bool forward_by_last(const Launcher& launcher, const ConvShape& s, const ConvOptions& options) {
  if (!last_possible<T>(launcher, s, options)) return false;
  LastCosts costs;
  costs.add_product(static_cast<double>(s.out_channels),
                    output_count(s) / static_cast<double>(s.out_channels), static_cast<double>(s.taps()));
  costs.add_rearranged(input_count(s) + static_cast<double>(s.out_channels * s.taps()), sizeof(T));
  return options.path == ConvPath::kChannelsLast || costs.pays();
}

// Both gradients, or the one that is asked for.
template <typename T, typename Launcher>
bool backward_by_last(const Launcher& launcher, const call::ConvBackward& g, const ConvOptions& options) {
  const ConvShape& s = g.shape;
  if (!last_possible<T>(launcher, s, options)) return false;
  LastCosts costs;
  const double pixels = output_count(s) / static_cast<double>(s.out_channels);
  costs.add_rearranged(output_count(s), sizeof(T));
  if (g.grad_input != nullptr) {
    if (int64_t{PhaseAxis(s, 0).phases()} * PhaseAxis(s, 1).phases() > kMostPhases) return false;
    costs.add_product(static_cast<double>(s.in_channels), pixels,
                      static_cast<double>(s.out_channels * s.kernel[0] * s.kernel[1]));
    costs.add_rearranged(static_cast<double>(s.out_channels * s.taps()), sizeof(T));
  }
  if (g.grad_weight != nullptr) {
    costs.add_product(static_cast<double>(s.out_channels), static_cast<double>(s.taps()), pixels);
    costs.add_rearranged(input_count(s), sizeof(T));
  }
  return options.path == ConvPath::kChannelsLast || costs.pays();
}

template <typename T, typename Launcher>
void last_gemm(const Launcher& launcher, const char* name, const LastProblem<T>& problem) {
  // The widest tiles fetch the least, where enough of them are left for a large device.
  constexpr int64_t kEnough = 256;
  const int64_t rows = problem.rows();
  if (rows > 64 && ceil_div(rows, 128) * ceil_div(problem.cols(), 128) * problem.groups() >= kEnough) {
    return conv_gemm_by<LastGemm<T, 128>>(launcher, name, problem);
  }
  if (rows > 32) return conv_gemm_by<LastGemm<T, 64>>(launcher, name, problem);
  conv_gemm_by<LastGemm<T, 32>>(launcher, name, problem);
}

template <typename T, typename Launcher>
void last_forward(const Launcher& launcher, const ConvShape& s, const T* input, const T* weight,
                  const T* bias, bool relu, T* output) {
  const int64_t window = s.kernel[0] * s.kernel[1], pixels = s.height * s.width;
  const int64_t chunks = filled_up<T>(s.in_channels) / kVectorOf<T>;
  auto image = launcher.template buffer<Chunk<T>>(s.batch * pixels * chunks);
  auto taps = launcher.template buffer<Chunk<T>>(s.out_channels * window * chunks);
  Rearrange<T> rearrange(std::is_same_v<T, float>);
  rearrange.add({s.batch, s.in_channels, pixels, input, image.data()});
  rearrange.add({s.out_channels, s.in_channels, window, weight, taps.data()});
  launcher.launch("conv2d", rearrange, rearrange.blocks());
  last_gemm(launcher, "conv2d", LastProblem<T>::forward(s, image.data(), taps.data(), bias, relu, output));
}

template <typename T, typename Launcher>
void last_backward(const Launcher& launcher, const call::ConvBackward& g) {
  const ConvShape& s = g.shape;
  constexpr char kName[] = "conv2d_backward";
  const int64_t window = s.kernel[0] * s.kernel[1], pixels = s.out_height * s.out_width;
  const int64_t in_chunks = filled_up<T>(s.in_channels) / kVectorOf<T>,
                out_chunks = filled_up<T>(s.out_channels) / kVectorOf<T>;
  const bool data = g.grad_input != nullptr, weights = g.grad_weight != nullptr;
  T* grad_bias = static_cast<T*>(g.grad_bias);
  auto grads = launcher.template buffer<Chunk<T>>(s.batch * pixels * out_chunks);
  auto taps = launcher.template buffer<Chunk<T>>(data ? s.in_channels * window * out_chunks : 0);
  auto image = launcher.template buffer<Chunk<T>>(weights ? s.batch * s.height * s.width * in_chunks : 0);
  Rearrange<T> rearrange(std::is_same_v<T, float>);
  Rearrangement<T> of_grads(s.batch, s.out_channels, pixels, static_cast<const T*>(g.grad_output),
                            grads.data());
  of_grads.output = static_cast<const T*>(g.output);
  auto sums = launcher.template buffer<double>(grad_bias != nullptr ? s.out_channels * of_grads.slices : 0);
  if (grad_bias != nullptr) of_grads.sums = sums.data();
  rearrange.add(of_grads);
  if (data) {
    // (input channel, tap, output channel): the output channels are those of one large image.
    rearrange.add({1, s.out_channels, s.taps(), static_cast<const T*>(g.weight), taps.data()});
  }
  if (weights) {
    rearrange.add({s.batch, s.in_channels, s.height * s.width, static_cast<const T*>(g.input), image.data()});
  }
  launcher.launch(kName, rearrange, rearrange.blocks());
  if (grad_bias != nullptr) {
    launcher.launch(kName, BiasFinish<T>{s.out_channels, of_grads.slices, sums.data(), grad_bias},
                    ceil_div(s.out_channels, 8));
  }
  if (data) {
    last_gemm(launcher, kName,
              LastProblem<T>::data(s, grads.data(), taps.data(), static_cast<T*>(g.grad_input)));
  }
  if (weights) {
    const LastWeightProblem<T> problem(s, grads.data(), image.data(), static_cast<T*>(g.grad_weight));
    if (s.out_channels > 64) {
      conv_gemm_by<LastWeightGemm<T, 128>>(launcher, kName, problem);
    } else {
      conv_gemm_by<LastWeightGemm<T, 64>>(launcher, kName, problem);
    }
  }
}

}  // namespace tt::cuda
