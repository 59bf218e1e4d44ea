// Gathering and scattering by index, and filling by position.
#pragma once

#include "core/error.h"
#include "core/loop.h"

namespace tt {

enum class ScatterOp : uint8_t { kAssign, kAdd, kMul, kMax, kMin };

// The indices that an op takes: [low, size).
struct IndexBounds {
  static constexpr int kClasses = -1;  // one_hot: they are class values
  int64_t low;
  int64_t size;
  int dim;  // for the message
};

// The error of an index that is not within its bounds.
[[noreturn]] inline void fail_index(int64_t index, int64_t size, int dim) {
  if (dim != IndexBounds::kClasses) {
    fail(Status::kInvalidArgument, "index ", index, " is out of bounds for dimension ", dim, " with size ",
         size);
  }
  TT_CHECK(index >= 0, Status::kInvalidArgument, "input has the class ", index, ", expected 0 or more");
  fail(Status::kInvalidArgument, "input has the class ", index, ", but num_classes is ", size);
}

class IndexKernels {
 public:
  static constexpr char kFamily[] = "index";
  virtual ~IndexKernels() = default;

  // The smallest and the largest of the indices (operand 0, int32 or int64). The loop is not empty. Waits for
  // the device.
  virtual void index_range(const Loop& loop, int64_t* min, int64_t* max) = 0;
  // Fails with fail_index's error unless every index (operand 0, int32 or int64) is within the bounds. The
  // loop is not empty. A device does not wait: it reports the error in a later call, and the calls below do
  // no harm with such an index.
  virtual void check_bounds(const Loop& loop, const IndexBounds& bounds) = 0;
  // offsets[0] (int64) = index[1] * stride, or += where `add`; a negative index counts from `size`. The
  // indices are in [-size, size); on a device the offset of another one is negative, also after more adding.
  virtual void index_offsets(const Loop& loop, int64_t size, int64_t stride, bool add) = 0;
  // out[0] = the element index[2] * stride bytes behind source[1]. The indices are in [0, size); on a device
  // another one gives zero.
  virtual void gather(const Loop& loop, int64_t size, int64_t stride) = 0;
  // The element index[2] * stride bytes behind self[0] takes source[1], one after another: a repeated index
  // gathers all of them. The indices are in [0, size); on a device another one writes nothing. The source
  // may be a host scalar.
  virtual void scatter(ScatterOp op, const Loop& loop, int64_t size, int64_t stride) = 0;
  // self[0] += values[1], one after another: self may overlap itself.
  virtual void accumulate(const Loop& loop) = 0;
  // self[0] = floor(self[0] / counts[1]), integers, counts positive.
  virtual void floor_divide(const Loop& loop) = 0;

  // Of n bools, dense.
  virtual int64_t count_true(const bool* mask, int64_t n) = 0;
  // The indices of the true ones of a dense mask, in order, as the rows of out (count x ndim, dense).
  virtual void nonzero(const bool* mask, const Dims& sizes, int64_t* out) = 0;

  // `count` blocks of `bytes`, the given steps (in bytes) apart.
  virtual void copy_blocks(char* to, int64_t to_step, const char* from, int64_t from_step, int64_t bytes,
                           int64_t count) = 0;

  // start + i * step, dense, computed in int64 for integers, double for float, float for half types.
  virtual void arange(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& step) = 0;
  // n > 1 values from start to end in equal steps, both ends exact; base to their power where base is given.
  virtual void linspace(void* out, DType dtype, int64_t n, const Scalar& start, const Scalar& end,
                        const double* base) = 0;
  // Of `batch` dense rows x columns matrices, what lies on and above (upper) or below the diagonal; the rest
  // becomes zero.
  virtual void triangle(void* out, const void* in, size_t element, int64_t batch, int64_t rows,
                        int64_t columns, int64_t diagonal, bool upper) = 0;
};

}  // namespace tt
