// The binary versions of CIFAR-10 and CIFAR-100: records of the label bytes and a 3x32x32 image.
#pragma once

#include "io/file.h"

namespace tt::io {

struct Cifar {
  Tensor images;  // uint8 [n, 3, 32, 32]
  Tensor labels;  // int64 [n]; CIFAR-100: the fine labels
  Tensor coarse;  // CIFAR-100 only: int64 [n]
};
Cifar read_cifar10(const std::string& path);
Cifar read_cifar100(const std::string& path);

}  // namespace tt::io
