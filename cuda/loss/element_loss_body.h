// Losses of single elements, their sums and gradients.
#pragma once

#include "device/loss.h"
#include "cuda/runtime/block.h"
#include "cuda/runtime/fault.h"
#include "cuda/index/index_math.h"

namespace tt::cuda {

// The arithmetic. x, y, w (weight), p (pos_weight); `parameter` is beta or delta.
template <typename A>
struct LossMath {
  A parameter;

  // 0 for NaN, as in PyTorch.
  TT_HOST_DEVICE static A sign(A z) { return static_cast<A>((z > A(0)) - (z < A(0))); }
  // Logarithms are cut at -100, as in PyTorch.
  TT_HOST_DEVICE static A bounded(A log) { return log < A(-100) ? A(-100) : log; }

  TT_HOST_DEVICE A value(ElementLoss kind, A x, A y, A w, A p) const {
    switch (kind) {
      case ElementLoss::kMse:
        return (x - y) * (x - y);
      case ElementLoss::kL1:
        return std::fabs(x - y);
      case ElementLoss::kSmoothL1: {
        const A z = std::fabs(x - y);
        return z < parameter ? A(0.5) * z * z / parameter : z - A(0.5) * parameter;
      }
      case ElementLoss::kHuber: {
        const A z = std::fabs(x - y);
        return z < parameter ? A(0.5) * z * z : parameter * (z - A(0.5) * parameter);
      }
      case ElementLoss::kBce:
        return w * ((y - A(1)) * bounded(std::log1p(-x)) - y * bounded(std::log(x)));
      case ElementLoss::kBceWithLogits: {
        // softplus(-x), without overflow.
        const A soft = std::log1p(std::exp(-std::fabs(x))) - (x < A(0) ? x : A(0));
        const A positive = multiply_add(p - A(1), y, A(1));
        return w * multiply_add(A(1) - y, x, positive * soft);
      }
    }
    return A(0);
  }

  // The derivative by x.
  TT_HOST_DEVICE A slope(ElementLoss kind, A x, A y, A w, A p) const {
    switch (kind) {
      case ElementLoss::kMse:
        return (x - y) + (x - y);
      case ElementLoss::kL1:
        return sign(x - y);
      case ElementLoss::kSmoothL1: {
        const A z = x - y;
        return std::fabs(z) >= parameter ? sign(z) : z / parameter;  // NaN stays
      }
      case ElementLoss::kHuber: {
        const A z = x - y;
        return std::fabs(z) >= parameter ? parameter * sign(z) : z;
      }
      case ElementLoss::kBce: {
        const A spread = (A(1) - x) * x;
        return w * ((x - y) / (spread < A(1e-12) ? A(1e-12) : spread));
      }
      case ElementLoss::kBceWithLogits: {
        const A e = std::exp(-std::fabs(x));
        const A smaller = e / (A(1) + e);  // sigmoid(-|x|)
        const A sigmoid = x < A(0) ? smaller : A(1) - smaller;
        return w * multiply_add(p * y + A(1) - y, sigmoid, -(p * y));
      }
    }
    return A(0);
  }
};

// Operands of a loop, all of type T; those of host memory come by value. Operand 0 is what is written.
template <typename T>
struct LossOperands {
  using A = Compute<T>;
  uint32_t n;
  uint32_t host;  // bit i: operand i is value[i]
  int inputs;     // of the loss
  bool flat;      // every operand is dense or one value
  OffsetMath<kMaxOperands> math;
  char* data[kMaxOperands];
  A value[kMaxOperands];

  // `loop`: numel below 2^31.
  LossOperands(const Loop& loop, int inputs_)
      : n(static_cast<uint32_t>(loop.numel)), host(loop.host_scalars), inputs(inputs_), flat(loop.flat()) {
    math.ndim = loop.ndim;
    for (int d = 0; d < loop.ndim; ++d) math.size[d] = FastDivide(static_cast<uint32_t>(loop.sizes[d]));
    for (int op = 0; op < kMaxOperands; ++op) {
      const bool used = op < loop.operands;
      data[op] = used ? loop.data[op] : nullptr;
      value[op] = A(0);
      if (used && (host >> op & 1)) value[op] = static_cast<A>(*reinterpret_cast<const T*>(loop.data[op]));
      for (int d = 0; d < loop.ndim; ++d) {
        math.stride[op][d] = used && !(host >> op & 1) ? loop.strides[op][d] : 0;
      }
    }
  }

