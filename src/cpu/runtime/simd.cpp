#include "cpu/runtime/simd.h"

#include <cstdlib>
#include <cstring>

#include "cpu/runtime/targets.h"

#if defined(__aarch64__) && (HWY_TARGETS & HWY_SVE)
#include <sys/auxv.h>
#endif

namespace tt::cpu {

namespace {

#if defined(__x86_64__)

Isa best_of_machine() {
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
  return best;
}
constexpr const char* kNames[] = {"baseline", "sse4", "avx2", "avx512"};

#elif defined(__aarch64__) && (HWY_TARGETS & HWY_SVE)

Isa best_of_machine() {
  constexpr unsigned long kHasSve = 1UL << 22;  // HWCAP_SVE, which old system headers lack
  return (getauxval(AT_HWCAP) & kHasSve) != 0 ? Isa::kSve : Isa::kBaseline;
}
constexpr const char* kNames[] = {"neon", nullptr, nullptr, nullptr, "sve"};

#else

Isa best_of_machine() { return Isa::kBaseline; }
#if defined(__aarch64__)
constexpr const char* kNames[] = {"neon"};
#else
constexpr const char* kNames[] = {"baseline"};
#endif

#endif

Isa detect() {
  const Isa best = best_of_machine();
  const char* wanted = std::getenv("TINYTORCH_ISA");
  if (wanted == nullptr) return best;
  if (std::strcmp(wanted, "baseline") == 0) return Isa::kBaseline;
  for (int i = 0; i < static_cast<int>(best); ++i) {
    if (kNames[i] != nullptr && std::strcmp(wanted, kNames[i]) == 0) return static_cast<Isa>(i);
  }
  return best;
}

}  // namespace

Isa isa() {
  static const Isa chosen = detect();
  return chosen;
}

const char* isa_name() { return kNames[static_cast<int>(isa())]; }

}  // namespace tt::cpu
