// Loads and stores of fewer elements than a vector holds, without touching what lies beyond. Included inside
// HWY_NAMESPACE by kernel files, once per target.
#if defined(TT_CPU_SIMD_TAIL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef TT_CPU_SIMD_TAIL_H_
#undef TT_CPU_SIMD_TAIL_H_
#else
#define TT_CPU_SIMD_TAIL_H_
#endif

#include <cstring>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The first n lanes from p, the others `fill`.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::VFromD<D> load_tail(D d, const T* p, size_t n, hn::VFromD<D> fill) {
#if HWY_TARGET <= HWY_AVX2  // masked-off lanes do not fault
  const auto mask = hn::FirstN(d, n);
  return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, p), fill);
#else
  HWY_ALIGN T buffer[hn::MaxLanes(d)];
  hn::Store(fill, d, buffer);
  std::memcpy(buffer, p, n * sizeof(T));
  return hn::Load(d, buffer);
#endif
}

template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void store_tail(hn::VFromD<D> v, D d, T* p, size_t n) {
#if HWY_TARGET <= HWY_AVX2
  hn::BlendedStore(v, hn::FirstN(d, n), d, p);
#else
  HWY_ALIGN T buffer[hn::MaxLanes(d)];
  hn::Store(v, d, buffer);
  std::memcpy(p, buffer, n * sizeof(T));
#endif
}

// A partial vector or a whole one, by n.
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE hn::VFromD<D> load_n(D d, const T* p, size_t n, hn::VFromD<D> fill) {
  return n >= hn::Lanes(d) ? hn::LoadU(d, p) : load_tail(d, p, n, fill);
}
template <class D, typename T = hn::TFromD<D>>
HWY_INLINE void store_n(hn::VFromD<D> v, D d, T* p, size_t n) {
  if (n >= hn::Lanes(d)) {
    hn::StoreU(v, d, p);
  } else {
    store_tail(v, d, p, n);
  }
}

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
