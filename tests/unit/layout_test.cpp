// In which order the dimensions of results lie in memory. The expected strides and numbers are PyTorch's.
#include "autograd_check.h"
#include "tensor/layout.h"

using namespace tt;
using namespace tt::test;

namespace {

Tensor zeros(const Dims& sizes, DType dtype = DType::kFloat32) { return ops::zeros(sizes, dtype); }
Tensor permuted(const Dims& sizes, const Dims& order) { return ops::permute(zeros(sizes), order); }
Tensor channels_last(const Dims& sizes) {
  return ops::permute(zeros({sizes[0], sizes[2], sizes[3], sizes[1]}), Dims{0, 3, 1, 2});
}
// Rows with gaps between the elements.
Tensor gapped() { return ops::slice(zeros({2, 5}), 1, 0, 5, 2); }

void expect_numbers(const Tensor& t, std::initializer_list<float> expected) {
  const Tensor rows = ops::contiguous(t);
  ASSERT_EQ(rows.numel(), static_cast<int64_t>(expected.size()));
  const float* got = rows.data<float>();
  for (const float want : expected) EXPECT_FLOAT_EQ(*got++, want);
}

}  // namespace

TEST(Layout, PointwiseResultsFollowTheirOperands) {
  const Tensor a = permuted({2, 3, 4}, {2, 0, 1});  // (4, 2, 3)
  EXPECT_EQ(a.strides(), (Dims{1, 12, 4}));
  EXPECT_EQ(ops::exp(a).strides(), (Dims{1, 12, 4}));
  EXPECT_EQ(ops::add(a, 1).strides(), (Dims{1, 12, 4}));
  EXPECT_EQ(ops::eq(a, 1).strides(), (Dims{1, 12, 4}));
  EXPECT_EQ(ops::add(zeros({3}), a).strides(), (Dims{1, 12, 4}));
  EXPECT_EQ(ops::add(a, zeros({4, 2, 3})).strides(), (Dims{1, 12, 4}));
  EXPECT_EQ(ops::add(zeros({4, 2, 3}), a).strides(), (Dims{6, 3, 1}));
  EXPECT_EQ(ops::add(zeros({4, 2, 3}, DType::kFloat16), a).strides(), (Dims{6, 3, 1}));
  EXPECT_EQ(ops::lerp(a, a, 0.5).strides(), (Dims{1, 12, 4}));
  EXPECT_EQ(ops::clamp(a, 0.0, 1.0).strides(), (Dims{1, 12, 4}));
  EXPECT_EQ(ops::div(ops::to_dtype(a, DType::kInt64), 2).strides(), (Dims{1, 12, 4}));
}

TEST(Layout, BroadcastResultsAreOrderedByWhatIsKnown) {
  EXPECT_EQ(ops::add(permuted({3, 2}, {1, 0}), zeros({4, 1, 1})).strides(), (Dims{6, 1, 2}));
  EXPECT_EQ(ops::add(permuted({3, 1, 2}, {2, 0, 1}), zeros({2, 3, 4})).strides(), (Dims{4, 8, 1}));
  EXPECT_EQ(ops::mul(permuted({5, 4, 3, 2}, {3, 1, 0, 2}), zeros({2, 4, 5, 3})).strides(),
            (Dims{1, 6, 24, 2}));
}

TEST(Layout, OperandsThatAreNotDenseGiveDenseResults) {
  EXPECT_EQ(ops::exp(gapped()).strides(), (Dims{3, 1}));
  EXPECT_EQ(ops::exp(ops::t(gapped())).strides(), (Dims{1, 3}));
  EXPECT_EQ(ops::exp(ops::expand(zeros({3, 1}), {3, 2})).strides(), (Dims{2, 1}));
  EXPECT_EQ(ops::exp(ops::t(ops::expand(zeros({1, 3}), {2, 3}))).strides(), (Dims{2, 1}));
}

TEST(Layout, WhereTakesTheOrderOfTheConditionFirst) {
  const Tensor mask = ops::t(zeros({3, 2}, DType::kBool));
  EXPECT_EQ(ops::where(mask, zeros({2, 3}), 1.0).strides(), (Dims{1, 2}));
  EXPECT_EQ(ops::where(zeros({2, 3}, DType::kBool), permuted({3, 2}, {1, 0}), zeros({2, 3})).strides(),
            (Dims{3, 1}));
}

