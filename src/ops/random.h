// Random tensors and in-place random fills.
#pragma once

#include "core/tensor.h"

namespace tt::ops {}  // namespace tt::ops
