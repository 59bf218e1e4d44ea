// The CPU's convolutions by dtype: float and double go to the fast kernels, half types there by way of float,
// integers to the reference.
#include "cpu/runtime/kernels.h"
#include "device/conv.h"

#include "cpu/conv/conv_fast.h"
#include "cpu/conv/conv_reference.h"
#include "cpu/pointwise/copy.h"
#include "cpu/runtime/scratch.h"
#include "device/backend.h"

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

// n elements of each operand, the result first.
Loop flat_loop(DType dtype, int64_t n, std::initializer_list<const void*> operands) {
  Loop loop;
  loop.ndim = 1;
  loop.numel = loop.sizes[0] = n;
  for (const void* data : operands) {
    loop.dtype[loop.operands] = dtype;
    loop.strides[loop.operands][0] = static_cast<int64_t>(size_of(dtype));
    loop.data[loop.operands++] = static_cast<char*>(const_cast<void*>(data));
  }
  return loop;
}

void forward(const ConvShape& s, DType dtype, const void* input, const void* weight, const void* bias,
             void* output) {
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

// Without ReLU.
template <typename T>
void backward_as(const call::ConvBackward& g) {
  const ConvShape& s = g.shape;
  const T* grad_output = static_cast<const T*>(g.grad_output);
  if (g.grad_input != nullptr) {
    conv_backward_data(s, grad_output, static_cast<const T*>(g.weight), static_cast<T*>(g.grad_input));
  }
  if (g.grad_weight != nullptr) {
    conv_backward_weight(s, grad_output, static_cast<const T*>(g.input), static_cast<T*>(g.grad_weight),
                         static_cast<T*>(g.grad_bias));
  }
}

void backward_half(const call::ConvBackward& g) {
  const ConvShape& s = g.shape;
  AsFloat grad_output(g.grad_output, g.dtype, output_numel(s));
  if (g.grad_input != nullptr) {
    AsFloat w(g.weight, g.dtype, weight_numel(s)), out(input_numel(s));
    conv_backward_data<float>(s, grad_output.data(), w.data(), out.data());
    out.store(g.grad_input, g.dtype);
  }
  if (g.grad_weight != nullptr) {
    AsFloat x(g.input, g.dtype, input_numel(s)), w(weight_numel(s)), b(s.out_channels);
    conv_backward_weight<float>(s, grad_output.data(), x.data(), w.data(),
                                g.grad_bias != nullptr ? b.data() : nullptr);
    w.store(g.grad_weight, g.dtype);
    if (g.grad_bias != nullptr) b.store(g.grad_bias, g.dtype);
  }
}

void conv(const call::Conv& call) {
  forward(call.shape, call.dtype, call.input, call.weight, call.bias, call.output);
  if (call.epilogue.some()) {
    const Loop loop = flat_loop(call.dtype, output_numel(call.shape), {call.output, call.output});
    cpu_backend().kernels.run(call::Unary{call.epilogue.op, loop, call.epilogue.params});
  }
}

void conv_backward(const call::ConvBackward& call) {
  TT_CHECK(is_floating(call.dtype), Status::kDtype, "convolution has no gradient for ", call.dtype);
  call::ConvBackward g = call;
  Scratch<char> masked;
  if (g.output != nullptr) {
    const int64_t n = output_numel(g.shape);
    masked = Scratch<char>(n * static_cast<int64_t>(size_of(g.dtype)));
    cpu_backend().kernels.run(call::Binary{
        BinaryOp::threshold_backward, flat_loop(g.dtype, n, {masked.data(), g.grad_output, g.output}), {}});
    g.grad_output = masked.data();
  }
  if (is_reduced_floating(g.dtype)) {
    backward_half(g);
  } else if (g.dtype == DType::kFloat32) {
    backward_as<float>(g);
  } else {
    backward_as<double>(g);
  }
}

bool can_conv(const call::Conv& call) { return call.epilogue.at_most_relu(); }

}  // namespace

void add_conv(KernelTable& table) {
  table.add<call::Conv>(conv, can_conv);
  table.add<call::ConvBackward>(conv_backward);
}

}  // namespace tt::cpu
