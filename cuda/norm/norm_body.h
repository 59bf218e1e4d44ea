// Batch normalisation of (batch, channels, inner). A channel's elements are cut into slices, by the shape
// alone, so that results do not depend on the device; a block sums over a slice of a channel or, where inner
// is 1, of 32 channels side by side. Slices are merged in a fixed order, in double: by every block that needs
// the result, where they are few, else by a launch of their own. Channels of one slice take one launch.
#pragma once

#include "device/norm.h"
#include "cuda/runtime/block.h"
#include "cuda/runtime/relu_math.h"

namespace tt::cuda {

// A parameter of a dtype that is known when the kernel runs.
struct ParamVector {
  void* data;  // may be null
  DType dtype;

  TT_HOST_DEVICE double get(int64_t i, double otherwise) const {
    if (data == nullptr) return otherwise;
    switch (dtype) {
      case DType::kFloat64:
        return static_cast<const double*>(data)[i];
      case DType::kFloat16:
        return static_cast<float>(static_cast<const Half*>(data)[i]);
      case DType::kBFloat16:
        return static_cast<float>(static_cast<const BFloat16*>(data)[i]);
      default:
        return static_cast<const float*>(data)[i];
    }
  }
  TT_HOST_DEVICE void set(int64_t i, double value) const {
    if (data == nullptr) return;
    switch (dtype) {
      case DType::kFloat64:
        static_cast<double*>(data)[i] = value;
        break;
      case DType::kFloat16:
        static_cast<Half*>(data)[i] = Half(static_cast<float>(value));
        break;
      case DType::kBFloat16:
        static_cast<BFloat16*>(data)[i] = BFloat16(static_cast<float>(value));
        break;
      default:
        static_cast<float*>(data)[i] = static_cast<float>(value);
    }
  }
};

inline ParamVector param_vector(const void* data, DType dtype) { return {const_cast<void*>(data), dtype}; }

// How channels are cut up. Element e of a channel, 0 <= e < count, is that of image e / inner.
struct NormPlan {
  static constexpr int kThreads = 256;
  int64_t batch, channels, inner, count;
  int width;  // channels side by side in a block
  int64_t tiles, slices, slice;
  CountDivide by_inner, by_channels;

  explicit NormPlan(const BatchNormShape& s)
      : batch(s.batch),
        channels(s.channels),
        inner(s.inner),
        count(s.batch * s.inner),
        by_inner(s.inner, count * s.channels),
        by_channels(s.channels, count * s.channels) {
    width = inner == 1 ? 32 : 1;
    tiles = ceil_div(channels, width);
    // 32 or 64 elements a thread.
    slice = inner == 1 ? 512 : 8192;
    slices = count > 0 ? ceil_div(count, slice) : 1;
  }
  int64_t blocks() const { return tiles * slices; }
  // Whether merging them again in each block costs little beside the block's slice.
  bool few_slices() const { return slices <= 256; }
  TT_HOST_DEVICE int64_t address(int64_t channel, int64_t e) const {
    if (inner == 1) return e * channels + channel;
    const int64_t image = by_inner(e);
    return (image * channels + channel) * inner + e - image * inner;
  }
  // The channel of an element of the tensor.
  TT_HOST_DEVICE int64_t channel_of(int64_t i) const {
    const int64_t plane = by_inner(i);
    return plane - by_channels(plane) * channels;
  }
};

// What a thread of a block works on.
struct NormThread {
  int64_t channel, slice, begin, end;
  int lane, step;  // of the elements
  bool mine;       // there is such a channel

