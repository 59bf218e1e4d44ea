// What the library asks of a capture of the CPU's work (device/graph.h): the host does that work itself, so
// what would read, write or allocate memory on the way must know that it is only noted.
#pragma once

#include <cstddef>
#include <functional>

#include "base/device.h"

namespace tt {

class Storage;
struct Backend;
template <typename T>
class Ref;

class HostCapture {
 public:
  // Of the thread, or null.
  static HostCapture* current() { return t_current; }

  // Kernels that note what they are asked to do.
  virtual Backend& backend() = 0;
  // Memory that nobody else gets while the graph lives. Freed during the capture, it is the next to be used.
  virtual Ref<Storage> allocate(size_t nbytes) = 0;
  // The storage's address has been asked for: a replay may use it.
  virtual void use(const Storage& storage) = 0;
  // Host work that a replay does at this place.
  virtual void note(std::function<void()> work) = 0;

 protected:
  ~HostCapture() = default;
  static void set_current(HostCapture* capture) { t_current = capture; }

 private:
#ifndef __CUDACC__  // which does not take it
  [[gnu::tls_model("initial-exec")]]
#endif
  static constinit thread_local HostCapture* t_current;
};

// Fails where the thread captures the CPU's work: `why` says what cannot be noted, "reads values".
void refuse_host_capture(const char* why);
inline constexpr char kHostValues[] = "takes values from the host, which a replay would not see";

// Does the work; a capture of the CPU's work notes it instead. `work` keeps the tensors that it uses.
template <typename Work>
void host_work(const Work& work) {
  if (HostCapture* const capture = HostCapture::current()) {
    capture->note(work);
  } else {
    work();
  }
}

}  // namespace tt
