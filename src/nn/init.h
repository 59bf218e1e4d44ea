// PyTorch's torch.nn.init: fills of parameters in place, drawing from the generator as PyTorch does. Never
// recorded. A null generator is the default one.
#pragma once

#include "random/generator.h"
#include "tensor/tensor.h"

namespace tt::nn::init {

enum class FanMode : int32_t { kFanIn = 0, kFanOut = 1 };
enum class Nonlinearity : int32_t {
  kLinear = 0,  // convolutions too
  kSigmoid = 1,
  kTanh = 2,
  kRelu = 3,
  kLeakyRelu = 4,
  kSelu = 5,
};

// `param`: leaky_relu's negative slope.
double calculate_gain(Nonlinearity nonlinearity, double param = 0.01);

struct Fans {
  int64_t in;
  int64_t out;
};
Fans fans(const Tensor& t);  // two dimensions or more

void uniform_(const Tensor& t, double a = 0, double b = 1, Generator* generator = nullptr);
void normal_(const Tensor& t, double mean = 0, double std = 1, Generator* generator = nullptr);
void trunc_normal_(const Tensor& t, double mean = 0, double std = 1, double a = -2, double b = 2,
                   Generator* generator = nullptr);
void constant_(const Tensor& t, double value);
void eye_(const Tensor& t);                        // two dimensions
void dirac_(const Tensor& t, int64_t groups = 1);  // three to five dimensions
void xavier_uniform_(const Tensor& t, double gain = 1, Generator* generator = nullptr);
void xavier_normal_(const Tensor& t, double gain = 1, Generator* generator = nullptr);
void kaiming_uniform_(const Tensor& t, double a = 0, FanMode mode = FanMode::kFanIn,
                      Nonlinearity nonlinearity = Nonlinearity::kLeakyRelu, Generator* generator = nullptr);
void kaiming_normal_(const Tensor& t, double a = 0, FanMode mode = FanMode::kFanIn,
                     Nonlinearity nonlinearity = Nonlinearity::kLeakyRelu, Generator* generator = nullptr);

}  // namespace tt::nn::init
