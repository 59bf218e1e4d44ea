// Which Highway targets a kernel file is compiled for, and the choice among them. Include before
// hwy/foreach_target.h.
#pragma once

#include <hwy/detect_targets.h>

#include "cpu/runtime/simd.h"

// One target per generation: what lies between them is not worth its compile time and size. Nor is SSE4 where
// the compiler makes the vectors, as for the baseline it has them too; such a file defines
// TT_CPU_WITHOUT_SSE4 before.
//
// On ARM, one SVE target serves vectors of every length, which is known only at run time. So these vectors
// have no size: there are no arrays of them, nor structs, and hn::MaxLanes is what a buffer must hold, not
// what a vector does. A file that needs either, to keep a tile of sums in registers, defines
// TT_CPU_WITHOUT_SVE before; NEON serves it.
#undef HWY_DISABLED_TARGETS
#ifdef TT_CPU_WITHOUT_SSE4
#define TT_CPU_NO_SSE4 HWY_SSE4
#define TT_CPU_SSE4 TT_CPU_BASELINE
#else
#define TT_CPU_NO_SSE4 0
#define TT_CPU_SSE4 N_SSE4
#endif
#ifdef TT_CPU_WITHOUT_SVE
#define TT_CPU_NO_SVE HWY_SVE
#else
#define TT_CPU_NO_SVE 0
#endif
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | TT_CPU_NO_SSE4 | HWY_AVX3_DL | TT_CPU_NO_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)

#if defined(__x86_64__)
#define TT_CPU_BASELINE \
  HWY_NAMESPACE  // in the last pass over a file: what every machine of the architecture has
#define TT_CPU_DISPATCH(kernel)                                                 \
  (::tt::cpu::isa() >= ::tt::cpu::Isa::kAvx512 ? ::tt::cpu::N_AVX3::kernel      \
   : ::tt::cpu::isa() >= ::tt::cpu::Isa::kAvx2 ? ::tt::cpu::N_AVX2::kernel      \
   : ::tt::cpu::isa() >= ::tt::cpu::Isa::kSse4 ? ::tt::cpu::TT_CPU_SSE4::kernel \
                                               : ::tt::cpu::TT_CPU_BASELINE::kernel)
#elif HWY_TARGETS & HWY_SVE
#define TT_CPU_DISPATCH(kernel) \
  (::tt::cpu::isa() >= ::tt::cpu::Isa::kSve ? ::tt::cpu::N_SVE::kernel : ::tt::cpu::HWY_NAMESPACE::kernel)
#else
#define TT_CPU_DISPATCH(kernel) (::tt::cpu::HWY_NAMESPACE::kernel)
#endif
