// For functions of a kernel's innermost loop: without them in its body the compiler makes no vectors of it,
// nor code for the instruction set that the loop is compiled for.
#pragma once

#include "base/macros.h"

#define TT_INLINE_IN_KERNELS [[gnu::always_inline]] TT_HOST_DEVICE inline
