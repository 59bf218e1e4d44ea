// Max pooling by 2x2 windows side by side, compiled once per instruction set.
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/pool/pool_simd.cpp"
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/pool/pool_simd.h"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
MaxPoolRow get_max_row() { return nullptr; }  // nothing to gain
#else

// The winner so far and its place; `value` takes over where it is greater or NaN, as in the scalar loop.
template <class V, class I>
HWY_INLINE void compete(V& best, I& at, V value, I place) {
  const auto wins = hn::Or(hn::Gt(value, best), hn::IsNaN(value));
  best = hn::IfThenElse(wins, value, best);
  at = hn::IfThenElse(hn::RebindMask(hn::DFromV<I>(), wins), place, at);
}

void max_row_2x2(const PoolShape& s, const float* plane, int64_t y, float* out, int64_t* indices) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::ScalableTag<int64_t> dl;
  const hn::Half<decltype(di)> dh;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto wide = static_cast<int64_t>(hn::Lanes(dl));
  const int64_t first = 2 * y * s.width;
  const float* top = plane + first;
  const float* bottom = top + s.width;
  const auto infinity = hn::Set(d, -std::numeric_limits<float>::infinity());
  const auto row = hn::Set(di, static_cast<int32_t>(s.width));
  const auto one = hn::Set(di, 1);
  int64_t x = 0;
  for (; x + lanes <= s.out_width; x += lanes) {
    hn::Vec<decltype(d)> a, b, c, e;
    hn::LoadInterleaved2(d, top + 2 * x, a, b);
    hn::LoadInterleaved2(d, bottom + 2 * x, c, e);
    auto best = infinity;
    const auto place =
        hn::Add(hn::Mul(hn::Iota(di, 0), hn::Set(di, 2)), hn::Set(di, static_cast<int32_t>(first + 2 * x)));
    auto at = place;
    compete(best, at, a, place);
    compete(best, at, b, hn::Add(place, one));
    compete(best, at, c, hn::Add(place, row));
    compete(best, at, e, hn::Add(hn::Add(place, row), one));
    hn::StoreU(best, d, out + x);
    if (indices != nullptr) {
      hn::StoreU(hn::PromoteTo(dl, hn::LowerHalf(dh, at)), dl, indices + x);
      hn::StoreU(hn::PromoteTo(dl, hn::UpperHalf(dh, at)), dl, indices + x + wide);
    }
  }
  for (; x < s.out_width; ++x) {
    const int64_t places[4] = {first + 2 * x, first + 2 * x + 1, first + s.width + 2 * x,
                               first + s.width + 2 * x + 1};
    float best = -std::numeric_limits<float>::infinity();
    int64_t at = places[0];
    // Selected, not branched on: which of four wins is as good as random.
    for (const int64_t p : places) {
      const float value = plane[p];
      const bool wins = (value > best) | (value != value);
      best = wins ? value : best;
      at = wins ? p : at;
    }
    out[x] = best;
    if (indices != nullptr) indices[x] = at;
  }
}

MaxPoolRow get_max_row() { return max_row_2x2; }
#endif

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

MaxPoolRow max_pool_row_for(const PoolShape& s) {
  static const MaxPoolRow row = TT_CPU_DISPATCH(get_max_row)();
  for (int i = 0; i < 2; ++i) {
    if (s.kernel[i] != 2 || s.stride[i] != 2 || s.padding[i] != 0 || s.dilation[i] != 1) return nullptr;
  }
  const bool inside = 2 * s.out_height <= s.height && 2 * s.out_width <= s.width;
  return inside && s.height * s.width <= INT32_MAX ? row : nullptr;
}

}  // namespace tt::cpu
#endif
