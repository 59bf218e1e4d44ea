// Losses of single elements: brings a Loop's rows into dense pieces for the inner kernels.
#include "cpu/runtime/kernels.h"
#include "cpu/loss/loss.h"

#include <algorithm>
#include <atomic>

#include "base/parallel.h"
#include "cpu/runtime/float_scratch.h"
#include "cpu/pointwise/inner_loop.h"
#include "cpu/runtime/scratch.h"

namespace tt::cpu {

namespace {

constexpr int64_t kPiece = 512;    // elements handed to an inner kernel at once
constexpr int64_t kGrain = 16384;  // elements that are worth a thread, and one partial sum

template <typename F>
void visit_compute(DType dtype, F&& fn) {
  if (dtype == DType::kFloat64) {
    fn.template operator()<double>();
  } else {
    fn.template operator()<float>();
  }
}

// body(out, in, n) over pieces of elements [begin, end): `in` are operands 1.. as runs of T, `out` a dense
// run that is written to operand 0 afterwards where `store` says so.
template <typename T, bool store, typename Body>
void for_each_piece(const Loop& loop, int64_t begin, int64_t end, Body&& body) {
  constexpr auto kSize = static_cast<int64_t>(sizeof(T));
  alignas(64) T buffers[kMaxOperands][kPiece];
  const DType compute = DTypeOf<T>::value;
  for_each_row(loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
    for (int64_t at = 0; at < n; at += kPiece) {
      const int64_t count = std::min(kPiece, n - at);
      LossInput<T> in[kMaxOperands];
      for (int op = 1; op < loop.operands; ++op) {
        const char* from = data[op] + at * strides[op];
        const bool one = strides[op] == 0;
        if (loop.dtype[op] == compute && (strides[op] == kSize || count == 1)) {
          in[op - 1] = {reinterpret_cast<const T*>(from), 1};
        } else {
          convert_row(reinterpret_cast<char*>(buffers[op]), kSize, compute, from, strides[op], loop.dtype[op],
                      one ? 1 : count);
          if (one) std::fill_n(buffers[op] + 1, LossInput<T>::kLanes - 1, buffers[op][0]);
          in[op - 1] = {buffers[op], one ? 0 : 1};
        }
      }
      if constexpr (store) {
        char* to = data[0] + at * strides[0];
        if (loop.dtype[0] == compute && strides[0] == kSize) {
          body(reinterpret_cast<T*>(to), in, count);
        } else {
          body(buffers[0], in, count);
          convert_row(to, strides[0], loop.dtype[0], reinterpret_cast<const char*>(buffers[0]), kSize,
                      compute, count);
        }
      } else {
        body(buffers[0], in, count);
      }
    }
  });
}

void element_loss(const call::ElementwiseLoss& call) {
  visit_compute(call.loop.dtype[0], [&]<typename T>() {
    const auto kernel = loss_table<T>().forward[static_cast<int>(call.loss)];
    parallel_for(call.loop.numel, kGrain, [&](int64_t begin, int64_t end) {
      for_each_piece<T, true>(call.loop, begin, end, [&](T* out, const LossInput<T>* in, int64_t n) {
        kernel(out, in, n, static_cast<T>(call.parameter));
      });
    });
  });
}

void element_loss_sum(const call::ElementwiseLossSum& call) {
  double total = 0;
  visit_compute(call.loop.dtype[0], [&]<typename T>() {
    const LossTable<T>& table = loss_table<T>();
    const auto kernel = table.forward[static_cast<int>(call.loss)];
    const auto sum_range = [&](int64_t begin, int64_t end) {
      double sum = 0;
      for_each_piece<T, false>(call.loop, begin, end, [&](T* values, const LossInput<T>* in, int64_t n) {
        kernel(values, in, n, static_cast<T>(call.parameter));
        sum += static_cast<double>(table.sum(values, n));
      });
      return sum;
    };
    // Ranges of fixed length, so that the result does not depend on the number of threads.
    const int64_t ranges = (call.loop.numel + kGrain - 1) / kGrain;
    if (ranges <= 1) {
      if (call.loop.numel > 0) total = sum_range(0, call.loop.numel);
      return;
    }
    const Scratch<double> partial(ranges);
    parallel_for(ranges, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        partial.data()[i] = sum_range(i * kGrain, std::min(call.loop.numel, (i + 1) * kGrain));
      }
    });
    for (int64_t i = 0; i < ranges; ++i) total += partial.data()[i];
  });
  total *= call.scale;
  convert_row(static_cast<char*>(call.out), 0, call.loop.dtype[0], reinterpret_cast<const char*>(&total), 0,
              DType::kFloat64, 1);
}

void element_loss_backward(const call::ElementwiseLossBackward& call) {
  visit_compute(call.loop.dtype[0], [&]<typename T>() {
    const auto kernel = loss_table<T>().backward[static_cast<int>(call.loss)];
    parallel_for(call.loop.numel, kGrain, [&](int64_t begin, int64_t end) {
      for_each_piece<T, true>(call.loop, begin, end, [&](T* out, const LossInput<T>* in, int64_t n) {
        kernel(out, in, n, static_cast<T>(call.parameter), static_cast<T>(call.scale));
      });
    });
  });
}

void check_probabilities(const call::CheckProbabilities& call) {
  std::atomic<bool> all{true};
  // The operand is its own output here: for_each_piece reads operands from 1 on.
  Loop doubled = call.loop;
  doubled.operands = 2;
  doubled.dtype[1] = call.loop.dtype[0];
  doubled.data[1] = call.loop.data[0];
  std::copy_n(call.loop.strides[0], call.loop.ndim, doubled.strides[1]);
  visit_compute(call.loop.dtype[0], [&]<typename T>() {
    const auto kernel = loss_table<T>().in_unit_interval;
    parallel_for(call.loop.numel, kGrain, [&](int64_t begin, int64_t end) {
      for_each_piece<T, false>(doubled, begin, end, [&](T*, const LossInput<T>* in, int64_t n) {
        if (!kernel(in[0].data, in[0].step == 0 ? 1 : n)) all.store(false, std::memory_order_relaxed);
      });
    });
  });
  TT_CHECK(all.load(), Status::kInvalidArgument, "all elements of ", call.what.text,
           " should be between 0 and 1");
}

}  // namespace

void add_loss(KernelTable& table) {
  table.add<call::ElementwiseLoss>(element_loss);
  table.add<call::ElementwiseLossSum>(element_loss_sum);
  table.add<call::ElementwiseLossBackward>(element_loss_backward);
  table.add<call::CheckProbabilities>(check_probabilities);
}

}  // namespace tt::cpu
