// The fast matrix products against the plain loops, and what the parity vectors leave out.
#include "ops/matmul/matmul.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "autograd/engine.h"
#include "device/backend.h"
#include "cpu/matmul/gemm.h"
#include "ops/ops.h"

using namespace tt;

namespace {

// Small integers: every sum is exact, whatever the order.
template <typename T>
std::vector<T> numbers(int64_t count, int seed) {
  std::vector<T> out(static_cast<size_t>(count));
  uint32_t state = static_cast<uint32_t>(seed) * 2654435761u + 1;
  for (T& value : out) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<T>(static_cast<int>(state >> 28) - 8);
  }
  return out;
}

struct Case {
  int64_t m, n, k, batch;
  bool ta, tb;
  double alpha, beta;
  bool bias, shared_b;
  int64_t pad;
};

template <typename T>
void compare(const Case& c) {
  const int64_t a_rows = c.ta ? c.k : c.m, a_cols = c.ta ? c.m : c.k;
  const int64_t b_rows = c.tb ? c.n : c.k, b_cols = c.tb ? c.k : c.n;
  const int64_t lda = std::max<int64_t>(a_cols, 1) + c.pad, ldb = std::max<int64_t>(b_cols, 1) + c.pad,
                ldc = c.n + c.pad;
  const auto a = numbers<T>(c.batch * a_rows * lda + 1, 1), b = numbers<T>(c.batch * b_rows * ldb + 1, 2),
             bias = numbers<T>(c.n, 3), start = numbers<T>(c.batch * c.m * ldc, 4);
  auto fast = start, plain = start;
  call::Gemm g;
  g.dtype = DTypeOf<T>::value;
  g.transpose_a = c.ta;
  g.transpose_b = c.tb;
  g.m = c.m;
  g.n = c.n;
  g.k = c.k;
  g.alpha = c.alpha;
  g.beta = c.beta;
  g.a = a.data();
  g.lda = lda;
  g.stride_a = a_rows * lda;
  g.b = b.data();
  g.ldb = ldb;
  g.stride_b = c.shared_b ? 0 : b_rows * ldb;
  g.ldc = ldc;
  g.stride_c = c.m * ldc;
  g.bias = c.bias ? bias.data() : nullptr;
  g.batch = c.batch;
  g.c = fast.data();
  cpu_backend().kernels.run(g);
  g.c = plain.data();
  cpu::gemm_reference(g);
  ASSERT_EQ(std::memcmp(fast.data(), plain.data(), fast.size() * sizeof(T)), 0)
      << c.m << "x" << c.n << "x" << c.k << " ta " << c.ta << " tb " << c.tb << " alpha " << c.alpha
      << " beta " << c.beta << " bias " << c.bias << " batch " << c.batch << " pad " << c.pad;
}

template <typename T>
Tensor tensor(const Dims& sizes, std::vector<T> values) {
  const Tensor out = empty(sizes, DTypeOf<T>::value);
  std::memcpy(out.raw(), values.data(), out.nbytes());
  return out;
}

template <typename F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

}  // namespace

TEST(Gemm, FastEqualsPlainLoops) {
  const int64_t sizes[] = {1, 2, 3, 7, 16, 33, 100};
  for (const int64_t m : sizes) {
    for (const int64_t n : sizes) {
      for (const int64_t k : {int64_t{0}, int64_t{1}, int64_t{5}, int64_t{64}, int64_t{130}}) {
        for (int flags = 0; flags < 4; ++flags) {
          const bool ta = flags & 1, tb = flags & 2;
          compare<float>({m, n, k, 1, ta, tb, 1, 0, false, false, 0});
          compare<float>({m, n, k, 1, ta, tb, 2, 0.5, true, false, 3});
          compare<double>({m, n, k, 2, ta, tb, 1, 1, true, true, 1});
        }
      }
    }
  }
  compare<float>({300, 257, 129, 1, false, true, 1, 0, true, false, 0});
  compare<double>({257, 300, 129, 3, true, false, 1, 0, false, false, 5});
}

TEST(Matmul, IntegersWrapAround) {
  const Tensor a = tensor<uint8_t>({1, 2}, {200, 100}), b = tensor<uint8_t>({2, 1}, {2, 3});
  EXPECT_EQ(*ops::mm(a, b).data<uint8_t>(), static_cast<uint8_t>(700));
  const Tensor c = tensor<int64_t>({1, 1}, {INT64_MAX}), d = tensor<int64_t>({1, 1}, {2});
  EXPECT_EQ(*ops::mm(c, d).data<int64_t>(), -2);
}

TEST(Matmul, Messages) {
  const auto f = [](const Dims& sizes, DType dtype = DType::kFloat32) { return ops::ones(sizes, dtype); };
  EXPECT_EQ(message_of([&] {
              ops::mm(f({1, 5}), f({1, 5}));
            }),
            "input and mat2 shapes cannot be multiplied (1x5 and 1x5)");
  EXPECT_EQ(message_of([&] {
              ops::mm(f({1, 5}), f({5, 1}, DType::kFloat64));
            }),
            "input is float32, but mat2 is float64");
  EXPECT_EQ(message_of([&] {
              ops::bmm(f({2, 3, 4}), f({3, 4, 2}));
            }),
            "mat2 has shape [3, 4, 2], expected [2, 4, ..] for input of shape [2, 3, 4]");
  EXPECT_EQ(message_of([&] {
              ops::linear(f({2, 3, 4}), f({2, 5}), Tensor());
            }),
            "input and weight shapes cannot be multiplied: input has shape [2, 3, 4], and weight [2, 5] "
            "wants 5 as its last size");
  EXPECT_EQ(message_of([&] {
              ops::mv(f({3, 4}), f({3}));
            }),
            "input and vec shapes cannot be multiplied (3x4 and 3)");
}

// Where only some inputs take a gradient, the others get none; transposed operands give the right ones.
TEST(Matmul, LinearGradients) {
  const Tensor x = tensor<double>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor w = tensor<double>({2, 3}, {1, 0, -1, 2, 1, 0});
  const Tensor b = tensor<double>({2}, {10, 20});
  set_requires_grad(w, true);
  set_requires_grad(b, true);
  const Tensor y = ops::linear(x, w, b);
  const double want[] = {8, 24, 8, 33};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(y.data<double>()[i], want[i]);
  const Tensor roots[] = {y};
  const Tensor grads[] = {tensor<double>({2, 2}, {1, 2, 3, 4})};
  backward(roots, grads, {});
  const double dw[] = {13, 17, 21, 18, 24, 30};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(w.grad().data<double>()[i], dw[i]);
  EXPECT_EQ(b.grad().data<double>()[0], 4);
  EXPECT_EQ(b.grad().data<double>()[1], 6);
  EXPECT_FALSE(x.grad().defined());
}

TEST(Einsum, AttentionScores) {
  const Tensor q = tensor<float>({1, 1, 2, 2}, {1, 2, 3, 4}), k = tensor<float>({1, 1, 2, 2}, {1, 0, 0, 1});
  const Tensor operands[] = {q, k};
  const Tensor out = ops::einsum("bhqd,bhkd->bhqk", operands);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(out.data<float>()[i], static_cast<float>(i + 1));
  EXPECT_EQ(message_of([&] { ops::einsum("bhqd,bhkd->bhqz", operands); }),
            "output subscript z does not appear in the equation for any input operand");
}
