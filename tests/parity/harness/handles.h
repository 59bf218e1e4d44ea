// Tensors between the recorded vectors and the C ABI, without any op but as_strided: what is tested does not
// serve to test.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "parity/vectors.h"
#include "tinytorch/tinytorch.h"

namespace tt::parity {

// One reference to a tensor.
class Handle {
 public:
  Handle() = default;
  explicit Handle(tt_tensor* tensor) : tensor_(tensor) {}
  Handle(Handle&& other) noexcept : tensor_(std::exchange(other.tensor_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(tensor_, other.tensor_);
    return *this;
  }
  ~Handle() { tt_tensor_release(tensor_); }
  tt_tensor* get() const { return tensor_; }
  explicit operator bool() const { return tensor_ != nullptr; }

 private:
  tt_tensor* tensor_ = nullptr;
};

// A call of the harness itself failed.
class CallFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
inline void check(tt_status status) {
  if (status != TT_OK) throw CallFailed(tt_last_error());
}

tt_dtype dtype_of(Dtype dtype);
Dtype dtype_of(tt_dtype dtype);

// Takes "--cuda" (or another flag) from where it stands among a program's arguments; whether it was there.
bool take_flag(const char* flag, int& argc, char** argv);
// From now on make and make_contiguous put tensors on the first CUDA device. 0, or where there is none, what
// the program ends with so that ctest counts it as skipped, having printed the reason.
int start_cuda();
// Waits for the work on that device; whether something was wrong with it, which is then reported and done
// with.
bool work_failed();

// From now on `captured` captures calls into a graph.
void start_capturing();
bool capturing_calls();
// The call, or, where calls are captured, its replay; a call that cannot be captured is made.
template <typename F>
tt_status captured(const F& call) {
  if (!capturing_calls()) return call();
  tt_graph* graph = nullptr;
  check(tt_graph_new(TT_CPU, 0, &graph));
  check(tt_graph_capture_begin(graph));
  tt_status status = call();
  const bool refused = status == TT_ERR_NOT_IMPLEMENTED &&
                       std::string(tt_last_error()).find("cannot be captured") != std::string::npos;
  check(tt_graph_capture_end(graph));
  if (status == TT_OK) status = tt_graph_replay(graph);
  tt_graph_release(graph);
  return refused ? call() : status;
}

// The tensor over a storage of its own, as it was recorded: strides, offset, requires_grad.
Handle make(const Tensor& recorded);
// A contiguous tensor of row-major values.
Handle make_contiguous(const Tensor& values, bool requires_grad);
// A copy that is no leaf where the tensor requires a gradient.
Handle clone(const Handle& tensor);

// What the tensor shows: its elements in row-major order, its own strides, and its first element's address.
struct Seen {
  Tensor tensor;
  const unsigned char* address = nullptr;
};
Seen see(const tt_tensor* tensor);

// The elements of a recorded input in row-major order.
Tensor shown(const Tensor& input);

}  // namespace tt::parity
