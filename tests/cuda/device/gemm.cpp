// Matrix products in every form that the interface has.
#include "device/gemm.h"

#include "device.h"
#include "ops/matmul/matmul.h"

namespace tt::device_test {
namespace {

// The product on the device is the CPU's, and what lies between the rows of c stays.
void compare(call::Gemm args, int64_t pad, const std::string& what) {
  // Of one size: sums of half types are rounded on the way.
  const auto matrices = [&](int64_t rows, int64_t cols) {
    return ops::clamp(values({args.batch, rows, cols + pad}, args.dtype, false), -4, 4);
  };
  const Tensor a = matrices(args.transpose_a ? args.k : args.m, args.transpose_a ? args.m : args.k);
  const Tensor b = matrices(args.transpose_b ? args.n : args.k, args.transpose_b ? args.k : args.n);
  const Tensor c = matrices(args.m, args.n), bias = ops::clamp(values({args.n}, args.dtype, false), -4, 4);
  args.lda = a.size(2);
  args.ldb = b.size(2);
  args.ldc = c.size(2);
  args.stride_a = a.stride(0);
  args.stride_b = b.stride(0);
  args.stride_c = c.stride(0);
  const bool biased = args.bias != nullptr;
  const auto product = [&](const Tensor& x, const Tensor& y, const Tensor& out, const Tensor& row) {
    args.a = x.raw();
    args.b = y.raw();
    args.c = out.raw();
    args.bias = biased ? row.raw() : nullptr;
    run(out.device(), args);
    return out;
  };
  const Tensor got = product(on_cuda(a), on_cuda(b), on_cuda(c), on_cuda(bias));
  const Tensor want = product(a, b, ops::clone(c), bias);
  const double rtol = tolerance(args.dtype);
  const double atol = 20 * rtol * std::sqrt(static_cast<double>(args.k + 1));
  EXPECT_EQ(difference(got, want, rtol, is_floating(args.dtype) ? atol : 0), "") << what;
}

TEST(DeviceGemm, EveryForm) {
  const int64_t shapes[][4] = {{7, 9, 5, 1}, {1, 33, 70, 1}, {40, 1, 8, 1}, {5, 6, 7, 3}, {4, 3, 0, 2}};
  for (const DType dtype :
       {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16, DType::kInt32, DType::kInt8}) {
    for (const auto& [m, n, k, batch] : shapes) {
      for (int mode = 0; mode < 64; ++mode) {
        call::Gemm args;
        args.dtype = dtype;
        args.m = m;
        args.n = n;
        args.k = k;
        args.batch = batch;
        args.transpose_a = mode & 1;
        args.transpose_b = mode & 2;
        if (mode & 4) args.epilogue = kRelu;
        args.beta = mode & 8 ? 2 : 0;
        if (mode & 16) args.bias = &args;
        compare(args, mode & 32 ? 3 : 0, str(name(dtype), " ", m, " ", n, " ", k, " mode ", mode));
      }
    }
  }
}

// NaN goes through; what is below zero does not.
TEST(DeviceGemm, ReluKeepsNan) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16, DType::kBFloat16}) {
    const Tensor x = ops::ones({40, 64}, dtype);
    ops::fill_(ops::select(x, 0, 3), kNan);
    ops::fill_(ops::select(x, 0, 4), -1);
    const Tensor w = ops::ones({48, 64}, dtype), b = ops::ones({48}, dtype);
    for (const Tensor& bias : {b, Tensor()}) {
      const Tensor got = ops::linear_relu(on_cuda(x), on_cuda(w), on_cuda(bias));
      EXPECT_EQ(difference(got, ops::linear_relu(x, w, bias), 0, 0), "") << name(dtype);
    }
  }
}

}  // namespace
}  // namespace tt::device_test
