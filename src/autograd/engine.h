// Backward: walks the graph from the roots, in reverse order of recording, without recursion.
#pragma once

#include <span>
#include <vector>

#include "autograd/meta.h"

namespace tt {

struct BackwardOptions {
  bool retain_graph = false;
  bool create_graph = false;  // record the backward pass itself; implies that the graph is kept
  bool allow_unused = false;  // grad(): undefined instead of an error for an input the roots do not depend on
};

// Accumulates into the leaves' gradients. grad_outputs: empty, or one per root, undefined ones for scalar
// roots.
void backward(std::span<const Tensor> roots, std::span<const Tensor> grad_outputs,
              const BackwardOptions& options);

// Returns d roots / d inputs instead, touching no .grad.
Tensors grad(std::span<const Tensor> roots, std::span<const Tensor> inputs,
             std::span<const Tensor> grad_outputs, const BackwardOptions& options);

}  // namespace tt