  // Byte offsets of element i.
  TT_HOST_DEVICE void locate(uint32_t i, int64_t (&offset)[kMaxOperands]) const {
    if (flat) {
      for (int op = 0; op < kMaxOperands; ++op) offset[op] = static_cast<int64_t>(i) * math.stride[op][0];
    } else {
      math(i, offset);
    }
  }
  TT_HOST_DEVICE A get(int op, const int64_t (&offset)[kMaxOperands]) const {
    return host >> op & 1 ? value[op] : static_cast<A>(*reinterpret_cast<const T*>(data[op] + offset[op]));
  }
};

// The losses, or the gradients by x.
template <typename T, bool kBackward>
struct ElementLossMap {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  ElementLoss kind;
  LossMath<A> math;
  A scale;
  LossOperands<T> operands;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const uint32_t step = static_cast<uint32_t>(block.blocks()) * kThreads;
    for (uint32_t i = static_cast<uint32_t>(block.index()) * kThreads + block.thread(); i < operands.n;
         i += step) {
      int64_t at[kMaxOperands];
      operands.locate(i, at);
      const A x = operands.get(1, at), y = operands.get(2, at);
      const A w = operands.inputs > 2 ? operands.get(3, at) : A(1);
      const A p = operands.inputs > 3 ? operands.get(4, at) : A(1);
      A result;
      if constexpr (kBackward) {
        // By name, not by number: the offsets stay in registers.
        const A g = operands.inputs == 2   ? operands.get(3, at)
                    : operands.inputs == 3 ? operands.get(4, at)
                                           : operands.get(5, at);
        result = math.slope(kind, x, y, w, p) * (g * scale);
      } else {
        result = math.value(kind, x, y, w, p);
      }
      *reinterpret_cast<T*>(operands.data[0] + at[0]) = static_cast<T>(result);
    }
  }
};

struct SumShared {
  double slots[8];
};

// The sum of the losses of each block's share; a block that is alone writes the scaled result.
template <typename T>
struct ElementLossSum {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = SumShared;

  ElementLoss kind;
  LossMath<A> math;
  LossOperands<T> operands;
  double* partial;  // one for each block; null: the sum goes to out
  double scale;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    double sum = 0;
    const uint32_t step = static_cast<uint32_t>(block.blocks()) * kThreads;
    for (uint32_t i = static_cast<uint32_t>(block.index()) * kThreads + block.thread(); i < operands.n;
         i += step) {
      int64_t at[kMaxOperands];
      operands.locate(i, at);
      const A w = operands.inputs > 2 ? operands.get(3, at) : A(1);
      const A p = operands.inputs > 3 ? operands.get(4, at) : A(1);
      sum += static_cast<double>(math.value(kind, operands.get(1, at), operands.get(2, at), w, p));
    }
    sum = block_sum<kThreads>(block, sum, block.template shared<Shared>().slots);
    if (block.thread() != 0) return;
    if (partial != nullptr) {
      partial[block.index()] = sum;
    } else {
      *out = static_cast<T>(static_cast<A>(sum * scale));
    }
  }
};

// out = scale * the sum of partial[0..n), by one block.
template <typename T>
struct ScaledSum {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 1;
  using Shared = SumShared;

  const double* partial;
  int64_t n;
  double scale;
  T* out;

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    double sum = 0;
    for (int64_t i = block.thread(); i < n; i += kThreads) sum += partial[i];
    sum = block_sum<kThreads>(block, sum, block.template shared<Shared>().slots);
    if (block.thread() == 0) *out = static_cast<T>(static_cast<Compute<T>>(sum * scale));
  }
};

template <typename T>
struct CheckProbabilities {
  static constexpr int kThreads = 256;
  static constexpr int kBlocksResident = 4;
  using A = Compute<T>;
  using Shared = Nothing;

  LossOperands<T> operands;  // operand 0
  FaultRecord* fault;
  int64_t what;  // the address of the tensor's name

