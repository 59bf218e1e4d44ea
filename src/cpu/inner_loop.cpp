#include "cpu/inner_loop.h"

#include <algorithm>

#include "core/parallel.h"
#include "cpu/copy.h"

namespace tt::cpu {

void run_loop(const Loop& loop, InnerLoop inner, const PointwiseParams& params, int64_t cost) {
  parallel_for(loop.numel, std::max<int64_t>(kParallelGrain / cost, 1), [&](int64_t begin, int64_t end) {
    for_each_row(loop, begin, end, [&](char* const* data, const int64_t* strides, int64_t n) {
      inner(data, strides, n, params);
    });
  });
}

void run_loop_as_float(const Loop& loop, InnerLoop inner, const PointwiseParams& params, int64_t cost) {
  constexpr int64_t kPiece = 512;
  const auto piecewise = [&](char* const* data, const int64_t* strides, int64_t n) {
    alignas(64) float buffers[kMaxOperands][kPiece];
    const bool out_half = is_reduced_floating(loop.dtype[0]);
    for (int64_t at = 0; at < n; at += kPiece) {
      const int64_t count = std::min(kPiece, n - at);
      char* piece[kMaxOperands];
      int64_t piece_strides[kMaxOperands];
      for (int op = 0; op < loop.operands; ++op) {
        if (op == 0 && !out_half) {
          piece[op] = data[op] + at * strides[op];
          piece_strides[op] = strides[op];
          continue;
        }
        piece[op] = reinterpret_cast<char*>(buffers[op]);
        piece_strides[op] = op > 0 && strides[op] == 0 ? 0 : static_cast<int64_t>(sizeof(float));
        if (op > 0) {
          convert_row(piece[op], sizeof(float), DType::kFloat32, data[op] + at * strides[op], strides[op],
                      loop.dtype[op], strides[op] == 0 ? 1 : count);
        }
      }
      inner(piece, piece_strides, count, params);
      if (out_half) {
        convert_row(data[0] + at * strides[0], strides[0], loop.dtype[0], piece[0], sizeof(float),
                    DType::kFloat32, count);
      }
    }
  };
  parallel_for(loop.numel, std::max<int64_t>(kParallelGrain / cost / 4, 1),
               [&](int64_t begin, int64_t end) { for_each_row(loop, begin, end, piecewise); });
}

}  // namespace tt::cpu
