// Three inputs, two hidden units, one output.
#include <iostream>

#include "tinytorch/tinytorch.hpp"

static tt::Tensor activation(const tt::Tensor& x) { return 1 / (1 + tt::exp(-x)); }

static std::string shape(const tt::Tensor& x) {
  std::string out = "torch.Size([";
  for (const int64_t size : x.sizes()) out += (out.back() == '[' ? "" : ", ") + std::to_string(size);
  return out + "])";
}

int main() {
  tt::manual_seed(7);
  const auto features = tt::randn({1, 3});
  const auto w1 = tt::randn({3, 2}), w2 = tt::randn({2, 1});
  const auto b1 = tt::randn({1, 2}), b2 = tt::randn({1, 1});

  const auto h = activation(features.mm(w1) + b1);
  const auto output = activation(h.mm(w2) + b2);
  std::cout << output << "\n";
  std::cout << shape(features) << " " << shape(w1) << " " << shape(h) << " " << shape(output) << "\n";
}
