#include "ops/matmul.h"

#include <algorithm>

#include "autograd/meta.h"
#include "core/backend.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

// A 2-d operand as BLAS wants it: row-major, perhaps transposed; anything else is copied first.
struct Matrix {
  Tensor holder;
  bool transposed;
  int64_t leading;

  explicit Matrix(const Tensor& t) : holder(t), transposed(false) {
    const int64_t rows = t.size(0), cols = t.size(1);
    if ((t.stride(1) == 1 || cols == 1) && (t.stride(0) >= cols || rows == 1)) {
      leading = rows == 1 ? std::max<int64_t>(cols, 1) : t.stride(0);
    } else if ((t.stride(0) == 1 || rows == 1) && (t.stride(1) >= rows || cols == 1)) {
      transposed = true;
      leading = cols == 1 ? std::max<int64_t>(rows, 1) : t.stride(1);
    } else {
      holder = contiguous_copy(t);
      leading = std::max<int64_t>(cols, 1);
    }
  }
};

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  TT_CHECK(a.ndim() == 2, Status::kShape, "self must be a matrix, got shape ", a.sizes());
  TT_CHECK(b.ndim() == 2, Status::kShape, "mat2 must be a matrix, got shape ", b.sizes());
  TT_CHECK(a.size(1) == b.size(0), Status::kShape, "mat1 and mat2 shapes cannot be multiplied (", a.size(0),
           "x", a.size(1), " and ", b.size(0), "x", b.size(1), ")");
  TT_CHECK(a.dtype() == b.dtype(), Status::kDtype,
           "expected m1 and m2 to have the same dtype, but got: ", a.dtype(), " != ", b.dtype());
  TT_CHECK(a.device() == b.device(), Status::kDevice, "expected both matrices on one device, but found ",
           a.device(), " and ", b.device());
  const Tensor out = empty({a.size(0), b.size(1)}, a.dtype(), a.device());
  if (out.numel() > 0) {
    const Matrix ma(a), mb(b);
    GemmArgs args;
    args.dtype = a.dtype();
    args.transpose_a = ma.transposed;
    args.transpose_b = mb.transposed;
    args.m = a.size(0);
    args.n = b.size(1);
    args.k = a.size(1);
    args.a = ma.holder.raw();
    args.lda = ma.leading;
    args.b = mb.holder.raw();
    args.ldb = mb.leading;
    args.c = out.raw();
    args.ldc = std::max<int64_t>(out.size(1), 1);
    backend_of(a.device()).gemm->gemm(args);
  }
  if (needs_grad(a, b)) {
    record("mm", out, {&a, &b},
           [a = SavedTensor::input(a), b = SavedTensor::input(b)](BackwardContext& context) {
             if (context.needs(0)) context.set(0, mm(context.grad(), t(context.unpack(b))));
             if (context.needs(1)) context.set(1, mm(t(context.unpack(a)), context.grad()));
           });
  }
  return out;
}

}  // namespace tt::ops
