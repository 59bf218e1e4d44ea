#include "ops/view.h"

#include <algorithm>

#include "autograd/meta.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// A view with its backward rule: gradient of the source from the gradient of the view.
template <typename F>
Tensor make_view(const char* op, const Tensor& source, const Dims& sizes, const Dims& strides, int64_t offset,
                 F rule) {
  const Tensor out = alias(source, sizes, strides, offset);
  set_view_of(out, source);
  if (needs_grad(source)) {
    record(op, out, {&source}, [rule](BackwardContext& context) { context.set(0, rule(context.grad())); });
  }
  return out;
}

// The sizes with -1 filled in.
Dims infer_size(const Dims& sizes, int64_t numel) {
  Dims out = sizes;
  int unknown = -1;
  int64_t known = 1;
  for (int i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == -1) {
      TT_CHECK(unknown < 0, Status::kShape, "only one dimension can be inferred");
      unknown = i;
    } else {
      TT_CHECK(sizes[i] >= 0, Status::kShape, "invalid shape dimension ", sizes[i]);
      TT_CHECK(!__builtin_mul_overflow(known, sizes[i], &known), Status::kShape, "shape '", sizes,
               "' overflows int64");
    }
  }
  if (unknown >= 0) {
    TT_CHECK(known != 0, Status::kShape, "cannot reshape tensor of 0 elements into shape ", sizes,
             " because the unspecified dimension size -1 can be any value and is ambiguous");
  }
  TT_CHECK(known == numel || (unknown >= 0 && numel % known == 0), Status::kShape, "shape '", sizes,
           "' is invalid for input of size ", numel);
  if (unknown >= 0) out[unknown] = numel / known;
  return out;
}

// Strides under which `sizes` views the tensor, if it can be viewed so.
std::optional<Dims> view_strides(const Tensor& t, const Dims& sizes) {
  if (t.is_contiguous() || t.numel() == 0) return contiguous_strides(sizes);
  Dims strides = Dims::filled(sizes.size(), 1);
  int out = sizes.size() - 1;
  int64_t base = t.stride(t.ndim() - 1);
  int64_t chunk = 1;    // elements of the current run of mergeable input dimensions
  int64_t covered = 1;  // of those, covered by output dimensions
  for (int in = t.ndim() - 1; in >= 0; --in) {
    chunk *= t.size(in);
    const bool run_ends = in == 0 || (t.size(in - 1) != 1 && t.stride(in - 1) != chunk * base);
    if (!run_ends) continue;
    while (out >= 0 && (covered < chunk || sizes[out] == 1)) {
      strides[out] = covered * base;
      covered *= sizes[out];
      --out;
    }
    if (covered != chunk) return std::nullopt;
    if (in > 0) {
      base = t.stride(in - 1);
      chunk = 1;
      covered = 1;
    }
  }
  return out < 0 ? std::optional(strides) : std::nullopt;
}

}  // namespace

Tensor as_strided(const Tensor& t, const Dims& sizes, const Dims& strides, int64_t offset) {
  TT_CHECK(sizes.size() == strides.size(), Status::kShape,
           "mismatch in length of strides and shape: ", strides, " and ", sizes);
  TT_CHECK(offset >= 0, Status::kInvalidArgument, "storage offset must not be negative, got ", offset);
  const int64_t numel = checked_numel(sizes);
  int64_t last = offset;
  for (int i = 0; i < sizes.size(); ++i) {
    TT_CHECK(strides[i] >= 0, Status::kInvalidArgument,
             "as_strided: Negative strides are not supported, got strides: ", strides);
    if (numel == 0) continue;
    int64_t reach;
    TT_CHECK(!__builtin_mul_overflow(sizes[i] - 1, strides[i], &reach) &&
                 !__builtin_add_overflow(last, reach, &last),
             Status::kShape, "sizes ", sizes, " and strides ", strides, " overflow int64");
  }
  const auto capacity = static_cast<int64_t>(t.storage()->nbytes() / size_of(t.dtype()));
  TT_CHECK(numel == 0 || last < capacity, Status::kInvalidArgument, "setStorage: sizes ", sizes, ", strides ",
           strides, ", storage offset ", offset, " require ", last + 1, " elements, but the storage holds ",
           capacity);
  const Dims in_sizes = t.sizes();
  const Dims in_strides = t.strides();
  const int64_t in_offset = t.offset();
  return make_view("as_strided", t, sizes, strides, offset, [=](const Tensor& grad) {
    // Both geometries share one origin: the lower of the two offsets.
    const int64_t origin = std::min(in_offset, offset);
    int64_t extent = 1;
    for (int i = 0; i < in_sizes.size(); ++i) extent += std::max<int64_t>(in_sizes[i] - 1, 0) * in_strides[i];
    extent += in_offset - origin;
    int64_t view_extent = 1 + offset - origin;
    for (int i = 0; i < sizes.size(); ++i) view_extent += std::max<int64_t>(sizes[i] - 1, 0) * strides[i];
    const Tensor flat = zeros(Dims{std::max(extent, view_extent)}, grad.dtype(), grad.device());
    as_strided_accumulate_(flat, grad, sizes, strides, offset - origin);
    return as_strided(flat, in_sizes, in_strides, in_offset - origin);
  });
}

