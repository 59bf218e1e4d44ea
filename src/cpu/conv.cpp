// The CPU's convolutions by dtype: float and double go to the fast kernels, half types there by way of float,
// integers to the reference.
#include "cpu/conv.h"

#include "cpu/conv_fast.h"
#include "cpu/conv_reference.h"
#include "cpu/copy.h"
#include "cpu/scratch.h"

namespace tt::cpu {

namespace {

// A half-type tensor as floats, or room for one.
class AsFloat {
 public:
  AsFloat(const void* values, DType dtype, int64_t n) : AsFloat(n) {
    convert_row(reinterpret_cast<char*>(data()), sizeof(float), DType::kFloat32,
                static_cast<const char*>(values), static_cast<int64_t>(size_of(dtype)), dtype, n);
  }
  explicit AsFloat(int64_t n) : n_(n), buffer_(n) {}
  float* data() { return buffer_.data(); }
  void store(void* values, DType dtype) {
    convert_row(static_cast<char*>(values), static_cast<int64_t>(size_of(dtype)), dtype,
                reinterpret_cast<const char*>(data()), sizeof(float), DType::kFloat32, n_);
  }

 private:
  int64_t n_;
  Scratch<float> buffer_;
};

int64_t input_numel(const ConvShape& s) { return s.batch * s.in_channels * s.height * s.width; }
int64_t output_numel(const ConvShape& s) { return s.batch * s.out_channels * s.out_height * s.out_width; }
int64_t weight_numel(const ConvShape& s) { return s.out_channels * s.taps(); }

}  // namespace

void CpuConv::forward(const ConvShape& s, DType dtype, const void* input, const void* weight,
                      const void* bias, void* output) {
  if (is_reduced_floating(dtype)) {
    AsFloat x(input, dtype, input_numel(s)), w(weight, dtype, weight_numel(s));
    AsFloat b(s.out_channels), y(output_numel(s));
    if (bias != nullptr) b = AsFloat(bias, dtype, s.out_channels);
    conv_forward<float>(s, x.data(), w.data(), bias != nullptr ? b.data() : nullptr, y.data());
    y.store(output, dtype);
    return;
  }
  visit_dtype(dtype, [&]<typename T>() {
    const auto* x = static_cast<const T*>(input);
    const auto* w = static_cast<const T*>(weight);
    const auto* b = static_cast<const T*>(bias);
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
      conv_forward(s, x, w, b, static_cast<T*>(output));
    } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      conv_forward_reference(s, x, w, b, static_cast<T*>(output));
    } else {
      fail(Status::kDtype, "convolution is not implemented for ", dtype);
    }
  });
}

void CpuConv::backward_data(const ConvShape& s, DType dtype, const void* grad_output, const void* weight,
                            void* grad_input) {
  if (is_reduced_floating(dtype)) {
    AsFloat g(grad_output, dtype, output_numel(s)), w(weight, dtype, weight_numel(s)), out(input_numel(s));
    conv_backward_data<float>(s, g.data(), w.data(), out.data());
    out.store(grad_input, dtype);
  } else if (dtype == DType::kFloat32) {
    conv_backward_data(s, static_cast<const float*>(grad_output), static_cast<const float*>(weight),
                       static_cast<float*>(grad_input));
  } else {
    TT_CHECK(dtype == DType::kFloat64, Status::kDtype, "convolution has no gradient for ", dtype);
    conv_backward_data(s, static_cast<const double*>(grad_output), static_cast<const double*>(weight),
                       static_cast<double*>(grad_input));
  }
}

void CpuConv::backward_weight(const ConvShape& s, DType dtype, const void* grad_output, const void* input,
                              void* grad_weight, void* grad_bias) {
  if (is_reduced_floating(dtype)) {
    AsFloat g(grad_output, dtype, output_numel(s)), x(input, dtype, input_numel(s)), w(weight_numel(s));
    AsFloat b(s.out_channels);
    conv_backward_weight<float>(s, g.data(), x.data(), w.data(), grad_bias != nullptr ? b.data() : nullptr);
    w.store(grad_weight, dtype);
    if (grad_bias != nullptr) b.store(grad_bias, dtype);
  } else if (dtype == DType::kFloat32) {
    conv_backward_weight(s, static_cast<const float*>(grad_output), static_cast<const float*>(input),
                         static_cast<float*>(grad_weight), static_cast<float*>(grad_bias));
  } else {
    TT_CHECK(dtype == DType::kFloat64, Status::kDtype, "convolution has no gradient for ", dtype);
    conv_backward_weight(s, static_cast<const double*>(grad_output), static_cast<const double*>(input),
                         static_cast<double*>(grad_weight), static_cast<double*>(grad_bias));
  }
}

}  // namespace tt::cpu
