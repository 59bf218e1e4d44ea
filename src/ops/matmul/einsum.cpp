// Contractions over named or numbered dimensions, brought to batched matrix products.
#include <algorithm>
#include <array>
#include <vector>

#include "ops/matmul/matmul.h"
#include "ops/autocast.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// The dimensions in the order `dims` names them.
Tensor permuted(Tensor t, const Dims& dims) {
  Dims at = dims;
  for (int i = 0; i < at.size(); ++i) {
    const auto from = static_cast<int>(at[i]);
    if (from == i) continue;
    t = transpose(t, i, from);
    // What lay at i lies at `from` now.
    for (int j = i + 1; j < at.size(); ++j) {
      if (at[j] == i) at[j] = from;
    }
  }
  return t;
}

Tensor sum_dim(const Tensor& t, int dim, OptionalDType dtype = {}) {
  const int64_t dims[] = {dim};
  return sum(t, dims, true, dtype);
}

void append(Dims& to, const Dims& from) {
  for (const int64_t d : from) to.push_back(d);
}

// sum over the marked dimensions of left * right, both with all dimensions (1 where an operand lacks one), as
// one batched product. The summed dimensions stay, as 1.
Tensor contract_pair(Tensor left, Tensor right, const std::array<bool, kMaxDims>& summed) {
  const int ndim = left.ndim();
  if (std::none_of(summed.begin(), summed.begin() + ndim, [](bool s) { return s; })) return mul(left, right);
  Dims both, only_left, only_right, sums;
  int64_t n_both = 1, n_left = 1, n_right = 1, n_sum = 1;
  for (int d = 0; d < ndim; ++d) {
    const bool in_left = left.size(d) != 1, in_right = right.size(d) != 1;
    if (summed[static_cast<size_t>(d)]) {
      if (in_left && in_right) {
        sums.push_back(d);
        n_sum *= left.size(d);
      } else {
        if (in_left) left = sum_dim(left, d);
        if (in_right) right = sum_dim(right, d);
        only_right.push_back(d);
      }
    } else if (in_left && in_right) {
      both.push_back(d);
      n_both *= left.size(d);
    } else if (in_left) {
      only_left.push_back(d);
      n_left *= left.size(d);
    } else {
      only_right.push_back(d);
      n_right *= right.size(d);
    }
  }
  Dims order_left = both, order_right = both;
  append(order_left, only_left);
  append(order_left, sums);
  append(order_left, only_right);
  append(order_right, sums);
  append(order_right, only_right);
  append(order_right, only_left);
  const Tensor product = bmm(reshape(permuted(left, order_left), {n_both, n_left, n_sum}),
                             reshape(permuted(right, order_right), {n_both, n_sum, n_right}));
  // The result's dimensions lie as both, only_left, sums (1), only_right; bring them back.
  Dims order = both;
  append(order, only_left);
  append(order, sums);
  append(order, only_right);
  Dims sizes = Dims::filled(ndim, 1);
  Dims back = Dims::filled(ndim, 0);
  for (int i = 0; i < ndim; ++i) {
    const auto d = static_cast<int>(order[i]);
    back[d] = i;
    if (!summed[static_cast<size_t>(d)]) sizes[i] = left.size(d) != 1 ? left.size(d) : right.size(d);
  }
  return permuted(view(product, sizes), back);
}

constexpr int kLabels = 52;
constexpr int kEllipsis = kLabels;

// A-Z before a-z, as in PyTorch.
int label_of(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' : c - 'a' + 26; }
char letter_of(int label) { return static_cast<char>(label < 26 ? 'A' + label : 'a' + label - 26); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
std::string_view letter_text(const char& c) { return {&c, 1}; }

// The subscripts of one operand or of the output: labels and at most one kEllipsis.
std::vector<int> parse(std::string_view text, size_t first_index, const std::string& whose) {
  std::vector<int> labels;
  bool ellipsis = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ') continue;
    if (c == '.') {
      TT_CHECK(!ellipsis, Status::kInvalidArgument, "found '.' for ", whose,
               " for which an ellipsis was already found");
      TT_CHECK(text.substr(i, 3) == "...", Status::kInvalidArgument, "found '.' for ", whose,
               " that is not part of any ellipsis");
      labels.push_back(kEllipsis);
      ellipsis = true;
      i += 2;
      continue;
    }
    TT_CHECK(is_letter(c), Status::kInvalidArgument, "invalid subscript given at index ",
             static_cast<uint64_t>(first_index + i),
             " in the equation string, subscripts must be in [a-zA-Z]");
    labels.push_back(label_of(c));
  }
  return labels;
}

bool repeats(const std::vector<int>& labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (std::find(labels.begin(), labels.begin() + static_cast<ptrdiff_t>(i), labels[i]) !=
        labels.begin() + static_cast<ptrdiff_t>(i)) {
      return true;
    }
  }
  return false;
}

