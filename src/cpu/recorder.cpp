#include "cpu/recorder.h"

#include <cstring>
#include <optional>
#include <tuple>
#include <vector>

#include "core/host_capture.h"

namespace tt::cpu {

namespace {

// A loop whose operands in host memory, which are values of the call, come along.
class NotedLoop {
 public:
  NotedLoop(const Loop& loop);
  operator const Loop&() {
    for (int i = 0; loop_.host_scalars != 0 && i < loop_.operands; ++i) {
      if (is_value(i)) loop_.data[i] = values_[i];
    }
    return loop_;
  }

 private:
  bool is_value(int operand) const { return (loop_.host_scalars >> operand & 1) != 0; }

  Loop loop_;
  alignas(8) char values_[kMaxOperands][8];
};

[[gnu::noinline]] NotedLoop::NotedLoop(const Loop& loop) : loop_(loop) {
  for (int i = 0; i < loop.operands; ++i) {
    if (is_value(i)) std::memcpy(values_[i], loop.data[i], size_of(loop.dtype[i]));
  }
}

template <typename T>
class NotedSpan {
 public:
  NotedSpan(std::span<const T> span) : values_(span.begin(), span.end()) {}
  operator std::span<const T>() const { return values_; }

 private:
  std::vector<T> values_;
};

template <typename T>
struct Noted {
  using type = T;
};
template <>
struct Noted<Loop> {
  using type = NotedLoop;
};
template <typename T>
struct Noted<std::span<const T>> {
  using type = NotedSpan<T>;
};

// kernels.*kMethod(args...), of which the arguments are kept.
template <typename Kernels, auto kMethod, typename... Args>
class Call {
 public:
  Call(Kernels& kernels, const Args&... args) : kernels_(kernels), args_(args...) {}
  void operator()() {
    std::apply([this](auto&... args) { (kernels_.*kMethod)(args...); }, args_);
  }

 private:
  Kernels& kernels_;
  std::tuple<typename Noted<Args>::type...> args_;
};

constexpr char kReads[] = "reads values";
constexpr char kShapes[] = "gives a result whose shape depends on values";

template <typename Kernels>
class Noting : public Kernels {
 public:
  Noting(Kernels& kernels, CapturedWork& work) : kernels_(kernels), work_(work) {}

 protected:
  template <auto kMethod, typename... Args>
  void note(const Args&... args) {
    work_.add<Call<Kernels, kMethod, Args...>>(kernels_, args...);
  }

