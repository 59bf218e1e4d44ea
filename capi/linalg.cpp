#include "capi/guard.h"
#include "ops/matmul/matmul.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

#define TT_WRAP_PRODUCT(name, first, second)                                              \
  tt_status tt_##name(const tt_tensor* first, const tt_tensor* second, tt_tensor** out) { \
    return guard("tt_" #name, [&] {                                                       \
      Out result(out, "out");                                                             \
      result = ops::name(In(first, #first), In(second, #second));                         \
    });                                                                                   \
  }
TT_WRAP_PRODUCT(mm, input, mat2)
TT_WRAP_PRODUCT(bmm, input, mat2)
TT_WRAP_PRODUCT(matmul, input, other)
TT_WRAP_PRODUCT(mv, input, vec)
TT_WRAP_PRODUCT(dot, input, other)
TT_WRAP_PRODUCT(outer, input, vec2)

#define TT_WRAP_ADD_PRODUCT(name, first, second)                                                            \
  tt_status tt_##name(const tt_tensor* input, const tt_tensor* first, const tt_tensor* second, double beta, \
                      double alpha, tt_tensor** out) {                                                      \
    return guard("tt_" #name, [&] {                                                                         \
      Out result(out, "out");                                                                               \
      result = ops::name(In(input, "input"), In(first, #first), In(second, #second), beta, alpha);          \
    });                                                                                                     \
  }                                                                                                         \
  tt_status tt_##name##_(tt_tensor* input, const tt_tensor* first, const tt_tensor* second, double beta,    \
                         double alpha) {                                                                    \
    return guard("tt_" #name "_", [&] {                                                                     \
      ops::name##_(In(input, "input"), In(first, #first), In(second, #second), beta, alpha);                \
    });                                                                                                     \
  }
TT_WRAP_ADD_PRODUCT(addmm, mat1, mat2)
TT_WRAP_ADD_PRODUCT(baddbmm, batch1, batch2)
TT_WRAP_ADD_PRODUCT(addmv, mat, vec)

tt_status tt_linear(const tt_tensor* input, const tt_tensor* weight, const tt_tensor* bias, tt_tensor** out) {
  return guard("tt_linear", [&] {
    Out result(out, "out");
    result = ops::linear(In(input, "input"), In(weight, "weight"), optional_in(bias, "bias"));
  });
}

tt_status tt_bilinear(const tt_tensor* input1, const tt_tensor* input2, const tt_tensor* weight,
                      const tt_tensor* bias, tt_tensor** out) {
  return guard("tt_bilinear", [&] {
    Out result(out, "out");
    result = ops::bilinear(In(input1, "input1"), In(input2, "input2"), In(weight, "weight"),
                           optional_in(bias, "bias"));
  });
}

tt_status tt_tensordot(const tt_tensor* a, const tt_tensor* b, const int64_t* dims_a, size_t n_dims_a,
                       const int64_t* dims_b, size_t n_dims_b, tt_tensor** out) {
  return guard("tt_tensordot", [&] {
    Out result(out, "out");
    const Dims da = dims_in(dims_a, n_dims_a, "dims_a");
    const Dims db = dims_in(dims_b, n_dims_b, "dims_b");
    result = ops::tensordot(In(a, "a"), In(b, "b"), da, db);
  });
}

tt_status tt_einsum(const char* equation, tt_tensor* const* operands, size_t n_operands, tt_tensor** out) {
  return guard("tt_einsum", [&] {
    Out result(out, "out");
    result = ops::einsum(text_in(equation, "equation"), list_in(operands, n_operands, "operands"));
  });
}

}  // extern "C"