void as_strided_accumulate_(const Tensor& self, const Tensor& values, const Dims& sizes, const Dims& strides,
                            int64_t offset) {
  // Dimensions that do not move add up first; what is left must not overlap.
  Dims kept = sizes;
  for (int i = 0; i < sizes.size(); ++i) {
    if (strides[i] == 0) kept[i] = 1;
  }
  const Tensor target = as_strided(self, kept, strides, offset);
  add_(target, sum_to_size(values, kept));
}

Tensor view(const Tensor& t, const Dims& sizes) {
  const Dims inferred = infer_size(sizes, t.numel());
  const std::optional<Dims> strides = view_strides(t, inferred);
  TT_CHECK(strides.has_value(), Status::kShape,
           "view size is not compatible with input tensor's size and stride (at least one dimension spans "
           "across two "
           "contiguous subspaces). Use .reshape(...) instead.");
  const Dims in_sizes = t.sizes();
  return make_view("view", t, inferred, *strides, t.offset(),
                   [in_sizes](const Tensor& grad) { return reshape(grad, in_sizes); });
}

Tensor reshape(const Tensor& t, const Dims& sizes) {
  const Dims inferred = infer_size(sizes, t.numel());
  return view(view_strides(t, inferred) ? t : clone(t), inferred);
}

Tensor expand(const Tensor& t, const Dims& sizes) {
  const int added = sizes.size() - t.ndim();
  TT_CHECK(added >= 0, Status::kShape, "the number of sizes provided (", sizes.size(),
           ") must be greater or equal to the number of dimensions in the tensor (", t.ndim(), ")");
  Dims out = sizes;
  Dims strides = Dims::filled(sizes.size(), 0);
  for (int i = 0; i < sizes.size(); ++i) {
    const int64_t size = i < added ? 1 : t.size(i - added);
    if (sizes[i] == -1) {
      TT_CHECK(i >= added, Status::kShape,
               "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ", i);
      out[i] = size;
    } else {
      TT_CHECK(sizes[i] >= 0 && (sizes[i] == size || size == 1), Status::kShape,
               "The expanded size of the tensor (", sizes[i], ") must match the existing size (", size,
               ") at non-singleton dimension ", i, ".  Target sizes: ", sizes,
               ".  Tensor sizes: ", t.sizes());
    }
    if (i >= added && out[i] == size) strides[i] = t.stride(i - added);
  }
  const Dims in_sizes = t.sizes();
  return make_view("expand", t, out, strides, t.offset(),
                   [in_sizes](const Tensor& grad) { return sum_to_size(grad, in_sizes); });
}

Tensor transpose(const Tensor& t, int64_t dim0, int64_t dim1) {
  const int a = wrap_dim(dim0, t.ndim());
  const int b = wrap_dim(dim1, t.ndim());
  Dims sizes = t.sizes();
  Dims strides = t.strides();
  if (t.ndim() > 0) {
    std::swap(sizes[a], sizes[b]);
    std::swap(strides[a], strides[b]);
  }
  return make_view("transpose", t, sizes, strides, t.offset(),
                   [a, b](const Tensor& grad) { return transpose(grad, a, b); });
}

Tensor t(const Tensor& t) {
  TT_CHECK(t.ndim() <= 2, Status::kShape, "t() expects a tensor with <= 2 dimensions, but self is ", t.ndim(),
           "D");
  return transpose(t, 0, t.ndim() < 2 ? 0 : 1);
}

}  // namespace tt::ops
