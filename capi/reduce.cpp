#include "ops/reduce/reduce.h"

#include <optional>

#include "capi/guard.h"
#include "ops/sort/order.h"

using namespace tt;
using namespace tt::capi;

namespace {

std::optional<int64_t> optional_dim(const int64_t* dim) {
  return dim == nullptr ? std::nullopt : std::optional<int64_t>(*dim);
}

// An op with two results: both handles are NULL unless both are there.
template <typename F>
tt_status two_results(const char* call, tt_tensor** values, tt_tensor** indices, F&& op) {
  return guard(call, [&] {
    clear_outs({{values, "values"}, {indices, "indices"}});
    const ops::ValuesAndIndices result = op();
    *values = give(result.values);
    *indices = give(result.indices);
  });
}

// `inverse` and `counts` may be NULL: then they are not wanted.
template <typename F>
tt_status unique_results(const char* call, tt_tensor** out, tt_tensor** inverse, tt_tensor** counts, F&& op) {
  return guard(call, [&] {
    if (inverse != nullptr) *inverse = nullptr;
    if (counts != nullptr) *counts = nullptr;
    clear_outs({{out, "out"}});
    const ops::Unique result = op(inverse != nullptr, counts != nullptr);
    reserve_in_scope(3);
    *out = give(result.values);
    if (inverse != nullptr) *inverse = give(result.inverse);
    if (counts != nullptr) *counts = give(result.counts);
  });
}

}  // namespace

extern "C" {

#define TT_WRAP_SUM(name)                                                                            \
  tt_status tt_##name(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim, \
                      tt_dtype dtype, tt_tensor** out) {                                             \
    return guard("tt_" #name, [&] {                                                                  \
      Out result(out, "out");                                                                        \
      result = ops::name(*In(input, "input"), dims_in(dim, dim_count, "dim"), keepdim != 0,          \
                         optional_dtype_in(dtype, "dtype"));                                         \
    });                                                                                              \
  }
TT_WRAP_SUM(sum)
TT_WRAP_SUM(nansum)
TT_WRAP_SUM(mean)

tt_status tt_prod(const tt_tensor* input, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_prod", [&] {
    Out result(out, "out");
    result = ops::prod(*In(input, "input"), optional_dtype_in(dtype, "dtype"));
  });
}

tt_status tt_prod_dim(const tt_tensor* input, int64_t dim, int32_t keepdim, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_prod_dim", [&] {
    Out result(out, "out");
    result = ops::prod_dim(*In(input, "input"), dim, keepdim != 0, optional_dtype_in(dtype, "dtype"));
  });
}

tt_status tt_var(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                 double correction, tt_tensor** out) {
  return guard("tt_var", [&] {
    Out result(out, "out");
    result = ops::var(*In(input, "input"), dims_in(dim, dim_count, "dim"), correction, keepdim != 0);
  });
}

tt_status tt_std(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim,
                 double correction, tt_tensor** out) {
  return guard("tt_std", [&] {
    Out result(out, "out");
    result = ops::stddev(*In(input, "input"), dims_in(dim, dim_count, "dim"), correction, keepdim != 0);
  });
}

tt_status tt_vector_norm(const tt_tensor* input, double ord, const int64_t* dim, size_t dim_count,
                         int32_t keepdim, tt_dtype dtype, tt_tensor** out) {
  return guard("tt_vector_norm", [&] {
    Out result(out, "out");
    result = ops::vector_norm(*In(input, "input"), ord, dims_in(dim, dim_count, "dim"), keepdim != 0,
                              optional_dtype_in(dtype, "dtype"));
  });
}

#define TT_WRAP_DIMS(name)                                                                           \
  tt_status tt_##name(const tt_tensor* input, const int64_t* dim, size_t dim_count, int32_t keepdim, \
                      tt_tensor** out) {                                                             \
    return guard("tt_" #name, [&] {                                                                  \
      Out result(out, "out");                                                                        \
      result = ops::name(*In(input, "input"), dims_in(dim, dim_count, "dim"), keepdim != 0);         \
    });                                                                                              \
  }
TT_WRAP_DIMS(logsumexp)
TT_WRAP_DIMS(amax)
TT_WRAP_DIMS(amin)
TT_WRAP_DIMS(all)
TT_WRAP_DIMS(any)

#define TT_WRAP_EXTREME(name)                                                                            \
  tt_status tt_##name(const tt_tensor* input, tt_tensor** out) {                                         \
    return guard("tt_" #name, [&] {                                                                      \
      Out result(out, "out");                                                                            \
      result = ops::name(*In(input, "input"));                                                           \
    });                                                                                                  \
  }                                                                                                      \
  tt_status tt_##name##_dim(const tt_tensor* input, int64_t dim, int32_t keepdim, tt_tensor** values,    \
                            tt_tensor** indices) {                                                       \
    return two_results("tt_" #name "_dim", values, indices,                                              \
                       [&] { return ops::name##_dim(*In(input, "input"), dim, keepdim != 0); });         \
  }                                                                                                      \
  tt_status tt_arg##name(const tt_tensor* input, const int64_t* dim, int32_t keepdim, tt_tensor** out) { \
    return guard("tt_arg" #name, [&] {                                                                   \
      Out result(out, "out");                                                                            \
      result = ops::arg##name(*In(input, "input"), optional_dim(dim), keepdim != 0);                     \
    });                                                                                                  \
  }
TT_WRAP_EXTREME(max)
TT_WRAP_EXTREME(min)

