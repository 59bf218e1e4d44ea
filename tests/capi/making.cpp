// Making tensors from C++.
#include "check.h"
#include "tinytorch/tinytorch.hpp"

int main() {
  CHECK(tt::matrix({{1, 2}, {3, 4}, {5, 6}}).size(0) == 3);
  CHECK(tt::matrix({{}, {}}).numel() == 0);
  bool refused = false;
  try {
    tt::matrix({{1, 2}, {3}, {4, 5, 6}});  // as many numbers as in three rows of two
  } catch (const tt::Error& error) {
    refused = error.status() == TT_ERR_SHAPE;
  }
  CHECK(refused);
  return finish("making");
}