  template <typename Block>
  TT_HOST_DEVICE NormThread(const NormPlan& plan, const Block& block)
      : lane(block.thread() / plan.width), step(NormPlan::kThreads / plan.width) {
    channel = block.index() / plan.slices * plan.width + block.thread() % plan.width;
    slice = block.index() % plan.slices;
    begin = slice * plan.slice;
    const int64_t stop = begin + plan.slice;
    end = stop < plan.count ? stop : plan.count;
    mine = channel < plan.channels;
    if (!mine) end = begin;
  }
};

// The sum over the threads of a channel, for each of them.
template <typename Block, typename A>
TT_HOST_DEVICE inline A channel_sum(Block& block, A value, A* slots, int width) {
  const int thread = block.thread();
  slots[thread] = value;
  block.sync();
  for (int half = NormPlan::kThreads / 2; half >= width; half /= 2) {
    if (thread < half) slots[thread] += slots[thread + half];
    block.sync();
  }
  value = slots[thread % width];
  block.sync();
  return value;
}

template <typename A>
struct NormShared {
  A slots[NormPlan::kThreads];
};

// What training does with a channel's mean and its sum of squared deviations.
template <typename A>
struct NormResults {
  ParamVector weight, bias, running_mean, running_var;
  int64_t* batches;  // may be null
  double momentum, eps;
  A* mean;
  A* invstd;
  A* factor;  // output = input * factor + shift; null: nobody asks
  A* shift;

  // `keep`: one block of a channel keeps its results; others only want the factors.
  TT_HOST_DEVICE void finish(int64_t channel, double count, double channel_mean, double squares,
                             A* factor_out, A* shift_out, bool keep = true) const {
    const A m = static_cast<A>(channel_mean);
    const A inverse = static_cast<A>(1 / std::sqrt(squares / count + eps));
    *factor_out = inverse * static_cast<A>(weight.get(channel, 1));
    *shift_out = static_cast<A>(bias.get(channel, 0)) - m * *factor_out;
    if (!keep) return;
    mean[channel] = m;
    invstd[channel] = inverse;
    if (channel == 0 && batches != nullptr) ++*batches;
    running_mean.set(channel,
                     (1 - momentum) * running_mean.get(channel, 0) + momentum * static_cast<double>(m));
    running_var.set(channel,
                    (1 - momentum) * running_var.get(channel, 0) + momentum * (squares / (count - 1)));
  }
};

// The mean and the squared deviations of each slice; with one slice, all of it.
template <typename T>
struct NormStatistics {
  static constexpr int kThreads = NormPlan::kThreads;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  struct Shared : NormShared<A> {
    A factor[32];
    A shift[32];
  };

  NormPlan plan;
  NormResults<A> results;
  const T* in;
  T* out;
  A* partial;  // (slices, 2, channels); null: the block has the whole channel, and finishes it
  bool relu;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const NormThread t(plan, block);
    const A count = static_cast<A>(t.end - t.begin);
    A sum = 0;
    for (int64_t e = t.begin + t.lane; e < t.end; e += t.step) {
      sum += static_cast<A>(in[plan.address(t.channel, e)]);
    }
    const A mean = channel_sum(block, sum, shared.slots, plan.width) / count;
    // Again, from the cache: deviations from the mean lose nothing.
    A squares = 0;
    for (int64_t e = t.begin + t.lane; e < t.end; e += t.step) {
      const A d = static_cast<A>(in[plan.address(t.channel, e)]) - mean;
      squares = multiply_add(d, d, squares);
    }
    squares = channel_sum(block, squares, shared.slots, plan.width);
    const bool leads = t.lane == 0 && t.mine;
    if (partial != nullptr) {
      if (leads) {
        partial[2 * t.slice * plan.channels + t.channel] = mean;
        partial[(2 * t.slice + 1) * plan.channels + t.channel] = squares;
      }
      return;
    }
    const int column = block.thread() % plan.width;
    if (leads) {
      results.finish(t.channel, static_cast<double>(plan.count), mean, squares, &shared.factor[column],
                     &shared.shift[column]);
    }
    block.sync();
    for (int64_t e = t.begin + t.lane; e < t.end; e += t.step) {
      const int64_t at = plan.address(t.channel, e);
      out[at] = static_cast<T>(
          relu_if(relu, static_cast<A>(in[at]) * shared.factor[column] + shared.shift[column]));
    }
  }
};

