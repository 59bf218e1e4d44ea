#include "cpu/runtime/kernels.h"
#include "device/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/parallel.h"
#include "cpu/pool/pool_simd.h"
#include "cpu/runtime/scratch.h"

namespace tt::cpu {

namespace {

// What sums are kept in.
template <typename T>
using Acc = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

template <typename F>
void visit_floating(DType dtype, F&& fn) {
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (!std::is_integral_v<T>) {
      fn.template operator()<T>();
    } else {
      fail(Status::kDtype, "the pooling's gradient is not implemented for ", dtype);
    }
  });
}

// Runs body(plane) over the planes, on several threads where there is enough to do.
template <typename F>
void over_planes(const PoolShape& s, int64_t work_per_plane, F&& body) {
  const int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(work_per_plane, 1));
  parallel_for(s.planes, grain, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) body(p);
  });
}

template <typename T>
bool is_nan(T value) {
  if constexpr (std::is_integral_v<T>)
    return false;
  else
    return value != value;
}

// The first place at or after zero that a window starting at `start` reads.
int64_t first_inside(int64_t start, int64_t dilation) {
  return start >= 0 ? start : start + (-start + dilation - 1) / dilation * dilation;
}

template <typename T>
void max_plane(const PoolShape& s, const T* in, T* out, int64_t* indices) {
  using A = Acc<T>;
  const A lowest = std::numeric_limits<A>::has_infinity ? -std::numeric_limits<A>::infinity()
                                                        : std::numeric_limits<A>::lowest();
  for (int64_t oy = 0; oy < s.out_height; ++oy) {
    const int64_t top = oy * s.stride[0] - s.padding[0];
    const int64_t y0 = first_inside(top, s.dilation[0]);
    const int64_t y1 = std::min(top + (s.kernel[0] - 1) * s.dilation[0] + 1, s.height);
    for (int64_t ox = 0; ox < s.out_width; ++ox) {
      const int64_t left = ox * s.stride[1] - s.padding[1];
      const int64_t x0 = first_inside(left, s.dilation[1]);
      const int64_t x1 = std::min(left + (s.kernel[1] - 1) * s.dilation[1] + 1, s.width);
      A best = lowest;
      // A window may miss the input altogether where the dilation is larger than it.
      int64_t at = std::min(y0, s.height - 1) * s.width + std::min(x0, s.width - 1);
      for (int64_t y = y0; y < y1; y += s.dilation[0]) {
        for (int64_t x = x0; x < x1; x += s.dilation[1]) {
          const A value = static_cast<A>(in[y * s.width + x]);
          if (value > best || is_nan(value)) {
            best = value;
            at = y * s.width + x;
          }
        }
      }
      *out++ = static_cast<T>(best);
      if (indices != nullptr) *indices++ = at;
    }
  }
}

// A window of an average: the part inside the input, and what to divide by.
struct Window {
  int64_t y0, y1, x0, x1, divisor;

  Window(const PoolShape& s, const AvgPoolOptions& o, int64_t oy, int64_t ox) {
    const int64_t top = oy * s.stride[0] - s.padding[0], left = ox * s.stride[1] - s.padding[1];
    const int64_t bottom = std::min(top + s.kernel[0], s.height + s.padding[0]);
    const int64_t right = std::min(left + s.kernel[1], s.width + s.padding[1]);
    const int64_t padded = (bottom - top) * (right - left);
    y0 = std::max<int64_t>(top, 0);
    x0 = std::max<int64_t>(left, 0);
    y1 = std::min(bottom, s.height);
    x1 = std::min(right, s.width);
    divisor = o.divisor_override != 0 ? o.divisor_override
              : o.count_include_pad   ? padded
                                      : (y1 - y0) * (x1 - x0);
  }
  bool empty() const { return y0 >= y1 || x0 >= x1; }