  Kernels& kernels_;
  CapturedWork& work_;
};

class NotingPointwise final : public Noting<PointwiseKernels> {
 public:
  using Noting::Noting;
  using K = PointwiseKernels;
  void fill(const Loop& loop, const Scalar& value) override { note<&K::fill>(loop, value); }
  void copy(const Loop& loop) override { note<&K::copy>(loop); }
  void unary(UnaryOp op, const Loop& loop, const PointwiseParams& params) override {
    note<&K::unary>(op, loop, params);
  }
  void binary(BinaryOp op, const Loop& loop, const PointwiseParams& params) override {
    note<&K::binary>(op, loop, params);
  }
  void ternary(TernaryOp op, const Loop& loop, const PointwiseParams& params) override {
    note<&K::ternary>(op, loop, params);
  }
  void where(const Loop& loop) override { note<&K::where>(loop); }
  void check_divisor(const Loop& loop) override { note<&K::check_divisor>(loop); }
};

class NotingReduce final : public Noting<ReduceKernels> {
 public:
  using Noting::Noting;
  using K = ReduceKernels;
  void reduce(ReduceOp op, const Loop& loop, const ReduceParams& params) override {
    note<&K::reduce>(op, loop, params);
  }
  bool equal(const Loop&) override {
    refuse_host_capture(kReads);
    return false;
  }
  void isclose(const Loop& loop, double rtol, double atol, bool equal_nan) override {
    note<&K::isclose>(loop, rtol, atol, equal_nan);
  }
};

class NotingGemm final : public Noting<GemmKernels> {
 public:
  using Noting::Noting;
  void gemm(const GemmArgs& args) override { note<&GemmKernels::gemm>(args); }
  bool joins_linear_backward(const LinearBackwardArgs& layer) const override {
    return kernels_.joins_linear_backward(layer);
  }
  void linear_backward(const LinearBackwardArgs& args) override { note<&GemmKernels::linear_backward>(args); }
};

// Lines hold a loop, none of whose operands are values of the call.
class NotingOrder final : public Noting<OrderKernels> {
 public:
  using Noting::Noting;
  using K = OrderKernels;
  void arg_reduce(const Lines& lines, bool largest) override { note<&K::arg_reduce>(lines, largest); }
  void scan(ScanOp op, const Lines& lines, bool reverse) override { note<&K::scan>(op, lines, reverse); }
  void affine_scan(const Lines& lines, bool reverse) override { note<&K::affine_scan>(lines, reverse); }
  void sort(const Lines& lines, bool descending) override { note<&K::sort>(lines, descending); }
  void topk(const Lines& lines, int64_t k, bool largest, bool sorted) override {
    note<&K::topk>(lines, k, largest, sorted);
  }
  void kth(const Lines& lines, int64_t k, bool nan_first) override { note<&K::kth>(lines, k, nan_first); }
  void pick(const Lines& lines) override { note<&K::pick>(lines); }
  void place(const Lines& lines) override { note<&K::place>(lines); }
  int64_t unique(DType, const void*, int64_t, int64_t, bool, void*, int64_t*, int64_t*) override {
    refuse_host_capture(kShapes);
    return 0;
  }
  void bincount(DType dtype, const void* input, int64_t n, const void* weights, DType out_dtype, void* out,
                int64_t bins) override {
    note<&K::bincount>(dtype, input, n, weights, out_dtype, out, bins);
  }
  void histc(DType dtype, const void* input, int64_t n, double low, double high, void* out,
             int64_t bins) override {
    note<&K::histc>(dtype, input, n, low, high, out, bins);
  }
};

class NotingIndex final : public Noting<IndexKernels> {
 public:
  using Noting::Noting;
  using K = IndexKernels;
  void index_range(const Loop&, int64_t*, int64_t*) override { refuse_host_capture(kReads); }
  void check_bounds(const Loop& loop, const IndexBounds& bounds) override {
    note<&K::check_bounds>(loop, bounds);
  }
  void index_offsets(const Loop& loop, int64_t size, int64_t stride, bool add) override {
    note<&K::index_offsets>(loop, size, stride, add);
  }
  void gather(const Loop& loop, int64_t size, int64_t stride) override {
    note<&K::gather>(loop, size, stride);
  }
  void scatter(ScatterOp op, const Loop& loop, int64_t size, int64_t stride) override {
    note<&K::scatter>(op, loop, size, stride);
  }
  void accumulate(const Loop& loop) override { note<&K::accumulate>(loop); }
  void floor_divide(const Loop& loop) override { note<&K::floor_divide>(loop); }
  int64_t count_true(const bool*, int64_t) override {
    refuse_host_capture(kShapes);
    return 0;
  }
  void nonzero(const bool*, const Dims&, int64_t*) override { refuse_host_capture(kShapes); }
  void copy_blocks(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t bytes,
                   int64_t count) override {
    note<&K::copy_blocks>(to, to_step, from, from_step, bytes, count);
  }
  void arange(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& step) override {
    note<&K::arange>(out, dtype, n, start, step);
  }
  void linspace(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& end,
                const double* base) override {
    const auto call = [&kernels = kernels_, out, dtype, n, start, end,
                       power = base != nullptr ? std::optional(*base) : std::nullopt] {
      kernels.linspace(out, dtype, n, start, end, power ? &*power : nullptr);
    };
    work_.add<std::remove_const_t<decltype(call)>>(call);
  }
  void triangle(void* out, const void* in, size_t element, int64_t batch, int64_t rows, int64_t columns,
                int64_t diagonal, bool upper) override {
    note<&K::triangle>(out, in, element, batch, rows, columns, diagonal, upper);
  }
};

class NotingConv final : public Noting<ConvKernels> {
 public:
  using Noting::Noting;
  using K = ConvKernels;
  void forward(const ConvShape& shape, DType dtype, const void* input, const void* weight, const void* bias,
               bool relu, void* output) override {
    note<&K::forward>(shape, dtype, input, weight, bias, relu, output);
  }
  void backward(const ConvShape& shape, DType dtype, const ConvGradients& gradients) override {
    note<&K::backward>(shape, dtype, gradients);
  }
};

class NotingPool final : public Noting<PoolKernels> {
 public:
  using Noting::Noting;
  using K = PoolKernels;
  void max_pool(const PoolShape& shape, DType dtype, const void* input, void* output,
                int64_t* indices) override {
    note<&K::max_pool>(shape, dtype, input, output, indices);
  }
  void max_pool_backward(const PoolShape& shape, DType dtype, const void* grad_output, const int64_t* indices,
                         const void* output, void* grad_input) override {
    note<&K::max_pool_backward>(shape, dtype, grad_output, indices, output, grad_input);
  }
  void max_pool_gather(const PoolShape& shape, DType dtype, const void* input, const int64_t* indices,
                       void* output) override {
    note<&K::max_pool_gather>(shape, dtype, input, indices, output);
  }
  void avg_pool(const PoolShape& shape, const AvgPoolOptions& options, DType dtype, const void* input,
                void* output) override {
    note<&K::avg_pool>(shape, options, dtype, input, output);
  }
  void avg_pool_backward(const PoolShape& shape, const AvgPoolOptions& options, DType dtype,
                         const void* grad_output, void* grad_input) override {
    note<&K::avg_pool_backward>(shape, options, dtype, grad_output, grad_input);
  }
  void adaptive_avg_pool(const PoolShape& shape, DType dtype, const void* input, void* output) override {
    note<&K::adaptive_avg_pool>(shape, dtype, input, output);
  }
  void adaptive_avg_pool_backward(const PoolShape& shape, DType dtype, const void* grad_output,
                                  void* grad_input) override {
    note<&K::adaptive_avg_pool_backward>(shape, dtype, grad_output, grad_input);
  }
};

class NotingNorm final : public Noting<NormKernels> {
 public:
  using Noting::Noting;
  using K = NormKernels;
  void batch_norm_train(const BatchNormShape& shape, const void* input, const void* weight, const void* bias,
                        void* running_mean, void* running_var, int64_t* batches, double momentum, void* mean,
                        void* invstd, void* output) override {
    note<&K::batch_norm_train>(shape, input, weight, bias, running_mean, running_var, batches, momentum, mean,
                               invstd, output);
  }
  void batch_norm_eval(const BatchNormShape& shape, const void* input, const void* weight, const void* bias,
                       const void* running_mean, const void* running_var, void* output) override {
    note<&K::batch_norm_eval>(shape, input, weight, bias, running_mean, running_var, output);
  }
  void batch_norm_backward(const BatchNormShape& shape, bool training, const void* grad_output,
                           const void* input, const void* output, const void* weight, const void* mean,
                           const void* invstd, void* grad_input, void* grad_weight,
                           void* grad_bias) override {
    note<&K::batch_norm_backward>(shape, training, grad_output, input, output, weight, mean, invstd,
                                  grad_input, grad_weight, grad_bias);
  }
};

class NotingSoftmax final : public Noting<SoftmaxKernels> {
 public:
  using Noting::Noting;
  using K = SoftmaxKernels;
  void forward(const SoftmaxArgs& args, const void* input, void* output) override {
    note<&K::forward>(args, input, output);
  }
  void backward(const SoftmaxArgs& args, const void* grad, const void* output, void* grad_input) override {
    note<&K::backward>(args, grad, output, grad_input);
  }
};

class NotingLoss final : public Noting<LossKernels> {
 public:
  using Noting::Noting;
  using K = LossKernels;
  void element_loss(ElementLoss loss, const Loop& loop, double parameter) override {
    note<&K::element_loss>(loss, loop, parameter);
  }
  void element_loss_sum(ElementLoss loss, const Loop& loop, double parameter, double scale,
                        void* out) override {
    note<&K::element_loss_sum>(loss, loop, parameter, scale, out);
  }
  void element_loss_backward(ElementLoss loss, const Loop& loop, double parameter, double scale) override {
    note<&K::element_loss_backward>(loss, loop, parameter, scale);
  }
  void check_probabilities(const Loop& loop, const char* what) override {
    note<&K::check_probabilities>(loop, what);
  }
  void class_loss(const ClassLossArgs& args, void* loss, void* normalizer, void* total_weight) override {
    note<&K::class_loss>(args, loss, normalizer, total_weight);
  }
  void class_loss_backward(const ClassLossArgs& args, const void* grad, const void* normalizer,
                           const void* total_weight, void* grad_input) override {
    note<&K::class_loss_backward>(args, grad, normalizer, total_weight, grad_input);
  }
  void class_weights(const ClassLossArgs& args, void* out) override { note<&K::class_weights>(args, out); }
};

class NotingOptimizer final : public Noting<OptimizerKernels> {
 public:
  using Noting::Noting;
  using K = OptimizerKernels;
  void sgd(std::span<const SgdTensor> tensors, const SgdOptions& options) override {
    note<&K::sgd>(tensors, options);
  }
  void adam(std::span<const AdamTensor> tensors, const AdamOptions& options) override {
    note<&K::adam>(tensors, options);
  }
  void unscale(std::span<const GradTensor> grads, const float* inverse_scale, float* found_inf) override {
    note<&K::unscale>(grads, inverse_scale, found_inf);
  }
};

}  // namespace

struct Recorder::Families {
  Families(Backend& to, CapturedWork& work)
      : pointwise(*to.pointwise, work),
        reduce(*to.reduce, work),
        gemm(*to.gemm, work),
        order(*to.order, work),
        index(*to.index, work),
        conv(*to.conv, work),
        pool(*to.pool, work),
        norm(*to.norm, work),
        softmax(*to.softmax, work),
        loss(*to.loss, work),
        optimizer(*to.optimizer, work) {}

  NotingPointwise pointwise;
  NotingReduce reduce;
  NotingGemm gemm;
  NotingOrder order;
  NotingIndex index;
  NotingConv conv;
  NotingPool pool;
  NotingNorm norm;
  NotingSoftmax softmax;
  NotingLoss loss;
  NotingOptimizer optimizer;
};

// Random numbers are made at once: ops that draw some for tensors note that themselves, with the generator's
// part of it (ops/random.cpp).
Recorder::Recorder(Backend& kernels, CapturedWork& work)
    : families_(std::make_unique<Families>(kernels, work)), backend_(kernels) {
  Families& f = *families_;
  backend_.pointwise = &f.pointwise;
  backend_.reduce = &f.reduce;
  backend_.gemm = &f.gemm;
  backend_.order = &f.order;
  backend_.index = &f.index;
  backend_.conv = &f.conv;
  backend_.pool = &f.pool;
  backend_.norm = &f.norm;
  backend_.softmax = &f.softmax;
  backend_.loss = &f.loss;
  backend_.optimizer = &f.optimizer;
}

Recorder::~Recorder() = default;

}  // namespace tt::cpu
