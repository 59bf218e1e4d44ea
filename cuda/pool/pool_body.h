// Poolings: a thread, or a few, for each output; gradients by a thread for each input, which collects from
// the windows that read it, so that nothing is added in an order that changes.
#pragma once

#include "device/pool.h"
#include "cuda/runtime/block.h"
#include "cuda/pool/pool_math.h"
#include "cuda/runtime/relu_math.h"

namespace tt::cuda {

template <typename T>
TT_HOST_DEVICE inline bool is_nan(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return value != value;
  } else {
    return false;
  }
}

struct PoolBody {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using Shared = Nothing;
};

// Element i of planes of height x width.
struct PlaneIndex {
  int64_t plane, y, x;
};
struct PlaneMath {
  CountDivide by_width, by_height;
  PlaneMath(int64_t planes, int64_t height, int64_t width)
      : by_width(width, planes * height * width), by_height(height, planes * height * width) {}
  TT_HOST_DEVICE PlaneIndex operator()(int64_t i) const {
    const int64_t row = by_width(i), plane = by_height(row);
    return {plane, row - plane * by_height.divisor, i - row * by_width.divisor};
  }
};
inline PlaneMath input_math(const PoolShape& s) { return {s.planes, s.height, s.width}; }
inline PlaneMath output_math(const PoolShape& s) { return {s.planes, s.out_height, s.out_width}; }

template <typename T>
struct MaxPool : PoolBody {
  using A = Compute<T>;
  PoolShape s;
  PlaneMath math;
  bool relu;  // of what is read: the same as of the result
  const T* in;
  T* out;
  int64_t* indices;  // may be null

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t n = s.planes * s.out_height * s.out_width;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const PlaneIndex o = math(i);
      const Span ys = max_window(s, 0, o.y), xs = max_window(s, 1, o.x);
      const T* plane = in + o.plane * s.height * s.width;
      A best;
      if constexpr (std::is_floating_point_v<A>) {
        best = -std::numeric_limits<A>::infinity();
      } else {
        best = std::numeric_limits<A>::lowest();
      }
      // A window may miss the input altogether where the dilation is larger than it.
      int64_t at = smaller_of(ys.begin, s.height - 1) * s.width + smaller_of(xs.begin, s.width - 1);
      for (int64_t y = ys.begin; y < ys.end; y += s.dilation[0]) {
        for (int64_t x = xs.begin; x < xs.end; x += s.dilation[1]) {
          const A value = relu_if(relu, static_cast<A>(plane[y * s.width + x]));
          if (value > best || is_nan(value)) {
            best = value;
            at = y * s.width + x;
          }
        }
      }
      out[i] = static_cast<T>(best);
      if (indices != nullptr) indices[i] = at;
    }
  }
};

template <typename T>
struct MaxPoolBackward : PoolBody {
  using A = Compute<T>;
  PoolShape s;
  PlaneMath math;
  const T* grad;
  const int64_t* indices;
  const T* result;  // of pooling after ReLU; null: there was none
  T* out;
  bool search_all;  // windows that read nothing may have put their index anywhere

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t n = s.planes * s.height * s.width;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const PlaneIndex p = math(i);
      const Span ys = search_all ? Span{0, s.out_height} : max_windows_of(s, 0, p.y);
      const Span xs = search_all ? Span{0, s.out_width} : max_windows_of(s, 1, p.x);
      const int64_t place = p.y * s.width + p.x;
      const int64_t first = p.plane * s.out_height * s.out_width;
      A sum = 0;
      for (int64_t y = ys.begin; y < ys.end; ++y) {
        for (int64_t x = xs.begin; x < xs.end; ++x) {
          const int64_t o = first + y * s.out_width + x;
          if (indices[o] == place) sum += masked(grad, result, o);
        }
      }
      out[i] = static_cast<T>(sum);
    }
  }
};

template <typename T>
struct MaxPoolGather : PoolBody {
  PoolShape s;
  const T* in;
  const int64_t* indices;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const int64_t each = s.out_height * s.out_width, n = s.planes * each;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      out[i] = in[i / each * s.height * s.width + indices[i]];
    }
  }
};

// Windows: AveragePool or AdaptivePool.
template <typename T, typename Windows>
struct Average : PoolBody {
  using A = Compute<T>;
  Windows windows;
  PlaneMath math;
  int lanes;  // of an output
  const T* in;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const PoolShape& s = windows.s;
    const Team<kThreads, false> team(block, lanes);
    const int64_t n = s.planes * s.out_height * s.out_width;
    for (int64_t first = block.index() * team.teams(); first < n; first += block.blocks() * team.teams()) {
      const int64_t i = first + team.index();
      A sum = 0;
      AverageWindow w{{0, 0}, {0, 0}, 1};
      if (i < n) {
        const PlaneIndex o = math(i);
        w = windows.window(o.y, o.x);
        const T* plane = in + o.plane * s.height * s.width;
        if (lanes == 1) {
          for (int64_t y = w.y.begin; y < w.y.end; ++y) {
            for (int64_t x = w.x.begin; x < w.x.end; ++x) sum += static_cast<A>(plane[y * s.width + x]);
          }
        } else if (!w.empty()) {
          const int64_t width = w.x.end - w.x.begin, elements = width * (w.y.end - w.y.begin);
          for (int64_t e = team.lane(); e < elements; e += lanes) {
            sum += static_cast<A>(plane[(w.y.begin + e / width) * s.width + w.x.begin + e % width]);
          }
        }
      }
      sum = team.reduce(block, sum, static_cast<A*>(nullptr), Plus());
      if (i < n && team.lane() == 0)
        out[i] = w.empty() ? T(A(0)) : static_cast<T>(sum / static_cast<A>(w.divisor));
    }
  }
};

