// Whether what a call writes shares memory with what it reads, or with itself. The answers are those of
// PyTorch's TensorIterator: certain for dense tensors; where a tensor has gaps the question counts as too
// hard, and whoever writes reads from a copy.
#pragma once

#include "tensor/tensor.h"

namespace tt {

enum class Overlap : uint8_t {
  kNone,
  kPartial,  // some elements, or all in another order
  kFull,     // the same elements in the same order
  kTooHard,
};
Overlap overlap_of(const Tensor& a, const Tensor& b);

namespace detail {
void refuse_overlap(const Tensor& written, const Tensor& read, bool full_too);
}

// Fail where `read` (which may be undefined) shares memory with the tensor that is written to; the first lets
// it be the same elements.
inline void check_no_partial_overlap(const Tensor& written, const Tensor& read) {
  if (read.defined() && read.storage() == written.storage() && !read.is_same(written)) {
    detail::refuse_overlap(written, read, false);
  }
}
inline void check_no_overlap(const Tensor& written, const Tensor& read) {
  if (read.defined() && read.storage() == written.storage()) detail::refuse_overlap(written, read, true);
}

// Fails where several elements of the tensor, which `op` shall write to, are one: an expanded dimension.
inline void check_no_internal_overlap(const char* op, const Tensor& written) {
  for (int i = 0; i < written.ndim(); ++i) {
    TT_CHECK(
        written.stride(i) != 0 || written.size(i) <= 1, Status::kInvalidArgument, op,
        ": unsupported operation: more than one element of the written-to tensor refers to a single memory "
        "location. Please clone() the tensor before performing the operation.");
  }
}

}  // namespace tt
