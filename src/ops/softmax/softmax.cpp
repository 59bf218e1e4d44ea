#include "ops/softmax/softmax.h"

#include "autograd/meta.h"
#include "device/backend.h"
#include "ops/autocast.h"
#include "ops/ops.h"

namespace tt::ops {

namespace {

SoftmaxShape geometry(const Tensor& x, int dim, bool log) {
  SoftmaxShape args;
  args.dtype = x.dtype();
  args.log = log;
  for (int i = 0; i < x.ndim(); ++i) {
    (i < dim ? args.outer : i == dim ? args.dim : args.inner) *= x.size(i);
  }
  return args;
}

// The kernels want dense memory; what is copied here is never recorded.
Tensor dense(const Tensor& t) { return t.is_contiguous() ? t : contiguous_copy(t); }

struct SoftmaxBackward {
  int dim;
  bool log;
  SavedTensor y;
  void operator()(BackwardContext& context) const {
    const Tensor& g = context.grad();
    const Tensor out = context.unpack(y);
    if (grad_enabled()) {
      const int64_t dims[] = {dim};
      const std::span<const int64_t> over =
          g.ndim() > 0 ? std::span<const int64_t>(dims) : std::span<const int64_t>();
      context.set(0, log ? sub(g, mul(exp(out), sum(g, over, true)))
                         : mul(out, sub(g, sum(mul(g, out), over, true))));
      return;
    }
    const Tensor grad_input = empty(out.sizes(), out.dtype(), out.device());
    if (out.numel() > 0) {
      run(out.device(),
          call::SoftmaxBackward{geometry(out, dim, log), dense(g).raw(), out.raw(), grad_input.raw()});
    }
    context.set(0, grad_input);
  }
};

Tensor softmax_along(const char* op, const Tensor& input, int64_t dim, std::optional<DType> dtype, bool log) {
  const Tensor x = dtype.has_value() ? to_dtype(input, *dtype) : input;
  const int d = wrap_dim(dim, x.ndim());
  // As in PyTorch, where there is nothing to compute any dtype will do.
  TT_CHECK(is_floating(x.dtype()) || x.numel() == 0, Status::kDtype, op, " is not implemented for ",
           x.dtype(), "; give a floating dtype");
  const Tensor out = empty(x.sizes(), x.dtype(), x.device());
  if (out.numel() > 0) {
    run(x.device(), call::Softmax{geometry(x, d, log), dense(x).raw(), out.raw()});
  }
  if (needs_grad(x)) record(op, out, {&x}, SoftmaxBackward{d, log, SavedTensor::output(out)});
  return out;
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t dim, std::optional<DType> dtype) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&x});
    return softmax(cast(x), dim, dtype);
  }
  return softmax_along("softmax", x, dim, dtype, false);
}

Tensor log_softmax(const Tensor& x, int64_t dim, std::optional<DType> dtype) {
  if (autocast_on()) {
    const Autocast cast(CastRule::kFloat32, {&x});
    return log_softmax(cast(x), dim, dtype);
  }
  return softmax_along("log_softmax", x, dim, dtype, true);
}

Tensor softmin(const Tensor& x, int64_t dim, std::optional<DType> dtype) {
  wrap_dim(dim, x.ndim());
  // A bool has no negative, whatever it is converted to.
  const bool convert = dtype.has_value() && x.dtype() != DType::kBool;
  return softmax(neg(convert ? to_dtype(x, *dtype) : x), dim);
}

}  // namespace tt::ops