// The mean and the squared deviations of so many elements.
struct Moments {
  double count, mean, squares;

  TT_HOST_DEVICE void add(const Moments& other) {
    const double both = count + other.count;
    if (both == 0) return;
    const double d = other.mean - mean;
    squares += other.squares + d * d * count * other.count / both;
    mean += d * other.count / both;
    count = both;
  }
};

// A channel's slices together, for each lane of the warp; `mine`: there is such a channel.
template <typename Block, typename A>
TT_HOST_DEVICE inline Moments merge_moments(Block& block, const NormPlan& plan, const A* partial,
                                            int64_t channel, bool mine) {
  Moments all{0, 0, 0};
  for (int64_t s = block.thread() % 32; s < plan.slices && mine; s += 32) {
    const int64_t left = plan.count - s * plan.slice;
    all.add({static_cast<double>(left < plan.slice ? left : plan.slice),
             static_cast<double>(partial[2 * s * plan.channels + channel]),
             static_cast<double>(partial[(2 * s + 1) * plan.channels + channel])});
  }
  for (int mask = 16; mask > 0; mask /= 2) {
    const double count = block.shuffle_xor(all.count, mask);
    const double mean = block.shuffle_xor(all.mean, mask);
    const double squares = block.shuffle_xor(all.squares, mask);
    all.add({count, mean, squares});
  }
  return all;
}

// fn(column, channel, mine) for the columns of the block, each by a whole warp.
template <typename Block, typename F>
TT_HOST_DEVICE inline void for_block_channels(const Block& block, const NormPlan& plan, F&& fn) {
  const int64_t first = block.index() / plan.slices * plan.width;
  for (int column = block.thread() / 32; column < plan.width; column += NormPlan::kThreads / 32) {
    fn(column, first + column, first + column < plan.channels);
  }
}

// Merges the slices of the block's channels, and does the rest for its slice.
template <typename T>
struct NormApply {
  static constexpr int kThreads = NormPlan::kThreads;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  struct Shared {
    A factor[32], shift[32];
  };

  NormPlan plan;
  NormResults<A> results;
  const T* in;
  T* out;
  const A* partial;
  bool relu;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const NormThread t(plan, block);
    for_block_channels(block, plan, [&](int column, int64_t channel, bool mine) {
      const Moments all = merge_moments(block, plan, partial, channel, mine);
      if (block.thread() % 32 != 0 || !mine) return;
      results.finish(channel, all.count, all.mean, all.squares, &shared.factor[column], &shared.shift[column],
                     t.slice == 0);
    });
    block.sync();
    const int column = block.thread() % plan.width;
    for (int64_t e = t.begin + t.lane; e < t.end; e += t.step) {
      const int64_t at = plan.address(t.channel, e);
      out[at] = static_cast<T>(
          relu_if(relu, static_cast<A>(in[at]) * shared.factor[column] + shared.shift[column]));
    }
  }
};

// Merges the slices of a channel, a warp for each.
template <typename A>
struct NormMerge {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 2;
  using Shared = Nothing;

  NormPlan plan;
  NormResults<A> results;
  const A* partial;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t channel = block.index() * (kThreads / 32) + block.thread() / 32;
    const bool mine = channel < plan.channels;
    const Moments all = merge_moments(block, plan, partial, channel, mine);
    if (block.thread() % 32 != 0 || !mine) return;
    results.finish(channel, all.count, all.mean, all.squares, &results.factor[channel],
                   &results.shift[channel]);
  }
};

// The factors of evaluation, a thread for each channel.
template <typename A>
struct NormEvalFactors {
  static constexpr int kThreads = 64;
  static constexpr int kBlocksResident = 1;
  using Shared = Nothing;

  int64_t channels;
  double eps;
  ParamVector weight, bias, running_mean, running_var;
  A* factor;
  A* shift;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t c = block.index() * kThreads + block.thread();
    if (c >= channels) return;
    factor[c] = static_cast<A>(weight.get(c, 1) / std::sqrt(running_var.get(c, 1) + eps));
    shift[c] = static_cast<A>(bias.get(c, 0) - running_mean.get(c, 0) * static_cast<double>(factor[c]));
  }
};

