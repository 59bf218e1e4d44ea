// The CPU's kernels during a capture: each call is noted, with its arguments, instead of done.
#pragma once

#include <memory>

#include "core/backend.h"
#include "cpu/captured_work.h"

namespace tt::cpu {

class Recorder {
 public:
  // Both outlive the recorder. Replays call the kernels of `kernels`.
  Recorder(Backend& kernels, CapturedWork& work);
  ~Recorder();

  Backend& backend() { return backend_; }

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
  Backend backend_;
};

}  // namespace tt::cpu