TEST(Layout, ChannelsLastStays) {
  const Tensor images = channels_last({2, 3, 4, 5});
  EXPECT_EQ(ops::exp(images).strides(), (Dims{60, 1, 15, 3}));
  EXPECT_EQ(ops::add(images, zeros({3, 1, 1})).strides(), (Dims{60, 1, 15, 3}));
  EXPECT_EQ(ops::exp(channels_last({1, 3, 4, 5})).strides(), (Dims{60, 1, 15, 3}));
  EXPECT_TRUE(ops::exp(channels_last({2, 1, 4, 5})).is_contiguous());
}

TEST(Layout, CopiesKeepTheOrder) {
  const Tensor a = permuted({4, 1, 3}, {2, 1, 0});
  EXPECT_EQ(ops::clone(a).strides(), a.strides());
  EXPECT_EQ(ops::exp(a).strides(), (Dims{1, 3, 3}));
  EXPECT_EQ(ops::add(a, 1).strides(), (Dims{1, 3, 3}));
  const Tensor x = permuted({2, 3}, {1, 0});
  const int64_t first[] = {0};
  EXPECT_EQ(ops::sort(x, 0, false).values.strides(), (Dims{1, 3}));
  EXPECT_EQ(ops::flip(x, first).strides(), (Dims{1, 3}));
  EXPECT_EQ(ops::to_dtype(x, DType::kFloat64).strides(), (Dims{1, 3}));
  EXPECT_EQ(ops::zeros_like(x).strides(), (Dims{1, 3}));
  EXPECT_EQ(ops::clone(ops::t(gapped())).strides(), (Dims{1, 3}));
}

TEST(Layout, GradientsLieAsTheirLeavesDo) {
  const Tensor leaf = permuted({2, 3}, {1, 0});  // dense
  set_requires_grad(leaf, true);
  const Tensor first[] = {ops::sum(ops::mul(leaf, zeros({3, 2})))};
  backward(first, {}, {});
  EXPECT_EQ(leaf.grad().strides(), (Dims{1, 3}));
  const Tensor holes = ops::t(gapped());
  set_requires_grad(holes, true);
  const Tensor second[] = {ops::sum(ops::exp(holes))};
  backward(second, {}, {});
  EXPECT_TRUE(holes.grad().is_contiguous());
}

TEST(Layout, RandomNumbersAreLaidDownInTheOrderOfMemory) {
  const Tensor x = permuted({2, 3}, {1, 0});
  manual_seed(2);
  expect_numbers(ops::rand_like(x),
                 {0.614695072f, 0.474461079f, 0.381012857f, 0.713593841f, 0.637114346f, 0.619036376f});
  manual_seed(2);
  expect_numbers(ops::randn_like(x),
                 {0.392296821f, -1.205037117f, -0.223564014f, 1.044463515f, -0.319500268f, -0.633227706f});
  const Tensor y = ops::exp(permuted({4, 5}, {1, 0}));
  manual_seed(3);
  ops::normal_(y, 0, 1);
  expect_numbers(y, {0.803276062f,  -1.368259192f, 0.522049963f,  -0.079854324f, 0.174833387f,
                     0.337495089f,  1.237916708f,  0.926410854f,  0.088978097f,  1.011115909f,
                     -0.864635587f, 0.815677524f,  -0.613718033f, -1.435179353f, 0.298960835f,
                     0.495189011f,  0.046182450f,  0.977431774f,  0.419218659f,  -0.164316982f});
  manual_seed(4);
  expect_numbers(ops::dropout(ops::exp(x), 0.5, true, nullptr), {2, 0, 0, 0, 2, 0});
  manual_seed(5);
  expect_numbers(ops::rand_like(ops::expand(zeros({3, 1}), {3, 2})),
                 {0.830251873f, 0.126110911f, 0.907469690f, 0.819927037f, 0.920103431f, 0.116645217f});
}
