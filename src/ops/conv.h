// Convolution.
#pragma once

#include "core/tensor.h"

namespace tt::ops {}  // namespace tt::ops