// out = in * factor + shift, by channel.
template <typename T>
struct NormScale {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  NormPlan plan;
  const T* in;
  T* out;
  const A* factor;
  const A* shift;
  bool relu;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t n = plan.count * plan.channels;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const int64_t c = plan.channel_of(i);
      out[i] = static_cast<T>(relu_if(relu, static_cast<A>(in[i]) * factor[c] + shift[c]));
    }
  }
};

// What backward does with a channel's sums of g and of g * (x - mean).
template <typename A>
struct NormGradients {
  bool training;
  double count;
  ParamVector weight, grad_weight, grad_bias;
  const A* invstd;

  // d x = w * invstd * (g - mean(g) - (x - mean) * invstd^2 * mean(g * (x - mean)))
  //     = g * a + (x - mean) * b + c
  TT_HOST_DEVICE void finish(int64_t channel, double sum, double dot, A* a, A* b, A* c,
                             bool keep = true) const {
    const double inverse = static_cast<double>(invstd[channel]);
    if (keep) {
      grad_weight.set(channel, dot * inverse);
      grad_bias.set(channel, sum);
    }
    const double scale = inverse * weight.get(channel, 1);
    *a = static_cast<A>(scale);
    *b = training ? static_cast<A>(-scale * (inverse * inverse) * dot / count) : A(0);
    *c = training ? static_cast<A>(-scale * sum / count) : A(0);
  }
};

template <typename T>
struct NormGradientSums {
  static constexpr int kThreads = NormPlan::kThreads;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  struct Shared : NormShared<A> {
    A a[32], b[32], c[32];
  };

  NormPlan plan;
  NormGradients<A> results;
  const T* grad;
  const T* in;
  const T* result;  // of ReLU; null: there was none
  const A* mean;
  T* out;      // may be null
  A* partial;  // (slices, 2, channels); null: the block has the whole channel, and finishes it

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const NormThread t(plan, block);
    const A m = t.mine ? mean[t.channel] : A(0);
    A sum = 0, dot = 0;
    for (int64_t e = t.begin + t.lane; e < t.end; e += t.step) {
      const int64_t at = plan.address(t.channel, e);
      const A g = masked(grad, result, at);
      sum += g;
      dot = multiply_add(g, static_cast<A>(in[at]) - m, dot);
    }
    sum = channel_sum(block, sum, shared.slots, plan.width);
    dot = channel_sum(block, dot, shared.slots, plan.width);
    const bool leads = t.lane == 0 && t.mine;
    if (partial != nullptr) {
      if (leads) {
        partial[2 * t.slice * plan.channels + t.channel] = sum;
        partial[(2 * t.slice + 1) * plan.channels + t.channel] = dot;
      }
      return;
    }
    const int column = block.thread() % plan.width;
    if (leads) results.finish(t.channel, sum, dot, &shared.a[column], &shared.b[column], &shared.c[column]);
    block.sync();
    if (out == nullptr) return;
    for (int64_t e = t.begin + t.lane; e < t.end; e += t.step) {
      const int64_t at = plan.address(t.channel, e);
      out[at] = static_cast<T>(masked(grad, result, at) * shared.a[column] +
                               (static_cast<A>(in[at]) - m) * shared.b[column] + shared.c[column]);
    }
  }
};

// A channel's sums over its slices, for each lane of the warp; `mine`: there is such a channel.
struct NormSums {
  double sum, dot;

  template <typename Block, typename A>
  TT_HOST_DEVICE NormSums(Block& block, const NormPlan& plan, const A* partial, int64_t channel, bool mine)
      : sum(0), dot(0) {
    const Team<NormPlan::kThreads, false> warp(block, 32);
    for (int64_t s = warp.lane(); s < plan.slices && mine; s += 32) {
      sum += static_cast<double>(partial[2 * s * plan.channels + channel]);
      dot += static_cast<double>(partial[(2 * s + 1) * plan.channels + channel]);
    }
    sum = warp.reduce(block, sum, static_cast<double*>(nullptr), Plus());
    dot = warp.reduce(block, dot, static_cast<double*>(nullptr), Plus());
  }
};

