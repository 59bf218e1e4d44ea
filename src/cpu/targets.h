// Which Highway targets a kernel file is compiled for, and the choice among them. Include before
// hwy/foreach_target.h.
#pragma once

#include <hwy/detect_targets.h>

#include "cpu/simd.h"

// One target per generation: what lies between them is not worth its compile time and size. Nor is SSE4 where
// the compiler makes the vectors, as for the baseline it has them too; such a file defines
// TT_CPU_WITHOUT_SSE4 before.
#undef HWY_DISABLED_TARGETS
#ifdef TT_CPU_WITHOUT_SSE4
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)
#define TT_CPU_SSE4 TT_CPU_BASELINE
#else
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#define TT_CPU_SSE4 N_SSE4
#endif

#if defined(__x86_64__)
#define TT_CPU_BASELINE \
  HWY_NAMESPACE  // in the last pass over a file: what every machine of the architecture has
#define TT_CPU_DISPATCH(kernel)                                                 \
  (::tt::cpu::isa() >= ::tt::cpu::Isa::kAvx512 ? ::tt::cpu::N_AVX3::kernel      \
   : ::tt::cpu::isa() >= ::tt::cpu::Isa::kAvx2 ? ::tt::cpu::N_AVX2::kernel      \
   : ::tt::cpu::isa() >= ::tt::cpu::Isa::kSse4 ? ::tt::cpu::TT_CPU_SSE4::kernel \
                                               : ::tt::cpu::TT_CPU_BASELINE::kernel)
#else
#define TT_CPU_DISPATCH(kernel) (::tt::cpu::HWY_NAMESPACE::kernel)
#endif
