// The CPU's fused losses.
#pragma once

#include "device/loss.h"
#include "cpu/runtime/simd.h"

namespace tt::cpu {

// A dense run, or with step 0 one value for all of it, which stands there once for each lane of a vector.
template <typename T>
struct LossInput {
  static constexpr int64_t kLanes = kWidestVectorBytes / sizeof(T);
  const T* data;
  int64_t step;
};

// The inner kernels of one element type, on runs. in: x, y, then w and p where the loss has them; backward:
// the losses' gradient last.
template <typename T>
struct LossTable {
  using Forward = void (*)(T* out, const LossInput<T>* in, int64_t n, T parameter);
  using Backward = void (*)(T* out, const LossInput<T>* in, int64_t n, T parameter, T scale);
  Forward forward[6];  // by ElementLoss
  Backward backward[6];
  T (*sum)(const T* values, int64_t n);
  bool (*in_unit_interval)(const T* values, int64_t n);
};
template <typename T>
const LossTable<T>& loss_table();  // float and double

}  // namespace tt::cpu
