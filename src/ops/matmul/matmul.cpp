#include "ops/matmul/matmul.h"

#include <algorithm>

#include "autograd/meta.h"
#include "device/backend.h"
#include "ops/autocast.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// One operand of a product as BLAS wants it: rows or columns dense, batches a stride apart. A tensor that is
// neither is copied.
struct Operand {
  const char* data;
  bool transposed = false;
  int64_t leading = 1;
  int64_t batch_stride = 0;
  Tensor copy;

  // A vector is a column; the last two dimensions of more are the matrix, a third one before them the batch.
  explicit Operand(const Tensor& t) : data(t.raw()) {
    const int n = t.ndim();
    const bool vector = n == 1;
    if (!set(t.size(vector ? 0 : n - 2), vector ? 1 : t.size(n - 1), t.stride(vector ? 0 : n - 2),
             vector ? 1 : t.stride(n - 1))) {
      copy = contiguous_copy(t);
      data = copy.raw();
      set(copy.size(vector ? 0 : n - 2), vector ? 1 : copy.size(n - 1), copy.stride(vector ? 0 : n - 2), 1);
    }
    if (n == 3) batch_stride = (copy.defined() ? copy : t).stride(0);
  }
  // All dimensions but the last count as rows.
  static Operand folded(const Tensor& t) { return Operand(t, 0); }

 private:
  Operand(const Tensor& t, int) : data(t.raw()) {
    const int n = t.ndim();
    const int64_t cols = t.size(n - 1);
    bool joined = true;
    for (int i = n - 2; i > 0 && joined; --i) {
      joined = t.size(i - 1) == 1 || t.stride(i - 1) == t.stride(i) * t.size(i);
    }
    const int64_t rows = cols > 0 ? t.numel() / cols : 0;
    if (t.is_contiguous()) {
      set(rows, cols, cols, 1);
    } else if (!joined || !set(rows, cols, n > 1 ? t.stride(n - 2) : cols, t.stride(n - 1))) {
      copy = contiguous_copy(t);
      data = copy.raw();
      set(rows, cols, cols, 1);
    }
  }
  bool set(int64_t rows, int64_t cols, int64_t row_step, int64_t col_step) {
    if ((col_step == 1 || cols <= 1) && (row_step >= std::max<int64_t>(cols, 1) || rows <= 1)) {
      leading = rows <= 1 ? std::max<int64_t>(cols, 1) : row_step;
      return true;
    }
    if ((row_step == 1 || rows <= 1) && (col_step >= std::max<int64_t>(rows, 1) || cols <= 1)) {
      transposed = true;
      leading = cols <= 1 ? std::max<int64_t>(rows, 1) : col_step;
      return true;
    }
    return false;
  }
};

struct Shape {
  int64_t m, n, k;
  int64_t batch = 1;
};

// out = alpha * op(a) op(b) + beta * out + bias, with the epilogue. out's rows are dense, `ldc` apart.
void run(const Tensor& out, int64_t ldc, const Shape& shape, const Operand& a, bool flip_a, const Operand& b,
         bool flip_b, double alpha = 1, double beta = 0, const void* bias = nullptr,
         const Epilogue& epilogue = {}) {
  if (shape.m == 0 || shape.n == 0 || shape.batch == 0) return;
  call::Gemm args;
  args.dtype = out.dtype();
  args.transpose_a = a.transposed != flip_a;
  args.transpose_b = b.transposed != flip_b;
  args.m = shape.m;
  args.n = shape.n;
  args.k = shape.k;
  args.alpha = alpha;
  args.beta = beta;
  args.a = a.data;
  args.lda = a.leading;
  args.stride_a = a.batch_stride;
  args.b = b.data;
  args.ldb = b.leading;
  args.stride_b = b.batch_stride;
  args.c = out.raw();
  args.ldc = ldc;
  args.stride_c = shape.m * ldc;
  args.bias = bias;
  args.batch = shape.batch;
  args.epilogue = epilogue;
  run(out.device(), args);
}
void run(const Tensor& out, const Shape& shape, const Operand& a, bool flip_a, const Operand& b, bool flip_b,
         double alpha = 1, const void* bias = nullptr) {
  run(out, shape.n, shape, a, flip_a, b, flip_b, alpha, 0, bias);
}

