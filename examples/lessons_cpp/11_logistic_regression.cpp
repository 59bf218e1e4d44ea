// Hours studied against passed: sigmoid of a line, binary cross-entropy.
#include <cstdio>

#include "tinytorch/tinytorch.hpp"

struct Model : tt::nn::Custom {
  tt::Module linear = tt::nn::Linear(1, 1);
  Model() : Custom("Model") { register_module("linear", linear); }
  tt::Tensor forward(const tt::Tensor& x) override { return tt::sigmoid(linear(x)); }
};

int main() {
  tt::manual_seed(2);
  const auto x = tt::matrix({{1}, {2}, {3}, {4}});
  const auto y = tt::matrix({{0}, {0}, {1}, {1}});
  Model model;
  tt::optim::SGD optimizer(model.parameters(), 0.01);
  for (int epoch = 0; epoch < 1000; ++epoch) {
    const auto loss = tt::binary_cross_entropy(model(x), y);
    if (epoch % 100 == 0) std::printf("Epoch %d/1000 | Loss: %.4f\n", epoch + 1, loss.item());
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  for (const float hours : {1.0f, 7.0f}) {
    const double y_pred = model(tt::matrix({{hours}})).item();
    std::printf("Prediction for x = %.1f, y_pred = %.4f | Above 50%%: %s\n", hours, y_pred,
                y_pred > 0.5 ? "True" : "False");
  }
}
