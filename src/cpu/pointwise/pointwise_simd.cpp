// The inner loops of the rows marked kVector, compiled once per instruction set from the shared functors: the
// compiler turns them into vector code.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/pointwise/pointwise_simd.cpp"
#define TT_CPU_WITHOUT_SSE4
#include "cpu/runtime/targets.h"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "cpu/runtime/independent.h"
#include "cpu/pointwise/pointwise.h"
#include "kernels/functors.h"

HWY_BEFORE_NAMESPACE();
namespace tt::cpu::HWY_NAMESPACE {

// To stay small, integers have loops for AVX2 and the oldest instruction set only: what is null here is taken
// from an older set.
constexpr bool kWantIntegers = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_STATIC_TARGET;
#define kWantedKernel kVector
constexpr bool kWantWhere = true;
#include "cpu/pointwise/pointwise_loops.h"
#undef kWantedKernel
const PointwiseTable* get_table() { return &kTable; }

}  // namespace tt::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tt::cpu {

const PointwiseTable* vector_table(int generation) {
  if (generation > static_cast<int>(isa())) return nullptr;
  switch (static_cast<Isa>(generation)) {
#if defined(__x86_64__)
    case Isa::kAvx512:
      return N_AVX3::get_table();
    case Isa::kAvx2:
      return N_AVX2::get_table();
    case Isa::kBaseline:
      return TT_CPU_BASELINE::get_table();
#else
#if HWY_TARGETS & HWY_SVE
    case Isa::kSve:
      return N_SVE::get_table();
#endif
    case Isa::kBaseline:
      return HWY_NAMESPACE::get_table();
#endif
    default:
      return nullptr;
  }
  return nullptr;
}

}  // namespace tt::cpu
#endif