// What a product's factors are called by its caller.
struct Names {
  const char *a, *b;
};
constexpr Names kMm{"input", "mat2"}, kAddmm{"mat1", "mat2"}, kBaddbmm{"batch1", "batch2"},
    kMv{"input", "vec"}, kAddmv{"mat", "vec"}, kMatmul{"input", "other"}, kLinear{"input", "weight"};

// may_be_empty: bools will do where there is nothing to add up, as in PyTorch.
void check_operands(const char* op, Names names, const Tensor& a, const Tensor& b,
                    bool may_be_empty = false) {
  TT_CHECK(a.dtype() == b.dtype(), Status::kDtype, names.a, " is ", a.dtype(), ", but ", names.b, " is ",
           b.dtype());
  TT_CHECK(a.dtype() != DType::kBool || (may_be_empty && (a.numel() == 0 || b.numel() == 0)), Status::kDtype,
           op, " is not implemented for bool");
  TT_CHECK(a.device() == b.device(), Status::kDevice,
           "expected all tensors to be on the same device, but found at least two devices, ", a.device(),
           " and ", b.device(), "!");
}

void check_matrices(const char* op, Names names, const Tensor& a, const Tensor& b,
                    bool may_be_empty = false) {
  TT_CHECK(a.ndim() == 2, Status::kShape, names.a, " must be a matrix, got ", a.ndim(), " dimensions");
  TT_CHECK(b.ndim() == 2, Status::kShape, names.b, " must be a matrix, got ", b.ndim(), " dimensions");
  TT_CHECK(a.size(1) == b.size(0), Status::kShape, names.a, " and ", names.b,
           " shapes cannot be multiplied (", a.size(0), "x", a.size(1), " and ", b.size(0), "x", b.size(1),
           ")");
  check_operands(op, names, a, b, may_be_empty);
}

void check_batches(const char* op, Names names, const Tensor& a, const Tensor& b, bool may_be_empty = false) {
  TT_CHECK(a.ndim() == 3, Status::kShape, names.a, " must have 3 dimensions, got ", a.ndim());
  TT_CHECK(b.ndim() == 3, Status::kShape, names.b, " must have 3 dimensions, got ", b.ndim());
  TT_CHECK(a.size(0) == b.size(0) && a.size(2) == b.size(1), Status::kShape, names.b, " has shape ",
           b.sizes(), ", expected [", a.size(0), ", ", a.size(2), ", ..] for ", names.a, " of shape ",
           a.sizes());
  check_operands(op, names, a, b, may_be_empty);
}

// alpha * op(a) op(b) for matrices or batches of them, op by flag. The set is closed under backward, so no
// gradient needs a transposed copy or view.
Tensor product(const char* op, const Tensor& a, bool ta, const Tensor& b, bool tb, double alpha = 1) {
  const int d = a.ndim() - 2;
  Shape shape{a.size(d + (ta ? 1 : 0)), b.size(d + (tb ? 0 : 1)), a.size(d + (ta ? 0 : 1))};
  if (d == 1) shape.batch = a.size(0);
  const Dims sizes = d == 1 ? Dims{shape.batch, shape.m, shape.n} : Dims{shape.m, shape.n};
  if (a.dtype() == DType::kBool) return zeros(sizes, a.dtype(), a.device());  // of nothing
  const Tensor out = empty(sizes, a.dtype(), a.device());
  run(out, shape, Operand(a), ta, Operand(b), tb, alpha);
  if (needs_grad(a, b)) {
    record(op, out, {&a, &b},
           [op, ta, tb, alpha, a = SavedTensor::input_if(needs_grad(b), a),
            b = SavedTensor::input_if(needs_grad(a), b)](BackwardContext& context) {
             const Tensor& g = context.grad();
             if (context.needs(0)) {
               const Tensor kept = context.unpack(b);
               context.set(
                   0, ta ? product(op, kept, tb, g, true, alpha) : product(op, g, false, kept, !tb, alpha));
             }
             if (context.needs(1)) {
               const Tensor kept = context.unpack(a);
               context.set(
                   1, tb ? product(op, g, true, kept, ta, alpha) : product(op, kept, !ta, g, false, alpha));
             }
           });
  }
  return out;
}