// Adds up the slices of the block's channels, and does the rest for its slice.
template <typename T>
struct NormGradientApply {
  static constexpr int kThreads = NormPlan::kThreads;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  struct Shared {
    A a[32], b[32], c[32];
  };

  NormPlan plan;
  NormGradients<A> results;
  const T* grad;
  const T* in;
  const T* result;
  const A* mean;
  const A* partial;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    Shared& shared = block.template shared<Shared>();
    const NormThread t(plan, block);
    for_block_channels(block, plan, [&](int column, int64_t channel, bool mine) {
      const NormSums sums(block, plan, partial, channel, mine);
      if (block.thread() % 32 != 0 || !mine) return;
      results.finish(channel, sums.sum, sums.dot, &shared.a[column], &shared.b[column], &shared.c[column],
                     t.slice == 0);
    });
    block.sync();
    const int column = block.thread() % plan.width;
    const A m = t.mine ? mean[t.channel] : A(0);
    for (int64_t e = t.begin + t.lane; e < t.end; e += t.step) {
      const int64_t at = plan.address(t.channel, e);
      out[at] = static_cast<T>(masked(grad, result, at) * shared.a[column] +
                               (static_cast<A>(in[at]) - m) * shared.b[column] + shared.c[column]);
    }
  }
};

// Adds up the slices of a channel, a warp for each.
template <typename A>
struct NormGradientMerge {
  static constexpr int kThreads = NormPlan::kThreads;
  static constexpr int kBlocksResident = 2;
  using Shared = Nothing;

  NormPlan plan;
  NormGradients<A> results;
  const A* partial;
  A* factors;  // (3, channels)

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t channel = block.index() * (kThreads / 32) + block.thread() / 32;
    const bool mine = channel < plan.channels;
    const NormSums sums(block, plan, partial, channel, mine);
    if (block.thread() % 32 != 0 || !mine) return;
    results.finish(channel, sums.sum, sums.dot, &factors[channel], &factors[plan.channels + channel],
                   &factors[2 * plan.channels + channel]);
  }
};

template <typename T>
struct NormGradientInput {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  NormPlan plan;
  const T* grad;
  const T* in;
  const T* result;
  const A* mean;
  const A* factors;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t n = plan.count * plan.channels;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const int64_t c = plan.channel_of(i);
      out[i] = static_cast<T>(masked(grad, result, i) * factors[c] +
                              (static_cast<A>(in[i]) - mean[c]) * factors[plan.channels + c] +
                              factors[2 * plan.channels + c]);
    }
  }
};

template <typename Launcher>
void batch_norm_train(const Launcher& launcher, const BatchNormShape& s, const void* input,
                      const void* weight, const void* bias, void* running_mean, void* running_var,
                      int64_t* batches, double momentum, void* mean, void* invstd, void* output) {
  visit_floating(s.dtype, "batch_norm", [&]<typename T>() {
    using A = Compute<T>;
    const NormPlan plan(s);
    const bool whole = plan.slices == 1;
    auto memory = launcher.template buffer<A>(whole ? 0 : (2 * plan.slices + 2) * plan.channels);
    A* partial = whole ? nullptr : memory.data();
    A* factor = whole ? nullptr : partial + 2 * plan.slices * plan.channels;
    A* shift = whole ? nullptr : factor + plan.channels;
    const NormResults<A> results{param_vector(weight, s.param_dtype),
                                 param_vector(bias, s.param_dtype),
                                 param_vector(running_mean, s.param_dtype),
                                 param_vector(running_var, s.param_dtype),
                                 batches,
                                 momentum,
                                 s.eps,
                                 static_cast<A*>(mean),
                                 static_cast<A*>(invstd),
                                 factor,
                                 shift};
    const T* in = static_cast<const T*>(input);
    T* out = static_cast<T*>(output);
    launcher.launch("batch_norm", NormStatistics<T>{plan, results, in, out, partial, s.epilogue.is_relu()},
                    plan.blocks());
    if (whole) return;
    if (plan.few_slices()) {
      launcher.launch("batch_norm", NormApply<T>{plan, results, in, out, partial, s.epilogue.is_relu()},
                      plan.blocks());
      return;
    }
    launcher.launch("batch_norm", NormMerge<A>{plan, results, partial}, ceil_div(plan.channels, 8));
    launcher.launch("batch_norm", NormScale<T>{plan, in, out, factor, shift, s.epilogue.is_relu()},
                    stride_blocks(plan.count * plan.channels, 1024));
  });
}

