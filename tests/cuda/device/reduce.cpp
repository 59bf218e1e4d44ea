// Reductions of every geometry: by threads, by blocks, in parts.
#include "device.h"

namespace tt::device_test {
namespace {

using ops::DimList;

struct Case {
  const char* name;
  Tensor input;
  std::vector<int64_t> dims;
};

std::vector<Case> cases(DType dtype, bool special) {
  const auto make = [&](const Dims& sizes) { return values(sizes, dtype, special); };
  return {
      {"all of many", make({70'001}), {}},
      {"rows", make({3, 20'000}), {1}},
      {"short rows", make({700, 9}), {1}},
      {"columns", make({5000, 40}), {0}},
      {"few long columns", make({9000, 3}), {0}},
      {"middle", make({3, 400, 5}), {1}},
      {"outer and inner", make({30, 8, 33}), {0, 2}},
      {"transposed", ops::transpose(make({64, 300}), 0, 1), {1}},
      {"every second", ops::slice(make({50, 400}), 1, 0, std::nullopt, 2), {1}},
      {"broadcast", ops::expand(make({40, 1}), {40, 500}), {1}},
      {"one", make({1}), {0}},
  };
}

using Reduction = std::function<Tensor(const Tensor&, DimList)>;

void compare(const char* what, DType dtype, bool special, double scale, const Reduction& reduction) {
  for (const Case& c : cases(dtype, special)) {
    const Tensor want = reduction(c.input, c.dims);
    const Tensor got = reduction(on_cuda(c.input), c.dims);
    // Sums of many terms of both signs: relative to what was added.
    const double rtol = tolerance(dtype) * scale;
    const double atol =
        is_floating(want.dtype()) ? 20 * rtol * std::sqrt(static_cast<double>(c.input.numel())) : 0;
    EXPECT_EQ(difference(got, want, rtol, atol), "") << what << " " << name(dtype) << " " << c.name;
    if (!is_floating(want.dtype())) continue;
    const Tensor again = reduction(on_cuda(c.input), c.dims);
    EXPECT_EQ(difference(again, ops::to_device(got, Device{}), 0, 0), "") << what << ": not the same again";
  }
}

const std::vector<DType> kFloating{DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16};
const std::vector<DType> kEvery{DType::kBool,    DType::kUInt8,  DType::kInt8,    DType::kInt16,
                                DType::kInt32,   DType::kInt64,  DType::kFloat16, DType::kBFloat16,
                                DType::kFloat32, DType::kFloat64};

TEST(DeviceReduce, Sums) {
  for (const DType dtype : kEvery) {
    compare("sum", dtype, false, 1, [](const Tensor& t, DimList dims) { return ops::sum(t, dims); });
    compare("sum with infinities", dtype, true, 1,
            [](const Tensor& t, DimList dims) { return ops::nansum(t, dims); });
    compare("count_nonzero", dtype, true, 1,
            [](const Tensor& t, DimList dims) { return ops::count_nonzero(t, dims); });
    compare("all", dtype, true, 1, [](const Tensor& t, DimList dims) { return ops::all(t, dims); });
    compare("any", dtype, true, 1, [](const Tensor& t, DimList dims) { return ops::any(t, dims); });
    compare("amax", dtype, false, 0, [](const Tensor& t, DimList dims) { return ops::amax(t, dims); });
    compare("amin of NaN", dtype, true, 0, [](const Tensor& t, DimList dims) { return ops::amin(t, dims); });
  }
  for (const DType dtype : kFloating) {
    compare("mean", dtype, false, 1, [](const Tensor& t, DimList dims) { return ops::mean(t, dims); });
  }
  const Tensor ints = values({3, 50}, DType::kInt32, false);
  EXPECT_EQ(difference(ops::prod_dim(on_cuda(ints), 1), ops::prod_dim(ints, 1), 0, 0), "");
}

TEST(DeviceReduce, Norms) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const DType dtype : kFloating) {
    for (const double ord : {2.0, 1.0, 0.0, 3.0, kInfinity, -kInfinity}) {
      compare("norm", dtype, false, 4,
              [&](const Tensor& t, DimList dims) { return ops::vector_norm(t, ord, dims); });
    }
    compare("logsumexp", dtype, false, 4, [](const Tensor& t, DimList dims) {
      static const std::vector<int64_t> first{0};
      return ops::logsumexp(t, dims.empty() ? DimList(first) : dims);
    });
  }
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    compare("var", dtype, false, 1, [](const Tensor& t, DimList dims) { return ops::var(t, dims, 0); });
    compare("std", dtype, false, 1, [](const Tensor& t, DimList dims) { return ops::stddev(t, dims, 0); });
  }
}

// Elements side by side are loaded together where they lie right for it; the sum is the same where they do
// not.
TEST(DeviceReduce, AddressesDoNotMatter) {
  const auto everything = [](const Tensor& t) { return ops::sum(t, DimList()); };
  const std::vector<int64_t> last{1};
  for (const DType dtype : kEvery) {
    for (const int64_t n : {5, 63, 100, 333, 4097, 90'001}) {
      const Tensor x = on_cuda(values({3 * n + 7}, dtype, false));
      const Tensor moved = ops::slice(x, 0, 1, 1 + n), clone = ops::clone(moved);
      EXPECT_EQ(difference(everything(moved), ops::to_device(everything(clone), Device{}), 0, 0), "")
          << name(dtype) << " " << n;
      // Rows whose lengths are odd begin at every kind of address.
      const Tensor rows = ops::view(ops::slice(x, 0, 1, 1 + 3 * n), {3, n});
      EXPECT_EQ(
          difference(ops::sum(rows, last), ops::to_device(ops::sum(ops::clone(rows), last), Device{}), 0, 0),
          "")
          << name(dtype) << " rows of " << n;
    }
  }
}

TEST(DeviceReduce, Comparisons) {
  const Tensor x = values({301, 7}, DType::kFloat32, false);
  Tensor y = ops::clone(x);
  EXPECT_TRUE(ops::equal(on_cuda(x), on_cuda(y)));
  y.data<float>()[2000] += 1e-7f + std::fabs(y.data<float>()[2000]) * 1e-6f;
  EXPECT_FALSE(ops::equal(on_cuda(x), on_cuda(y)));
  EXPECT_TRUE(ops::allclose(on_cuda(x), on_cuda(y)));
  const Tensor a = values({999}, DType::kFloat64, true), b = values({999}, DType::kFloat64, true);
  EXPECT_EQ(difference(ops::isclose(on_cuda(a), on_cuda(b), 0.1, 0.5, true),
                       ops::isclose(a, b, 0.1, 0.5, true), 0, 0),
            "");
}

}  // namespace
}  // namespace tt::device_test