Tensor contract(const Tensor& a, const Tensor& b);

// The values of fold.
Tensor fold_values(const Tensor& x, const Tensor& w, bool tw, const Tensor& bias, bool relu) {
  const int last = x.ndim() - 1;
  Dims sizes = x.sizes();
  sizes[last] = w.size(tw ? 0 : 1);
  if (x.dtype() == DType::kBool) return zeros(sizes, x.dtype(), x.device());  // of nothing
  const Tensor out = empty(sizes, x.dtype(), x.device());
  if (out.numel() > 0) {
    const Tensor dense_bias = !bias.defined() || bias.is_contiguous() ? bias : contiguous_copy(bias);
    run(out, sizes[last], {out.numel() / sizes[last], sizes[last], x.size(last)}, Operand::folded(x), false,
        Operand(w), tw, 1, 0, bias.defined() ? dense_bias.raw() : nullptr, relu ? kRelu : Epilogue{});
  }
  return out;
}

// The gradients of x, w and the bias, from that of fold(x, w).
struct FoldBackward {
  const char* op;
  bool tw;
  int64_t n;
  SavedTensor x, w;
  void operator()(BackwardContext& context) const { set(context, context.grad()); }
  void set(BackwardContext& context, const Tensor& g) const;
  // All at once, through the activation of which y is the result, if it is defined; false where that is not
  // done.
  bool set_joined(BackwardContext& context, const Tensor& g, const Tensor& y, UnaryOp activation) const;
};

// x (.., k) op(w): (.., n), for w (n, k) transposed or (k, n) plain; bias (n) of x's dtype, or undefined.
Tensor fold(const char* op, const Tensor& x, const Tensor& w, bool tw, const Tensor& bias = {}) {
  const Tensor out = fold_values(x, w, tw, bias, false);
  if (needs_grad(x, w, bias)) {
    record(op, out, {&x, &w, &bias},
           FoldBackward{op, tw, out.sizes().back(), SavedTensor::input_if(needs_grad(w), x),
                        SavedTensor::input_if(needs_grad(x), w)});
  }
  return out;
}

bool FoldBackward::set_joined(BackwardContext& context, const Tensor& g, const Tensor& y,
                              UnaryOp activation) const {
  if (!tw || grad_enabled() || g.numel() == 0) return false;
  // One product alone is gemm's.
  if (context.needs(0) + context.needs(1) + context.needs(2) + y.defined() < 2) return false;
  const Tensor weight = context.needs(0) ? context.unpack(w) : Tensor();
  const Tensor input = context.needs(1) ? context.unpack(x) : Tensor();
  call::LinearBackward args;
  args.dtype = g.dtype();
  args.out = n;
  args.rows = g.numel() / n;
  for (const Tensor* t : {&weight, &input}) {
    if (!t->defined()) continue;
    if (!t->is_contiguous() || t->numel() == 0) return false;  // gemm takes more layouts
    args.in = t->sizes().back();
  }
  if (y.defined()) {
    args.epilogue.op = activation;
    args.result = y.raw();
  }
  if (!supports(g.device(), args)) return false;
  const Tensor dense = contiguous(g);
  args.grad = dense.raw();
  if (input.defined()) args.input = input.raw();
  if (weight.defined()) args.weight = weight.raw();
  call::Out<void>* const to[] = {&args.grad_input, &args.grad_weight, &args.grad_bias};
  for (int i = 0; i < 3; ++i) {
    if (!context.needs(i)) continue;
    Dims sizes = i == 0 ? g.sizes() : Dims{n};
    if (i == 0) sizes[sizes.size() - 1] = args.in;
    if (i == 1) sizes.push_back(args.in);
    const Tensor out = empty(sizes, g.dtype(), g.device());
    *to[i] = out.raw();
    context.set(i, out);
  }
  run(g.device(), args);
  return true;
}

