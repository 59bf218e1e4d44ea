// scatter_reduce and its gradients.
#include <limits>

#include "autograd/meta.h"
#include "tensor/overlap.h"
#include "ops/index/index_rule.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

ScatterOp op_of(ScatterReduce reduce) {
  switch (reduce) {
    case ScatterReduce::kSum:
    case ScatterReduce::kMean:
      return ScatterOp::kAdd;
    case ScatterReduce::kProd:
      return ScatterOp::kMul;
    case ScatterReduce::kAmax:
      return ScatterOp::kMax;
    case ScatterReduce::kAmin:
      return ScatterOp::kMin;
  }
  return ScatterOp::kAdd;
}

// What a place starts from when its own value does not count.
Scalar identity_of(ScatterReduce reduce, DType dtype) {
  if (reduce == ScatterReduce::kProd) return 1;
  if (reduce != ScatterReduce::kAmax && reduce != ScatterReduce::kAmin) return 0;
  const bool lowest = reduce == ScatterReduce::kAmax;
  return visit_dtype(dtype, [&]<typename T>() -> Scalar {
    if constexpr (std::is_integral_v<T>) {
      return static_cast<int64_t>(lowest ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max());
    } else {
      return lowest ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    }
  });
}

// 1 where the comparison holds, in the dtype of its gradient.
Tensor as_number(const Tensor& condition, DType dtype) { return to_dtype(condition, dtype); }

// How many values each place took, at least 1.
Tensor counts_of(const Tensor& self, int dim, const Tensor& index, bool include_self) {
  const GradMode off(false);
  const Tensor counts = include_self ? ones_like(self) : zeros_like(self);
  scatter_tensor(ScatterOp::kAdd, counts, dim, index, ones(index.sizes(), self.dtype(), self.device()));
  return add(counts, as_number(eq(counts, 0.0), self.dtype()));
}

void reduce_into(const Tensor& self, int dim, const Tensor& index, const Tensor& src, ScatterReduce reduce,
                 bool include_self) {
  const GradMode off(false);
  const Tensor counts = reduce == ScatterReduce::kMean ? counts_of(self, dim, index, include_self) : Tensor();
  if (!include_self) scatter_number(self, dim, index, identity_of(reduce, self.dtype()));
  scatter_tensor(op_of(reduce), self, dim, index, src);
  if (!counts.defined()) return;
  if (is_floating(self.dtype())) {
    run(self.device(), call::Binary{BinaryOp::div, make_loop(self.sizes(), {self, self, counts}), {}});
  } else {
    // The quotient of integers is rounded down.
    run(self.device(), call::FloorDivide{make_loop(self.sizes(), {self, counts})});
  }
}

struct Rule {
  int dim;
  ScatterReduce reduce;
  bool include_self;
  SavedTensor self, index, src, result;

  void operator()(BackwardContext& context) const {
    const Tensor& grad = context.grad();
    const Tensor at = context.unpack(index);
    Tensor grad_self;
    Tensor grad_src;
    if (reduce == ScatterReduce::kSum || reduce == ScatterReduce::kMean) {
      const Tensor each =
          reduce == ScatterReduce::kSum
              ? grad
              : div(grad, counts_of(zeros(grad.sizes(), grad.dtype(), grad.device()), dim, at, include_self));
      grad_self = each;
      if (context.needs(1)) grad_src = gather(each, dim, at);
    } else if (reduce == ScatterReduce::kProd) {
      product(context, at, grad_self, grad_src);
    } else {
      extremum(context, at, grad_self, grad_src);
    }
    if (context.needs(0)) {
      context.set(0, include_self ? grad_self : scatter(grad_self, dim, at, Scalar(0)));
    }
    if (context.needs(1)) context.set(1, grad_src);
  }

