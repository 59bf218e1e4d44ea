// The CUDA backend against the CPU's, kernel by kernel. Ends with 77, having printed the reason, where there
// is no device.
#include <gtest/gtest.h>

#include <cstdio>

#include "device/plugin.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (tt::device_count(tt::DeviceType::kCuda) == 0) {
    std::printf("skipped: %s\n", tt::device_unavailable_reason(tt::DeviceType::kCuda).c_str());
    return 77;
  }
  return RUN_ALL_TESTS();
}