struct Equation {
  std::vector<std::vector<int>> inputs;
  std::vector<int> output;
  int ellipsis_dims = 0;
};

Equation parse_equation(std::string_view equation, std::span<const Tensor> operands) {
  Equation out;
  const size_t arrow = equation.find("->");
  const std::string_view lhs = equation.substr(0, arrow);
  size_t at = 0;
  while (true) {
    const size_t comma = std::min(lhs.find(',', at), lhs.size());
    out.inputs.push_back(
        parse(lhs.substr(at, comma - at), at, str("operand ", static_cast<uint64_t>(out.inputs.size()))));
    if (comma == lhs.size()) break;
    at = comma + 1;
  }
  TT_CHECK(out.inputs.size() >= operands.size(), Status::kInvalidArgument,
           "more operands were provided than specified in the equation");
  TT_CHECK(out.inputs.size() <= operands.size(), Status::kInvalidArgument,
           "fewer operands were provided than specified in the equation");
  std::array<int, kLabels> count{};
  for (size_t i = 0; i < operands.size(); ++i) {
    const std::vector<int>& labels = out.inputs[i];
    const bool ellipsis = std::find(labels.begin(), labels.end(), kEllipsis) != labels.end();
    const int named = static_cast<int>(labels.size()) - (ellipsis ? 1 : 0);
    const int ndim = operands[i].ndim();
    TT_CHECK(ellipsis ? named <= ndim : named == ndim, Status::kShape,
             "the number of subscripts in the equation (", named,
             ellipsis ? ") is more than the number of dimensions ("
                      : ") does not match the number of dimensions (",
             ndim, ") for operand ", static_cast<uint64_t>(i), ellipsis ? "" : " and no ellipsis was given");
    if (ellipsis) out.ellipsis_dims = std::max(out.ellipsis_dims, ndim - named);
    for (const int label : labels) {
      if (label != kEllipsis) ++count[static_cast<size_t>(label)];
    }
  }
  if (arrow == std::string_view::npos) {
    out.output.push_back(kEllipsis);
    for (int label = 0; label < kLabels; ++label) {
      if (count[static_cast<size_t>(label)] == 1) out.output.push_back(label);
    }
    return out;
  }
  out.output = parse(equation.substr(arrow + 2), arrow + 2, "output");
  std::array<bool, kLabels> seen{};
  for (const int label : out.output) {
    if (label == kEllipsis) continue;
    const char letter = letter_of(label);
    TT_CHECK(count[static_cast<size_t>(label)] > 0, Status::kInvalidArgument, "output subscript ",
             letter_text(letter), " does not appear in the equation for any input operand");
    TT_CHECK(!seen[static_cast<size_t>(label)], Status::kInvalidArgument, "output subscript ",
             letter_text(letter), " appears more than once in the output");
    seen[static_cast<size_t>(label)] = true;
  }
  return out;
}

}  // namespace

