// A plug-in for the tests: it plays a CUDA device with two cards. Its kernels are the CPU's, on addresses
// that only they can use (mock_memory.h): what runs through it runs on a device, as far as the host's code
// goes.
#include <cstdlib>
#include <vector>

#include "core/plugin.h"
#include "mock_memory.h"

namespace {

using namespace tt;
using mock::memory;

// As the kernels find it. Host scalars are the host's.
Loop open(const Loop& loop) {
  Loop out = loop;
  for (int i = 0; i < loop.operands; ++i) {
    const bool host = loop.host_scalars >> i & 1;
    if (!host) out.data[i] = static_cast<char*>(memory().open(loop.data[i]));
  }
  return out;
}
Lines open(const Lines& lines) {
  Lines out = lines;
  out.outer = open(lines.outer);
  return out;
}
template <typename T>
T* open(T* address) {
  return static_cast<T*>(memory().open(address));
}

class MockPointwise final : public PointwiseKernels {
 public:
  explicit MockPointwise(PointwiseKernels* cpu) : cpu_(cpu) {}
  void fill(const Loop& loop, const Scalar& value) override { cpu_->fill(open(loop), value); }
  void copy(const Loop& loop) override { cpu_->copy(open(loop)); }
  void unary(UnaryOp op, const Loop& loop, const PointwiseParams& p) override {
    cpu_->unary(op, open(loop), p);
  }
  void binary(BinaryOp op, const Loop& loop, const PointwiseParams& p) override {
    cpu_->binary(op, open(loop), p);
  }
  void ternary(TernaryOp op, const Loop& loop, const PointwiseParams& p) override {
    cpu_->ternary(op, open(loop), p);
  }
  void where(const Loop& loop) override { cpu_->where(open(loop)); }
  void check_divisor(const Loop& loop) override { cpu_->check_divisor(open(loop)); }

 private:
  PointwiseKernels* cpu_;
};

class MockReduce final : public ReduceKernels {
 public:
  explicit MockReduce(ReduceKernels* cpu) : cpu_(cpu) {}
  void reduce(ReduceOp op, const Loop& loop, const ReduceParams& params) override {
    cpu_->reduce(op, open(loop), params);
  }
  bool equal(const Loop& loop) override { return cpu_->equal(open(loop)); }
  void isclose(const Loop& loop, double rtol, double atol, bool equal_nan) override {
    cpu_->isclose(open(loop), rtol, atol, equal_nan);
  }

 private:
  ReduceKernels* cpu_;
};

class MockGemm final : public GemmKernels {
 public:
  explicit MockGemm(GemmKernels* cpu) : cpu_(cpu) {}
  void gemm(const GemmArgs& args) override {
    GemmArgs opened = args;
    opened.a = open(args.a);
    opened.b = open(args.b);
    opened.c = open(args.c);
    opened.bias = open(args.bias);
    cpu_->gemm(opened);
  }

 private:
  GemmKernels* cpu_;
};

class MockOrder final : public OrderKernels {
 public:
  explicit MockOrder(OrderKernels* cpu) : cpu_(cpu) {}
  void arg_reduce(const Lines& lines, bool largest) override { cpu_->arg_reduce(open(lines), largest); }
  void scan(ScanOp op, const Lines& lines, bool reverse) override { cpu_->scan(op, open(lines), reverse); }
  void affine_scan(const Lines& lines, bool reverse) override { cpu_->affine_scan(open(lines), reverse); }
  void sort(const Lines& lines, bool descending) override { cpu_->sort(open(lines), descending); }
  void topk(const Lines& lines, int64_t k, bool largest, bool sorted) override {
    cpu_->topk(open(lines), k, largest, sorted);
  }
  void kth(const Lines& lines, int64_t k, bool nan_first) override { cpu_->kth(open(lines), k, nan_first); }
  void pick(const Lines& lines) override { cpu_->pick(open(lines)); }
  void place(const Lines& lines) override { cpu_->place(open(lines)); }
  int64_t unique(DType dtype, const void* input, int64_t rows, int64_t cols, bool consecutive, void* values,
                 int64_t* inverse, int64_t* counts) override {
    return cpu_->unique(dtype, open(input), rows, cols, consecutive, open(values), open(inverse),
                        open(counts));
  }
  void bincount(DType dtype, const void* input, int64_t n, const void* weights, DType out_dtype, void* out,
                int64_t bins) override {
    cpu_->bincount(dtype, open(input), n, open(weights), out_dtype, open(out), bins);
  }
  void histc(DType dtype, const void* input, int64_t n, double low, double high, void* out,
             int64_t bins) override {
    cpu_->histc(dtype, open(input), n, low, high, open(out), bins);
  }

