// The CPU's kernels during a capture: each call is noted, with what it refers to on the host, instead of
// done.
#pragma once

#include "device/backend.h"

namespace tt::cpu {

// Calls are noted in the work that the capture in progress gives (cpu/runtime/graph.h). `kernels` does the
// replays, and outlives the table.
KernelTable recording_table(const KernelTable& kernels);

}  // namespace tt::cpu
