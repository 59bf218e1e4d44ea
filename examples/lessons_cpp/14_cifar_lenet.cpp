// The CIFAR-10 network: two convolutions with pooling, three fully connected layers, on random images.
#include <cstdio>
#include <iostream>

#include "tinytorch/tinytorch.hpp"

struct Net : tt::nn::Custom {
  tt::Module conv1 = tt::nn::Conv2d(3, 6, 5);
  tt::Module pool = tt::nn::MaxPool2d(2);
  tt::Module conv2 = tt::nn::Conv2d(6, 16, 5);
  tt::Module fc1 = tt::nn::Linear(16 * 5 * 5, 120);
  tt::Module fc2 = tt::nn::Linear(120, 84);
  tt::Module fc3 = tt::nn::Linear(84, 10);

  Net() : Custom("Net") {
    register_module("conv1", conv1);
    register_module("pool", pool);
    register_module("conv2", conv2);
    register_module("fc1", fc1);
    register_module("fc2", fc2);
    register_module("fc3", fc3);
  }
  tt::Tensor forward(const tt::Tensor& images) override {
    auto x = pool(tt::relu(conv1(images)));
    x = pool(tt::relu(conv2(x))).view({-1, 16 * 5 * 5});
    return fc3(tt::relu(fc2(tt::relu(fc1(x)))));
  }
};

int main() {
  tt::manual_seed(0);
  Net net;
  std::cout << net << "\n";
  int64_t count = 0;
  for (const auto& parameter : net.parameters()) count += parameter.numel();
  std::cout << count << std::endl;

  tt::optim::SGD optimizer(net.parameters(), 0.01, 0.9);
  const auto images = tt::randn({64, 3, 32, 32});
  const auto labels = tt::randint(0, 10, {64});
  for (int step = 0; step < 31; ++step) {
    optimizer.zero_grad();
    const auto loss = tt::cross_entropy(net(images), labels);
    loss.backward();
    optimizer.step();
    if (step % 5 == 0) std::printf("step %2d loss %.4f\n", step, loss.item());
  }
  const auto predicted = net(images).max(1).second;
  std::printf("correct %d\n", static_cast<int>((predicted == labels).sum().item()));
}