  template <typename Block>
  TT_HOST_DEVICE void operator()(Block& block) const {
    const uint32_t step = static_cast<uint32_t>(block.blocks()) * kThreads;
    for (uint32_t i = static_cast<uint32_t>(block.index()) * kThreads + block.thread(); i < operands.n;
         i += step) {
      int64_t at[kMaxOperands];
      operands.locate(i, at);
      const A x = operands.get(0, at);
      if (!(x >= A(0) && x <= A(1))) raise(fault, FaultKind::kProbability, what);  // also for NaN
    }
  }
};

// Blocks by the number of elements alone, so that sums do not depend on the device. n is below 2^31, and a
// step beyond it must not wrap: at most 2^30 threads.
inline int64_t element_blocks(int64_t n) {
  const int64_t blocks = ceil_div(n, 1024);
  return blocks < 4096 ? blocks : 4096;
}

// The same for sums: what one block does quickly needs no second launch.
inline int64_t sum_blocks(int64_t n) { return n > 0 && n <= 4096 ? 1 : element_blocks(n); }

template <typename Launcher>
void element_loss(const Launcher& launcher, ElementLoss kind, const Loop& loop, double parameter) {
  visit_floating(loop.dtype[0], "the loss", [&]<typename T>() {
    using A = Compute<T>;
    for_each_part(loop, [&](const Loop& part) {
      launcher.launch("element_loss",
                      ElementLossMap<T, false>{kind, LossMath<A>{static_cast<A>(parameter)}, A(1),
                                               LossOperands<T>(part, element_loss_inputs(kind))},
                      element_blocks(part.numel));
    });
  });
}

template <typename Launcher>
void element_loss_backward(const Launcher& launcher, ElementLoss kind, const Loop& loop, double parameter,
                           double scale) {
  visit_floating(loop.dtype[0], "the loss", [&]<typename T>() {
    using A = Compute<T>;
    for_each_part(loop, [&](const Loop& part) {
      launcher.launch(
          "element_loss_backward",
          ElementLossMap<T, true>{kind, LossMath<A>{static_cast<A>(parameter)}, static_cast<A>(scale),
                                  LossOperands<T>(part, element_loss_inputs(kind))},
          element_blocks(part.numel));
    });
  });
}

template <typename Launcher>
void element_loss_sum(const Launcher& launcher, ElementLoss kind, const Loop& loop, double parameter,
                      double scale, void* out, int64_t part_limit = kMaxPart) {
  visit_floating(loop.dtype[0], "the loss", [&]<typename T>() {
    int64_t blocks = 0, parts = 0;
    for_each_part(
        loop,
        [&](const Loop& part) {
          blocks += sum_blocks(part.numel);
          ++parts;
        },
        part_limit);
    const auto sum = [&](const Loop& part, double* partial) {
      launcher.launch("element_loss_sum",
                      ElementLossSum<T>{kind, LossMath<Compute<T>>{static_cast<Compute<T>>(parameter)},
                                        LossOperands<T>(part, element_loss_inputs(kind)), partial, scale,
                                        static_cast<T*>(out)},
                      sum_blocks(part.numel));
    };
    if (blocks == 1)
      return for_each_part(
          loop, [&](const Loop& part) { sum(part, nullptr); }, part_limit);
    // No blocks: the sum of nothing.
    auto partial = launcher.template buffer<double>(blocks);
    double* next = partial.data();
    for_each_part(
        loop,
        [&](const Loop& part) {
          sum(part, next);
          next += sum_blocks(part.numel);
        },
        part_limit);
    launcher.launch("element_loss_sum", ScaledSum<T>{partial.data(), blocks, scale, static_cast<T*>(out)}, 1);
  });
}

template <typename Launcher>
void check_probabilities(const Launcher& launcher, const Loop& loop, const char* what) {
  FaultRecord* fault = launcher.fault();
  visit_floating(loop.dtype[0], "the loss", [&]<typename T>() {
    for_each_part(loop, [&](const Loop& part) {
      launcher.launch("check_probabilities",
                      CheckProbabilities<T>{LossOperands<T>(part, 0), fault,
                                            static_cast<int64_t>(reinterpret_cast<intptr_t>(what))},
                      element_blocks(part.numel));
    });
  });
}

}  // namespace tt::cuda
