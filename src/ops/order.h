// Sorting, selection, scans and counting.
#pragma once

#include "core/tensor.h"

namespace tt::ops {}  // namespace tt::ops