Tensor einsum(std::string_view equation, std::span<const Tensor> operands) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {});
    return einsum(equation, cast(operands));
  }
  TT_CHECK(!operands.empty(), Status::kInvalidArgument, "must provide at least one operand");
  const Equation parsed = parse_equation(equation, operands);

  // The place of every label among the common dimensions: the output's first, then those summed over.
  std::array<int, kLabels + 1> place;
  place.fill(-1);
  int ndim = 0;
  const auto assign = [&](int label) {
    if (place[static_cast<size_t>(label)] >= 0) return;
    place[static_cast<size_t>(label)] = ndim;
    ndim += label == kEllipsis ? parsed.ellipsis_dims : 1;
  };
  for (const int label : parsed.output) assign(label);
  const int out_ndim = ndim;
  for (const auto& labels : parsed.inputs) {
    for (const int label : labels) assign(label);
  }
  TT_CHECK(ndim <= kMaxDims, Status::kShape, "the equation has ", ndim, " dimensions; at most ", kMaxDims,
           " are supported");

  // Each operand with all common dimensions.
  Tensors aligned;
  Dims sizes = Dims::filled(ndim, 1);
  std::array<size_t, kMaxDims> last{};  // the last operand that has the dimension
  for (size_t i = 0; i < operands.size(); ++i) {
    const std::vector<int>& labels = parsed.inputs[i];
    // A diagonal is taken by strides, whose gradient wants memory of its own.
    const bool diagonal = repeats(labels);
    const Tensor t = diagonal ? contiguous(operands[i]) : operands[i];
    Dims own_sizes = Dims::filled(ndim, 1);
    Dims own_strides = Dims::filled(ndim, 0);
    std::array<bool, kMaxDims> has{};
    std::array<int, kMaxDims> source{};
    int dim = 0;
    const int ellipsis_here = t.ndim() - static_cast<int>(labels.size()) + 1;
    for (const int label : labels) {
      const int count = label == kEllipsis ? ellipsis_here : 1;
      const int first =
          place[static_cast<size_t>(label)] + (label == kEllipsis ? parsed.ellipsis_dims - ellipsis_here : 0);
      for (int j = 0; j < count; ++j, ++dim) {
        const auto p = static_cast<size_t>(first + j);
        if (has[p]) {
          const char letter = letter_of(label);
          TT_CHECK(own_sizes[static_cast<int>(p)] == t.size(dim), Status::kShape, "subscript ",
                   letter_text(letter), " is repeated for operand ", static_cast<uint64_t>(i),
                   " but the sizes don't match, ", t.size(dim), " != ", own_sizes[static_cast<int>(p)]);
        }
        has[p] = true;
        source[p] = dim;
        own_sizes[static_cast<int>(p)] = t.size(dim);
        own_strides[static_cast<int>(p)] += t.stride(dim);
        last[p] = i;
      }
    }
    for (int p = 0; p < ndim; ++p) {
      const int64_t size = own_sizes[p];
      if (size == 1) continue;
      if (sizes[p] != 1 && sizes[p] != size) {
        int label = kEllipsis;
        for (int l = 0; l < kLabels; ++l) {
          if (place[static_cast<size_t>(l)] == p) label = l;
        }
        const char letter = label == kEllipsis ? '.' : letter_of(label);
        fail(Status::kShape, "subscript ", label == kEllipsis ? std::string_view("...") : letter_text(letter),
             " has size ", size, " for operand ", static_cast<uint64_t>(i),
             " which does not broadcast with previously seen size ", sizes[p]);
      }
      sizes[p] = size;
    }
    if (diagonal) {
      aligned.push_back(as_strided(t, own_sizes, own_strides, t.offset()));
      continue;
    }
    Dims present;
    for (int p = 0; p < ndim; ++p) {
      if (has[static_cast<size_t>(p)]) present.push_back(source[static_cast<size_t>(p)]);
    }
    const Tensor ordered = permuted(t, present);
    aligned.push_back(ordered.sizes() == own_sizes ? ordered : view(ordered, own_sizes));
  }

  Tensor result = aligned[0];
  const auto summed_after = [&](size_t i) {
    std::array<bool, kMaxDims> summed{};
    for (int p = out_ndim; p < ndim; ++p) {
      summed[static_cast<size_t>(p)] = last[static_cast<size_t>(p)] == i;
    }
    return summed;
  };
  // What only the first operand has is summed before it meets the others.
  const auto first = summed_after(0);
  for (int p = out_ndim; p < ndim; ++p) {
    if (first[static_cast<size_t>(p)]) result = sum_dim(result, p);
  }
  for (size_t i = 1; i < aligned.size(); ++i) result = contract_pair(result, aligned[i], summed_after(i));
  if (result.ndim() == out_ndim) return result;
  Dims out_sizes = result.sizes();
  out_sizes.resize(out_ndim);
  return view(result, out_sizes);
}

