// Joining tensors, and putting their elements in another order.
#include <algorithm>

#include "autograd/meta.h"
#include "device/backend.h"
#include "tensor/layout.h"
#include "ops/arg.h"
#include "ops/index/index_rule.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// An old exception that lives on in PyTorch: a vector without elements joins anything.
bool is_skipped(const Tensor& t) { return t.ndim() == 1 && t.size(0) == 0; }

DType joined_dtype(std::span<const Tensor> tensors) {
  DType dtype = tensors[0].dtype();
  bool same = true;
  for (const Tensor& t : tensors) same = same && t.dtype() == dtype;
  if (same) return dtype;
  std::vector<Arg> args(tensors.begin(), tensors.end());
  return result_type(args);
}

// out[..., start : start + size, ...] = t along dimension d.
void place(const Tensor& out, int d, int64_t start, const Tensor& t) {
  if (t.numel() == 0) return;
  const auto element = static_cast<int64_t>(size_of(out.dtype()));
  if (t.is_contiguous() && t.dtype() == out.dtype()) {
    int64_t blocks = 1;
    for (int i = 0; i < d; ++i) blocks *= out.size(i);
    const int64_t bytes = t.numel() / blocks * element;
    const int64_t step = (d == 0 ? out.numel() : out.stride(d - 1)) * element;
    run(out.device(),
        call::CopyBlocks{out.raw() + start * out.stride(d) * element, step, t.raw(), bytes, bytes, blocks});
    return;
  }
  copy_values(alias(out, t.sizes(), out.strides(), start * out.stride(d)), t);
}

}  // namespace

Tensor cat(std::span<const Tensor> tensors, int64_t dim) {
  TT_CHECK(!tensors.empty(), Status::kInvalidArgument, "tensors is empty");
  const Tensor* model = nullptr;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& t = tensors[i];
    TT_CHECK(t.ndim() > 0, Status::kShape, "tensors[", static_cast<uint64_t>(i),
             "] has no dimensions to join along");
    check_same_device("cat", tensors[0], t);
    if (model == nullptr && !is_skipped(t)) model = &t;
  }
  const int d = wrap_dim(dim, model != nullptr ? model->ndim() : 1);
  Dims sizes = model != nullptr ? model->sizes() : Dims{0};
  sizes[d] = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& t = tensors[i];
    if (is_skipped(t)) continue;
    TT_CHECK(t.ndim() == sizes.size(), Status::kShape, "the tensors must have as many dimensions, got ",
             sizes.size(), " and ", t.ndim());
    for (int k = 0; k < sizes.size(); ++k) {
      TT_CHECK(k == d || t.size(k) == sizes[k], Status::kShape, "tensors[", static_cast<uint64_t>(i),
               "] has size ", t.size(k), " in dimension ", k, ", expected ", sizes[k], ": only dimension ", d,
               " may differ");
    }
    TT_CHECK(!__builtin_add_overflow(sizes[d], t.size(d), &sizes[d]), Status::kShape,
             "cat: the size of dimension ", d, " overflows int64");
  }
  const Tensor out = empty(sizes, joined_dtype(tensors), tensors[0].device());
  int64_t start = 0;
  for (const Tensor& t : tensors) {
    if (is_skipped(t)) continue;
    place(out, d, start, t);
    start += t.size(d);
  }
  if (needs_grad(tensors) && is_floating(out.dtype())) {
    struct Part {
      int64_t size;  // along d; -1: skipped
      DType dtype;
    };
    std::vector<Part> parts;
    parts.reserve(tensors.size());
    for (const Tensor& t : tensors) parts.push_back({is_skipped(t) ? -1 : t.size(d), t.dtype()});
    const Tensor outs[] = {out};
    record("cat", outs, tensors, [d, parts = std::move(parts)](BackwardContext& context) {
      const Tensor& grad = context.grad();
      int64_t at = 0;
      for (size_t i = 0; i < parts.size(); ++i) {
        const bool skipped = parts[i].size < 0;
        const int64_t size = std::max<int64_t>(parts[i].size, 0);
        if (context.needs(static_cast<int>(i))) {
          const Tensor part =
              skipped ? zeros(Dims{0}, grad.dtype(), grad.device()) : narrow(grad, d, at, size);
          context.set(static_cast<int>(i), to_dtype(part, parts[i].dtype));
        }
        at += size;
      }
    });
  }
  return out;
}

Tensor stack(std::span<const Tensor> tensors, int64_t dim) {
  TT_CHECK(!tensors.empty(), Status::kInvalidArgument, "tensors is empty");
  const int d = wrap_dim(dim, tensors[0].ndim() + 1);
  Tensors rows;
  rows.reserve(tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    TT_CHECK(tensors[i].sizes() == tensors[0].sizes(), Status::kShape,
             "the tensors must have one shape, but tensors[0] has ", tensors[0].sizes(), " and tensors[",
             static_cast<uint64_t>(i), "] has ", tensors[i].sizes());
    rows.push_back(unsqueeze(tensors[i], d));
  }
  return cat(rows, d);
}

