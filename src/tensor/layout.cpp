#include "tensor/layout.h"

#include <algorithm>
#include <span>
#include <utility>

namespace tt {

namespace {

// What an operand says about the order of the result's dimensions: its strides, 0 where it is broadcast.
struct Laid {
  Dims sizes, strides;

  Laid() = default;
  explicit Laid(const LayoutOperand& operand)
      : sizes(operand.tensor->sizes()), strides(operand.tensor->strides()) {
    if (operand.converted) strides = preserved_strides(sizes, strides);
  }

  void broadcast_to(const Dims& shape) {
    const int offset = shape.size() - sizes.size();
    Dims out = Dims::filled(shape.size(), 0);
    for (int d = 0; d < sizes.size(); ++d) {
      const bool broadcast = sizes[d] == 1 && shape[offset + d] != 1;
      if (!broadcast) out[offset + d] = strides[d];
    }
    strides = out;
  }
};

// > 0 where dimension `inner`, so far closer to the innermost than `outer`, belongs further out; < 0 where it
// is right; 0 where nobody can tell. Of equal strides the smaller size goes inside.
int compare_dims(const Dims& shape, const Dims& strides, int inner, int outer) {
  const int64_t a = strides[inner], b = strides[outer];
  if (a == 0 || b == 0) return 0;
  if (a != b) return a < b ? -1 : 1;
  return shape[inner] > shape[outer] ? 1 : 0;
}

// The dimensions from the innermost outwards. An insertion sort, since the comparison is no total order: the
// result is PyTorch's because the steps are.
Dims order_of(const Dims& shape, std::span<const Dims* const> strides) {
  const int n = shape.size();
  Dims order;
  for (int i = n - 1; i >= 0; --i) order.push_back(i);
  const auto compare = [&](int64_t inner, int64_t outer) {
    for (const Dims* s : strides) {
      if (const int c = compare_dims(shape, *s, static_cast<int>(inner), static_cast<int>(outer)); c != 0)
        return c;
    }
    return 0;
  };
  for (int i = 1; i < n; ++i) {
    int at = i;
    for (int j = i - 1; j >= 0; --j) {
      const int c = compare(order[j], order[at]);
      if (c < 0) break;
      if (c > 0) {
        std::swap(order[j], order[at]);
        at = j;
      }
    }
  }
  return order;
}

// Dense strides with the dimensions in that order. A size of 0 counts as 1: there is nothing to lay out.
Dims dense_strides(const Dims& sizes, const Dims& order) {
  Dims strides = Dims::filled(sizes.size(), 1);
  int64_t next = 1;
  for (const int64_t d : order) {
    const auto i = static_cast<int>(d);
    strides[i] = next;
    if (sizes[i] > 1) next *= sizes[i];
  }
  return strides;
}

// `strides` are dense: the memory is that of `sizes`.
Tensor empty_with(const Dims& sizes, const Dims& strides, DType dtype, Device device) {
  const Tensor out = empty(sizes, dtype, device);
  out.impl()->set_geometry(sizes, strides, 0);
  return out;
}

// Batches of images with the channels last, as torch.channels_last lays them out.
Dims channels_last_strides(const Dims& sizes) { return dense_strides(sizes, {1, 3, 2, 0}); }

bool is_channels_last(const Laid& t) {
  if (t.sizes.size() != 4) return false;
  const Dims expected = channels_last_strides(t.sizes);
  for (int d = 0; d < 4; ++d) {
    if (t.sizes[d] != 1 && t.strides[d] != expected[d]) return false;
  }
  return true;
}

template <typename F>
bool all_of(std::span<const Laid> operands, F&& holds) {
  for (const Laid& operand : operands) {
    if (!holds(operand)) return false;
  }
  return true;
}

Dims pointwise_strides(const Dims& shape, std::span<Laid> operands) {
  // Operands that agree need no order found; what they agree on is kept also where the order is ambiguous.
  if (all_of(operands, [&](const Laid& t) { return t.sizes == shape; })) {
    if (all_of(operands, is_channels_last)) return channels_last_strides(shape);
    const Dims& first = operands.back().strides;
    if (all_of(operands,
               [&](const Laid& t) { return t.strides == first && dense_in_some_order(t.sizes, t.strides); }))
      return first;
  }
  const Dims* strides[kMaxLayoutOperands];
  int count = 0;
  for (Laid& operand : operands) {
    operand.broadcast_to(shape);
    strides[count++] = &operand.strides;
  }
  return dense_strides(shape, order_of(shape, {strides, static_cast<size_t>(count)}));
}

}  // namespace

bool dense_in_some_order(const Dims& sizes, const Dims& strides) {
  Dims sorted_sizes, sorted_strides;
  for (int d = 0; d < sizes.size(); ++d) {
    if (sizes[d] == 1) continue;
    int at = 0;
    while (at < sorted_strides.size() && sorted_strides[at] > strides[d]) ++at;
    sorted_sizes.insert(at, sizes[d]);
    sorted_strides.insert(at, strides[d]);
  }
  return geometry_contiguous(sorted_sizes, sorted_strides);
}

Dims memory_order(const Dims& sizes, const Dims& strides) {
  const Dims* const list[] = {&strides};
  return order_of(sizes, list);
}

Dims preserved_strides(const Dims& sizes, const Dims& strides) {
  if (dense_in_some_order(sizes, strides)) return strides;
  return dense_strides(sizes, memory_order(sizes, strides));
}

Tensor empty_preserving(const Tensor& t, DType dtype, Device device) {
  if (t.is_contiguous()) return empty(t.sizes(), dtype, device);
  return empty_with(t.sizes(), preserved_strides(t.sizes(), t.strides()), dtype, device);
}

bool suggests_channels_last(const Tensor& t) {
  if (t.ndim() != 4 || t.is_contiguous() || t.stride(1) == 0) return false;
  int64_t least = 0;
  for (const int d : {1, 3, 2, 0}) {
    if (t.size(d) == 0 || t.stride(d) < least) return false;
    // One channel of one pixel tells nothing.
    if (d == 0 && least == t.stride(1)) return false;
    least = t.stride(d) * std::max<int64_t>(t.size(d), 1);
  }
  return true;
}

Tensor empty_channels_last(const Dims& sizes, DType dtype, Device device) {
  return empty_with(sizes, channels_last_strides(sizes), dtype, device);
}

Tensor empty_pointwise(const Dims& shape, DType dtype, Device device,
                       std::initializer_list<LayoutOperand> operands) {
  bool contiguous = true;
  for (const LayoutOperand& operand : operands) {
    contiguous = contiguous && (!operand.tensor->defined() || operand.tensor->is_contiguous());
  }
  // Contiguous operands, broadcast or not, never ask for another order.
  if (contiguous) return empty(shape, dtype, device);
  Laid laid[kMaxLayoutOperands];
  int count = 0;
  for (const LayoutOperand& operand : operands)
    laid[count++] = operand.tensor->defined() ? Laid(operand) : Laid();
  return empty_with(shape, pointwise_strides(shape, {laid, static_cast<size_t>(count)}), dtype, device);
}

}  // namespace tt
