// The exponential function of vectors. Included inside HWY_NAMESPACE by kernel files, once per target.
#if defined(TT_CPU_SIMD_EXP_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TT_CPU_SIMD_EXP_H_
#undef TT_CPU_SIMD_EXP_H_
#else
#define TT_CPU_SIMD_EXP_H_
#endif

#include <limits>

#include <hwy/highway.h>
// Per target, so it follows foreach_target.h.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3
// e^x = 2^n e^r with |r| at most half of log 2. The instruction that scales by 2^n rounds results below the
// normal numbers and overflows as it should, so nothing is left to put right but what n cannot express.
inline __m512 exp_float(__m512 x) {
  const __m512 low = _mm512_set1_ps(-110.0F), high = _mm512_set1_ps(90.0F);
  x = _mm512_min_ps(high, _mm512_max_ps(low, x));  // of a NaN and a number these take the right one
  const __m512 to_integer = _mm512_set1_ps(0x1.8p23F);
  const __m512 n = _mm512_sub_ps(_mm512_fmadd_ps(x, _mm512_set1_ps(0x1.715476p0F), to_integer), to_integer);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e4p-1F), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.7f7d1cp-20F), r);
  // (e^r - 1 - r) / r^2 to four terms, whose largest error, relative to e^r, is 4e-9.
  const __m512 r2 = _mm512_mul_ps(r, r);
  const __m512 upper = _mm512_fmadd_ps(_mm512_set1_ps(0x1.6a23dp-10F), r, _mm512_set1_ps(0x1.123a2p-7F));
  const __m512 lower = _mm512_fmadd_ps(_mm512_set1_ps(0x1.5558f2p-5F), r, _mm512_set1_ps(0x1.555492p-3F));
  const __m512 terms = _mm512_fmadd_ps(_mm512_fmadd_ps(upper, r2, lower), r, _mm512_set1_ps(0x1.fffffcp-2F));
  return _mm512_scalef_ps(_mm512_add_ps(_mm512_fmadd_ps(terms, r2, r), _mm512_set1_ps(1.0F)), n);
}
#endif

// e^x of every x: NaN stays, what is too large becomes infinity. Numbers far out are cut first: Highway turns
// them into integers, which a host that traps invalid operations would not survive.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V exp_of(D d, V x) {
  using T = hn::TFromD<D>;
#if HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(T) == 4 && hn::MaxLanes(d) == 16) return V{exp_float(x.raw)};
#endif
  const V most = hn::Set(d, static_cast<T>(sizeof(T) == 4 ? 88.72283172607421875 : 709.782712893383973096));
  const V least = hn::Set(d, static_cast<T>(sizeof(T) == 4 ? -105 : -1001));  // 0
  const V y = hn::IfThenElse(hn::Gt(x, most), hn::Set(d, std::numeric_limits<T>::infinity()),
                             hn::Exp(d, hn::Max(hn::Min(x, most), least)));
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
