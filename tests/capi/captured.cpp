// Captured steps through the C++ header: replays do what the steps do, and a step that fails ends its
// capture.
#include "tinytorch/tinytorch.hpp"

#include "check.h"

namespace {

struct Training {
  tt::Module model;
  tt::Tensor x, y, loss;
  tt::optim::SGD optimizer;

  static tt::Module network() {
    tt::manual_seed(5);
    return tt::nn::Sequential({tt::nn::Linear(6, 24), tt::nn::ReLU(), tt::nn::Linear(24, 3)});
  }
  Training()
      : model(network()),
        x(tt::randn({48, 6})),
        y(tt::randint(0, 3, {48})),
        optimizer(model.parameters(), 0.5) {}
  void step() {
    optimizer.zero_grad();
    loss = tt::cross_entropy(model(x), y);
    loss.backward();
    optimizer.step();
  }
};

}  // namespace

int main() {
  Training eager, replayed;
  eager.step();
  replayed.step();
  tt::Graph graph;
  graph.capture([&] { replayed.step(); });
  for (int i = 0; i < 20; ++i) {
    eager.step();
    graph.replay();
    CHECK(replayed.loss.item() == eager.loss.item());
  }

  graph.reset();
  bool refused = false;
  try {
    graph.capture([&] { (void)replayed.loss.item(); });
  } catch (const tt::Error& error) {
    refused = error.status() == TT_ERR_NOT_IMPLEMENTED;
  }
  CHECK(refused);
  CHECK(replayed.loss.item() == eager.loss.item()); /* the capture is over */
  try {
    graph.replay();
    CHECK(false);
  } catch (const tt::Error& error) {
    CHECK(error.status() == TT_ERR_INVALID_ARGUMENT);
  }
  return finish("captured");
}
