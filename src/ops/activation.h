// Activations beyond the op table, softmax.
#pragma once

#include "core/tensor.h"

namespace tt::ops {}  // namespace tt::ops
