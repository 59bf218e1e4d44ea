// Drawing random numbers for a tensor. In a capture of the CPU's work the whole of it is noted, generator
// included: each replay draws what the generator then gives.
#pragma once

#include <functional>

#include "random/generator.h"
#include "device/host_capture.h"
#include "tensor/tensor.h"

namespace tt::ops {

// What a fill refuses at once in a capture, too: nothing, or arguments, which it checks also where no number
// is asked for.
enum class FillChecks : uint8_t { kNothing, kArguments };

// The capture's part of draw.
void note_draw(HostCapture& capture, Generator& generator, const Tensor& out,
               std::function<void(Generator&, const Tensor&)> fill, FillChecks checks);

// fill(generator, out) writes out's numbers. It is copied.
template <typename Fill>
[[gnu::noinline]] void draw(Generator& generator, const Tensor& out, const Fill& fill,
                            FillChecks checks = FillChecks::kArguments) {
  // Called in one place, because it is large: a case for each dtype.
  static constexpr auto run = +[](const Fill& f, Generator& from, const Tensor& to) { f(from, to); };
  HostCapture* const capture = out.device().is_cpu() ? HostCapture::current() : nullptr;
  if (capture == nullptr) return run(fill, generator, out);
  note_draw(
      *capture, generator, out, [fill](Generator& from, const Tensor& to) { run(fill, from, to); }, checks);
}

}  // namespace tt::ops
