#include "cpu/simd.h"

#include <cstdlib>
#include <cstring>

namespace tt::cpu {

namespace {

Isa detect() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  Isa best = Isa::kBaseline;
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("ssse3")) best = Isa::kSse4;
  if (best == Isa::kSse4 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2")) {
    best = Isa::kAvx2;
  }
  if (best == Isa::kAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd")) {
    best = Isa::kAvx512;
  }
  if (const char* wanted = std::getenv("TINYTORCH_ISA")) {
    const Isa limit = std::strcmp(wanted, "baseline") == 0 ? Isa::kBaseline
                      : std::strcmp(wanted, "sse4") == 0   ? Isa::kSse4
                      : std::strcmp(wanted, "avx2") == 0   ? Isa::kAvx2
                                                           : Isa::kAvx512;
    if (limit < best) best = limit;
  }
  return best;
#else
  return Isa::kBaseline;
#endif
}

}  // namespace

Isa isa() {
  static const Isa chosen = detect();
  return chosen;
}

const char* isa_name() {
  static constexpr const char* kNames[] = {"baseline", "sse4", "avx2", "avx512"};
  return kNames[static_cast<int>(isa())];
}

}  // namespace tt::cpu