template <typename T, typename Windows>
struct AverageBackward : PoolBody {
  using A = Compute<T>;
  Windows windows;
  PlaneMath math;
  const T* grad;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const PoolShape& s = windows.s;
    const int64_t n = s.planes * s.height * s.width;
    for (int64_t i = block.index() * kThreads + block.thread(); i < n; i += block.blocks() * kThreads) {
      const PlaneIndex p = math(i);
      const Span ys = windows.windows_of(0, p.y), xs = windows.windows_of(1, p.x);
      const T* plane = grad + p.plane * s.out_height * s.out_width;
      A sum = 0;
      for (int64_t y = ys.begin; y < ys.end; ++y) {
        for (int64_t x = xs.begin; x < xs.end; ++x) {
          sum += static_cast<A>(plane[y * s.out_width + x]) / static_cast<A>(windows.window(y, x).divisor);
        }
      }
      out[i] = static_cast<T>(sum);
    }
  }
};

inline int64_t pool_outputs(const PoolShape& s) { return s.planes * s.out_height * s.out_width; }
inline int64_t pool_inputs(const PoolShape& s) { return s.planes * s.height * s.width; }

constexpr const char* kPoolGradient = "the pooling's gradient";

template <typename Launcher>
void max_pool(const Launcher& launcher, const PoolShape& s, DType dtype, bool relu, const void* input,
              void* output, int64_t* indices) {
  visit_dtype(dtype, [&]<typename T>() {
    launcher.launch(
        "max_pool2d",
        MaxPool<T>{
            {}, s, output_math(s), relu, static_cast<const T*>(input), static_cast<T*>(output), indices},
        stride_blocks(pool_outputs(s), 256));
  });
}

template <typename Launcher>
void max_pool_backward(const Launcher& launcher, const PoolShape& s, DType dtype, const void* grad_output,
                       const int64_t* indices, const void* output, void* grad_input) {
  visit_floating(dtype, kPoolGradient, [&]<typename T>() {
    launcher.launch("max_pool2d_backward",
                    MaxPoolBackward<T>{{},
                                       s,
                                       input_math(s),
                                       static_cast<const T*>(grad_output),
                                       indices,
                                       static_cast<const T*>(output),
                                       static_cast<T*>(grad_input),
                                       !every_window_reads(s)},
                    stride_blocks(pool_inputs(s), 256));
  });
}

template <typename Launcher>
void max_pool_gather(const Launcher& launcher, const PoolShape& s, DType dtype, const void* input,
                     const int64_t* indices, void* output) {
  visit_dtype(dtype, [&]<typename T>() {
    launcher.launch("max_pool2d_gather",
                    MaxPoolGather<T>{{}, s, static_cast<const T*>(input), indices, static_cast<T*>(output)},
                    stride_blocks(pool_outputs(s), 256));
  });
}

template <typename T, typename Launcher, typename Windows>
void average(const Launcher& launcher, const Windows& windows, int64_t elements, const void* input,
             void* output) {
  // A warp for each large window.
  const int lanes = elements >= 64 ? 32 : 1;
  launcher.launch(
      "avg_pool2d",
      Average<T, Windows>{
          {}, windows, output_math(windows.s), lanes, static_cast<const T*>(input), static_cast<T*>(output)},
      stride_blocks(pool_outputs(windows.s), 256 / lanes));
}

template <typename T, typename Launcher, typename Windows>
void average_backward(const Launcher& launcher, const Windows& windows, const void* grad_output,
                      void* grad_input) {
  launcher.launch("avg_pool2d_backward",
                  AverageBackward<T, Windows>{{},
                                              windows,
                                              input_math(windows.s),
                                              static_cast<const T*>(grad_output),
                                              static_cast<T*>(grad_input)},
                  stride_blocks(pool_inputs(windows.s), 256));
}

template <typename Launcher>
void avg_pool(const Launcher& launcher, const PoolShape& s, const AvgPoolOptions& options, DType dtype,
              const void* input, void* output) {
  const AveragePool windows{s, options};
  const int64_t elements = smaller_of(s.kernel[0], s.height) * smaller_of(s.kernel[1], s.width);
  if (dtype == DType::kInt64) return average<int64_t>(launcher, windows, elements, input, output);
  visit_floating(dtype, "avg_pool2d",
                 [&]<typename T>() { average<T>(launcher, windows, elements, input, output); });
}

template <typename Launcher>
void avg_pool_backward(const Launcher& launcher, const PoolShape& s, const AvgPoolOptions& options,
                       DType dtype, const void* grad_output, void* grad_input) {
  visit_floating(dtype, kPoolGradient, [&]<typename T>() {
    average_backward<T>(launcher, AveragePool{s, options}, grad_output, grad_input);
  });
}

template <typename Launcher>
void adaptive_avg_pool(const Launcher& launcher, const PoolShape& s, DType dtype, const void* input,
                       void* output) {
  const int64_t elements = ceil_div(s.height, s.out_height) * ceil_div(s.width, s.out_width);
  visit_floating(dtype, "adaptive_avg_pool2d",
                 [&]<typename T>() { average<T>(launcher, AdaptivePool{s}, elements, input, output); });
}

template <typename Launcher>
void adaptive_avg_pool_backward(const Launcher& launcher, const PoolShape& s, DType dtype,
                                const void* grad_output, void* grad_input) {
  visit_floating(dtype, kPoolGradient, [&]<typename T>() {
    average_backward<T>(launcher, AdaptivePool{s}, grad_output, grad_input);
  });
}

}  // namespace tt::cuda