void FoldBackward::set(BackwardContext& context, const Tensor& g) const {
  if (set_joined(context, g, Tensor(), UnaryOp::relu)) return;
  if (context.needs(0)) context.set(0, fold(op, g, context.unpack(w), !tw));
  if (context.needs(1)) {
    const Tensor kept = context.unpack(x);
    context.set(1, tw ? contract(g, kept) : contract(kept, g));
  }
  if (context.needs(2)) context.set(2, sum_to_size(g, Dims{n}));
}

// a (.., n) transposed times b (.., k), summed over all leading dimensions: (n, k).
Tensor contract(const Tensor& a, const Tensor& b) {
  const int last = a.ndim() - 1;
  const Tensor out = empty({a.size(last), b.size(last)}, a.dtype(), a.device());
  if (out.numel() > 0) {
    run(out, {a.size(last), b.size(last), a.numel() / a.size(last)}, Operand::folded(a), true,
        Operand::folded(b), false);
  }
  if (needs_grad(a, b)) {
    record("contract", out, {&a, &b},
           [a = SavedTensor::input_if(needs_grad(b), a),
            b = SavedTensor::input_if(needs_grad(a), b)](BackwardContext& context) {
             if (context.needs(0)) context.set(0, fold("fold", context.unpack(b), context.grad(), true));
             if (context.needs(1)) context.set(1, fold("fold", context.unpack(a), context.grad(), false));
           });
  }
  return out;
}

// ---- input + product ----

// Whether `self` can be the BLAS result where it lies.
bool writable_rows(const Tensor& self, const Tensor& a, const Tensor& b) {
  if (self.storage() == a.storage() || self.storage() == b.storage()) return false;
  const int n = self.ndim();
  if (n == 3 || n == 1) return self.is_contiguous();
  return (self.stride(1) == 1 || self.size(1) == 1) &&
         (self.size(0) == 1 || self.stride(0) >= std::max<int64_t>(self.size(1), 1));
}

// The gradients of beta * input + alpha * a b, where `a` and `b` are both matrices or both batches.
struct AddProductBackward {
  const char* op;
  double beta, alpha;
  Dims input_sizes;
  SavedTensor a, b;
  void operator()(BackwardContext& context) const {
    const Tensor& g = context.grad();
    if (context.needs(0)) {
      const Tensor summed = sum_to_size(g, input_sizes);
      context.set(0, beta == 1 ? summed : mul(summed, beta));
    }
    if (context.needs(1)) context.set(1, product(op, g, false, context.unpack(b), true, alpha));
    if (context.needs(2)) context.set(2, product(op, context.unpack(a), true, g, false, alpha));
  }
};

Dims product_sizes(const Tensor& a, const Tensor& b) {
  Dims sizes = a.sizes();
  sizes[sizes.size() - 1] = b.sizes().back();
  return sizes;
}

Shape product_shape(const Dims& sizes, const Tensor& a) {
  const int n = sizes.size();
  return {sizes[n - 2], sizes[n - 1], a.sizes().back(), n == 3 ? sizes[0] : 1};
}

