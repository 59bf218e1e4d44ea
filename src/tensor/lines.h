// The geometry of an op along one dimension: every line of the input along it, and where the outputs' lines
// are.
#pragma once

#include "tensor/loop.h"

namespace tt {

struct Lines {
  Loop outer;                  // over the other dimensions; data: element 0 of each line
  int64_t size = 0;            // elements of a line of the last operand
  int64_t step[kMaxOperands];  // bytes from one element of a line to the next
};

// Operands of the same sizes but along `dim`; 0-dim operands have one line of one element. The last operand
// is the one whose line length is `size`.
Lines make_lines(int dim, std::initializer_list<const Tensor*> operands);

}  // namespace tt
