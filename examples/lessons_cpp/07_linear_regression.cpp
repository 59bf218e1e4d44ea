// Linear, mean squared error, SGD: forward, loss, zero_grad, backward, step.
#include <cstdio>
#include <iostream>

#include "tinytorch/tinytorch.hpp"

struct Model : tt::nn::Custom {
  tt::Module linear = tt::nn::Linear(1, 1);
  Model() : Custom("Model") { register_module("linear", linear); }
  tt::Tensor forward(const tt::Tensor& x) override { return linear(x); }
};

int main() {
  tt::manual_seed(0);
  const auto x = tt::matrix({{1}, {2}, {3}});
  const auto y = tt::matrix({{2}, {4}, {6}});
  Model model;
  std::cout << model << std::endl;
  tt::optim::SGD optimizer(model.parameters(), 0.01);
  for (int epoch = 0; epoch < 500; ++epoch) {
    const auto loss = tt::mse_loss(model(x), y, tt::Reduction::sum);
    if (epoch % 100 == 0) std::printf("Epoch: %d | Loss: %.6f\n", epoch, loss.item());
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  std::printf("Prediction (after training) 4 %.5f\n", model(tt::matrix({{4}})).item());
}