// What is added to a product, called `name` by the caller.
void check_input(const char* name, const Tensor& input, const Tensor& a, const Dims& sizes) {
  TT_CHECK(input.dtype() == a.dtype(), Status::kDtype, name, " is ", input.dtype(),
           ", expected the product's dtype, ", a.dtype());
  TT_CHECK(input.device() == a.device(), Status::kDevice, name, " is on ", input.device(),
           ", but the product is on ", a.device());
  const int lead = sizes.size() - input.ndim();
  TT_CHECK(lead >= 0, Status::kShape, name, " of shape ", input.sizes(),
           " has more dimensions than the product, of shape ", sizes);
  for (int i = 0; i < input.ndim(); ++i) {
    TT_CHECK(input.size(i) == 1 || input.size(i) == sizes[lead + i], Status::kShape, name, " of shape ",
             input.sizes(), " does not broadcast to the product, of shape ", sizes);
  }
}

void check_factors(double beta, double alpha, DType dtype) {
  checked_factor("beta", beta, dtype);
  checked_factor("alpha", alpha, dtype);
}

Tensor add_product(const char* op, const Tensor& input, const Tensor& a, const Tensor& b, double beta,
                   double alpha) {
  const Dims sizes = product_sizes(a, b);
  check_input("input", input, a, sizes);
  check_factors(beta, alpha, a.dtype());
  const Tensor out = empty(sizes, a.dtype(), a.device());
  const Shape shape = product_shape(sizes, a);
  const Operand oa(a), ob(b);
  if (beta == 0) {
    run(out, shape, oa, false, ob, false, alpha);
  } else if (beta == 1 && input.ndim() == 1 && input.size(0) == shape.n && input.is_contiguous()) {
    run(out, shape, oa, false, ob, false, alpha, input.raw());
  } else {
    copy_values(out, input);
    run(out, shape.n, shape, oa, false, ob, false, alpha, beta);
  }
  if (needs_grad(input, a, b)) {
    record(op, out, {&input, &a, &b},
           AddProductBackward{op, beta, alpha, input.sizes(), SavedTensor::input_if(needs_grad(b), a),
                              SavedTensor::input_if(needs_grad(a), b)});
  }
  return out;
}

void add_product_(const char* op, const Tensor& self, const Tensor& a, const Tensor& b, double beta,
                  double alpha) {
  InplaceWrite write(self, op);
  const Dims sizes = product_sizes(a, b);
  TT_CHECK(self.sizes() == sizes, Status::kShape, "input has shape ", self.sizes(),
           ", expected the product's, ", sizes);
  check_input("input", self, a, sizes);
  check_factors(beta, alpha, a.dtype());
  if (needs_grad(self, a, b)) {
    write.record(op, {&self, &a, &b},
                 AddProductBackward{op, beta, alpha, self.sizes(), write.save_if(needs_grad(b), a),
                                    write.save_if(needs_grad(a), b)});
  }
  if (writable_rows(self, a, b)) {
    const int64_t ldc = self.ndim() == 2 && self.size(0) > 1 ? self.stride(0) : sizes.back();
    const Operand oa(a), ob(b);
    write.commit([&] { run(self, ldc, product_shape(sizes, a), oa, false, ob, false, alpha, beta); });
  } else {
    const GradMode off(false);
    const Tensor result = add_product(op, self, a, b, beta, alpha);
    write.commit([&] { copy_values(self, result); });
  }
}

void check_matrix_vector(Names names, const Tensor& a, const Tensor& v) {
  TT_CHECK(a.ndim() == 2 && v.ndim() == 1, Status::kShape, names.a, " must be a matrix and ", names.b,
           " a vector, got ", a.ndim(), " and ", v.ndim(), " dimensions");
  TT_CHECK(a.size(1) == v.size(0), Status::kShape, names.a, " and ", names.b,
           " shapes cannot be multiplied (", a.size(0), "x", a.size(1), " and ", v.size(0), ")");
  check_operands("mv", names, a, v, true);
}

Tensor column(const Tensor& v) { return reshape(v, {v.size(0), 1}); }

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&a, &b});
    return mm(cast(a), cast(b));
  }
  check_matrices("mm", kMm, a, b, true);
  return product("mm", a, false, b, false);
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&a, &b});
    return bmm(cast(a), cast(b));
  }
  check_batches("bmm", kMm, a, b, true);
  return product("bmm", a, false, b, false);
}

