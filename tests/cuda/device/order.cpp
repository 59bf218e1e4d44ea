// Ops along lines: sorted, scanned, selected; short and long, side by side and not.
#include "device.h"

namespace tt::device_test {
namespace {

const std::vector<DType> kTypes{DType::kBool,    DType::kUInt8,  DType::kInt8,    DType::kInt16,
                                DType::kInt32,   DType::kInt64,  DType::kFloat16, DType::kBFloat16,
                                DType::kFloat32, DType::kFloat64};

std::vector<std::pair<Tensor, int>> cases(DType dtype, bool special) {
  return {{values({1500}, dtype, special), 0},
          {values({40, 37}, dtype, special), 1},
          {values({37, 45}, dtype, special), 0},
          {values({3, 700, 2}, dtype, special), 1},
          {ops::transpose(values({40, 50}, dtype, special), 0, 1), 1},
          {values({1, 1}, dtype, special), 0}};
}

void same(const Tensor& got, const Tensor& want, const char* what, double rtol = 0) {
  EXPECT_EQ(difference(got, want, rtol, rtol), "") << what << " " << name(want.dtype());
}

TEST(DeviceOrder, Sorts) {
  for (const DType dtype : kTypes) {
    for (const auto& [x, dim] : cases(dtype, true)) {
      const Tensor there = on_cuda(x);
      for (const bool descending : {false, true}) {
        const auto want = ops::sort(x, dim, descending), got = ops::sort(there, dim, descending);
        same(got.values, want.values, "sort");
        same(got.indices, want.indices, "sort indices");
      }
      if (dtype == DType::kBool) continue;
      const int64_t k = (x.size(dim) + 2) / 3;
      for (const bool largest : {false, true}) {
        const auto want = ops::topk(x, k, dim, largest), got = ops::topk(there, k, dim, largest);
        same(got.values, want.values, "topk");
        same(got.indices, want.indices, "topk indices");
      }
      const auto want = ops::median_dim(x, dim), got = ops::median_dim(there, dim);
      same(got.values, want.values, "median");
      same(got.indices, want.indices, "median indices");
      const auto kth = ops::kthvalue(x, k, dim), kth_there = ops::kthvalue(there, k, dim);
      same(kth_there.values, kth.values, "kthvalue");
      same(kth_there.indices, kth.indices, "kthvalue indices");
    }
  }
}

TEST(DeviceOrder, Selects) {
  for (const DType dtype : kTypes) {
    for (const bool special : {false, true}) {
      for (const auto& [x, dim] : cases(dtype, special)) {
        const Tensor there = on_cuda(x);
        const auto most = ops::max_dim(x, dim), most_there = ops::max_dim(there, dim);
        same(most_there.values, most.values, "max");
        same(most_there.indices, most.indices, "max indices");
        const auto least = ops::min_dim(x, dim), least_there = ops::min_dim(there, dim);
        same(least_there.values, least.values, "min");
        same(least_there.indices, least.indices, "min indices");
        if (dtype != DType::kBool) same(ops::argmax(there, dim), ops::argmax(x, dim), "argmax");
      }
    }
  }
}

TEST(DeviceOrder, Scans) {
  for (const DType dtype : kTypes) {
    if (dtype == DType::kBool) continue;
    for (const auto& [x, dim] : cases(dtype, false)) {
      const double rtol = is_floating(dtype) ? tolerance(dtype) * 20 : 0;
      same(ops::cumsum(on_cuda(x), dim), ops::cumsum(x, dim), "cumsum", rtol);
      same(ops::reverse_cumsum(on_cuda(x), dim), ops::reverse_cumsum(x, dim), "reverse cumsum", rtol);
      if (is_floating(dtype)) {
        // Factors near one: their product stays within range.
        const Tensor near = ops::add(ops::mul(ops::sin(x), 0.01), 1.0);
        same(ops::cumprod(on_cuda(near), dim), ops::cumprod(near, dim), "cumprod", rtol);
        same(ops::affine_scan(on_cuda(ops::mul(near, 0.5)), on_cuda(x), dim, false),
             ops::affine_scan(ops::mul(near, 0.5), x, dim, false), "affine_scan", rtol);
        same(ops::affine_scan(on_cuda(ops::mul(near, 0.5)), on_cuda(x), dim, true),
             ops::affine_scan(ops::mul(near, 0.5), x, dim, true), "affine_scan", rtol);
      } else {
        same(ops::cumprod(on_cuda(x), dim), ops::cumprod(x, dim), "cumprod");
      }
    }
  }
}

TEST(DeviceOrder, FindsDistinctRows) {
  for (const DType dtype : kTypes) {
    const Tensor x = values({901}, dtype, true);
    const auto want = ops::unique(x, true, true), got = ops::unique(on_cuda(x), true, true);
    same(got.values, want.values, "unique");
    same(got.inverse, want.inverse, "unique inverse");
    same(got.counts, want.counts, "unique counts");
    const Tensor rows = ops::slice(values({400, 2}, dtype, false), 0, 0, 399);
    const auto want_rows = ops::unique_dim(rows, 0, true, true),
               got_rows = ops::unique_dim(on_cuda(rows), 0, true, true);
    same(got_rows.values, want_rows.values, "unique rows");
    same(got_rows.inverse, want_rows.inverse, "unique rows' inverse");
    same(got_rows.counts, want_rows.counts, "unique rows' counts");
    const auto runs = ops::unique_consecutive(x, true, true),
               runs_there = ops::unique_consecutive(on_cuda(x), true, true);
    same(runs_there.values, runs.values, "unique_consecutive");
    same(runs_there.counts, runs.counts, "unique_consecutive counts");
  }
}

TEST(DeviceOrder, Counts) {
  const Tensor x = indices({5003}, 70);
  same(ops::bincount(on_cuda(x)), ops::bincount(x), "bincount");
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor weights = values({5003}, dtype, false);
    // The same sums in the same order.
    same(ops::bincount(on_cuda(x), on_cuda(weights), 100), ops::bincount(x, weights, 100), "bincount");
    same(ops::histc(on_cuda(weights), 33, -4, 5), ops::histc(weights, 33, -4, 5), "histc");
    same(ops::histc(on_cuda(weights), 10), ops::histc(weights, 10), "histc");
  }
}

}  // namespace
}  // namespace tt::device_test
