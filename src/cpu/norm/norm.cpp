#include "cpu/runtime/kernels.h"
#include "device/norm.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "cpu/norm/norm_simd.h"
#include "cpu/runtime/scratch.h"

namespace tt::cpu {

namespace {

// Vectors of parameters, read and written as double. Null: the default.
struct Vector {
  void* data;
  DType dtype;

  double get(int64_t i, double otherwise) const {
    if (data == nullptr) return otherwise;
    switch (dtype) {
      case DType::kFloat64:
        return static_cast<double*>(data)[i];
      case DType::kFloat16:
        return static_cast<Half*>(data)[i];
      case DType::kBFloat16:
        return static_cast<BFloat16*>(data)[i];
      default:
        return static_cast<float*>(data)[i];
    }
  }
  void set(int64_t i, double value) const {
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

Vector vector(const void* data, DType dtype) { return {const_cast<void*>(data), dtype}; }

template <typename F>
void visit_input(DType dtype, F&& fn) {
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (!std::is_integral_v<T>) {
      fn.template operator()<T>();
    } else {
      fail(Status::kDtype, "batch_norm is not implemented for ", dtype);
    }
  });
}

// Few elements in a row: columns are walked side by side instead. Only for inner 1.
bool by_columns(const BatchNormShape& s) { return s.inner == 1; }

// body(begin, end) over channels, on several threads where there is enough to do.
template <typename F>
void over_channels(const BatchNormShape& s, F&& body) {
  const int64_t work = s.batch * s.inner;
  int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(work, 1));
  // Neighbouring columns share cache lines.
  if (by_columns(s)) grain = std::max<int64_t>(grain, 64);
  parallel_for(s.channels, grain, body);
}

void batch_norm_train(const call::BatchNormTrain& call) {
  const BatchNormShape& s = call.shape;
  visit_input(s.dtype, [&]<typename T>() {
    using A = NormAcc<T>;
    const NormPasses<T>& passes = norm_passes<T>();
    const T* x = static_cast<const T*>(call.input);
    T* out = static_cast<T*>(call.output);
    A* means = static_cast<A*>(call.mean);
    A* invstds = static_cast<A*>(call.invstd);
    const double count = static_cast<double>(s.batch * s.inner);
    const Vector w = vector(call.weight, s.param_dtype), b = vector(call.bias, s.param_dtype);
    const Vector rm = vector(call.running_mean, s.param_dtype), rv = vector(call.running_var, s.param_dtype);
    const Scratch<double> sums(s.channels);
    const Scratch<A> factor(s.channels), shift(s.channels);
    if (call.batches != nullptr) ++*call.batches;  // not before there is memory
    const int64_t step = s.channels * s.inner;
    over_channels(s, [&](int64_t begin, int64_t end) {
      std::fill(&sums[begin], &sums[begin] + (end - begin), 0.0);
      if (by_columns(s)) passes.sum_columns(x, s.batch, s.channels, begin, end, sums.data());
      for (int64_t c = begin; c < end; ++c) {
        if (!by_columns(s)) sums[c] = passes.sum(x + c * s.inner, s.batch, step, s.inner);
        means[c] = static_cast<A>(sums[c] / count);
        sums[c] = 0;
      }
      if (by_columns(s)) passes.squares_columns(x, s.batch, s.channels, begin, end, means, sums.data());
      for (int64_t c = begin; c < end; ++c) {
        const T* channel = x + c * s.inner;
        if (!by_columns(s)) sums[c] = passes.squares(channel, s.batch, step, s.inner, means[c]);
        const double variance = sums[c] / count;
        invstds[c] = static_cast<A>(1 / std::sqrt(variance + s.eps));
        rm.set(c, (1 - call.momentum) * rm.get(c, 0) + call.momentum * static_cast<double>(means[c]));
        rv.set(c, (1 - call.momentum) * rv.get(c, 0) + call.momentum * (sums[c] / (count - 1)));
        factor[c] = static_cast<A>(invstds[c] * static_cast<A>(w.get(c, 1)));
        shift[c] = static_cast<A>(static_cast<A>(b.get(c, 0)) - means[c] * factor[c]);
        if (!by_columns(s))
          passes.scale(channel, out + c * s.inner, s.batch, step, s.inner, factor[c], shift[c],
                       s.epilogue.is_relu());
      }
      if (by_columns(s))
        passes.scale_columns(x, out, s.batch, s.channels, begin, end, factor.data(), shift.data(),
                             s.epilogue.is_relu());
    });
  });
}

void batch_norm_eval(const call::BatchNormEval& call) {
  const BatchNormShape& s = call.shape;
  visit_input(s.dtype, [&]<typename T>() {
    using A = NormAcc<T>;
    const NormPasses<T>& passes = norm_passes<T>();
    const T* x = static_cast<const T*>(call.input);
    T* out = static_cast<T*>(call.output);
    const Vector w = vector(call.weight, s.param_dtype), b = vector(call.bias, s.param_dtype);
    const Vector rm = vector(call.running_mean, s.param_dtype), rv = vector(call.running_var, s.param_dtype);
    const Scratch<A> factor(s.channels), shift(s.channels);
    for (int64_t c = 0; c < s.channels; ++c) {
      factor[c] = static_cast<A>(w.get(c, 1) / std::sqrt(rv.get(c, 1) + s.eps));
      shift[c] = static_cast<A>(b.get(c, 0) - rm.get(c, 0) * static_cast<double>(factor[c]));
    }
    over_channels(s, [&](int64_t begin, int64_t end) {
      if (by_columns(s)) {
        passes.scale_columns(x, out, s.batch, s.channels, begin, end, factor.data(), shift.data(),
                             s.epilogue.is_relu());
        return;
      }
      for (int64_t c = begin; c < end; ++c) {
        passes.scale(x + c * s.inner, out + c * s.inner, s.batch, s.channels * s.inner, s.inner, factor[c],
                     shift[c], s.epilogue.is_relu());
      }
    });
  });
}

void batch_norm_backward(const call::BatchNormBackward& call) {
  const BatchNormShape& s = call.shape;
  visit_input(s.dtype, [&]<typename T>() {
    using A = NormAcc<T>;
    const NormPasses<T>& passes = norm_passes<T>();
    const T* y = static_cast<const T*>(call.output);
    const T* g = static_cast<const T*>(call.grad_output);
    const T* x = static_cast<const T*>(call.input);
    T* out = static_cast<T*>(call.grad_input);
    const A* means = static_cast<const A*>(call.mean);
    const A* invstds = static_cast<const A*>(call.invstd);
    const double count = static_cast<double>(s.batch * s.inner);
    const Vector w = vector(call.weight, s.param_dtype);
    const Vector gw = vector(call.grad_weight, s.param_dtype), gb = vector(call.grad_bias, s.param_dtype);
    const bool columns = by_columns(s);
    const int64_t step = s.channels * s.inner;
    const Scratch<double> sums(s.channels), dots(s.channels);
    const Scratch<A> a(s.channels), b(s.channels), c(s.channels);
    over_channels(s, [&](int64_t begin, int64_t end) {
      std::fill(&sums[begin], &sums[begin] + (end - begin), 0.0);
      std::fill(&dots[begin], &dots[begin] + (end - begin), 0.0);
      if (columns) {
        passes.gradient_sums_columns(g, x, y, s.batch, s.channels, begin, end, means, sums.data(),
                                     dots.data());
      }
      for (int64_t i = begin; i < end; ++i) {
        const int64_t at = i * s.inner;
        if (!columns)
          passes.gradient_sums(g + at, x + at, y != nullptr ? y + at : nullptr, s.batch, step, s.inner,
                               means[i], &sums[i], &dots[i]);
        gw.set(i, dots[i] * static_cast<double>(invstds[i]));
        gb.set(i, sums[i]);
        // d x = w * invstd * (g - mean(g) - (x - mean) * invstd^2 * mean(g * (x - mean)))
        const double scale = static_cast<double>(invstds[i]) * w.get(i, 1);
        const double square = static_cast<double>(invstds[i]) * static_cast<double>(invstds[i]);
        a[i] = static_cast<A>(scale);
        b[i] = call.training ? static_cast<A>(-scale * square * dots[i] / count) : A(0);
        c[i] = call.training ? static_cast<A>(-scale * sums[i] / count) : A(0);
        if (!columns && out != nullptr) {
          passes.gradient(g + at, x + at, y != nullptr ? y + at : nullptr, out + at, s.batch, step, s.inner,
                          means[i], a[i], b[i], c[i]);
        }
      }
      if (columns && out != nullptr) {
        passes.gradient_columns(g, x, y, out, s.batch, s.channels, begin, end, means, a.data(), b.data(),
                                c.data());
      }
    });
  });
}

template <typename Call>
bool can_norm(const Call& call) {
  return call.shape.epilogue.at_most_relu();
}

}  // namespace

void add_norm(KernelTable& table) {
  table.add<call::BatchNormTrain>(batch_norm_train, can_norm);
  table.add<call::BatchNormEval>(batch_norm_eval, can_norm);
  table.add<call::BatchNormBackward>(batch_norm_backward, can_norm);
}

}  // namespace tt::cpu