namespace {

Tensor at_least_1d(const Tensor& t) { return t.ndim() == 0 ? view(t, Dims{1}) : t; }

Tensor at_least_2d(const Tensor& t) {
  return t.ndim() >= 2 ? t : t.ndim() == 1 ? unsqueeze(t, 0) : view(t, Dims{1, 1});
}

}  // namespace

Tensor hstack(std::span<const Tensor> tensors) {
  TT_CHECK(!tensors.empty(), Status::kInvalidArgument, "tensors is empty");
  Tensors wide;
  for (const Tensor& t : tensors) wide.push_back(at_least_1d(t));
  return cat(wide, wide[0].ndim() == 1 ? 0 : 1);
}

Tensor vstack(std::span<const Tensor> tensors) {
  TT_CHECK(!tensors.empty(), Status::kInvalidArgument, "tensors is empty");
  Tensors tall;
  for (const Tensor& t : tensors) tall.push_back(at_least_2d(t));
  return cat(tall, 0);
}

Tensor flip(const Tensor& t, std::span<const int64_t> dims) {
  uint32_t mask = 0;
  for (const int64_t dim : dims) {
    const int d = wrap_dim(dim, t.ndim());
    TT_CHECK(!(mask & (1u << d)), Status::kInvalidArgument, "dim ", d,
             " appears multiple times in the list of dims");
    mask |= 1u << d;
  }
  const Tensor out = empty_preserving(t);
  if (t.numel() > 0) {
    // Read backwards: from the last element along the flipped dimensions, against their strides.
    Dims strides = t.strides();
    int64_t start = 0;
    for (int d = 0; d < t.ndim(); ++d) {
      if (!(mask & (1u << d))) continue;
      start += (t.size(d) - 1) * t.stride(d);
      strides[d] = -strides[d];
    }
    LoopOperand from = with_geometry(t, t.sizes(), strides);
    from.data += start * static_cast<int64_t>(size_of(t.dtype()));
    run(t.device(), call::Copy{make_loop(t.sizes(), {out, from})});
  }
  if (needs_grad(t)) {
    record("flip", out, {&t},
           [list = Dims(dims)](BackwardContext& context) { context.set(0, flip(context.grad(), list)); });
  }
  return out;
}

namespace {

// Along one dimension.
Tensor rolled(const Tensor& t, int64_t shift, int d) {
  const int64_t size = t.size(d);
  const Tensor out = empty_like(t);
  if (t.numel() == 0) return out;
  const int64_t moved = ((shift % size) + size) % size;
  const GradMode off(false);
  place(out, d, moved, narrow(t, d, 0, size - moved));
  if (moved > 0) place(out, d, 0, narrow(t, d, size - moved, moved));
  return out;
}

}  // namespace

Tensor roll(const Tensor& t, std::span<const int64_t> shifts, std::span<const int64_t> dims) {
  TT_CHECK(!shifts.empty(), Status::kInvalidArgument, "shifts is empty");
  if (dims.empty() && shifts.size() == 1) {
    const int64_t zero[] = {0};
    if (t.ndim() == 0) return clone(t);
    return reshape(roll(reshape(t, Dims{-1}), shifts, zero), t.sizes());
  }
  TT_CHECK(shifts.size() == dims.size(), Status::kInvalidArgument,
           "shifts and dims must have as many entries, got ", static_cast<uint64_t>(shifts.size()), " and ",
           static_cast<uint64_t>(dims.size()));
  Tensor out = t;
  for (size_t i = 0; i < shifts.size(); ++i) {
    TT_CHECK(t.ndim() > 0, Status::kShape, "a dim is ", dims[i], ", but input has no dimensions");
    const int d = wrap_dim(dims[i], t.ndim());
    out = rolled(out, shifts[i], d);
  }
  if (out.is_same(t)) return clone(t);
  if (needs_grad(t)) {
    record("roll", out, {&t},
           [back = std::vector<int64_t>(shifts.begin(), shifts.end()),
            along = std::vector<int64_t>(dims.begin(), dims.end())](BackwardContext& context) {
             std::vector<int64_t> other(back.size());
             // INT64_MIN has no negative; modulo the size it does not matter where it is cut.
             const Dims& sizes = context.grad().sizes();
             for (size_t i = 0; i < back.size(); ++i) {
               const int64_t size = std::max<int64_t>(sizes[wrap_dim(along[i], sizes.size())], 1);
               other[i] = -(back[i] % size);
             }
             context.set(0, roll(context.grad(), other, along));
           });
  }
  return out;
}