 private:
  OrderKernels* cpu_;
};

class MockIndex final : public IndexKernels {
 public:
  explicit MockIndex(IndexKernels* cpu) : cpu_(cpu) {}
  void index_range(const Loop& loop, int64_t* min, int64_t* max) override {
    cpu_->index_range(open(loop), min, max);
  }
  void check_bounds(const Loop& loop, const IndexBounds& bounds) override {
    cpu_->check_bounds(open(loop), bounds);
  }
  void index_offsets(const Loop& loop, int64_t size, int64_t stride, bool add) override {
    cpu_->index_offsets(open(loop), size, stride, add);
  }
  void gather(const Loop& loop, int64_t size, int64_t stride) override {
    cpu_->gather(open(loop), size, stride);
  }
  void scatter(ScatterOp op, const Loop& loop, int64_t size, int64_t stride) override {
    cpu_->scatter(op, open(loop), size, stride);
  }
  void accumulate(const Loop& loop) override { cpu_->accumulate(open(loop)); }
  void floor_divide(const Loop& loop) override { cpu_->floor_divide(open(loop)); }
  int64_t count_true(const bool* mask, int64_t n) override { return cpu_->count_true(open(mask), n); }
  void nonzero(const bool* mask, const Dims& sizes, int64_t* out) override {
    cpu_->nonzero(open(mask), sizes, open(out));
  }
  void copy_blocks(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t bytes,
                   int64_t count) override {
    cpu_->copy_blocks(open(to), to_step, open(from), from_step, bytes, count);
  }
  void arange(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& step) override {
    cpu_->arange(open(out), dtype, n, start, step);
  }
  void linspace(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& end,
                const double* base) override {
    cpu_->linspace(open(out), dtype, n, start, end, base);
  }
  void triangle(void* out, const void* in, size_t element, int64_t batch, int64_t rows, int64_t columns,
                int64_t diagonal, bool upper) override {
    cpu_->triangle(open(out), open(in), element, batch, rows, columns, diagonal, upper);
  }

 private:
  IndexKernels* cpu_;
};

class MockConv final : public ConvKernels {
 public:
  explicit MockConv(ConvKernels* cpu) : cpu_(cpu) {}
  void forward(const ConvShape& shape, DType dtype, const void* input, const void* weight, const void* bias,
               bool relu, void* output) override {
    cpu_->forward(shape, dtype, open(input), open(weight), open(bias), relu, open(output));
  }
  void backward(const ConvShape& shape, DType dtype, const ConvGradients& g) override {
    cpu_->backward(shape, dtype,
                   {open(g.grad_output), open(g.output), open(g.input), open(g.weight), open(g.grad_input),
                    open(g.grad_weight), open(g.grad_bias)});
  }

 private:
  ConvKernels* cpu_;
};

class MockPool final : public PoolKernels {
 public:
  explicit MockPool(PoolKernels* cpu) : cpu_(cpu) {}
  void max_pool(const PoolShape& shape, DType dtype, const void* input, void* output,
                int64_t* indices) override {
    cpu_->max_pool(shape, dtype, open(input), open(output), open(indices));
  }
  void max_pool_backward(const PoolShape& shape, DType dtype, const void* grad_output, const int64_t* indices,
                         const void* output, void* grad_input) override {
    cpu_->max_pool_backward(shape, dtype, open(grad_output), open(indices), open(output), open(grad_input));
  }
  void max_pool_gather(const PoolShape& shape, DType dtype, const void* input, const int64_t* indices,
                       void* output) override {
    cpu_->max_pool_gather(shape, dtype, open(input), open(indices), open(output));
  }
  void avg_pool(const PoolShape& shape, const AvgPoolOptions& options, DType dtype, const void* input,
                void* output) override {
    cpu_->avg_pool(shape, options, dtype, open(input), open(output));
  }
  void avg_pool_backward(const PoolShape& shape, const AvgPoolOptions& options, DType dtype,
                         const void* grad_output, void* grad_input) override {
    cpu_->avg_pool_backward(shape, options, dtype, open(grad_output), open(grad_input));
  }
  void adaptive_avg_pool(const PoolShape& shape, DType dtype, const void* input, void* output) override {
    cpu_->adaptive_avg_pool(shape, dtype, open(input), open(output));
  }
  void adaptive_avg_pool_backward(const PoolShape& shape, DType dtype, const void* grad_output,
                                  void* grad_input) override {
    cpu_->adaptive_avg_pool_backward(shape, dtype, open(grad_output), open(grad_input));
  }

