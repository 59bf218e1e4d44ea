// What a thread keeps of its own until it ends. C++ offers thread-local objects with destructors, but to
// register one takes memory, and where there is none the C++ runtime ends the process. So thread-local
// variables here are plain words, pointers among them, and what these point to is freed by one
// thread-specific key of the library: its destructor also runs again for what was made by other keys'
// destructors after it.
#pragma once

#include <cstdint>

namespace tt {

// In the order in which they go: what holds tensors before what takes their memory.
enum class ThreadState : uint8_t {
  kScopes,
  kEngine,
  kAutocast,
  kStreams,
  kLiveCounts,
  kError,
  kSmallBlocks,
  kCount
};

// Has `end` called when the calling thread ends; `end` frees what the thread keeps, and may find nothing.
// False: there is no memory to note it, or the thread has ended but for the last destructors, and must not
// keep any.
bool keep_until_thread_ends(ThreadState which, void (*end)() noexcept) noexcept;
// The same for state that the call cannot do without: throws Error(kOutOfMemory).
void need_until_thread_ends(ThreadState which, void (*end)() noexcept);

}  // namespace tt
