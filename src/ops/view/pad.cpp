// Padding by a constant or by the tensor's own values.
#include <algorithm>

#include "autograd/meta.h"
#include "device/backend.h"
#include "ops/ops.h"
#include "ops/view/view_rule.h"

namespace tt::ops {

namespace {

// What remains of t after the negative amounts, and where it goes in the result.
struct Fit {
  Dims sizes;   // of the result
  Dims from;    // first kept element of t
  Dims length;  // kept
  Dims to;      // its place in the result
};

Fit fit(const Dims& in, std::span<const int64_t> pad) {
  Fit out{in, Dims::filled(in.size(), 0), in, Dims::filled(in.size(), 0)};
  for (size_t i = 0; 2 * i < pad.size(); ++i) {
    const int d = in.size() - 1 - static_cast<int>(i);
    const int64_t before = pad[2 * i];
    const int64_t after = pad[2 * i + 1];
    int64_t size;
    TT_CHECK(!__builtin_add_overflow(in[d], before, &size) && !__builtin_add_overflow(size, after, &size),
             Status::kShape, "pad: the size of dimension ", d, " overflows int64");
    TT_CHECK(size >= 0, Status::kShape, "dimension ", d, " of input has size ", in[d], ", which padding of ",
             before, " and ", after, " makes negative");
    out.sizes[d] = size;
    out.from[d] = before < 0 ? -before : 0;
    out.to[d] = before > 0 ? before : 0;
    out.length[d] = in[d] - out.from[d] - (after < 0 ? -after : 0);
    TT_CHECK(out.length[d] >= 0, Status::kShape, "negative padding takes more of dimension ", d,
             " than there is");
  }
  return out;
}

Tensor part(const Tensor& t, const Dims& start, const Dims& length) {
  Tensor out = t;
  for (int d = 0; d < t.ndim(); ++d) {
    if (start[d] != 0 || length[d] != out.size(d)) out = narrow(out, d, start[d], length[d]);
  }
  return out;
}

Tensor pad_constant(const Tensor& t, std::span<const int64_t> amounts, double value) {
  const Fit f = fit(t.sizes(), amounts);
  check_fits(value, t.dtype());
  const Tensor out = full(f.sizes, value, t.dtype(), t.device());
  {
    const GradMode off(false);
    copy_values(part(out, f.to, f.length), part(t, f.from, f.length));
  }
  if (needs_grad(t)) {
    std::vector<int64_t> back;
    back.reserve(amounts.size());
    for (const int64_t amount : amounts) back.push_back(-amount);
    record("constant_pad_nd", out, {&t}, [back = std::move(back)](BackwardContext& context) {
      context.set(0, pad_constant(context.grad(), back, 0));
    });
  }
  return out;
}

// Which element of t each element of the result is, along one dimension.
Tensor pad_index(int64_t size, int64_t before, int64_t after, PadMode mode, Device device) {
  const Tensor at = arange(-before, size + after, 1, DType::kInt64, device);
  switch (mode) {
    case PadMode::kReflect:
      // Folded at both ends.
      return sub(size - 1, abs(sub(size - 1, abs(at))));
    case PadMode::kReplicate:
      return minimum(maximum(at, 0), size - 1);
    case PadMode::kCircular: {
      // Round the part that negative amounts leave.
      const int64_t from = std::max<int64_t>(-before, 0);
      const int64_t kept = size - from - std::max<int64_t>(-after, 0);
      return add(remainder(sub(at, from), kept), from);
    }
    case PadMode::kConstant:
      break;
  }
  return at;
}

void check_pad(const Tensor& t, std::span<const int64_t> amounts, PadMode mode) {
  TT_CHECK(mode == PadMode::kCircular || t.dtype() != DType::kBool, Status::kDtype, "pad by ",
           mode == PadMode::kReflect ? "reflection" : "replication", " is not implemented for bool");
  const int padded = static_cast<int>(amounts.size() / 2);
  TT_CHECK(
      padded >= 1 && padded <= 3 && (t.ndim() == padded + 1 || t.ndim() == padded + 2),
      Status::kNotImplemented, "Padding size ", static_cast<uint64_t>(amounts.size()),
      " is not supported for ", t.ndim(),
      "D input tensor. Supported combinations for non-constant padding: 2D or 3D input: padding size = 2 "
      "(pads last dimension), 3D or 4D input: padding size = 4 (pads last 2 dimensions), 4D or 5D input: "
      "padding size = 6 (pads last 3 dimensions)");
  for (int d = 0; d < t.ndim(); ++d) {
    const bool may_be_empty =
        mode == PadMode::kCircular ? d < t.ndim() - padded : d == 0 && t.ndim() == padded + 2;
    TT_CHECK(t.size(d) > 0 || may_be_empty, Status::kShape, "input of shape ", t.sizes(),
             " is empty in a dimension other than the batch's");
  }
  for (int i = 0; i < padded; ++i) {
    const int d = t.ndim() - 1 - i;
    const int64_t size = t.size(d);
    for (const int64_t amount :
         {amounts[static_cast<size_t>(2 * i)], amounts[static_cast<size_t>(2 * i + 1)]}) {
      TT_CHECK(mode != PadMode::kReflect || amount < size, Status::kShape, "padding of ", amount,
               " must be less than the size of dimension ", d, " of input, of shape ", t.sizes());
      TT_CHECK(mode != PadMode::kCircular || amount <= size, Status::kShape, "padding of ", amount,
               " wraps more than once around dimension ", d, " of input, of shape ", t.sizes());
    }
    const int64_t cut = std::min<int64_t>(amounts[static_cast<size_t>(2 * i)], 0) +
                        std::min<int64_t>(amounts[static_cast<size_t>(2 * i + 1)], 0);
    TT_CHECK(mode != PadMode::kCircular || size + cut > 0, Status::kShape,
             "negative padding leaves nothing of dimension ", d, " of input ", t.sizes(), " to wrap around");
    int64_t out;
    TT_CHECK(!__builtin_add_overflow(size, amounts[static_cast<size_t>(2 * i)], &out) &&
                 !__builtin_add_overflow(out, amounts[static_cast<size_t>(2 * i + 1)], &out),
             Status::kShape, "pad: the size of dimension ", d, " overflows int64");
    TT_CHECK(out > 0, Status::kShape, "dimension ", d, " of input has size ", size,
             ", of which padding leaves ", out);
  }
}

}  // namespace

Tensor pad(const Tensor& t, std::span<const int64_t> amounts, PadMode mode, double value) {
  TT_CHECK(amounts.size() % 2 == 0, Status::kInvalidArgument, "pad has ",
           static_cast<uint64_t>(amounts.size()), " entries, expected an even number");
  TT_CHECK(amounts.size() <= 2 * static_cast<size_t>(t.ndim()), Status::kInvalidArgument, "pad has ",
           static_cast<uint64_t>(amounts.size()), " entries, expected at most two for each of the ", t.ndim(),
           " dimensions of input");
  if (mode == PadMode::kConstant) return pad_constant(t, amounts, value);
  check_pad(t, amounts, mode);
  Tensor out = t;
  for (size_t i = 0; 2 * i < amounts.size(); ++i) {
    const int64_t before = amounts[2 * i];
    const int64_t after = amounts[2 * i + 1];
    if (before == 0 && after == 0) continue;
    const int d = t.ndim() - 1 - static_cast<int>(i);
    out = index_select(out, d, pad_index(t.size(d), before, after, mode, t.device()));
  }
  return out.is_same(t) ? clone(t) : out;
}

}  // namespace tt::ops
