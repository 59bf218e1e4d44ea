// Where a tensor lies in its storage: sizes, strides and offset without the memory.
#pragma once

#include "tensor/tensor.h"

namespace tt {

struct Geometry {
  Dims sizes;
  Dims strides;
  int64_t offset = 0;

  static Geometry of(const Tensor& t) { return {t.sizes(), t.strides(), t.offset()}; }

  // Elements from the first to one past the last; 0 where there are none.
  int64_t extent() const {
    int64_t last = 0;
    for (int i = 0; i < sizes.size(); ++i) {
      if (sizes[i] == 0) return 0;
      last += (sizes[i] - 1) * strides[i];
    }
    return last + 1;
  }

  // True when two indices may lead to one address. Conservative only for strides that interleave.
  bool may_overlap() const {
    int64_t step[kMaxDims];
    int64_t size[kMaxDims];
    int n = 0;
    for (int i = 0; i < sizes.size(); ++i) {
      if (sizes[i] == 0) return false;
      if (sizes[i] == 1) continue;
      int at = n++;
      for (; at > 0 && step[at - 1] > strides[i]; --at) {
        step[at] = step[at - 1];
        size[at] = size[at - 1];
      }
      step[at] = strides[i];
      size[at] = sizes[i];
    }
    int64_t reach = 0;
    for (int i = 0; i < n; ++i) {
      if (step[i] <= reach) return true;
      reach += (size[i] - 1) * step[i];
    }
    return false;
  }
};

}  // namespace tt