namespace {

// op(a) v.
Tensor matrix_vector(const Tensor& a, bool ta, const Tensor& v) {
  const Dims sizes{a.size(ta ? 1 : 0)};
  if (a.dtype() == DType::kBool) return zeros(sizes, a.dtype(), a.device());  // of nothing
  const Tensor out = empty(sizes, a.dtype(), a.device());
  run(out, {out.numel(), 1, v.size(0)}, Operand(a), ta, Operand(v), false);
  if (needs_grad(a, v)) {
    record("mv", out, {&a, &v},
           [ta, a = SavedTensor::input_if(needs_grad(v), a),
            v = SavedTensor::input_if(needs_grad(a), v)](BackwardContext& context) {
             const Tensor& g = context.grad();
             if (context.needs(0)) {
               const Tensor kept = context.unpack(v);
               context.set(0, ta ? outer(kept, g) : outer(g, kept));
             }
             if (context.needs(1)) context.set(1, matrix_vector(context.unpack(a), !ta, g));
           });
  }
  return out;
}

}  // namespace

Tensor mv(const Tensor& a, const Tensor& v) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&a, &v});
    return mv(cast(a), cast(v));
  }
  check_matrix_vector(kMv, a, v);
  return matrix_vector(a, false, v);
}

Tensor dot(const Tensor& a, const Tensor& b) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kPromote, {&a, &b});
    return dot(cast(a), cast(b));
  }
  TT_CHECK(a.ndim() == 1 && b.ndim() == 1, Status::kShape, "input and other must be vectors, got ", a.ndim(),
           " and ", b.ndim(), " dimensions");
  TT_CHECK(a.dtype() == b.dtype(), Status::kDtype, "input is ", a.dtype(), ", but other is ", b.dtype());
  TT_CHECK(a.size(0) == b.size(0), Status::kShape, "input has ", a.size(0), " elements, but other has ",
           b.size(0));
  check_operands("dot", kMatmul, a, b);
  const Tensor out = empty({}, a.dtype(), a.device());
  run(out, {1, 1, a.size(0)}, Operand(a), true, Operand(b), false);
  if (needs_grad(a, b)) {
    record("dot", out, {&a, &b},
           [a = SavedTensor::input_if(needs_grad(b), a),
            b = SavedTensor::input_if(needs_grad(a), b)](BackwardContext& context) {
             if (context.needs(0)) context.set(0, mul(context.grad(), context.unpack(b)));
             if (context.needs(1)) context.set(1, mul(context.grad(), context.unpack(a)));
           });
  }
  return out;
}

Tensor outer(const Tensor& a, const Tensor& b) {
  TT_CHECK(a.ndim() == 1, Status::kShape, "input must be a vector, got ", a.ndim(), " dimensions");
  TT_CHECK(b.ndim() == 1, Status::kShape, "vec2 must be a vector, got ", b.ndim(), " dimensions");
  return mul(column(a), b);
}

Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, double beta, double alpha) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&input, &a, &b});
    return addmm(cast(input), cast(a), cast(b), beta, alpha);
  }
  check_matrices("addmm", kAddmm, a, b);
  return add_product("addmm", input, a, b, beta, alpha);
}

Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, double beta, double alpha) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&input, &a, &b});
    return baddbmm(cast(input), cast(a), cast(b), beta, alpha);
  }
  check_batches("baddbmm", kBaddbmm, a, b);
  return add_product("baddbmm", input, a, b, beta, alpha);
}

Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& v, double beta, double alpha) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&input, &a, &v});
    return addmv(cast(input), cast(a), cast(v), beta, alpha);
  }
  check_matrix_vector(kAddmv, a, v);
  TT_CHECK(input.numel() == 1 || (input.ndim() == 1 && input.size(0) == a.size(0)), Status::kShape,
           "input has shape ", input.sizes(), ", expected [", a.size(0), "] or one element for mat of shape ",
           a.sizes());
  const Tensor wide = input.ndim() == 1 ? column(input) : input;
  return reshape(add_product("addmv", wide, a, column(v), beta, alpha), {a.size(0)});
}

