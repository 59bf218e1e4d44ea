// Taking the scale out of gradients.
#include <atomic>
#include <cmath>

#include "cpu/runtime/kernels.h"
#include "base/parallel.h"
#include "device/optimizer.h"

namespace tt::cpu {

namespace {

// Whether all results are finite.
template <typename T>
bool unscale_range(T* values, int64_t n, float inverse) {
  using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;
  // A product with zero is zero unless the value is infinite or NaN, and sums of those stay NaN.
  Wide suspicion = 0;
  for (int64_t i = 0; i < n; ++i) {
    const Wide value = static_cast<Wide>(values[i]);
    suspicion += value * 0;
    values[i] = static_cast<T>(value * static_cast<Wide>(inverse));
  }
  return suspicion == 0;
}

void unscale(const call::Unscale& call) {
  const float inverse = *call.inverse_scale;
  std::atomic<bool> finite{true};
  for (const GradTensor& g : call.grads) {
    visit_dtype(g.dtype, [&]<typename T>() {
      if constexpr (is_floating(DTypeOf<T>::value)) {
        parallel_for(g.n, 65536, [&](int64_t begin, int64_t end) {
          if (!unscale_range(static_cast<T*>(g.grad) + begin, end - begin, inverse)) {
            finite.store(false, std::memory_order_relaxed);
          }
        });
      }
    });
  }
  if (!finite.load(std::memory_order_relaxed)) *call.found_inf = 1;
}

}  // namespace

void add_grad_scaler(KernelTable& table) { table.add<call::Unscale>(unscale); }

}  // namespace tt::cpu
