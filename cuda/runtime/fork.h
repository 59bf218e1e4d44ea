// A process that was forked after the backend had begun to use devices. It cannot use them, and what it
// inherits is its parent's; locks of the parent's threads may be taken for ever.
#pragma once

namespace tt::cuda {

// From now on the process uses devices.
void watch_forks();
bool in_forked_child() noexcept;
// Fails in such a process.
void refuse_forked_child();

}  // namespace tt::cuda
