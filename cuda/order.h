// Ops along one dimension, and counting.
#pragma once

#include "core/backend/order.h"

namespace tt::cuda {

class CudaOrder final : public OrderKernels {
 public:
  void arg_reduce(const Lines& lines, bool largest) override;
  void scan(ScanOp op, const Lines& lines, bool reverse) override;
  void affine_scan(const Lines& lines, bool reverse) override;
  void sort(const Lines& lines, bool descending) override;
  void topk(const Lines& lines, int64_t k, bool largest, bool sorted) override;
  void kth(const Lines& lines, int64_t k, bool nan_first) override;
  void pick(const Lines& lines) override;
  void place(const Lines& lines) override;
  int64_t unique(DType dtype, const void* input, int64_t rows, int64_t cols, bool consecutive, void* values,
                 int64_t* inverse, int64_t* counts) override;
  void bincount(DType dtype, const void* input, int64_t n, const void* weights, DType out_dtype, void* out,
                int64_t bins) override;
  void histc(DType dtype, const void* input, int64_t n, double low, double high, void* out,
             int64_t bins) override;
};

}  // namespace tt::cuda