 private:
  PoolKernels* cpu_;
};

class MockNorm final : public NormKernels {
 public:
  explicit MockNorm(NormKernels* cpu) : cpu_(cpu) {}
  void batch_norm_train(const BatchNormShape& shape, const void* input, const void* weight, const void* bias,
                        void* running_mean, void* running_var, int64_t* batches, double momentum, void* mean,
                        void* invstd, void* output) override {
    cpu_->batch_norm_train(shape, open(input), open(weight), open(bias), open(running_mean),
                           open(running_var), open(batches), momentum, open(mean), open(invstd),
                           open(output));
  }
  void batch_norm_eval(const BatchNormShape& shape, const void* input, const void* weight, const void* bias,
                       const void* running_mean, const void* running_var, void* output) override {
    cpu_->batch_norm_eval(shape, open(input), open(weight), open(bias), open(running_mean), open(running_var),
                          open(output));
  }
  void batch_norm_backward(const BatchNormShape& shape, bool training, const void* grad_output,
                           const void* input, const void* output, const void* weight, const void* mean,
                           const void* invstd, void* grad_input, void* grad_weight,
                           void* grad_bias) override {
    cpu_->batch_norm_backward(shape, training, open(grad_output), open(input), open(output), open(weight),
                              open(mean), open(invstd), open(grad_input), open(grad_weight), open(grad_bias));
  }

 private:
  NormKernels* cpu_;
};

class MockSoftmax final : public SoftmaxKernels {
 public:
  explicit MockSoftmax(SoftmaxKernels* cpu) : cpu_(cpu) {}
  void forward(const SoftmaxArgs& args, const void* input, void* output) override {
    cpu_->forward(args, open(input), open(output));
  }
  void backward(const SoftmaxArgs& args, const void* grad, const void* output, void* grad_input) override {
    cpu_->backward(args, open(grad), open(output), open(grad_input));
  }

 private:
  SoftmaxKernels* cpu_;
};

class MockLoss final : public LossKernels {
 public:
  explicit MockLoss(LossKernels* cpu) : cpu_(cpu) {}
  void element_loss(ElementLoss loss, const Loop& loop, double parameter) override {
    cpu_->element_loss(loss, open(loop), parameter);
  }
  void element_loss_sum(ElementLoss loss, const Loop& loop, double parameter, double scale,
                        void* out) override {
    cpu_->element_loss_sum(loss, open(loop), parameter, scale, open(out));
  }
  void element_loss_backward(ElementLoss loss, const Loop& loop, double parameter, double scale) override {
    cpu_->element_loss_backward(loss, open(loop), parameter, scale);
  }
  void check_probabilities(const Loop& loop, const char* what) override {
    cpu_->check_probabilities(open(loop), what);
  }
  void class_loss(const ClassLossArgs& args, void* loss, void* normalizer, void* total_weight) override {
    cpu_->class_loss(opened(args), open(loss), open(normalizer), open(total_weight));
  }
  void class_loss_backward(const ClassLossArgs& args, const void* grad, const void* normalizer,
                           const void* total_weight, void* grad_input) override {
    cpu_->class_loss_backward(opened(args), open(grad), open(normalizer), open(total_weight),
                              open(grad_input));
  }
  void class_weights(const ClassLossArgs& args, void* out) override {
    cpu_->class_weights(opened(args), open(out));
  }