tt_status tt_count_nonzero(const tt_tensor* input, const int64_t* dim, size_t dim_count, tt_tensor** out) {
  return guard("tt_count_nonzero", [&] {
    Out result(out, "out");
    result = ops::count_nonzero(*In(input, "input"), dims_in(dim, dim_count, "dim"));
  });
}

#define TT_WRAP_SCAN(name)                                                                    \
  tt_status tt_##name(const tt_tensor* input, int64_t dim, tt_dtype dtype, tt_tensor** out) { \
    return guard("tt_" #name, [&] {                                                           \
      Out result(out, "out");                                                                 \
      result = ops::name(*In(input, "input"), dim, optional_dtype_in(dtype, "dtype"));        \
    });                                                                                       \
  }                                                                                           \
  tt_status tt_##name##_(tt_tensor* input, int64_t dim) {                                     \
    return guard("tt_" #name "_", [&] { ops::name##_(*In(input, "input"), dim); });           \
  }
TT_WRAP_SCAN(cumsum)
TT_WRAP_SCAN(cumprod)

tt_status tt_equal(const tt_tensor* input, const tt_tensor* other, int32_t* out) {
  return guard("tt_equal", [&] {
    int32_t& result = out_value(out, "out");
    result = ops::equal(*In(input, "input"), *In(other, "other")) ? 1 : 0;
  });
}

tt_status tt_isclose(const tt_tensor* input, const tt_tensor* other, double rtol, double atol,
                     int32_t equal_nan, tt_tensor** out) {
  return guard("tt_isclose", [&] {
    Out result(out, "out");
    result = ops::isclose(*In(input, "input"), *In(other, "other"), rtol, atol, equal_nan != 0);
  });
}

tt_status tt_allclose(const tt_tensor* input, const tt_tensor* other, double rtol, double atol,
                      int32_t equal_nan, int32_t* out) {
  return guard("tt_allclose", [&] {
    int32_t& result = out_value(out, "out");
    result = ops::allclose(*In(input, "input"), *In(other, "other"), rtol, atol, equal_nan != 0) ? 1 : 0;
  });
}

tt_status tt_sort(const tt_tensor* input, int64_t dim, int32_t descending, int32_t, tt_tensor** values,
                  tt_tensor** indices) {
  return two_results("tt_sort", values, indices,
                     [&] { return ops::sort(*In(input, "input"), dim, descending != 0); });
}

tt_status tt_argsort(const tt_tensor* input, int64_t dim, int32_t descending, int32_t, tt_tensor** out) {
  return guard("tt_argsort", [&] {
    Out result(out, "out");
    result = ops::argsort(*In(input, "input"), dim, descending != 0);
  });
}

tt_status tt_topk(const tt_tensor* input, int64_t k, int64_t dim, int32_t largest, int32_t sorted,
                  tt_tensor** values, tt_tensor** indices) {
  return two_results("tt_topk", values, indices,
                     [&] { return ops::topk(*In(input, "input"), k, dim, largest != 0, sorted != 0); });
}

tt_status tt_kthvalue(const tt_tensor* input, int64_t k, int64_t dim, int32_t keepdim, tt_tensor** values,
                      tt_tensor** indices) {
  return two_results("tt_kthvalue", values, indices,
                     [&] { return ops::kthvalue(*In(input, "input"), k, dim, keepdim != 0); });
}

tt_status tt_median(const tt_tensor* input, tt_tensor** out) {
  return guard("tt_median", [&] {
    Out result(out, "out");
    result = ops::median(*In(input, "input"));
  });
}

tt_status tt_median_dim(const tt_tensor* input, int64_t dim, int32_t keepdim, tt_tensor** values,
                        tt_tensor** indices) {
  return two_results("tt_median_dim", values, indices,
                     [&] { return ops::median_dim(*In(input, "input"), dim, keepdim != 0); });
}

tt_status tt_unique(const tt_tensor* input, int32_t, tt_tensor** out, tt_tensor** inverse,
                    tt_tensor** counts) {
  return unique_results("tt_unique", out, inverse, counts, [&](bool want_inverse, bool want_counts) {
    return ops::unique(*In(input, "input"), want_inverse, want_counts);
  });
}

tt_status tt_unique_dim(const tt_tensor* input, int64_t dim, int32_t, tt_tensor** out, tt_tensor** inverse,
                        tt_tensor** counts) {
  return unique_results("tt_unique_dim", out, inverse, counts, [&](bool want_inverse, bool want_counts) {
    return ops::unique_dim(*In(input, "input"), dim, want_inverse, want_counts);
  });
}

tt_status tt_unique_consecutive(const tt_tensor* input, const int64_t* dim, tt_tensor** out,
                                tt_tensor** inverse, tt_tensor** counts) {
  return unique_results(
      "tt_unique_consecutive", out, inverse, counts, [&](bool want_inverse, bool want_counts) {
        return ops::unique_consecutive(*In(input, "input"), want_inverse, want_counts, optional_dim(dim));
      });
}

tt_status tt_bincount(const tt_tensor* input, const tt_tensor* weights, int64_t minlength, tt_tensor** out) {
  return guard("tt_bincount", [&] {
    Out result(out, "out");
    result = ops::bincount(*In(input, "input"), optional_in(weights, "weights"), minlength);
  });
}

tt_status tt_histc(const tt_tensor* input, int64_t bins, double min, double max, tt_tensor** out) {
  return guard("tt_histc", [&] {
    Out result(out, "out");
    result = ops::histc(*In(input, "input"), bins, min, max);
  });
}

}  // extern "C"