void addmm_(const Tensor& self, const Tensor& a, const Tensor& b, double beta, double alpha) {
  check_matrices("addmm_", kAddmm, a, b);
  add_product_("addmm", self, a, b, beta, alpha);
}

void baddbmm_(const Tensor& self, const Tensor& a, const Tensor& b, double beta, double alpha) {
  check_batches("baddbmm_", kBaddbmm, a, b);
  add_product_("baddbmm", self, a, b, beta, alpha);
}

void addmv_(const Tensor& self, const Tensor& a, const Tensor& v, double beta, double alpha) {
  check_matrix_vector(kAddmv, a, v);
  check_inplace(self, "addmv_");
  TT_CHECK(self.ndim() == 1 && self.size(0) == a.size(0), Status::kShape, "input has shape ", self.sizes(),
           ", expected [", a.size(0), "] for mat of shape ", a.sizes());
  TT_CHECK(self.dtype() == a.dtype(), Status::kDtype, "input is ", self.dtype(), ", but mat is ", a.dtype());
  copy_(self, addmv(self, a, v, beta, alpha));
}

namespace {

// Whether the bias can be added to rows of the product; else it is broadcast.
bool is_row(const Tensor& bias, const Tensor& weight) {
  return bias.ndim() == 1 && bias.size(0) == weight.size(0);
}

void check_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  TT_CHECK(x.ndim() >= 1 && weight.ndim() >= 1, Status::kShape,
           "input and weight need a dimension or more, got ", x.ndim(), " and ", weight.ndim());
  TT_CHECK(weight.ndim() <= 2, Status::kShape, "weight has ", weight.ndim(), " dimensions, expected 1 or 2");
  if (weight.ndim() == 1) {
    // A product with a vector, which checks itself.
    Dims sizes = x.sizes();
    sizes.erase(sizes.size() - 1);
    if (bias.defined()) check_input("bias", bias, x, sizes);
    return;
  }
  const int64_t in = x.sizes().back();
  TT_CHECK(in == weight.size(1), Status::kShape,
           "input and weight shapes cannot be multiplied: input has shape ", x.sizes(), ", and weight ",
           weight.sizes(), " wants ", weight.size(1), " as its last size");
  check_operands("linear", kLinear, x, weight, true);
  if (!bias.defined()) return;
  Dims sizes = x.sizes();
  sizes[sizes.size() - 1] = weight.size(0);
  check_input("bias", bias, x, sizes);
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&x, &weight, &bias});
    return linear(cast(x), cast(weight), cast(bias));
  }
  check_linear(x, weight, bias);
  if (weight.ndim() == 1) {
    const Tensor out = matmul(x, weight);
    return bias.defined() ? add(out, bias) : out;
  }
  if (!bias.defined() || is_row(bias, weight)) return fold("linear", x, weight, true, bias);
  return add(fold("linear", x, weight, true), bias);
}

namespace {

Tensor activation_backward(UnaryOp activation, const Tensor& g, const Tensor& y) {
  if (activation == UnaryOp::relu) return threshold_backward(g, y);
  return activation == UnaryOp::sigmoid ? sigmoid_backward(g, y) : tanh_backward(g, y);
}

// The gradients of linear_activated.
struct LinearActivatedBackward {
  FoldBackward linear;
  SavedTensor result;
  UnaryOp activation;
  void operator()(BackwardContext& context) const {
    const Tensor& g = context.grad();
    const Tensor y = context.unpack(result);
    if (!linear.set_joined(context, g, y, activation))
      linear.set(context, activation_backward(activation, g, y));
  }
};

}  // namespace

