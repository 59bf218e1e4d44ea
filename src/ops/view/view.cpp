#include "ops/view/view.h"

#include <algorithm>

#include "device/backend.h"
#include "ops/ops.h"
#include "ops/view/view_rule.h"

namespace tt::ops {

namespace {

// The sizes with -1 filled in.
Dims infer_size(const Dims& sizes, int64_t numel) {
  Dims out = sizes;
  int unknown = -1;
  int64_t known = 1;
  for (int i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == -1) {
      TT_CHECK(unknown < 0, Status::kShape, "only one of sizes may be -1");
      unknown = i;
    } else {
      TT_CHECK(sizes[i] >= 0, Status::kShape, "sizes[", i, "] is ", sizes[i], ", expected 0 or more, or -1");
      TT_CHECK(!__builtin_mul_overflow(known, sizes[i], &known), Status::kShape, "shape '", sizes,
               "' overflows int64");
    }
  }
  if (unknown >= 0) {
    TT_CHECK(known != 0, Status::kShape, "input is empty, so the -1 in sizes ", sizes,
             " could stand for any number");
  }
  TT_CHECK(known == numel || (unknown >= 0 && numel % known == 0), Status::kShape, "sizes ", sizes,
           " do not fit the ", numel, " elements of input");
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

// The two laid out over one stretch of memory that starts at the lower offset.
int64_t common_extent(const Geometry& a, const Geometry& b, int64_t origin) {
  return std::max(a.offset - origin + a.extent(), b.offset - origin + b.extent());
}

// flat.as_strided(geometry, moved to origin) += values, also where the geometry overlaps itself.
void accumulate_at(const Tensor& flat, const Tensor& values, const Geometry& geometry, int64_t origin) {
  if (values.numel() == 0) return;
  const Tensor target = alias(flat, geometry.sizes, geometry.strides, geometry.offset - origin);
  if (geometry.may_overlap()) {
    run(flat.device(), call::Accumulate{make_loop(target.sizes(), {target, values})});
  } else {
    copy_values(target, values);
  }
}

Tensor restride_values(const Tensor& values, const Geometry& from, const Geometry& to,
                       const Geometry& counted) {
  const int64_t origin = std::min(from.offset, to.offset);
  const Tensor flat = zeros(Dims{common_extent(from, to, origin)}, values.dtype(), values.device());
  accumulate_at(flat, values, from, origin);
  const Tensor read = alias(flat, to.sizes, to.strides, to.offset - origin);
  if (!counted.may_overlap()) return read.is_contiguous() ? read : contiguous_copy(read);
  const Tensor counts = zeros(flat.sizes(), flat.dtype(), flat.device());
  accumulate_at(counts, ones(counted.sizes, flat.dtype(), flat.device()), counted, origin);
  const Tensor out = contiguous_copy(read);
  // A place that `counted` does not refer to belongs to nobody: 0 / 0 must not appear there.
  const Tensor times = alias(counts, to.sizes, to.strides, to.offset - origin);
  return div(out, add(times, to_dtype(eq(times, 0.0), times.dtype())));
}

}  // namespace

Tensor restride(const Tensor& values, const Geometry& from, const Geometry& to, const Geometry& counted) {
  Tensor out;
  {
    const GradMode off(false);
    out = restride_values(values, from, to, counted);
  }
  if (needs_grad(values)) {
    // Laying out and reading back are each other's transposes.
    record("as_strided_backward", out, {&values}, [from, to, counted](BackwardContext& context) {
      context.set(0, restride(context.grad(), to, from, counted));
    });
  }
  return out;
}

Tensor as_strided(const Tensor& t, const Dims& sizes, const Dims& strides, std::optional<int64_t> start) {
  const int64_t offset = start.value_or(t.offset());
  TT_CHECK(sizes.size() == strides.size(), Status::kShape,
           "sizes and strides must have as many entries, got ", sizes, " and ", strides);
  TT_CHECK(offset >= 0, Status::kInvalidArgument, "storage_offset is ", offset, ", expected 0 or more");
  const int64_t numel = checked_numel(sizes);
  int64_t last = offset;
  for (int i = 0; i < sizes.size(); ++i) {
    TT_CHECK(strides[i] >= 0, Status::kInvalidArgument, "strides must be 0 or more, got ", strides);
    if (numel == 0) continue;
    int64_t reach;
    TT_CHECK(!__builtin_mul_overflow(sizes[i] - 1, strides[i], &reach) &&
                 !__builtin_add_overflow(last, reach, &last),
             Status::kShape, "sizes ", sizes, " and strides ", strides, " overflow int64");
  }
  const auto capacity = static_cast<int64_t>(t.storage()->nbytes() / size_of(t.dtype()));
  TT_CHECK(numel == 0 || last < capacity, Status::kInvalidArgument, "sizes ", sizes, ", strides ", strides,
           " and storage_offset ", offset, " need ", last + 1, " elements, but input's memory holds ",
           capacity);
  const Geometry in = Geometry::of(t);
  const Geometry out{sizes, strides, offset};
  return make_view("as_strided", t, sizes, strides, offset,
                   [in, out](const Tensor& grad) { return restride(grad, out, in, in); });
}

Tensor view(const Tensor& t, const Dims& sizes) {
  const Dims inferred = infer_size(sizes, t.numel());
  const std::optional<Dims> strides = view_strides(t, inferred);
  TT_CHECK(strides.has_value(), Status::kShape,
           "input's strides allow no view of these sizes; use tt_reshape");
  const Dims in_sizes = t.sizes();
  return make_view("view", t, inferred, *strides, t.offset(),
                   [in_sizes](const Tensor& grad) { return reshape(grad, in_sizes); });
}

Tensor reshape(const Tensor& t, const Dims& sizes) {
  const Dims inferred = infer_size(sizes, t.numel());
  return view(view_strides(t, inferred) ? t : clone_contiguous(t), inferred);
}

Tensor flatten(const Tensor& t, int64_t start_dim, int64_t end_dim) {
  const int start = wrap_dim(start_dim, t.ndim());
  const int end = wrap_dim(end_dim, t.ndim());
  TT_CHECK(start <= end, Status::kShape, "start_dim comes after end_dim");
  if (t.ndim() == 0) return reshape(t, Dims{1});
  if (start == end) return t;
  Dims sizes;
  int64_t merged = 1;
  for (int i = 0; i < t.ndim(); ++i) {
    if (i >= start && i <= end) merged *= t.size(i);
    if (i == end) sizes.push_back(merged);
    if (i < start || i > end) sizes.push_back(t.size(i));
  }
  return reshape(t, sizes);
}

Tensor unflatten(const Tensor& t, int64_t dim, const Dims& sizes) {
  TT_CHECK(!sizes.empty(), Status::kShape, "sizes is empty");
  const int d = wrap_dim(dim, t.ndim());
  TT_CHECK(t.ndim() > 0, Status::kShape, "input has no dimensions");
  int64_t known = 1;
  int unknown = 0;
  for (const int64_t size : sizes) {
    TT_CHECK(size >= -1, Status::kShape, "sizes has ", size, ", expected 0 or more, or -1: ", sizes);
    if (size == -1) ++unknown;
    TT_CHECK(size == -1 || !__builtin_mul_overflow(known, size, &known), Status::kShape, "sizes ", sizes,
             " overflow int64");
  }
  TT_CHECK(unknown <= 1, Status::kShape, "only one of sizes may be -1, got ", sizes);
  const int64_t whole = t.size(d);
  TT_CHECK(unknown == 0 ? known == whole : known != 0 && whole % known == 0, Status::kShape, "sizes ", sizes,
           " do not fit dimension ", d, " of input, of size ", whole);
  Dims out;
  for (int i = 0; i < t.ndim(); ++i) {
    if (i != d) {
      out.push_back(t.size(i));
      continue;
    }
    for (const int64_t size : sizes) out.push_back(size == -1 ? whole / known : size);
  }
  return view(t, out);
}

Tensor squeeze(const Tensor& t, std::span<const int64_t> dims) {
  uint32_t mask = dims.empty() ? ~0u : 0u;
  for (const int64_t dim : dims) {
    const int d = wrap_dim(dim, t.ndim());
    TT_CHECK(!(mask & (1u << d)), Status::kInvalidArgument, "dim ", d,
             " appears multiple times in the list of dims");
    mask |= 1u << d;
  }
  Dims sizes;
  Dims strides;
  for (int i = 0; i < t.ndim(); ++i) {
    if (t.size(i) == 1 && (mask & (1u << i))) continue;
    sizes.push_back(t.size(i));
    strides.push_back(t.stride(i));
  }
  const Dims in_sizes = t.sizes();
  return make_view("squeeze", t, sizes, strides, t.offset(),
                   [in_sizes](const Tensor& grad) { return reshape(grad, in_sizes); });
}

Tensor unsqueeze(const Tensor& t, int64_t dim) {
  const int d = wrap_dim(dim, t.ndim() + 1);
  Dims sizes = t.sizes();
  Dims strides = t.strides();
  const int64_t stride = d < t.ndim() ? t.size(d) * t.stride(d) : 1;
  sizes.insert(d, 1);
  strides.insert(d, stride);
  const Dims in_sizes = t.sizes();
  return make_view("unsqueeze", t, sizes, strides, t.offset(),
                   [in_sizes](const Tensor& grad) { return reshape(grad, in_sizes); });
}

Tensor expand(const Tensor& t, const Dims& sizes) {
  const int added = sizes.size() - t.ndim();
  TT_CHECK(added >= 0, Status::kShape, "sizes has ", sizes.size(),
           " entries, less than input has dimensions, ", t.ndim());
  Dims out = sizes;
  Dims strides = Dims::filled(sizes.size(), 0);
  for (int i = 0; i < sizes.size(); ++i) {
    const int64_t size = i < added ? 1 : t.size(i - added);
    if (sizes[i] == -1) {
      TT_CHECK(i >= added, Status::kShape, "sizes[", i,
               "] is -1, but input has no such dimension whose size could stay");
      out[i] = size;
    } else {
      TT_CHECK(sizes[i] >= 0 && (sizes[i] == size || size == 1), Status::kShape, "input of shape ", t.sizes(),
               " cannot be expanded to sizes ", sizes, ": dimension ", i, " has size ", size,
               ", and only a size of 1 can be expanded");
    }
    if (i >= added && out[i] == size) strides[i] = t.stride(i - added);
  }
  checked_numel(out);
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
  TT_CHECK(t.ndim() <= 2, Status::kShape, "input has ", t.ndim(), " dimensions, expected at most 2");
  return transpose(t, 0, t.ndim() < 2 ? 0 : 1);
}

Tensor permute(const Tensor& t, std::span<const int64_t> dims) {
  TT_CHECK(dims.size() == static_cast<size_t>(t.ndim()), Status::kShape, "dims has ",
           static_cast<uint64_t>(dims.size()), " entries, but input has ", t.ndim(), " dimensions");
  Dims sizes;
  Dims strides;
  Dims inverse = Dims::filled(t.ndim(), 0);
  uint32_t seen = 0;
  for (int i = 0; i < t.ndim(); ++i) {
    const int d = wrap_dim(dims[static_cast<size_t>(i)], t.ndim());
    TT_CHECK(!(seen & (1u << d)), Status::kInvalidArgument, "dims names a dimension twice");
    seen |= 1u << d;
    sizes.push_back(t.size(d));
    strides.push_back(t.stride(d));
    inverse[d] = i;
  }
  return make_view("permute", t, sizes, strides, t.offset(),
                   [inverse](const Tensor& grad) { return permute(grad, inverse); });
}

Tensor movedim(const Tensor& t, std::span<const int64_t> source, std::span<const int64_t> destination) {
  TT_CHECK(source.size() == destination.size(), Status::kShape,
           "source and destination must have as many entries, got ", static_cast<uint64_t>(source.size()),
           " and ", static_cast<uint64_t>(destination.size()));
  Dims order = Dims::filled(t.ndim(), -1);
  uint32_t moved = 0;
  uint32_t taken = 0;
  for (size_t i = 0; i < source.size(); ++i) {
    const int from = wrap_dim(source[i], t.ndim());
    const int to = wrap_dim(destination[i], t.ndim());
    TT_CHECK(!(moved & (1u << from)), Status::kInvalidArgument, "source names dimension ", source[i],
             " twice");
    TT_CHECK(!(taken & (1u << to)), Status::kInvalidArgument, "destination names dimension ", destination[i],
             " twice");
    moved |= 1u << from;
    taken |= 1u << to;
    if (t.ndim() > 0) order[to] = from;
  }
  // The others keep their order in the places that are left.
  int next = 0;
  for (int i = 0; i < t.ndim(); ++i) {
    if (order[i] >= 0) continue;
    while (moved & (1u << next)) ++next;
    order[i] = next++;
  }
  return permute(t, order);
}

}  // namespace tt::ops
