// Gathering, scattering, joining, filling by position.
#include "device.h"

namespace tt::device_test {
namespace {

const std::vector<DType> kTypes{DType::kBool,    DType::kUInt8,  DType::kInt8,    DType::kInt16,
                                DType::kInt32,   DType::kInt64,  DType::kFloat16, DType::kBFloat16,
                                DType::kFloat32, DType::kFloat64};

void same(const Tensor& got, const Tensor& want, const char* what, double rtol = 0) {
  EXPECT_EQ(difference(got, want, rtol, rtol), "") << what << " " << name(want.dtype());
}

TEST(DeviceIndex, Gathers) {
  for (const DType dtype : kTypes) {
    const Tensor x = values({40, 30}, dtype, true);
    const Tensor at = indices({25, 30}, 40), rows = indices({77}, 40);
    same(ops::gather(on_cuda(x), 0, on_cuda(at)), ops::gather(x, 0, at), "gather");
    same(ops::index_select(on_cuda(x), 0, on_cuda(rows)), ops::index_select(x, 0, rows), "index_select");
    same(ops::index_select(on_cuda(ops::transpose(x, 0, 1)), 1, on_cuda(rows)),
         ops::index_select(ops::transpose(x, 0, 1), 1, rows), "index_select");
    const Tensor narrow = ops::to_dtype(rows, DType::kInt32);
    same(ops::index_select(on_cuda(x), 0, on_cuda(narrow)), ops::index_select(x, 0, narrow), "index_select");
    const Tensor pair[] = {rows, ops::sub(indices({77}, 30), 30)};
    const Tensor pair_there[] = {on_cuda(pair[0]), on_cuda(pair[1])};
    same(ops::index(on_cuda(x), pair_there), ops::index(x, pair), "index");
    const Tensor mask = values({40, 30}, DType::kBool, false);
    same(ops::nonzero(on_cuda(mask)), ops::nonzero(mask), "nonzero");
    same(ops::masked_select(on_cuda(x), on_cuda(mask)), ops::masked_select(x, mask), "masked_select");
  }
}

// Repeated indices: in the order of the loop, so that the results are equal, not only close.
TEST(DeviceIndex, Scatters) {
  for (const DType dtype : kTypes) {
    const Tensor x = values({20, 30}, dtype, false), source = values({50, 30}, dtype, false);
    const Tensor at = indices({50, 30}, 20), rows = indices({50}, 20);
    same(ops::scatter(on_cuda(x), 0, on_cuda(at), on_cuda(source)), ops::scatter(x, 0, at, source),
         "scatter");
    same(ops::scatter_add(on_cuda(x), 0, on_cuda(at), on_cuda(source)), ops::scatter_add(x, 0, at, source),
         "scatter_add");
    same(ops::index_add(on_cuda(x), 0, on_cuda(rows), on_cuda(source)), ops::index_add(x, 0, rows, source),
         "index_add");
    same(ops::scatter(on_cuda(x), 0, on_cuda(at), Scalar(1)), ops::scatter(x, 0, at, Scalar(1)), "scatter");
    const Tensor pair[] = {rows, indices({50}, 30)};
    const Tensor pair_there[] = {on_cuda(pair[0]), on_cuda(pair[1])};
    const Tensor put = values({50}, dtype, false);
    for (const bool accumulate : {false, true}) {
      same(ops::index_put(on_cuda(x), pair_there, on_cuda(put), accumulate),
           ops::index_put(x, pair, put, accumulate), "index_put");
    }
  }
}

TEST(DeviceIndex, JoinsAndFills) {
  for (const DType dtype : kTypes) {
    const Tensor a = values({3, 17, 5}, dtype, true), b = values({3, 8, 5}, dtype, true);
    const Tensor here[] = {a, b}, there[] = {on_cuda(a), on_cuda(b)};
    same(ops::cat(there, 1), ops::cat(here, 1), "cat");
    const Tensor flat[] = {ops::flatten(a), ops::flatten(b)},
                 flat_there[] = {on_cuda(flat[0]), on_cuda(flat[1])};
    same(ops::cat(flat_there), ops::cat(flat), "cat");
    for (const int64_t diagonal : {-2, 0, 3}) {
      same(ops::tril(on_cuda(a), diagonal), ops::tril(a, diagonal), "tril");
      same(ops::triu(on_cuda(a), diagonal), ops::triu(a, diagonal), "triu");
    }
    const int64_t dims[] = {0, 2};
    same(ops::flip(on_cuda(a), dims), ops::flip(a, dims), "flip");
    if (dtype == DType::kBool) continue;
    same(ops::arange(3, 100, 7, dtype, kCuda), ops::arange(3, 100, 7, dtype), "arange");
    const double low = dtype == DType::kUInt8 ? 3 : -3;
    same(ops::linspace(low, 11, 57, dtype, kCuda), ops::linspace(low, 11, 57, dtype), "linspace");
    if (is_floating(dtype)) {
      same(ops::logspace(-1, 2, 31, 2, dtype, kCuda), ops::logspace(-1, 2, 31, 2, dtype), "logspace",
           tolerance(dtype));
    }
  }
  const Tensor classes = indices({50}, 7);
  same(ops::one_hot(on_cuda(classes), 7), ops::one_hot(classes, 7), "one_hot");
  same(ops::one_hot(on_cuda(classes)), ops::one_hot(classes), "one_hot");
}

TEST(DeviceIndex, Pads) {
  const Tensor image = values({2, 7, 9}, DType::kFloat32, false);
  for (const auto mode : {ops::PadMode::kReflect, ops::PadMode::kReplicate, ops::PadMode::kCircular}) {
    for (const std::vector<int64_t>& amounts :
         {std::vector<int64_t>{3, 5, 2, 6}, {-2, 4, 1, 0}, {6, -3, -1, -2}}) {
      same(ops::pad(on_cuda(image), amounts, mode), ops::pad(image, amounts, mode), "pad");
    }
  }
}

}  // namespace
}  // namespace tt::device_test
