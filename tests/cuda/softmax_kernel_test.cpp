#include "cuda/softmax/softmax_body.h"

#include "cuda/kernel_check.h"

using namespace tt;
using namespace tt::testing;

namespace {

void check(const SoftmaxShape& args, const Values& x) {
  const std::string what = str(args.log ? "log_softmax " : "softmax ", args.dtype, " (", args.outer, ", ",
                               args.dim, ", ", args.inner, ")");
  const int64_t n = x.size();
  Values expected(args.dtype, n);
  const KernelTable& cpu = cpu_backend().kernels;
  cpu.run(call::Softmax{args, x.data(), expected.data()});
  const auto y =
      in_every_order({Values(args.dtype, n)}, [&](const Emulator& emulator, std::vector<Values>& out) {
        cuda::softmax_forward(emulator, args, x.data(), out[0].data());
      });
  expect_close(y[0], expected, what);

  const Values grad(args.dtype, n, -1, 1, 3);
  Values expected_grad(args.dtype, n);
  cpu.run(call::SoftmaxBackward{args, grad.data(), expected.data(), expected_grad.data()});
  const auto g =
      in_every_order({Values(args.dtype, n)}, [&](const Emulator& emulator, std::vector<Values>& out) {
        cuda::softmax_backward(emulator, args, grad.data(), expected.data(), out[0].data());
      });
  expect_close(g[0], expected_grad, what + " backward");
}

}  // namespace

TEST(CudaSoftmax, IsTheCpus) {
  const int64_t shapes[][3] = {{1, 1, 1},   {3, 2, 1},    {33, 10, 1},  {9, 32, 1},
                               {5, 100, 1}, {2, 1024, 1}, {3, 1025, 1}, {2, 3000, 1},
                               {2, 7, 5},   {3, 1500, 2}, {2, 10, 64},  {9, 3, 1024}};
  for (const auto& shape : shapes) {
    for (const DType dtype : kFloatingDTypes) {
      for (const bool log : {false, true}) {
        const SoftmaxShape args{dtype, log, shape[0], shape[1], shape[2]};
        check(args, Values(dtype, shape[0] * shape[1] * shape[2], -8, 8, 1));
      }
    }
  }
}

TEST(CudaSoftmax, NonFiniteRows) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  const double rows[][3] = {{1, NAN, 2},         {-kInf, -kInf, -kInf}, {kInf, 0, 1},    {-kInf, 0, 1},
                            {NAN, -kInf, -kInf}, {kInf, kInf, 0},       {NAN, NAN, NAN}, {1e30, -1e30, 0}};
  for (const bool log : {false, true}) {
    Values x(DType::kFloat32, 24);
    for (int64_t i = 0; i < 24; ++i) x.set(i, rows[i / 3][i % 3]);
    const SoftmaxShape args{DType::kFloat32, log, 8, 3, 1};
    Values expected(args.dtype, 24), y(args.dtype, 24);
    cpu_backend().kernels.run(call::Softmax{args, x.data(), expected.data()});
    cuda::softmax_forward(Emulator(), args, x.data(), y.data());
    expect_close(y, expected, "non-finite");
  }
}

// Threads that wait for others that have gone are an error, and so is a race.
namespace {
struct Lonely {
  static constexpr int kThreads = 64;
  static constexpr int kBlocksResident = 1;
  using Shared = cuda::Nothing;
  template <typename Block>
  void operator()(Block& block) const {
    if (block.thread() != 3) block.sync();
  }
};
struct Racing {
  static constexpr int kThreads = 64;
  static constexpr int kBlocksResident = 1;
  struct Shared {
    int last;
  };
  int* out;
  template <typename Block>
  void operator()(Block& block) const {
    block.template shared<Shared>().last = block.thread();
    block.sync();
    *out = block.template shared<Shared>().last;
  }
};
}  // namespace

TEST(CudaEmulator, FindsWhatCannotWork) {
  EXPECT_THROW(Emulator().launch("lonely", Lonely(), 1), std::logic_error);
  int forward = -1, backward = -1;
  Emulator(Order::kForward).launch("racing", Racing{&forward}, 1);
  Emulator(Order::kBackward).launch("racing", Racing{&backward}, 1);
  EXPECT_EQ(forward, 63);
  EXPECT_EQ(backward, 0);
}
