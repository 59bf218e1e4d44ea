// Prints how many CUDA devices there are and why there are none; the CPU must work whatever the answer.
#include <cstdio>

#include "device/plugin.h"
#include "ops/ops.h"

int main() {
  using namespace tt;
  std::printf("%d devices: %s\n", device_count(DeviceType::kCuda),
              device_unavailable_reason(DeviceType::kCuda).c_str());
  const Tensor x = ops::add(ops::ones({2}, DType::kFloat32), 1.0);
  return *x.data<float>() == 2.0f ? 0 : 1;
}
