// The library's worker threads. They block every signal, so that the host's handlers never run on them, and
// live until the process ends.
//
// A job does not wait for a worker that has not begun: on a busy machine the calling thread does the work
// itself rather than wait until the system lets another thread run, which a fork and join over fixed shares
// (OpenMP's, for one) must.
#pragma once

namespace tt {

inline constexpr int kMaxPoolThreads = 256;

// body(i, context) for every i in [0, count), 2 <= count <= kMaxPoolThreads, on the calling thread and as
// many workers as are free in time; returns when all are done. False, with nothing done, while the pool works
// for another thread. The body must not throw.
bool run_on_pool(int count, void (*body)(int i, void* context), void* context);

// Whether the calling thread is inside a job's body.
bool inside_pool_job();

}  // namespace tt
