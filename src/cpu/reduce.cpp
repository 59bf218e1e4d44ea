#include "cpu/reduce.h"

#include "cpu/inner_loop.h"

namespace tt::cpu {

namespace {

// The loop's dimensions apart: those that move the output and those that are reduced over.
struct Split {
  Loop kept;
  Loop reduced;

  explicit Split(const Loop& loop) {
    for (Loop* part : {&kept, &reduced}) {
      part->operands = loop.operands;
      part->ndim = 0;
      part->numel = 1;
      for (int op = 0; op < loop.operands; ++op) {
        part->data[op] = loop.data[op];
        part->dtype[op] = loop.dtype[op];
      }
    }
    for (int d = 0; d < loop.ndim; ++d) add(loop.strides[0][d] == 0 ? reduced : kept, loop, d);
    for (Loop* part : {&kept, &reduced}) {
      if (part->ndim > 0) continue;
      part->ndim = 1;
      part->sizes[0] = 1;
      for (int op = 0; op < part->operands; ++op) part->strides[op][0] = 0;
    }
  }

 private:
  static void add(Loop& part, const Loop& loop, int d) {
    part.sizes[part.ndim] = loop.sizes[d];
    for (int op = 0; op < loop.operands; ++op) part.strides[op][part.ndim] = loop.strides[op][d];
    part.numel *= loop.sizes[d];
    ++part.ndim;
  }
};

}  // namespace

void CpuReduce::reduce(ReduceOp op, const Loop& loop) {
  TT_CHECK(op == ReduceOp::sum, Status::kNotImplemented, name(op), " is not implemented on the CPU");
  Split split(loop);
  visit_dtype(loop.dtype[0], [&]<typename T>() {
    using Acc = std::conditional_t<std::is_integral_v<T>, int64_t, double>;
    for_each_row(split.kept, 0, split.kept.numel, [&](char* const* data, const int64_t* strides, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        split.reduced.data[1] = data[1] + i * strides[1];
        Acc total = 0;
        for_each_row(split.reduced, 0, split.reduced.numel,
                     [&](char* const* in, const int64_t* steps, int64_t count) {
                       for (int64_t j = 0; j < count; ++j)
                         total += static_cast<Acc>(*reinterpret_cast<const T*>(in[1] + j * steps[1]));
                     });
        T* out = reinterpret_cast<T*>(data[0] + i * strides[0]);
        if constexpr (std::is_integral_v<T> || std::is_same_v<T, double>) {
          *out = static_cast<T>(total);
        } else {
          *out = T(static_cast<float>(total));
        }
      }
    });
  });
}

}  // namespace tt::cpu