Tensor tensordot(const Tensor& a, const Tensor& b, std::span<const int64_t> dims_a,
                 std::span<const int64_t> dims_b) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kPromote, {&a, &b});
    return tensordot(cast(a), cast(b), dims_a, dims_b);
  }
  TT_CHECK(dims_a.size() == dims_b.size(), Status::kInvalidArgument,
           "both dimension lists should have same length, got ", static_cast<uint64_t>(dims_a.size()),
           " and ", static_cast<uint64_t>(dims_b.size()));
  TT_CHECK(a.dtype() == b.dtype(), Status::kDtype, "both inputs should have same dtype, got ", a.dtype(),
           " and ", b.dtype());
  Tensor left = a, right = b;
  uint32_t used_a = 0, used_b = 0;
  Dims contracted_a, contracted_b;
  int64_t n_sum = 1;
  for (size_t i = 0; i < dims_a.size(); ++i) {
    const int da = wrap_dim(dims_a[i], a.ndim());
    const int db = wrap_dim(dims_b[i], b.ndim());
    TT_CHECK(a.ndim() > 0 && b.ndim() > 0, Status::kShape,
             "a tensor without dimensions has none to sum over");
    TT_CHECK(!(used_a & (1u << da)) && !(used_b & (1u << db)), Status::kInvalidArgument, "dim ",
             used_a & (1u << da) ? da : db, " appears multiple times in the list of dims");
    used_a |= 1u << da;
    used_b |= 1u << db;
    // A size of 1 broadcasts: the other side adds up on its own.
    if (b.size(db) == 1) {
      if (left.size(da) != 1) left = sum_dim(left, da, a.dtype());
    } else if (a.size(da) == 1) {
      right = sum_dim(right, db, b.dtype());
    } else {
      TT_CHECK(a.size(da) == b.size(db), Status::kShape,
               "contracted dimensions need to match, but first has size ", a.size(da), " in dim ", da,
               " and second has size ", b.size(db), " in dim ", db);
      n_sum *= a.size(da);
    }
    contracted_a.push_back(da);
    contracted_b.push_back(db);
  }
  Dims order_a, order_b = contracted_b, sizes;
  int64_t n_left = 1, n_right = 1;
  for (int d = 0; d < a.ndim(); ++d) {
    if (used_a & (1u << d)) continue;
    order_a.push_back(d);
    sizes.push_back(a.size(d));
    n_left *= a.size(d);
  }
  append(order_a, contracted_a);
  for (int d = 0; d < b.ndim(); ++d) {
    if (used_b & (1u << d)) continue;
    order_b.push_back(d);
    sizes.push_back(b.size(d));
    n_right *= b.size(d);
  }
  return view(mm(reshape(permuted(left, order_a), {n_left, n_sum}),
                 reshape(permuted(right, order_b), {n_sum, n_right})),
              sizes);
}

Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kPromote, {&x1, &x2, &weight, &bias});
    return bilinear(cast(x1), cast(x2), cast(weight), cast(bias));
  }
  TT_CHECK(weight.ndim() == 3, Status::kShape, "weight must have 3 dimensions, got ", weight.ndim());
  TT_CHECK(x1.ndim() >= 1 && x1.ndim() == x2.ndim(), Status::kShape, "input dimensions do not match: got ",
           x1.ndim(), " and ", x2.ndim());
  const int last = x1.ndim() - 1;
  for (int i = 0; i < last; ++i) {
    TT_CHECK(x1.size(i) == x2.size(i), Status::kShape, "input batch dimensions do not match at dim ", i,
             ": got ", x1.size(i), " and ", x2.size(i));
  }
  const int64_t outs = weight.size(0), in1 = weight.size(1), in2 = weight.size(2);
  TT_CHECK(x1.size(last) == in1, Status::kShape, "input1 size does not match weight size: got ",
           x1.size(last), " but expected ", in1);
  TT_CHECK(x2.size(last) == in2, Status::kShape, "input2 size does not match weight size: got ",
           x2.size(last), " but expected ", in2);
  TT_CHECK(!bias.defined() || (bias.ndim() == 1 && bias.size(0) == outs), Status::kShape,
           "bias size does not match weight size: got ",
           bias.defined() && bias.ndim() > 0 ? bias.size(0) : int64_t{1}, " but expected ", outs);
  Dims sizes = x1.sizes();
  sizes[last] = outs;
  int64_t rows = 1;
  for (int i = 0; i < last; ++i) rows *= x1.size(i);
  // w x2 for every row, then its product with x1.
  const Tensor inner = mm(reshape(x2, {rows, in2}), t(reshape(weight, {outs * in1, in2})));
  const Tensor out = view(bmm(view(inner, {rows, outs, in1}), reshape(x1, {rows, in1, 1})), sizes);
  return bias.defined() ? add(out, bias) : out;
}

}  // namespace tt::ops