Tensor linear_activated(const Tensor& x, const Tensor& weight, const Tensor& bias, UnaryOp activation) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&x, &weight, &bias});
    return linear_activated(cast(x), cast(weight), cast(bias), activation);
  }
  check_linear(x, weight, bias);
  const bool relu = activation == UnaryOp::relu;
  if (weight.ndim() == 1 || (bias.defined() && !is_row(bias, weight)) || !(relu || is_floating(x.dtype()))) {
    return unary(activation, linear(x, weight, bias));
  }
  const Tensor out = fold_values(x, weight, true, bias, relu);
  if (!relu) unary_(activation, out);
  if (needs_grad(x, weight, bias)) {
    // By the name of the op that comes last.
    record(name(activation).data(), out, {&x, &weight, &bias},
           LinearActivatedBackward{
               FoldBackward{"linear", true, out.sizes().back(), SavedTensor::input_if(needs_grad(weight), x),
                            SavedTensor::input_if(needs_grad(x), weight)},
               SavedTensor::output(out), activation});
  }
  return out;
}

namespace {

Tensor matmul_batches(const Tensor& a, const Tensor& b) {
  const int na = a.ndim(), nb = b.ndim();
  const Dims lead_a(std::span<const int64_t>(a.sizes().data(), static_cast<size_t>(na - 2)));
  const Dims lead_b(std::span<const int64_t>(b.sizes().data(), static_cast<size_t>(nb - 2)));
  const Dims lead = broadcast(lead_a, lead_b);
  const int64_t n = a.size(na - 2), k = a.size(na - 1), m = b.size(nb - 1);
  const auto batched = [&](const Tensor& t, int64_t rows, int64_t cols) {
    Dims sizes = lead;
    sizes.push_back(rows);
    sizes.push_back(cols);
    const Tensor wide = t.sizes() == sizes ? t : expand(t, sizes);
    return wide.ndim() == 3 ? wide : reshape(wide, {checked_numel(lead), rows, cols});
  };
  const Tensor out = bmm(batched(a, n, k), batched(b, b.size(nb - 2), m));
  if (lead.size() == 1) return out;
  Dims sizes = lead;
  sizes.push_back(n);
  sizes.push_back(m);
  return view(out, sizes);
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kLower, {&a, &b});
    return matmul(cast(a), cast(b));
  }
  const int na = a.ndim(), nb = b.ndim();
  TT_CHECK(na >= 1 && nb >= 1, Status::kShape, "input and other need a dimension or more, got ", na, " and ",
           nb);
  if (na == 2 && nb == 2) {
    check_matrices("matmul", kMatmul, a, b, true);
    return mm(a, b);
  }
  if (na == 1 && nb == 1) return dot(a, b);
  if (na == 2 && nb == 1) {
    check_matrix_vector(kMatmul, a, b);
    return mv(a, b);
  }
  if (nb <= 2 && na > 2) {
    const int64_t rows = a.sizes().back() == 0 ? 0 : a.numel() / a.sizes().back();
    const int64_t k = a.sizes().back();
    if (nb == 2) {
      TT_CHECK(k == b.size(0), Status::kShape, "input and other shapes cannot be multiplied (", rows, "x", k,
               " and ", b.size(0), "x", b.size(1), ")");
      check_operands("matmul", kMatmul, a, b, true);
      return fold("matmul", a, b, false);
    }
    TT_CHECK(k == b.size(0), Status::kShape, "input and other shapes cannot be multiplied (", rows, "x", k,
             " and ", b.size(0), ")");
    check_operands("matmul", kMatmul, a, b, true);
    const Dims sizes(std::span<const int64_t>(a.sizes().data(), static_cast<size_t>(na - 1)));
    return view(fold("matmul", a, column(b), false), sizes);
  }
  if (na == 1) {
    const Tensor row = reshape(a, {1, a.size(0)});
    const Tensor out = nb == 2 ? mm(row, b) : matmul_batches(row, b);
    Dims sizes = out.sizes();
    sizes.erase(sizes.size() - 2);
    return view(out, sizes);
  }
  return matmul_batches(a, b);
}

}  // namespace tt::ops