 private:
  // The product of the others: by division, except where the value itself is 0. Then it is the product of all
  // that are not 0, times the other zeros: nothing for none, for one its value, whose derivative is 1, and
  // for more 0, with no derivative either.
  void product(BackwardContext& context, const Tensor& at, Tensor& grad_self, Tensor& grad_src) const {
    const Tensor& grad = context.grad();
    const Tensor x = context.unpack(self);
    const Tensor s = context.unpack(src);
    const Tensor y = context.unpack(result);
    if (context.needs(0)) {
      const Tensor others = where(eq(x, 0.0), 1.0, x);
      grad_self = div(mul(grad, scatter_reduce(others, dim, at, s, reduce, include_self)), others);
    }
    if (!context.needs(1)) return;
    const Tensor is_zero = eq(s, 0.0);
    const Tensor not_zero = where(is_zero, 1.0, s);
    const auto total = [&](const Tensor& each) {
      return gather(scatter_add(zeros_like(x), dim, at, each), dim, at);
    };
    const Tensor count = total(as_number(is_zero, s.dtype()));
    const Tensor other_zero = grad_enabled() ? sub(total(where(is_zero, s, 0.0)), s) : zeros_like(s);
    const Tensor zeros_left = where(eq(count, 1.0), 1.0, where(eq(count, 2.0), other_zero, 0.0));
    const Tensor of_nonzero = scatter_reduce(x, dim, at, not_zero, reduce, include_self);
    grad_src = where(is_zero, mul(gather(mul(grad, of_nonzero), dim, at), zeros_left),
                     div(gather(mul(grad, y), dim, at), not_zero));
  }

  // Shared among the values that are the extremum.
  void extremum(BackwardContext& context, const Tensor& at, Tensor& grad_self, Tensor& grad_src) const {
    const Tensor x = context.unpack(self);
    const Tensor s = context.unpack(src);
    const Tensor y = context.unpack(result);
    const Tensor self_is = as_number(eq(x, y), x.dtype());
    const Tensor src_is = as_number(eq(s, gather(y, dim, at)), x.dtype());
    const Tensor share = div(context.grad(), scatter_add(self_is, dim, at, src_is));
    grad_self = mul(self_is, share);
    if (context.needs(1)) grad_src = mul(src_is, gather(share, dim, at));
  }
};

void check_reduce(ScatterReduce reduce, const Tensor& index, const Tensor& src, bool takes_gradient) {
  TT_CHECK(reduce != ScatterReduce::kMean || src.dtype() != DType::kBool, Status::kDtype,
           "scatter_reduce: mean is not implemented for bool");
  // The rules compare source and index place by place.
  TT_CHECK(!takes_gradient || index.numel() == 0 || index.sizes() == src.sizes(), Status::kShape,
           "scatter_reduce: backward needs src and index of the same shape, got ", src.sizes(), " and ",
           index.sizes());
}

}  // namespace

Tensor scatter_reduce(const Tensor& t, int64_t dim, const Tensor& index, const Tensor& src,
                      ScatterReduce reduce, bool include_self) {
  const int d = prepare_scatter("scatter_reduce", t, dim, index, src);
  const bool record_it = needs_grad(t, src);
  check_reduce(reduce, index, src, needs_grad(src));
  const Tensor out = contiguous_copy(t);
  if (index.numel() > 0) reduce_into(out, d, index, src, reduce, include_self);
  if (record_it) {
    const bool linear = reduce == ScatterReduce::kSum || reduce == ScatterReduce::kMean;
    record("scatter_reduce", out, {&t, &src},
           Rule{d, reduce, include_self, linear ? SavedTensor() : SavedTensor::input(t),
                SavedTensor::input(index), linear ? SavedTensor() : SavedTensor::input(src),
                linear ? SavedTensor() : SavedTensor::output(out)});
  }
  return out;
}

void scatter_reduce_(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src,
                     ScatterReduce reduce, bool include_self) {
  InplaceWrite write(self, "scatter_reduce_", needs_grad(src));
  check_no_overlap(self, index);
  check_no_overlap(self, src);
  const int d = prepare_scatter("scatter_reduce", self, dim, index, src);
  check_reduce(reduce, index, src, needs_grad(src));
  if (needs_grad(self, src)) {
    const bool linear = reduce == ScatterReduce::kSum || reduce == ScatterReduce::kMean;
    write.record("scatter_reduce", {&self, &src},
                 Rule{d, reduce, include_self, linear ? SavedTensor() : SavedTensor::input(clone(self)),
                      write.save(index), linear ? SavedTensor() : write.save(src),
                      linear ? SavedTensor() : write.save_result()});
  }
  if (index.numel() == 0) return write.commit([] {});
  const Tensor at = apart_from(self, index), from = apart_from(self, src);
  write.commit([&] { reduce_into(self, d, at, from, reduce, include_self); });
}

}  // namespace tt::ops
