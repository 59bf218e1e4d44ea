// The activations with parameters.
#include "ops/pointwise/activation.h"

#include "capi/enums.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

#define TT_CALL(name, expression, ...)                \
  tt_status tt_##name(__VA_ARGS__, tt_tensor** out) { \
    return guard("tt_" #name, [&] {                   \
      Out result(out, "out");                         \
      const In x(input, "input");                     \
      result = expression;                            \
    });                                               \
  }
#define TT_CALL_(name, expression, ...) \
  tt_status tt_##name(__VA_ARGS__) {    \
    return guard("tt_" #name, [&] {     \
      const In x(input, "input");       \
      expression;                       \
    });                                 \
  }

TT_CALL(relu6, ops::relu6(*x), const tt_tensor* input)
TT_CALL_(relu6_, ops::relu6_(*x), tt_tensor* input)
TT_CALL(leaky_relu, ops::leaky_relu(*x, negative_slope), const tt_tensor* input, double negative_slope)
TT_CALL_(leaky_relu_, ops::leaky_relu_(*x, negative_slope), tt_tensor* input, double negative_slope)
TT_CALL(elu, ops::elu(*x, alpha), const tt_tensor* input, double alpha)
TT_CALL_(elu_, ops::elu_(*x, alpha), tt_tensor* input, double alpha)
TT_CALL(celu, ops::celu(*x, alpha), const tt_tensor* input, double alpha)
TT_CALL_(celu_, ops::celu_(*x, alpha), tt_tensor* input, double alpha)
TT_CALL(softplus, ops::softplus(*x, beta, threshold), const tt_tensor* input, double beta, double threshold)
TT_CALL(hardtanh, ops::hardtanh(*x, min_val, max_val), const tt_tensor* input, double min_val, double max_val)
TT_CALL_(hardtanh_, ops::hardtanh_(*x, min_val, max_val), tt_tensor* input, double min_val, double max_val)
TT_CALL(threshold, ops::threshold(*x, threshold, value), const tt_tensor* input, double threshold,
        double value)
TT_CALL_(threshold_, ops::threshold_(*x, threshold, value), tt_tensor* input, double threshold, double value)
TT_CALL(softshrink, ops::softshrink(*x, lambd), const tt_tensor* input, double lambd)
TT_CALL(hardshrink, ops::hardshrink(*x, lambd), const tt_tensor* input, double lambd)
TT_CALL(softsign, ops::softsign(*x), const tt_tensor* input)
TT_CALL(tanhshrink, ops::tanhshrink(*x), const tt_tensor* input)
TT_CALL(prelu, ops::prelu(*x, *In(weight, "weight")), const tt_tensor* input, const tt_tensor* weight)
TT_CALL(glu, ops::glu(*x, dim), const tt_tensor* input, int64_t dim)

tt_status tt_gelu(const tt_tensor* input, tt_gelu_approximate approximate, tt_tensor** out) {
  return guard("tt_gelu", [&] {
    Out result(out, "out");
    const In x(input, "input");
    result = ops::gelu(*x, gelu_tanh_in(approximate));
  });
}

}  // extern "C"
