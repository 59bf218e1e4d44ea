// The geometry of poolings, for one element at a time: which inputs a window reads, and which windows read an
// input.
#pragma once

#include "device/pool.h"
#include "base/macros.h"

namespace tt::cuda {

TT_HOST_DEVICE inline int64_t smaller_of(int64_t a, int64_t b) { return a < b ? a : b; }
TT_HOST_DEVICE inline int64_t larger_of(int64_t a, int64_t b) { return a > b ? a : b; }

struct Span {
  int64_t begin, end;  // end may be before begin: empty
};

// Along one axis: the places inside the input that window `out` of a pooling with holes reads, every
// `dilation`-th one of the span.
TT_HOST_DEVICE inline Span max_window(const PoolShape& s, int axis, int64_t out) {
  const int64_t size = axis == 0 ? s.height : s.width;
  const int64_t start = out * s.stride[axis] - s.padding[axis];
  const int64_t dilation = s.dilation[axis];
  return {start >= 0 ? start : start + (-start + dilation - 1) / dilation * dilation,
          smaller_of(start + (s.kernel[axis] - 1) * dilation + 1, size)};
}

// The windows whose reach, holes included, has `place` in it.
TT_HOST_DEVICE inline Span max_windows_of(const PoolShape& s, int axis, int64_t place) {
  const int64_t windows = axis == 0 ? s.out_height : s.out_width;
  const int64_t at = place + s.padding[axis];
  const int64_t reach = (s.kernel[axis] - 1) * s.dilation[axis];
  const int64_t stride = s.stride[axis];
  return {at > reach ? (at - reach + stride - 1) / stride : 0, smaller_of(at / stride + 1, windows)};
}

// Whether every window reads something. Where one misses the input between its holes, its maximum, -inf, has
// an index that max_windows_of knows nothing of.
inline bool every_window_reads(const PoolShape& s) {
  for (int axis = 0; axis < 2; ++axis) {
    const int64_t size = axis == 0 ? s.height : s.width;
    if (s.dilation[axis] <= size) continue;  // a tap falls inside, as windows begin inside or before it
    const int64_t windows = axis == 0 ? s.out_height : s.out_width;
    for (int64_t out = 0; out < windows; ++out) {
      const Span span = max_window(s, axis, out);
      if (span.begin >= span.end) return false;
    }
  }
  return true;
}

// An average's window: the part inside the input, and what to divide by.
struct AverageWindow {
  Span y, x;
  int64_t divisor;
  TT_HOST_DEVICE bool empty() const { return y.begin >= y.end || x.begin >= x.end; }
};

struct AveragePool {
  PoolShape s;
  AvgPoolOptions o;

  TT_HOST_DEVICE AverageWindow window(int64_t oy, int64_t ox) const {
    const int64_t top = oy * s.stride[0] - s.padding[0], left = ox * s.stride[1] - s.padding[1];
    const int64_t bottom = smaller_of(top + s.kernel[0], s.height + s.padding[0]);
    const int64_t right = smaller_of(left + s.kernel[1], s.width + s.padding[1]);
    AverageWindow w;
    w.y = {larger_of(top, 0), smaller_of(bottom, s.height)};
    w.x = {larger_of(left, 0), smaller_of(right, s.width)};
    w.divisor = o.divisor_override != 0 ? o.divisor_override
                : o.count_include_pad   ? (bottom - top) * (right - left)
                                        : (w.y.end - w.y.begin) * (w.x.end - w.x.begin);
    return w;
  }
  // The windows that read a place; dilation is 1.
  TT_HOST_DEVICE Span windows_of(int axis, int64_t place) const {
    const int64_t windows = axis == 0 ? s.out_height : s.out_width;
    const int64_t at = place + s.padding[axis], reach = s.kernel[axis] - 1, stride = s.stride[axis];
    return {at > reach ? (at - reach + stride - 1) / stride : 0, smaller_of(at / stride + 1, windows)};
  }
};

struct AdaptivePool {
  PoolShape s;

  TT_HOST_DEVICE static Span span(int64_t out, int64_t size, int64_t windows) {
    return {out * size / windows, ((out + 1) * size + windows - 1) / windows};
  }
  TT_HOST_DEVICE AverageWindow window(int64_t oy, int64_t ox) const {
    AverageWindow w;
    w.y = span(oy, s.height, s.out_height);
    w.x = span(ox, s.width, s.out_width);
    w.divisor = (w.y.end - w.y.begin) * (w.x.end - w.x.begin);
    return w;
  }
  TT_HOST_DEVICE Span windows_of(int axis, int64_t place) const {
    const int64_t windows = axis == 0 ? s.out_height : s.out_width;
    const int64_t size = axis == 0 ? s.height : s.width;
    return {place * windows / size, ((place + 1) * windows + size - 1) / size};
  }
};

}  // namespace tt::cuda
