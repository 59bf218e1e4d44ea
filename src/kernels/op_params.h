// What an op has besides its operands.
#pragma once

namespace tt {

// The scalars of an op that has some (a slope, a bound): meaning by op, documented at its functor.
struct PointwiseParams {
  double a = 0;
  double b = 0;
  double c = 0;
};

}  // namespace tt
