// The diabetes table through 8-6-4-1 sigmoids.  usage: 12_diabetes FILE.csv[.gz]
#include <cstdio>
#include <exception>

#include "tinytorch/tinytorch.hpp"

static void run(const char* path) {
  tt::manual_seed(0);
  tt::Tensor xy;
  tt::check(tt_read_csv(path, ',', 0, TT_FLOAT32, xy.out()));
  const auto x = xy.narrow(1, 0, 8), y = xy.narrow(1, 8, 1);
  std::printf("X's shape: torch.Size([%d, %d]) | Y's shape: torch.Size([%d, %d])\n",
              static_cast<int>(x.size(0)), static_cast<int>(x.size(1)), static_cast<int>(y.size(0)),
              static_cast<int>(y.size(1)));

  using namespace tt::nn;
  auto model = Sequential({Linear(8, 6), Sigmoid(), Linear(6, 4), Sigmoid(), Linear(4, 1), Sigmoid()});
  tt::optim::SGD optimizer(model.parameters(), 0.1);
  for (int epoch = 0; epoch < 1000; ++epoch) {
    const auto loss = tt::binary_cross_entropy(model(x), y);
    if (epoch % 200 == 0 || epoch == 999)
      std::printf("Epoch: %d/1000 | Loss: %.4f\n", epoch + 1, loss.item());
    optimizer.zero_grad();
    loss.backward();
    optimizer.step();
  }
  const auto right = (model(x) > 0.5) == (y > 0.5);
  std::printf("accuracy %.4f\n", right.to(tt::DType::float32).mean().item());
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FILE.csv[.gz]: 8 columns of features and one of labels, no header\n",
                 argv[0]);
    return 2;
  }
  try {
    run(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
