#include "capi/layer_options.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

#define TT_WRAP_CONV(spatial)                                                                               \
  tt_status tt_conv##spatial##d(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias,     \
                                const tt_conv_options* options, tt_tensor** out) {                          \
    return guard("tt_conv" #spatial "d", [&] {                                                              \
      Out result(out, "out");                                                                               \
      result = ops::conv##spatial##d(*In(input, "input"), *In(weight, "weight"), optional_in(bias, "bias"), \
                                     conv_options_in(options, spatial, nullptr));                           \
    });                                                                                                     \
  }
TT_WRAP_CONV(1)
TT_WRAP_CONV(2)
#undef TT_WRAP_CONV

}  // extern "C"
