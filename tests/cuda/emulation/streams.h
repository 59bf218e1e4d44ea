// What the emulated device is given to do, and when it does it: as late as the program allows. A stream's
// work waits in a queue until somebody waits for it, so that what the backend orders by a stream, by an event
// or by waiting is missed when it is not ordered. A stream that is being captured puts its work into a graph.
#pragma once

#include <functional>

#include "cuda_runtime.h"

namespace emulation {

// For what is undefined on a device.
[[noreturn]] void die(const char* what);

// Work that is no kernel, checked already.
cudaError_t submit(cudaStream_t stream, std::function<void()> work);

// What a call does that waits for the whole device, which cannot be done while a stream is being captured: it
// spoils the capture. For those that wait behind the scenes.
void synchronize_device();

// What libraries allocate for themselves counts as used; false where there is no more.
bool take_memory();
void give_back_memory();

// Whether the bytes are the device's.
bool on_device(const void* data, size_t nbytes);

// Runs `thread` for every thread of every block. One call at a time.
void run_grid(dim3 grid, dim3 block, const std::function<void()>& thread);

}  // namespace emulation
