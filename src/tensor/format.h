// Tensors as text, character for character as PyTorch's print shows them. No locale is consulted.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace tt {

// Values are part of the C ABI.
enum class SciMode : int32_t { kAuto = 0, kOff = 1, kOn = 2 };
enum class PrintProfile : int32_t { kDefault = 0, kShort = 1, kFull = 2 };

struct PrintOptions {
  static constexpr int64_t kNoThreshold = std::numeric_limits<int64_t>::max();

  int32_t precision = 4;     // digits after the point, 0..1000
  int64_t threshold = 1000;  // tensors with more elements are shown by their edges
  int64_t edgeitems = 3;     // at each end of a dimension
  int64_t linewidth = 80;
  SciMode sci_mode = SciMode::kAuto;

  bool operator==(const PrintOptions&) const = default;
};

// short: precision 2, two edge items; full: no threshold.
PrintOptions print_profile(PrintProfile profile);

// The process's options. set refuses values out of range and changes nothing then.
PrintOptions print_options();
void set_print_options(const PrintOptions& options);

// "tensor([[1., 2.]], dtype=torch.float64, grad_fn=<AddBackward0>)". `values` is on the CPU, in any layout;
// `device` is where the tensor itself is, for the suffix. `autograd_suffix` is what autograd adds,
// "grad_fn=<AddBackward0>" or "requires_grad=True", or empty.
std::string format_tensor(const Tensor& values, std::string_view autograd_suffix, Device device,
                          const PrintOptions& options);
inline std::string format_tensor(const Tensor& t, std::string_view autograd_suffix = {}) {
  return format_tensor(t, autograd_suffix, t.device(), print_options());
}

// "torch.Size([1, 3])"
std::string format_sizes_torch(const Dims& sizes);

}  // namespace tt