 private:
  static ClassLossArgs opened(const ClassLossArgs& args) {
    ClassLossArgs out = args;
    out.input = open(args.input);
    out.target = open(args.target);
    out.weight = open(args.weight);
    return out;
  }
  LossKernels* cpu_;
};

class MockOptimizer final : public OptimizerKernels {
 public:
  explicit MockOptimizer(OptimizerKernels* cpu) : cpu_(cpu) {}
  void sgd(std::span<const SgdTensor> tensors, const SgdOptions& options) override {
    std::vector<SgdTensor> opened(tensors.begin(), tensors.end());
    for (SgdTensor& t : opened) {
      t.param = open(t.param);
      t.grad = open(t.grad);
      t.momentum = open(t.momentum);
    }
    cpu_->sgd(opened, options);
  }
  void adam(std::span<const AdamTensor> tensors, const AdamOptions& options) override {
    std::vector<AdamTensor> opened(tensors.begin(), tensors.end());
    for (AdamTensor& t : opened) {
      t.param = open(t.param);
      t.grad = open(t.grad);
      t.exp_avg = open(t.exp_avg);
      t.exp_avg_sq = open(t.exp_avg_sq);
      t.max_exp_avg_sq = open(t.max_exp_avg_sq);
    }
    cpu_->adam(opened, options);
  }
  void unscale(std::span<const GradTensor> grads, const float* inverse_scale, float* found_inf) override {
    std::vector<GradTensor> opened(grads.begin(), grads.end());
    for (GradTensor& g : opened) g.grad = open(g.grad);
    cpu_->unscale(opened, open(inverse_scale), open(found_inf));
  }

 private:
  OptimizerKernels* cpu_;
};

class MockRandom final : public RandomKernels {
 public:
  explicit MockRandom(RandomKernels* cpu) : cpu_(cpu) {}
  void fill(RandomFill kind, DType dtype, void* out, int64_t n, philox::Start start, double a,
            double b) override {
    cpu_->fill(kind, dtype, open(out), n, start, a, b);
  }
  void integers(DType dtype, void* out, int64_t n, philox::Start start, uint64_t range,
                int64_t base) override {
    cpu_->integers(dtype, open(out), n, start, range, base);
  }
  void bernoulli(DType dtype, void* out, DType p_dtype, const void* p, int64_t n,
                 philox::Start start) override {
    cpu_->bernoulli(dtype, open(out), p_dtype, open(p), n, start);
  }
  void race(DType dtype, const void* weights, const void* greatest, int64_t rows, int64_t categories,
            philox::Start start, double* out) override {
    cpu_->race(dtype, open(weights), open(greatest), rows, categories, start, open(out));
  }
  void shares(DType dtype, const void* weights, const void* greatest, int64_t rows, int64_t categories,
              int64_t* out) override {
    cpu_->shares(dtype, open(weights), open(greatest), rows, categories, open(out));
  }
  void categories(const int64_t* cumulated, int64_t rows, int64_t categories, int64_t samples,
                  philox::Start start, int64_t* out) override {
    cpu_->categories(open(cumulated), rows, categories, samples, start, open(out));
  }

 private:
  RandomKernels* cpu_;
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const tt::PluginInfo* tinytorch_plugin(
    const tt::PluginHost* host) {
  static Backend backend{};
  static PluginInfo info{TT_INTERFACE_ID, "mock", nullptr, nullptr};
  if (const char* reason = std::getenv("TT_MOCK_UNAVAILABLE")) {
    info.reason = reason;
    return &info;
  }
#ifdef TT_MOCK_WRONG_ID
  info.interface_id = "another build";
#endif
  const Backend& cpu = *host->cpu;
  backend.memory = &memory();
  backend.pointwise = new MockPointwise(cpu.pointwise.get());
  backend.reduce = new MockReduce(cpu.reduce.get());
  backend.gemm = new MockGemm(cpu.gemm.get());
  backend.order = new MockOrder(cpu.order.get());
  backend.index = new MockIndex(cpu.index.get());
  backend.conv = new MockConv(cpu.conv.get());
  backend.pool = new MockPool(cpu.pool.get());
  backend.norm = new MockNorm(cpu.norm.get());
  backend.softmax = new MockSoftmax(cpu.softmax.get());
  backend.loss = new MockLoss(cpu.loss.get());
  backend.optimizer = new MockOptimizer(cpu.optimizer.get());
  backend.random = new MockRandom(cpu.random.get());
  info.backend = &backend;
  return &info;
}