template <typename Launcher>
void batch_norm_eval(const Launcher& launcher, const BatchNormShape& s, const void* input, const void* weight,
                     const void* bias, const void* running_mean, const void* running_var, void* output) {
  visit_floating(s.dtype, "batch_norm", [&]<typename T>() {
    using A = Compute<T>;
    const NormPlan plan(s);
    auto memory = launcher.template buffer<A>(2 * plan.channels);
    A* factor = memory.data();
    A* shift = factor + plan.channels;
    launcher.launch(
        "batch_norm",
        NormEvalFactors<A>{plan.channels, s.eps, param_vector(weight, s.param_dtype),
                           param_vector(bias, s.param_dtype), param_vector(running_mean, s.param_dtype),
                           param_vector(running_var, s.param_dtype), factor, shift},
        ceil_div(plan.channels, 64));
    launcher.launch("batch_norm",
                    NormScale<T>{plan, static_cast<const T*>(input), static_cast<T*>(output), factor, shift,
                                 s.epilogue.is_relu()},
                    stride_blocks(plan.count * plan.channels, 1024));
  });
}

template <typename Launcher>
void batch_norm_backward(const Launcher& launcher, const BatchNormShape& s, bool training,
                         const void* grad_output, const void* input, const void* output, const void* weight,
                         const void* mean, const void* invstd, void* grad_input, void* grad_weight,
                         void* grad_bias) {
  visit_floating(s.dtype, "batch_norm", [&]<typename T>() {
    using A = Compute<T>;
    const NormPlan plan(s);
    const bool whole = plan.slices == 1;
    auto memory = launcher.template buffer<A>(whole ? 0 : (2 * plan.slices + 3) * plan.channels);
    A* partial = whole ? nullptr : memory.data();
    A* factors = whole ? nullptr : partial + 2 * plan.slices * plan.channels;
    const NormGradients<A> results{training,
                                   static_cast<double>(plan.count),
                                   param_vector(weight, s.param_dtype),
                                   param_vector(grad_weight, s.param_dtype),
                                   param_vector(grad_bias, s.param_dtype),
                                   static_cast<const A*>(invstd)};
    const T* g = static_cast<const T*>(grad_output);
    const T* in = static_cast<const T*>(input);
    const T* result = static_cast<const T*>(output);
    const A* means = static_cast<const A*>(mean);
    T* out = static_cast<T*>(grad_input);
    launcher.launch("batch_norm_backward",
                    NormGradientSums<T>{plan, results, g, in, result, means, out, partial}, plan.blocks());
    if (whole) return;
    if (plan.few_slices() && out != nullptr) {
      launcher.launch("batch_norm_backward",
                      NormGradientApply<T>{plan, results, g, in, result, means, partial, out}, plan.blocks());
      return;
    }
    launcher.launch("batch_norm_backward", NormGradientMerge<A>{plan, results, partial, factors},
                    ceil_div(plan.channels, 8));
    if (out == nullptr) return;
    launcher.launch("batch_norm_backward", NormGradientInput<T>{plan, g, in, result, means, factors, out},
                    stride_blocks(plan.count * plan.channels, 1024));
  });
}

}  // namespace tt::cuda
