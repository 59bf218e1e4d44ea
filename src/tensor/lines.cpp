#include "tensor/lines.h"

namespace tt {

namespace {

Dims without(const Dims& dims, int dim) {
  Dims out = dims;
  if (out.size() > 0) out.erase(dim);
  return out;
}

}  // namespace

Lines make_lines(int dim, std::initializer_list<const Tensor*> operands) {
  const Tensor& last = *operands.begin()[operands.size() - 1];
  const Dims shape = without(last.sizes(), dim);
  Lines lines;
  Loop& loop = lines.outer;
  loop.operands = static_cast<int>(operands.size());
  loop.ndim = 0;
  loop.numel = 1;
  for (const int64_t size : shape) loop.numel *= size;
  lines.size = last.ndim() == 0 ? 1 : last.size(dim);
  int op = 0;
  for (const Tensor* t : operands) {
    const auto bytes = static_cast<int64_t>(size_of(t->dtype()));
    loop.data[op] = t->raw();
    loop.dtype[op] = t->dtype();
    lines.step[op] = t->ndim() == 0 ? 0 : t->stride(dim) * bytes;
    ++op;
  }
  // Innermost first, without those of size 1; neighbours merge where every operand runs on.
  for (int d = shape.size() - 1; d >= 0; --d) {
    if (shape[d] == 1) continue;
    const int source = d < dim ? d : d + 1;
    int64_t strides[kMaxOperands];
    bool merge = loop.ndim > 0;
    op = 0;
    for (const Tensor* t : operands) {
      strides[op] = t->stride(source) * static_cast<int64_t>(size_of(t->dtype()));
      if (merge) merge = strides[op] == loop.strides[op][loop.ndim - 1] * loop.sizes[loop.ndim - 1];
      ++op;
    }
    if (merge) {
      loop.sizes[loop.ndim - 1] *= shape[d];
      continue;
    }
    for (int i = 0; i < loop.operands; ++i) loop.strides[i][loop.ndim] = strides[i];
    loop.sizes[loop.ndim++] = shape[d];
  }
  if (loop.ndim == 0) {
    loop.ndim = 1;
    loop.sizes[0] = loop.numel;
    for (int i = 0; i < loop.operands; ++i) loop.strides[i][0] = 0;
  }
  return lines;
}

}  // namespace tt
