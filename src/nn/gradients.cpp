#include "nn/gradients.h"

#include "autograd/meta.h"
#include "ops/create.h"

namespace tt::nn {

void zero_grad(const Tensor& parameter, bool set_to_none) {
  AutogradMeta* meta = parameter.impl()->autograd;
  if (meta == nullptr || !meta->grad.defined()) return;
  if (set_to_none) {
    meta->grad = Tensor();
    return;
  }
  const GradMode off(false);
  // A gradient that was recorded (create_graph) is cut off from its graph first.
  if (!meta->grad.is_leaf()) meta->grad = detach(meta->grad);
  ops::fill_(meta->grad, 0.0);
}

}  // namespace tt::nn
