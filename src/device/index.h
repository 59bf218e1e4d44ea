// Gathering and scattering by index, and filling by position.
#pragma once

#include <optional>

#include "base/error.h"
#include "tensor/loop.h"
#include "device/call.h"

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

namespace call {

// The smallest and the largest of the indices (operand 0, int32 or int64). The loop is not empty.
struct IndexRange {
  static constexpr char kName[] = "index_range";
  Loop loop;
  ToHost<int64_t> min, max;
};
// Fails with fail_index's error unless every index (operand 0, int32 or int64) is within the bounds. The loop
// is not empty. A device does not wait: it reports the error in a later call, and the calls below do no harm
// with such an index.
struct CheckBounds {
  static constexpr char kName[] = "check_bounds";
  Loop loop;
  IndexBounds bounds;
};
// offsets[0] (int64) = index[1] * stride, or += where `add`; a negative index counts from `size`. The indices
// are in [-size, size); on a device the offset of another one is negative, also after more adding.
struct IndexOffsets {
  static constexpr char kName[] = "index_offsets";
  Loop loop;
  int64_t size, stride;
  bool add;
};
// out[0] = the element index[2] * stride bytes behind source[1]. The indices are in [0, size); on a device
// another one gives zero.
struct Gather {
  static constexpr char kName[] = "gather";
  Loop loop;
  int64_t size, stride;
};
// The element index[2] * stride bytes behind self[0] takes source[1], one after another: a repeated index
// gathers all of them. The indices are in [0, size); on a device another one writes nothing. The source may
// be a host scalar.
struct Scatter {
  static constexpr char kName[] = "scatter";
  ScatterOp op;
  Loop loop;
  int64_t size, stride;
};
// self[0] += values[1], one after another: self may overlap itself.
struct Accumulate {
  static constexpr char kName[] = "accumulate";
  Loop loop;
};
// self[0] = floor(self[0] / counts[1]), integers, counts positive.
struct FloorDivide {
  static constexpr char kName[] = "floor_divide";
  Loop loop;
};

// Of n bools, dense.
struct CountTrue {
  static constexpr char kName[] = "count_true";
  static constexpr char kNotCaptured[] = "gives a result whose shape depends on values";
  In<bool> mask;
  int64_t n;
  ToHost<int64_t> count;
};
// The indices of the true ones of a dense mask, in order, as the rows of out (count x ndim, dense).
struct NonZero {
  static constexpr char kName[] = "nonzero";
  In<bool> mask;
  Dims sizes;
  Out<int64_t> out;
};

// `count` blocks of `bytes`, the given steps (in bytes) apart.
struct CopyBlocks {
  static constexpr char kName[] = "copy_blocks";
  Out<char> to;
  int64_t to_step;
  In<char> from;
  int64_t from_step, bytes, count;
};

// start + i * step, dense, computed in int64 for integers, double for float, float for half types.
struct Arange {
  static constexpr char kName[] = "arange";
  Out<void> out;
  DType dtype;
  int64_t n;
  Scalar start, step;
};
// n > 1 values from start to end in equal steps, both ends exact; base to their power where base is given.
struct Linspace {
  static constexpr char kName[] = "linspace";
  Out<void> out;
  DType dtype;
  int64_t n;
  Scalar start, end;
  std::optional<double> base;
};
// Of `batch` dense rows x columns matrices, what lies on and above (upper) or below the diagonal; the rest
// becomes zero.
struct Triangle {
  static constexpr char kName[] = "triangle";
  Out<void> out;
  In<void> in;
  size_t element;
  int64_t batch, rows, columns, diagonal;
  bool upper;
};

using IndexCalls = CallList<IndexRange, CheckBounds, IndexOffsets, Gather, Scatter, Accumulate, FloorDivide,
                            CountTrue, NonZero, CopyBlocks, Arange, Linspace, Triangle>;

}  // namespace call

}  // namespace tt
