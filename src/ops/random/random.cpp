#include "ops/random/random.h"

#include <algorithm>

#include "autograd/meta.h"
#include "tensor/layout.h"
#include "random/random_fill.h"
#include "ops/random/draw.h"
#include "ops/ops.h"

namespace tt::ops {

void note_draw(HostCapture& capture, Generator& generator, const Tensor& out,
               std::function<void(Generator&, const Tensor&)> fill, FillChecks checks) {
  if (checks == FillChecks::kArguments) fill(generator, alias(out, {0}, {1}, out.offset()));
  capture.note([from = Ref<Generator>(&generator), out, fill = std::move(fill)] { fill(*from, out); });
}

namespace {

Generator& source(RandomSource generator, Device device = {}) {
  return generator != nullptr ? *generator : default_generator(device);
}

// Where the numbers are made: on the tensor's device, or with mt19937, which is sequential, on the CPU.
Device drawn_on(const Generator& generator, Device device) {
  return generator.engine() == Engine::kPhilox ? device : Device{};
}

// A contiguous stand-in with the dimensions in order of memory, innermost last: numbers are laid down in the
// order in which PyTorch walks a strided tensor.
struct MemoryOrder {
  Dims order;  // order[i]: dimension of the tensor at place i

  explicit MemoryOrder(const Tensor& t) : order(memory_order(t.sizes(), t.strides())) {
    std::reverse(order.begin(), order.end());
  }
  Dims apply(const Dims& dims) const {
    Dims out = dims;
    for (int i = 0; i < dims.size(); ++i) out[i] = dims[static_cast<int>(order[i])];
    return out;
  }
};

// fill(generator, dense): writes numel values of self's dtype to a dense tensor.
using Fill = std::function<void(Generator&, const Tensor&)>;
void fill_random_(const Tensor& self, const char* name, RandomSource generator, const Fill& fill) {
  InplaceWrite write(self, name);
  if (needs_grad(self)) write.record_no_gradient(name);
  Generator& from = source(generator, self.device());
  const Device device = drawn_on(from, self.device());
  if (self.is_contiguous() && self.device() == device) {
    write.commit([&] { draw(from, self, fill); });
    return;
  }
  const MemoryOrder memory(self);
  const Tensor dense = empty(memory.apply(self.sizes()), self.dtype(), device);
  const Tensor target = alias(self, memory.apply(self.sizes()), memory.apply(self.strides()), self.offset());
  draw(from, dense, fill);
  write.commit([&] { copy_values(target, dense); });
}

template <typename F>
void visit_floating(DType dtype, F&& fn) {
  visit_dtype(dtype, [&]<typename T>() {
    if constexpr (is_floating(DTypeOf<T>::value)) {
      fn.template operator()<T>();
    } else {
      fail(Status::kDtype, "random floating-point numbers are not implemented for ", dtype);
    }
  });
}

}  // namespace

Tensor rand(const Dims& sizes, DType dtype, RandomSource generator, Device device) {
  Generator& from = source(generator, device);
  const Tensor out = empty(sizes, dtype, drawn_on(from, device));
  draw(from, out, [](Generator& g, const Tensor& to) {
    visit_floating(to.dtype(),
                   [&]<typename T>() { fill_uniform<T>(g, to.data<T>(), to.numel(), 0, 1, to.device()); });
  });
  return to_device(out, device);
}

Tensor randn(const Dims& sizes, DType dtype, RandomSource generator, Device device) {
  Generator& from = source(generator, device);
  const Tensor out = empty(sizes, dtype, drawn_on(from, device));
  draw(from, out, [](Generator& g, const Tensor& to) {
    visit_floating(to.dtype(), [&]<typename T>() {
      fill_normal<T>(g, to.data<T>(), to.numel(), 0, 1, true, to.device());
    });
  });
  return to_device(out, device);
}

Tensor randint(int64_t low, int64_t high, const Dims& sizes, DType dtype, RandomSource generator,
               Device device) {
  Generator& from = source(generator, device);
  const Tensor out = empty(sizes, dtype, drawn_on(from, device));
  draw(from, out, [low, high](Generator& g, const Tensor& to) {
    visit_dtype(to.dtype(), [&]<typename T>() {
      fill_random_int<T>(g, to.data<T>(), to.numel(), low, high, to.device());
    });
  });
  return to_device(out, device);
}

Tensor randperm(int64_t n, DType dtype, RandomSource generator, Device device) {
  TT_CHECK(n >= 0, Status::kInvalidArgument, "n is ", n, ", expected 0 or more");
  TT_CHECK(dtype != DType::kBool, Status::kDtype, "randperm is not implemented for bool");
  Generator& from = source(generator, device);
  const Tensor out = empty({n}, dtype, drawn_on(from, device));
  draw(from, out, [](Generator& g, const Tensor& to) {
    visit_dtype(to.dtype(),
                [&]<typename T>() { fill_randperm<T>(g, to.data<T>(), to.numel(), to.device()); });
  });
  return to_device(out, device);
}

void uniform_(const Tensor& self, double low, double high, RandomSource generator) {
  fill_random_(self, "uniform_", generator, [=](Generator& from, const Tensor& dense) {
    visit_floating(dense.dtype(), [&]<typename T>() {
      fill_uniform<T>(from, dense.data<T>(), dense.numel(), low, high, dense.device());
    });
  });
}

void normal_(const Tensor& self, double mean, double std, RandomSource generator) {
  const bool contiguous = self.is_contiguous();
  fill_random_(self, "normal_", generator, [=](Generator& from, const Tensor& dense) {
    visit_floating(dense.dtype(), [&]<typename T>() {
      fill_normal<T>(from, dense.data<T>(), dense.numel(), mean, std, contiguous, dense.device());
    });
  });
}

Tensor rand_like(const Tensor& t, RandomSource generator) {
  if (t.is_contiguous()) return rand(t.sizes(), t.dtype(), generator, t.device());
  const Tensor out = empty_preserving(t);
  uniform_(out, 0, 1, generator);
  return out;
}

Tensor randn_like(const Tensor& t, RandomSource generator) {
  if (t.is_contiguous()) return randn(t.sizes(), t.dtype(), generator, t.device());
  const Tensor out = empty_preserving(t);
  normal_(out, 0, 1, generator);
  return out;
}

void exponential_(const Tensor& self, double lambda, RandomSource generator) {
  fill_random_(self, "exponential_", generator, [=](Generator& from, const Tensor& dense) {
    visit_floating(dense.dtype(), [&]<typename T>() {
      fill_exponential<T>(from, dense.data<T>(), dense.numel(), lambda, dense.device());
    });
  });
}

void random_(const Tensor& self, std::optional<int64_t> low, std::optional<int64_t> high,
             RandomSource generator) {
  TT_CHECK(high.has_value() || !low.has_value(), Status::kInvalidArgument, "low is given without high");
  fill_random_(self, "random_", generator, [=](Generator& from, const Tensor& dense) {
    visit_dtype(dense.dtype(), [&]<typename T>() {
      if (high) {
        fill_random_int<T>(from, dense.data<T>(), dense.numel(), low.value_or(0), *high, dense.device());
      } else {
        fill_random_full<T>(from, dense.data<T>(), dense.numel(), dense.device());
      }
    });
  });
}

void bernoulli_(const Tensor& self, double p, RandomSource generator) {
  fill_random_(self, "bernoulli_", generator, [=](Generator& from, const Tensor& dense) {
    visit_dtype(dense.dtype(), [&]<typename T>() {
      fill_bernoulli<T>(from, dense.data<T>(), dense.numel(), p, dense.device());
    });
  });
}

namespace {

Tensor draw_bernoulli(const Tensor& p, RandomSource generator) {
  const GradMode off(false);
  Generator& from = source(generator, p.device());
  const Device device = drawn_on(from, p.device());
  const Tensor dense = contiguous(to_device(p, device));
  const Tensor out = empty(p.sizes(), p.dtype(), device);
  draw(
      from, out,
      [dense](Generator& g, const Tensor& to) {
        visit_floating(to.dtype(), [&]<typename T>() {
          fill_bernoulli<T, T>(g, to.data<T>(), to.numel(), dense.data<T>(), to.device());
        });
      },
      FillChecks::kNothing);
  return to_device(out, p.device());
}

}  // namespace

Tensor bernoulli(const Tensor& p, RandomSource generator) {
  const Tensor out = draw_bernoulli(p, generator);
  if (needs_grad(p)) {
    record("bernoulli", out, {&p},
           [](BackwardContext& context) { context.set(0, zeros_like(context.grad())); });
  }
  return out;
}

Tensor multinomial(const Tensor& weights, int64_t samples, bool replacement, RandomSource generator) {
  TT_CHECK(weights.ndim() == 1 || weights.ndim() == 2, Status::kShape,
           "input must have 1 or 2 dimensions, got shape ", weights.sizes());
  const GradMode off(false);
  Generator& from = source(generator, weights.device());
  const Device device = drawn_on(from, weights.device());
  const Tensor dense = contiguous(to_device(weights, device));
  const int64_t rows = weights.ndim() == 2 ? weights.size(0) : 1;
  const int64_t categories = weights.size(weights.ndim() - 1);
  TT_CHECK(samples > 0, Status::kInvalidArgument, "num_samples is ", samples, ", expected 1 or more");
  const Tensor out = empty(weights.ndim() == 2 ? Dims{rows, samples} : Dims{samples}, DType::kInt64, device);
  draw(
      from, out,
      [=](Generator& g, const Tensor& to) {
        visit_floating(dense.dtype(), [&]<typename T>() {
          tt::multinomial<T>(g, dense.data<T>(), rows, categories, samples, replacement, to.data<int64_t>(),
                             to.device());
        });
      },
      FillChecks::kNothing);
  return to_device(out, weights.device());
}

}  // namespace tt::ops
