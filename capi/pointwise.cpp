#include "ops/pointwise.h"

#include "capi/guard.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

#define TT_WRAP_BINARY(name)                                                                        \
  tt_status tt_##name(const tt_tensor* input, const tt_tensor* other, tt_tensor** out) {            \
    return guard("tt_" #name, [&] {                                                                 \
      Out result(out, "out");                                                                       \
      result = ops::name(*In(input, "input"), *In(other, "other"));                                 \
    });                                                                                             \
  }                                                                                                 \
  tt_status tt_##name##_(tt_tensor* input, const tt_tensor* other) {                                \
    return guard("tt_" #name "_", [&] { ops::name##_(*In(input, "input"), *In(other, "other")); }); \
  }                                                                                                 \
  tt_status tt_##name##_scalar(const tt_tensor* input, double other, tt_tensor** out) {             \
    return guard("tt_" #name "_scalar", [&] {                                                       \
      Out result(out, "out");                                                                       \
      result = ops::name(*In(input, "input"), other);                                               \
    });                                                                                             \
  }                                                                                                 \
  tt_status tt_##name##_scalar_(tt_tensor* input, double other) {                                   \
    return guard("tt_" #name "_scalar_", [&] { ops::name##_(*In(input, "input"), other); });        \
  }

TT_WRAP_BINARY(add)

}  // extern "C"
