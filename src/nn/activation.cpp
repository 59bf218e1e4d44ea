#include "nn/activation.h"

#include "nn/linear.h"
#include "ops/ops.h"

namespace tt::nn {

namespace {

// A layer that is a function of its input and up to two numbers.
class FunctionLayer final : public Layer {
 public:
  using Function = Tensor (*)(const Tensor& x, double a, double b);
  FunctionLayer(const char* type_name, Function function, double a = 0, double b = 0, std::string extra = "")
      : Layer(type_name), function_(function), a_(a), b_(b), extra_(std::move(extra)) {}
  std::string extra_repr() const override { return extra_; }
  Function function() const { return function_; }

 private:
  ~FunctionLayer() override = default;
  Tensor forward(const Tensor& input) override { return function_(input, a_, b_); }

  Function function_;
  double a_, b_;
  std::string extra_;
};

class PRelu final : public Layer {
 public:
  PRelu(int64_t num_parameters, double init) : Layer("PReLU"), num_parameters_(num_parameters) {
    TT_CHECK(num_parameters >= 1, Status::kInvalidArgument, "num_parameters is ", num_parameters,
             ", expected 1 or more");
    register_parameter("weight", ops::full({num_parameters}, init, default_dtype()));
  }
  std::string extra_repr() const override { return str("num_parameters=", num_parameters_); }

 private:
  ~PRelu() override = default;
  Tensor forward(const Tensor& input) override { return ops::prelu(input, needed_parameter(0)); }
  int64_t num_parameters_;
};

template <UnaryOp kOp>
Tensor unary_of(const Tensor& x, double, double) {
  return ops::unary(kOp, x);
}

struct Plain {
  const char* type_name;
  FunctionLayer::Function function;
};
#define TT_PLAIN(class_name, op)                                           \
  {                                                                        \
    class_name, [](const Tensor& x, double, double) { return ops::op(x); } \
  }
constexpr Plain kPlain[] = {
    {"ReLU", unary_of<UnaryOp::relu>},
    TT_PLAIN("ReLU6", relu6),
    {"Sigmoid", unary_of<UnaryOp::sigmoid>},
    {"Tanh", unary_of<UnaryOp::tanh>},
    TT_PLAIN("SELU", selu),
    TT_PLAIN("SiLU", silu),
    TT_PLAIN("Mish", mish),
    TT_PLAIN("Hardsigmoid", hardsigmoid),
    TT_PLAIN("Hardswish", hardswish),
    TT_PLAIN("Softsign", softsign),
    TT_PLAIN("LogSigmoid", logsigmoid),
    TT_PLAIN("Tanhshrink", tanhshrink),
};
#undef TT_PLAIN

Ref<Module> make(const char* type_name, FunctionLayer::Function function, double a, double b,
                 std::string extra) {
  return make_ref<FunctionLayer>(type_name, function, a, b, std::move(extra));
}

Ref<Module> along(const char* type_name, FunctionLayer::Function function, int64_t dim) {
  return make(type_name, function, static_cast<double>(dim), 0, str("dim=", dim));
}

}  // namespace

Ref<Module> activation(std::string_view class_name) {
  for (const Plain& plain : kPlain) {
    if (class_name == plain.type_name) return make_ref<FunctionLayer>(plain.type_name, plain.function);
  }
  fail(Status::kInvalidArgument, "there is no activation \"", class_name, "\"");
}

bool is_relu(const Module& module) { return linear_activation(module) == UnaryOp::relu; }

std::optional<UnaryOp> linear_activation(const Module& module) {
  const auto* layer = dynamic_cast<const FunctionLayer*>(&module);
  if (layer == nullptr) return std::nullopt;
  if (layer->function() == unary_of<UnaryOp::relu>) return UnaryOp::relu;
  if (layer->function() == unary_of<UnaryOp::sigmoid>) return UnaryOp::sigmoid;
  if (layer->function() == unary_of<UnaryOp::tanh>) return UnaryOp::tanh;
  return std::nullopt;
}

Ref<Module> leaky_relu(double negative_slope) {
  return make(
      "LeakyReLU", [](const Tensor& x, double a, double) { return ops::leaky_relu(x, a); }, negative_slope, 0,
      "negative_slope=" + float_text(negative_slope));
}

Ref<Module> elu(double alpha) {
  return make(
      "ELU", [](const Tensor& x, double a, double) { return ops::elu(x, a); }, alpha, 0,
      "alpha=" + float_text(alpha));
}

Ref<Module> celu(double alpha) {
  return make(
      "CELU", [](const Tensor& x, double a, double) { return ops::celu(x, a); }, alpha, 0,
      "alpha=" + float_text(alpha));
}

Ref<Module> gelu(bool tanh_approximation) {
  return make(
      "GELU", [](const Tensor& x, double a, double) { return ops::gelu(x, a != 0); }, tanh_approximation, 0,
      tanh_approximation ? "approximate='tanh'" : "approximate='none'");
}

Ref<Module> softplus(double beta, double threshold) {
  return make(
      "Softplus", [](const Tensor& x, double a, double b) { return ops::softplus(x, a, b); }, beta, threshold,
      str("beta=", float_text(beta), ", threshold=", float_text(threshold)));
}

Ref<Module> hardtanh(double min, double max) {
  TT_CHECK(max > min, Status::kInvalidArgument, "min_val is ", min, ", expected less than max_val, which is ",
           max);
  return make(
      "Hardtanh", [](const Tensor& x, double a, double b) { return ops::hardtanh(x, a, b); }, min, max,
      str("min_val=", float_text(min), ", max_val=", float_text(max)));
}

Ref<Module> threshold(double threshold, double value) {
  return make(
      "Threshold", [](const Tensor& x, double a, double b) { return ops::threshold(x, a, b); }, threshold,
      value, str("threshold=", float_text(threshold), ", value=", float_text(value)));
}

Ref<Module> softshrink(double lambda) {
  return make(
      "Softshrink", [](const Tensor& x, double a, double) { return ops::softshrink(x, a); }, lambda, 0,
      float_text(lambda));
}

Ref<Module> hardshrink(double lambda) {
  return make(
      "Hardshrink", [](const Tensor& x, double a, double) { return ops::hardshrink(x, a); }, lambda, 0,
      float_text(lambda));
}

Ref<Module> glu(int64_t dim) {
  return along(
      "GLU", [](const Tensor& x, double a, double) { return ops::glu(x, static_cast<int64_t>(a)); }, dim);
}

Ref<Module> softmax(int64_t dim) {
  return along(
      "Softmax", [](const Tensor& x, double a, double) { return ops::softmax(x, static_cast<int64_t>(a)); },
      dim);
}

Ref<Module> log_softmax(int64_t dim) {
  return along(
      "LogSoftmax",
      [](const Tensor& x, double a, double) { return ops::log_softmax(x, static_cast<int64_t>(a)); }, dim);
}

Ref<Module> softmin(int64_t dim) {
  return along(
      "Softmin", [](const Tensor& x, double a, double) { return ops::softmin(x, static_cast<int64_t>(a)); },
      dim);
}

Ref<Module> prelu(int64_t num_parameters, double init) { return make_ref<PRelu>(num_parameters, init); }

}  // namespace tt::nn
