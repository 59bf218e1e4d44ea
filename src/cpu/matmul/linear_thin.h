// The gradients of a linear layer with a few inputs and a few outputs.
#pragma once

#include "device/gemm.h"

namespace tt::cpu {

// Whether linear_thin_backward takes a layer of this dtype and these sizes: it is so thin, the machine has
// the instructions, and one thread is enough for it.
bool linear_is_thin(const call::LinearBackward& layer);
void linear_thin_backward(const call::LinearBackward& args);

}  // namespace tt::cpu
