// What view ops are made of. Internal to src/ops.
#pragma once

#include "autograd/meta.h"
#include "tensor/geometry.h"
#include "ops/create/create.h"

namespace tt::ops {

// A view with its backward rule: gradient of the source from the gradient of the view.
template <typename F>
Tensor make_view(const char* op, const Tensor& source, const Dims& sizes, const Dims& strides, int64_t offset,
                 F rule) {
  Tensor out = alias(source, sizes, strides, offset);
  set_view_of(out, source);
  if (needs_grad(source)) {
    record(op, out, {&source}, [rule](BackwardContext& context) { context.set(0, rule(context.grad())); });
  }
  return out;
}

// Zeros of `sizes` with `values` in the part that part(tensor) views: the gradient of a view that takes a
// part.
template <typename F>
Tensor embed(const char* op, const Tensor& values, const Dims& sizes, F part) {
  Tensor out = zeros(sizes, values.dtype(), values.device());
  {
    const GradMode off(false);
    copy_values(part(out), values);
  }
  if (needs_grad(values)) {
    record(op, out, {&values}, [part](BackwardContext& context) { context.set(0, part(context.grad())); });
  }
  return out;
}

}  // namespace tt::ops
