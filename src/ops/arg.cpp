#include "ops/arg.h"

namespace tt {

namespace {

int category(DType dtype) { return dtype == DType::kBool ? 0 : is_floating(dtype) ? 2 : 1; }

// A group of operands of one priority.
struct Group {
  bool any = false;
  DType dtype = DType::kBool;
  void add(DType t) {
    dtype = any ? promote(dtype, t) : t;
    any = true;
  }
};

DType combine(const Group& higher, const Group& lower) {
  if (!higher.any) return lower.dtype;
  if (!lower.any || category(lower.dtype) <= category(higher.dtype)) return higher.dtype;
  return lower.dtype;
}

DType dtype_of(const Scalar& scalar) {
  switch (scalar.type()) {
    case Scalar::Type::kBool:
      return DType::kBool;
    case Scalar::Type::kInt:
      return DType::kInt64;
    case Scalar::Type::kDouble:
      return default_dtype();
  }
  return DType::kFloat32;
}

}  // namespace

DType result_type(std::span<const Arg> args) {
  Group dimensioned, zero_dim, numbers;
  for (const Arg& arg : args) {
    if (!arg.is_tensor()) {
      numbers.add(dtype_of(arg.scalar()));
    } else if (arg.tensor().ndim() == 0) {
      zero_dim.add(arg.tensor().dtype());
    } else {
      dimensioned.add(arg.tensor().dtype());
    }
  }
  Group tensors = dimensioned;
  if (zero_dim.any) {
    tensors.dtype = combine(dimensioned, zero_dim);
    tensors.any = true;
  }
  return combine(tensors, numbers);
}

Device common_device(std::span<const Arg> args) {
  Device device;
  bool found = false;
  for (const Arg& arg : args) {
    if (!arg.is_tensor()) continue;
    const Device here = arg.tensor().device();
    const bool scalar_like = here.is_cpu() && arg.tensor().ndim() == 0;
    if (!found) {
      device = here;
      found = !scalar_like;
    } else if (here != device && !scalar_like) {
      fail(Status::kDevice, "expected all tensors to be on the same device, but found at least two devices, ",
           device, " and ", here, "!");
    }
  }
  return device;
}

}  // namespace tt