  // The adaptive ones.
  Window(const PoolShape& s, int64_t oy, int64_t ox)
      : y0(oy * s.height / s.out_height),
        y1(((oy + 1) * s.height + s.out_height - 1) / s.out_height),
        x0(ox * s.width / s.out_width),
        x1(((ox + 1) * s.width + s.out_width - 1) / s.out_width),
        divisor((y1 - y0) * (x1 - x0)) {}
};

template <typename T, typename MakeWindow>
void average_plane(const PoolShape& s, const T* in, T* out, MakeWindow&& make_window) {
  using A = Acc<T>;
  for (int64_t oy = 0; oy < s.out_height; ++oy) {
    for (int64_t ox = 0; ox < s.out_width; ++ox) {
      const Window w = make_window(oy, ox);
      A sum = 0;
      for (int64_t y = w.y0; y < w.y1; ++y) {
        for (int64_t x = w.x0; x < w.x1; ++x) sum = static_cast<A>(sum + static_cast<A>(in[y * s.width + x]));
      }
      *out++ = w.empty() ? T(A(0)) : static_cast<T>(static_cast<A>(sum / static_cast<A>(w.divisor)));
    }
  }
}

template <typename T, typename MakeWindow>
void spread_plane(const PoolShape& s, const T* grad, T* grad_in, Acc<T>* sums, MakeWindow&& make_window) {
  using A = Acc<T>;
  const int64_t n = s.height * s.width;
  std::fill_n(sums, n, A(0));
  for (int64_t oy = 0; oy < s.out_height; ++oy) {
    for (int64_t ox = 0; ox < s.out_width; ++ox) {
      const Window w = make_window(oy, ox);
      const A share = static_cast<A>(*grad++) / static_cast<A>(w.divisor);
      for (int64_t y = w.y0; y < w.y1; ++y) {
        for (int64_t x = w.x0; x < w.x1; ++x) sums[y * s.width + x] += share;
      }
    }
  }
  if constexpr (!std::is_same_v<T, A>) {
    for (int64_t i = 0; i < n; ++i) grad_in[i] = static_cast<T>(sums[i]);
  }
}

// Gradients of half types add up in float: a plane of them for each range of planes.
template <typename T, typename MakeWindow>
void spread(const PoolShape& s, int64_t work, const T* grad, T* grad_in, MakeWindow&& make_window) {
  const int64_t in = s.height * s.width, out = s.out_height * s.out_width;
  if constexpr (std::is_same_v<T, Acc<T>>) {
    over_planes(s, work, [&](int64_t p) {
      spread_plane(s, grad + p * out, grad_in + p * in, grad_in + p * in, make_window);
    });
  } else {
    const Scratch<Acc<T>> sums(in);
    for (int64_t p = 0; p < s.planes; ++p) {
      spread_plane(s, grad + p * out, grad_in + p * in, sums.data(), make_window);
    }
  }
}

int64_t window_work(const PoolShape& s) {
  return s.out_height * s.out_width * (s.kernel[0] * s.kernel[1] + 2);
}

void max_pool(const call::MaxPool& call) {
  const PoolShape& s = call.shape;
  const int64_t in = s.height * s.width, out = s.out_height * s.out_width;
  visit_dtype(call.dtype, [&]<typename T>() {
    const T* from = static_cast<const T*>(call.input);
    T* to = static_cast<T*>(call.output);
    if constexpr (std::is_same_v<T, float>) {
      if (const MaxPoolRow row = max_pool_row_for(s)) {
        over_planes(s, window_work(s) / 4, [&](int64_t p) {
          for (int64_t y = 0; y < s.out_height; ++y) {
            const int64_t at = p * out + y * s.out_width;
            row(s, from + p * in, y, to + at, call.indices == nullptr ? nullptr : call.indices + at);
          }
        });
        return;
      }
    }
    over_planes(s, window_work(s), [&](int64_t p) {
      max_plane(s, from + p * in, to + p * out, call.indices == nullptr ? nullptr : call.indices + p * out);
    });
  });
}

