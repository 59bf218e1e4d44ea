// Fills of dense memory with the numbers of a Philox generator: the same on every device (core/philox.h).
#pragma once

#include <cstdint>

#include "core/dtype.h"
#include "core/philox.h"

namespace tt {

enum class RandomFill : uint8_t {
  kUniform,      // floating: in [a, b), bounds in the dtype
  kNormal,       // floating: mean a, standard deviation b
  kExponential,  // floating: rate a
  kBernoulli,    // any dtype: b with probability a, else 0
};

class RandomKernels {
 public:
  static constexpr char kFamily[] = "random";
  virtual ~RandomKernels() = default;
  // Element i is made of the words that philox.h says, from block `start.offset` on.
  virtual void fill(RandomFill kind, DType dtype, void* out, int64_t n, philox::Start start, double a,
                    double b) = 0;
  // Integers base + [0, range), where range 0 is 2^64, as any dtype.
  virtual void integers(DType dtype, void* out, int64_t n, philox::Start start, uint64_t range,
                        int64_t base) = 0;
};

}  // namespace tt
