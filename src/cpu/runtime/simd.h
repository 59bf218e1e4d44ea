// Choosing the instruction set at run time. A kernel file is compiled once per target by Highway's
// foreach_target; this picks among the copies. (Highway's own dispatcher lives in a shared library that we
// would otherwise not need.)
//
//   #define HWY_TARGET_INCLUDE "cpu/family/file.cpp"
//   #include "cpu/runtime/targets.h"           // before foreach_target.h: which targets are compiled
//   #include <hwy/foreach_target.h>
//   ...
//   #if HWY_ONCE
//   auto fn = TT_CPU_DISPATCH(kernel);  // a pointer to the best tt::cpu::N_*::kernel for this machine
//   #endif
#pragma once

namespace tt::cpu {

// kBaseline: what every machine of the architecture has; on ARM that is NEON. kSse4 to kAvx512 are x86's,
// kSve is ARM's, with vectors of whatever length the machine has.
enum class Isa { kBaseline, kSse4, kAvx2, kAvx512, kSve };
inline constexpr Isa kLastIsa = Isa::kSve;

// Of the widest vectors that there may be.
#if defined(__aarch64__)
inline constexpr int kWidestVectorBytes = 256;
#else
inline constexpr int kWidestVectorBytes = 64;
#endif

// The best that the machine, the operating system and TINYTORCH_ISA (baseline, sse4, avx2 or avx512; on ARM
// baseline, neon or sve; read once) allow.
Isa isa();
const char* isa_name();

}  // namespace tt::cpu
