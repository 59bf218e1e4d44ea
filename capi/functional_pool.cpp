#include "capi/layer_options.h"
#include "capi/pair.h"

using namespace tt;
using namespace tt::capi;

extern "C" {

tt_status tt_max_pool2d(const tt_tensor* input, const int64_t* kernel_size, const tt_pool_options* options,
                        tt_tensor** out) {
  return guard("tt_max_pool2d", [&] {
    Out result(out, "out");
    result = ops::max_pool2d(*In(input, "input"), pool_options_in(kernel_size, options, PoolKind::kMax));
  });
}

tt_status tt_max_pool2d_with_indices(const tt_tensor* input, const int64_t* kernel_size,
                                     const tt_pool_options* options, tt_tensor** out, tt_tensor** indices) {
  return guard("tt_max_pool2d_with_indices", [&] {
    clear_outs({{out, "out"}, {indices, "indices"}});
    ops::MaxPool2dResult both = ops::max_pool2d_with_indices(
        *In(input, "input"), pool_options_in(kernel_size, options, PoolKind::kMax));
    *out = give(std::move(both.output));
    *indices = give(std::move(both.indices));
  });
}

tt_status tt_avg_pool2d(const tt_tensor* input, const int64_t* kernel_size, const tt_pool_options* options,
                        tt_tensor** out) {
  return guard("tt_avg_pool2d", [&] {
    Out result(out, "out");
    result = ops::avg_pool2d(*In(input, "input"), pool_options_in(kernel_size, options, PoolKind::kAverage));
  });
}

tt_status tt_adaptive_avg_pool2d(const tt_tensor* input, const int64_t* output_size, tt_tensor** out) {
  return guard("tt_adaptive_avg_pool2d", [&] {
    Out result(out, "out");
    int64_t sizes[2];
    pair_in(output_size, "output_size", sizes);
    result = ops::adaptive_avg_pool2d(*In(input, "input"), sizes);
  });
}

}  // extern "C"
