#include "capi/guard.h"
#include "ops/softmax/softmax.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

#define TT_WRAP_SOFTMAX(name)                                                                 \
  tt_status tt_##name(const tt_tensor* input, int64_t dim, tt_dtype dtype, tt_tensor** out) { \
    return guard("tt_" #name, [&] {                                                           \
      Out result(out, "out");                                                                 \
      result = ops::name(In(input, "input"), dim, optional_dtype_in(dtype, "dtype"));         \
    });                                                                                       \
  }
TT_WRAP_SOFTMAX(softmax)
TT_WRAP_SOFTMAX(log_softmax)
TT_WRAP_SOFTMAX(softmin)

}  // extern "C"