Tensor repeat(const Tensor& t, std::span<const int64_t> repeats) {
  const int added = static_cast<int>(repeats.size()) - t.ndim();
  TT_CHECK(added >= 0, Status::kShape, "repeats has fewer entries than input has dimensions");
  TT_CHECK(repeats.size() <= kMaxDims, Status::kShape, "a tensor has at most ", kMaxDims, " dimensions, got ",
           static_cast<uint64_t>(repeats.size()), " repeats");
  Dims sizes = Dims::filled(added, 1);
  for (const int64_t size : t.sizes()) sizes.push_back(size);
  Dims target = sizes;
  for (int i = 0; i < sizes.size(); ++i) {
    const int64_t times = repeats[static_cast<size_t>(i)];
    TT_CHECK(times >= 0, Status::kInvalidArgument, "an entry of repeats is ", times, ", expected 0 or more");
    TT_CHECK(!__builtin_mul_overflow(sizes[i], times, &target[i]), Status::kShape,
             "repeat: the size of dimension ", i, " overflows int64");
  }
  const int64_t numel = checked_numel(target);
  if (numel == 0) {
    // Still an op on t: its gradient is zeros.
    if (t.numel() == 0) return reshape(t, target);
    return reshape(narrow(reshape(t, Dims{-1}), 0, 0, 0), target);
  }
  // From the last dimension on: each step copies rows that have grown already.
  Tensor out = t;
  bool copied = false;
  for (int i = sizes.size() - 1; i >= 0; --i) {
    const int64_t times = repeats[static_cast<size_t>(i)];
    if (times == 1) continue;
    int64_t inner = sizes[i];
    for (int k = i + 1; k < sizes.size(); ++k) inner *= target[k];
    out = expand(reshape(out, Dims{-1, 1, inner}), Dims{-1, times, inner});
    // Not reshape, which keeps one repeated element as it is.
    out = view(clone_contiguous(out), Dims{-1});
    copied = true;
  }
  return copied ? view(out, target) : view(clone_contiguous(t), target);
}

Tensor tile(const Tensor& t, std::span<const int64_t> repeats) {
  if (repeats.size() >= static_cast<size_t>(t.ndim())) return repeat(t, repeats);
  Dims all = Dims::filled(t.ndim() - static_cast<int>(repeats.size()), 1);
  for (const int64_t times : repeats) all.push_back(times);
  return repeat(t, all);
}

Tensor repeat_interleave(const Tensor& t, int64_t repeats, std::optional<int64_t> dim) {
  TT_CHECK(repeats >= 0, Status::kInvalidArgument, "repeats is ", repeats, ", expected 0 or more");
  if (!dim) return repeat_interleave(reshape(t, Dims{-1}), repeats, 0);
  const int d = wrap_dim(*dim, t.ndim());
  const Tensor in = t.ndim() == 0 ? view(t, Dims{1}) : t;
  Dims sizes = in.sizes();
  TT_CHECK(!__builtin_mul_overflow(in.size(d), repeats, &sizes[d]), Status::kShape,
           "repeat_interleave: the size of dimension ", d, " overflows int64");
  if (checked_numel(sizes) == 0) {
    return in.numel() == 0 ? reshape(in, sizes) : reshape(narrow(reshape(in, Dims{-1}), 0, 0, 0), sizes);
  }
  int64_t inner = 1;
  for (int i = d + 1; i < in.ndim(); ++i) inner *= in.size(i);
  const Tensor wide = expand(reshape(in, Dims{-1, 1, inner}), Dims{-1, repeats, inner});
  return view(clone_contiguous(wide), sizes);
}

Tensor repeat_interleave(const Tensor& t, const Tensor& repeats, std::optional<int64_t> dim) {
  if (!dim) return repeat_interleave(reshape(t, Dims{-1}), repeats, 0);
  const int d = wrap_dim(*dim, t.ndim());
  check_index_dtype(repeats);
  check_same_device("repeat_interleave", t, repeats);
  TT_CHECK(repeats.ndim() <= 1, Status::kShape, "repeats must have 0 or 1 dimensions, got shape ",
           repeats.sizes());
  const int64_t size = t.ndim() == 0 ? 1 : t.size(d);
  TT_CHECK(repeats.ndim() == 0 || repeats.size(0) == size || repeats.size(0) == 1, Status::kShape,
           "repeats has ", repeats.ndim() == 0 ? 1 : repeats.size(0), " elements, but input has size ", size,
           " along dimension ", d);
  const Tensor host = [&] {
    const GradMode off(false);
    return contiguous(to_host(to_dtype(repeats, DType::kInt64)));
  }();
  const auto* times = host.data<int64_t>();
  int64_t total = 0;
  for (int64_t i = 0; i < size; ++i) {
    const int64_t count = times[host.numel() == 1 ? 0 : i];
    TT_CHECK(count >= 0, Status::kInvalidArgument, "an element of repeats is ", count,
             ", expected 0 or more");
    TT_CHECK(!__builtin_add_overflow(total, count, &total), Status::kShape,
             "repeat_interleave: the size of dimension ", d, " overflows int64");
  }
  const Tensor index = empty(Dims{total}, DType::kInt64);
  auto* out = index.data<int64_t>();
  for (int64_t i = 0; i < size; ++i) out = std::fill_n(out, times[host.numel() == 1 ? 0 : i], i);
  return index_select(t.ndim() == 0 ? view(t, Dims{1}) : t, d, to_device(index, t.device()));
}

}  // namespace tt::ops
