#include "tensor/loop.h"

namespace tt {

namespace {

const Dims kNoDims{};

// Puts dimensions in order of growing stride (of the first operand that tells them apart), innermost first.
void order_dims(Loop& loop) {
  const auto before = [&](int a, int b) {
    for (int op = 0; op < loop.operands; ++op) {
      const int64_t sa = loop.strides[op][a];
      const int64_t sb = loop.strides[op][b];
      if (sa == 0 || sb == 0 || sa == sb) continue;
      return (sa < 0 ? -sa : sa) < (sb < 0 ? -sb : sb);
    }
    return false;
  };
  for (int i = 1; i < loop.ndim; ++i) {
    for (int j = i; j > 0 && before(j, j - 1); --j) {
      std::swap(loop.sizes[j], loop.sizes[j - 1]);
      for (int op = 0; op < loop.operands; ++op) std::swap(loop.strides[op][j], loop.strides[op][j - 1]);
    }
  }
}

void merge_dims(Loop& loop) {
  int last = 0;
  for (int d = 1; d < loop.ndim; ++d) {
    bool merge = loop.sizes[last] == 1 || loop.sizes[d] == 1;
    if (!merge) {
      merge = true;
      for (int op = 0; op < loop.operands && merge; ++op) {
        merge = loop.strides[op][d] == loop.strides[op][last] * loop.sizes[last];
      }
    }
    if (merge) {
      if (loop.sizes[last] == 1) {
        for (int op = 0; op < loop.operands; ++op) loop.strides[op][last] = loop.strides[op][d];
      }
      loop.sizes[last] *= loop.sizes[d];
    } else {
      ++last;
      loop.sizes[last] = loop.sizes[d];
      for (int op = 0; op < loop.operands; ++op) loop.strides[op][last] = loop.strides[op][d];
    }
  }
  loop.ndim = last + 1;
}

}  // namespace

LoopOperand::LoopOperand(void* value, DType dtype_)
    : data(static_cast<char*>(value)),
      dtype(dtype_),
      sizes(&kNoDims),
      strides(&kNoDims),
      contiguous(true),
      host_scalar(true) {}

Loop make_loop(const Dims& shape, std::initializer_list<LoopOperand> operands) {
  Loop loop;
  loop.operands = static_cast<int>(operands.size());
  loop.numel = 1;
  for (const int64_t size : shape) loop.numel *= size;

  bool flat = true;
  int op = 0;
  for (const LoopOperand& operand : operands) {
    loop.data[op] = operand.data;
    loop.dtype[op] = operand.dtype;
    if (operand.host_scalar) loop.host_scalars |= 1u << op;
    const bool single = operand.sizes->size() == 0;
    flat = flat && (single || (operand.contiguous && *operand.sizes == shape));
    loop.strides[op][0] = single ? 0 : static_cast<int64_t>(size_of(operand.dtype));
    ++op;
  }
  if (flat || loop.numel <= 1) {
    loop.ndim = 1;
    loop.sizes[0] = loop.numel;
    return loop;
  }

  loop.ndim = shape.size();
  for (int d = 0; d < loop.ndim; ++d) loop.sizes[d] = shape[loop.ndim - 1 - d];
  op = 0;
  for (const LoopOperand& operand : operands) {
    const auto bytes = static_cast<int64_t>(size_of(operand.dtype));
    const int n = operand.sizes->size();
    for (int d = 0; d < loop.ndim; ++d) {
      const int i = n - 1 - d;
      loop.strides[op][d] =
          i < 0 || ((*operand.sizes)[i] == 1 && loop.sizes[d] != 1) ? 0 : (*operand.strides)[i] * bytes;
    }
    ++op;
  }
  order_dims(loop);
  merge_dims(loop);
  return loop;
}

Loop make_reduce_loop(std::initializer_list<LoopOperand> operands) {
  const LoopOperand& input = operands.begin()[operands.size() - 1];
  return make_loop(*input.sizes, operands);
}

}  // namespace tt
