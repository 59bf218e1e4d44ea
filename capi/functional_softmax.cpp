#include "capi/guard.h"
#include "ops/softmax.h"

using namespace tt;
using namespace tt::capi;

namespace {

std::optional<DType> optional_dtype(int32_t dtype) {
  if (dtype == -1) return std::nullopt;
  return dtype_in(dtype, "dtype");
}

}  // namespace

extern "C" {

#define TT_WRAP_SOFTMAX(name)                                                                \
  tt_status tt_##name(const tt_tensor* input, int64_t dim, int32_t dtype, tt_tensor** out) { \
    return guard("tt_" #name, [&] {                                                          \
      Out result(out, "out");                                                                \
      result = ops::name(In(input, "input"), dim, optional_dtype(dtype));                    \
    });                                                                                      \
  }
TT_WRAP_SOFTMAX(softmax)
TT_WRAP_SOFTMAX(log_softmax)
TT_WRAP_SOFTMAX(softmin)

}  // extern "C"
