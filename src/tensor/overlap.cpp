#include "tensor/overlap.h"

#include "tensor/layout.h"

namespace tt {

namespace {

bool is_dense(const Tensor& t) { return t.is_contiguous() || dense_in_some_order(t.sizes(), t.strides()); }

int64_t first_byte(const Tensor& t) { return t.offset() * static_cast<int64_t>(size_of(t.dtype())); }
int64_t end_byte(const Tensor& t) { return first_byte(t) + static_cast<int64_t>(t.nbytes()); }

}  // namespace

Overlap overlap_of(const Tensor& a, const Tensor& b) {
  if (a.is_same(b)) return Overlap::kFull;
  if (a.storage() != b.storage() || a.numel() == 0 || b.numel() == 0) return Overlap::kNone;
  if (!is_dense(a) || !is_dense(b)) return Overlap::kTooHard;
  if (first_byte(a) == first_byte(b) && end_byte(a) == end_byte(b)) {
    return a.strides() == b.strides() ? Overlap::kFull : Overlap::kPartial;
  }
  return first_byte(a) < end_byte(b) && first_byte(b) < end_byte(a) ? Overlap::kPartial : Overlap::kNone;
}

void detail::refuse_overlap(const Tensor& written, const Tensor& read, bool full_too) {
  const Overlap overlap = overlap_of(written, read);
  TT_CHECK(overlap != Overlap::kPartial && !(full_too && overlap == Overlap::kFull), Status::kInvalidArgument,
           "unsupported operation: some elements of the input tensor and the written-to tensor refer to a "
           "single memory location. Please clone() the tensor before performing the operation.");
}

}  // namespace tt
