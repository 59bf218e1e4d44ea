// Automatic mixed precision. Under the thread's autocast mode, matrix products and convolutions take their
// arguments in the lower precision, and what needs range or exact sums takes them in float32. Which op does
// what is PyTorch's policy for CUDA (ATen/autocast_mode.h), here for every device. In-place ops never cast.
// An op that casts begins with
//
//   if (autocast_on()) {
//     const Autocast cast(CastRule::kLower, {&a, &b});
//     return mm(cast(a), cast(b));
//   }
#pragma once

#include <initializer_list>
#include <vector>

#include "autograd/autocast_mode.h"
#include "device/pointwise.h"
#include "tensor/tensor.h"

namespace tt::ops {

enum class CastRule : uint8_t {
  kLower,    // to the mode's dtype
  kFloat32,  // half types to float32
  kPromote,  // to the widest among the arguments
};

// Pointwise ops that are computed in float32.
bool wants_float32(UnaryOp op);

// The casts of one call. They concern floating tensors other than float64 on devices whose mode is on; the
// rest stay as they are. While it lives, ops do not cast: those inside the call get what it was given.
class Autocast {
 public:
  Autocast(CastRule rule, std::initializer_list<const Tensor*> arguments);
  Tensor operator()(const Tensor& t) const;
  std::vector<Tensor> operator()(std::span<const Tensor> tensors) const;

 private:
  CastRule rule_;
  DType widest_ = DType::kFloat16;
  AutocastPause pause_;
};

}  // namespace tt::ops