void max_pool_backward(const call::MaxPoolBackward& call) {
  const PoolShape& s = call.shape;
  const int64_t in = s.height * s.width, out = s.out_height * s.out_width;
  visit_floating(call.dtype, [&]<typename T>() {
    const T* grad = static_cast<const T*>(call.grad_output);
    T* to = static_cast<T*>(call.grad_input);
    over_planes(s, in + 2 * out, [&](int64_t p) {
      T* plane = to + p * in;
      std::fill_n(plane, in, T(0.0f));
      for (int64_t i = p * out; i < (p + 1) * out; ++i) {
        plane[call.indices[i]] =
            static_cast<T>(static_cast<Acc<T>>(plane[call.indices[i]]) + static_cast<Acc<T>>(grad[i]));
      }
    });
  });
}

void max_pool_gather(const call::MaxPoolGather& call) {
  const PoolShape& s = call.shape;
  const int64_t in = s.height * s.width, out = s.out_height * s.out_width;
  visit_dtype(call.dtype, [&]<typename T>() {
    const T* from = static_cast<const T*>(call.input);
    T* to = static_cast<T*>(call.output);
    over_planes(s, 2 * out, [&](int64_t p) {
      for (int64_t i = p * out; i < (p + 1) * out; ++i) to[i] = from[p * in + call.indices[i]];
    });
  });
}

void avg_pool(const call::AvgPool& call) {
  const PoolShape& s = call.shape;
  const AvgPoolOptions& o = call.options;
  const int64_t in = s.height * s.width, out = s.out_height * s.out_width;
  const auto window = [&](int64_t oy, int64_t ox) { return Window(s, o, oy, ox); };
  visit_dtype(call.dtype, [&]<typename T>() {
    if constexpr (!std::is_integral_v<T> || std::is_same_v<T, int64_t>) {
      over_planes(s, window_work(s), [&](int64_t p) {
        average_plane(s, static_cast<const T*>(call.input) + p * in, static_cast<T*>(call.output) + p * out,
                      window);
      });
    } else {
      fail(Status::kDtype, "avg_pool2d is not implemented for ", call.dtype);
    }
  });
}

void avg_pool_backward(const call::AvgPoolBackward& call) {
  const PoolShape& s = call.shape;
  const AvgPoolOptions& o = call.options;
  visit_floating(call.dtype, [&]<typename T>() {
    spread(s, window_work(s), static_cast<const T*>(call.grad_output), static_cast<T*>(call.grad_input),
           [&](int64_t oy, int64_t ox) { return Window(s, o, oy, ox); });
  });
}

void adaptive_avg_pool(const call::AdaptiveAvgPool& call) {
  const PoolShape& s = call.shape;
  const int64_t in = s.height * s.width, out = s.out_height * s.out_width;
  visit_floating(call.dtype, [&]<typename T>() {
    over_planes(s, in + 2 * out, [&](int64_t p) {
      average_plane(s, static_cast<const T*>(call.input) + p * in, static_cast<T*>(call.output) + p * out,
                    [&](int64_t oy, int64_t ox) { return Window(s, oy, ox); });
    });
  });
}

void adaptive_avg_pool_backward(const call::AdaptiveAvgPoolBackward& call) {
  const PoolShape& s = call.shape;
  visit_floating(call.dtype, [&]<typename T>() {
    spread(s, s.height * s.width * 2, static_cast<const T*>(call.grad_output),
           static_cast<T*>(call.grad_input), [&](int64_t oy, int64_t ox) { return Window(s, oy, ox); });
  });
}

}  // namespace

void add_pool(KernelTable& table) {
  table.add<call::MaxPool>(max_pool, [](const call::MaxPool& call) { return !call.epilogue.some(); });
  table.add<call::MaxPoolBackward>(max_pool_backward);
  table.add<call::MaxPoolGather>(max_pool_gather);
  table.add<call::AvgPool>(avg_pool);
  table.add<call::AvgPoolBackward>(avg_pool_backward);
  table.add<call::AdaptiveAvgPool>(adaptive_avg_pool);
  table.add<call::AdaptiveAvgPoolBackward>(adaptive_avg_pool_backward);
}

}  // namespace tt::cpu
