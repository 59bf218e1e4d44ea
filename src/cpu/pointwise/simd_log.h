// Logarithms of vectors. Included inside HWY_NAMESPACE by kernel files, once per target.
#if defined(TT_CPU_SIMD_LOG_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TT_CPU_SIMD_LOG_H_
#undef TT_CPU_SIMD_LOG_H_
#else
#define TT_CPU_SIMD_LOG_H_
#endif

#include <hwy/highway.h>
// Per target, so it follows foreach_target.h.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3
// log x = k log 2 + log(1 + r) with x = 2^k (1 + r), r from -1/4 to 1/2.
inline __m512 log_float(__m512 x) {
  const __m512 one = _mm512_set1_ps(1.0F);
  const __m512 m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
  const __m512 exponent = _mm512_getexp_ps(x);  // of x = 2^exponent m' with m' from 1 to 2
  const __m512 k = _mm512_mask_add_ps(exponent, _mm512_cmp_ps_mask(m, one, _CMP_LT_OQ), exponent, one);
  const __m512 r = _mm512_sub_ps(m, one);
  // (log(1 + r) - r + r^2 / 2) / r^3 to eight terms, whose largest error, relative to log(1 + r), is 1e-8.
  const __m512 r2 = _mm512_mul_ps(r, r), r4 = _mm512_mul_ps(r2, r2);
  const auto pair = [&](float high, float low)
                        HWY_ATTR { return _mm512_fmadd_ps(_mm512_set1_ps(high), r, _mm512_set1_ps(low)); };
  const __m512 q76 = pair(-0x1.7140bcp-5F, 0x1.ac90cp-4F), q54 = pair(-0x1.0d8a8ep-3F, 0x1.28847cp-3F);
  const __m512 q32 = pair(-0x1.54efdcp-3F, 0x1.9969bp-3F), q10 = pair(-0x1.00004p-2F, 0x1.5555a4p-2F);
  const __m512 q = _mm512_fmadd_ps(_mm512_fmadd_ps(q76, r2, q54), r4, _mm512_fmadd_ps(q32, r2, q10));
  __m512 y = _mm512_fmadd_ps(_mm512_mul_ps(r, r2), q, _mm512_mul_ps(k, _mm512_set1_ps(0x1.7f7d1cp-20F)));
  y = _mm512_add_ps(r, _mm512_fnmadd_ps(_mm512_set1_ps(0.5F), r2, y));
  return _mm512_fmadd_ps(k, _mm512_set1_ps(0x1.62e4p-1F), y);
}
#endif

// log x of positive numbers; of zero, of what is below and of NaN it is not said.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V log_of(D d, V x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(hn::TFromD<D>) == 4 && hn::MaxLanes(d) == 16) return V{log_float(x.raw)};
#endif
  return hn::Log(d, x);
}

// log(1 + x) of numbers above -1, at most 1; of others and of NaN it is not said.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V log1p_of(D d, V x) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(hn::TFromD<D>) == 4 && hn::MaxLanes(d) == 16) {
    // What the sum loses, x - ((1 + x) - 1), is known exactly, and the logarithm's slope there is 1 / (1 +
    // x).
    const V one = hn::Set(d, 1.0F), sum = hn::Add(one, x);
    const V lost = hn::Sub(x, hn::Sub(sum, one));
    return hn::MulAdd(lost, V{_mm512_rcp14_ps(sum.raw)}, log_of(d, sum));
  }
#endif
  return hn::Log1p(d, x);
}

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
