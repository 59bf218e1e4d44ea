// Indexing and joining: gradients of both orders, and what bad indices lead to.
#include "autograd_check.h"

using namespace tt;
using namespace tt::test;

namespace {

Tensor longs(const Dims& sizes, std::initializer_list<int64_t> values) {
  const Tensor t = empty(sizes, DType::kInt64);
  std::copy(values.begin(), values.end(), t.data<int64_t>());
  return t;
}

}  // namespace

TEST(Index, GradientsAlongOneDimension) {
  const Tensor x = distinct({4, 3});
  const Tensor grid = longs({3, 2}, {0, 3, 3, 3, 1, 0});
  const Tensor list = longs({5}, {3, 0, 3, 1, 1});
  const Tensor other = distinct({3, 3});
  expect_gradients([&](const Tensor& t) { return ops::gather(t, 0, grid); }, x);
  expect_gradients([&](const Tensor& t) { return ops::index_select(t, 0, list); }, x);
  expect_gradients([&](const Tensor& t) { return ops::scatter_add(t, 0, grid, other); }, x);
  expect_gradients(
      [&](const Tensor& t) {
        return ops::scatter_add(other, 0, longs({3, 2}, {0, 2, 2, 2, 1, 0}), t);
      },
      x);
  expect_gradients([&](const Tensor& t) { return ops::scatter(t, 0, grid, Scalar(2.0)); }, x);
  expect_gradients(
      [&](const Tensor& t) {
        return ops::index_add(other, 0, longs({4}, {2, 0, 2, 1}), t, 0.5);
      },
      x);
  expect_gradients(
      [&](const Tensor& t) {
        const Tensor y = ops::mul(t, 2.0);
        ops::index_add_(y, 0, longs({3}, {2, 0, 2}), ops::narrow(t, 0, 0, 3));
        return y;
      },
      x);
}

TEST(Index, GradientsOfScatterReduce) {
  const Tensor x = distinct({4, 3});
  const Tensor grid = longs({3, 2}, {0, 3, 3, 3, 1, 0});
  const Tensor other = ops::add(distinct({3, 2}), 0.05);
  using ops::ScatterReduce;
  for (const bool include : {true, false}) {
    for (const auto reduce : {ScatterReduce::kSum, ScatterReduce::kProd, ScatterReduce::kMean,
                              ScatterReduce::kAmax, ScatterReduce::kAmin}) {
      expect_gradients(
          [&](const Tensor& t) { return ops::scatter_reduce(t, 0, grid, other, reduce, include); }, x);
      expect_gradients([&](const Tensor& s) { return ops::scatter_reduce(x, 0, grid, s, reduce, include); },
                       ops::clone(other));
      set_requires_grad(x, false);
    }
  }
}

TEST(Index, GradientsOfSeveralIndices) {
  const Tensor x = distinct({3, 2, 4});
  const Tensor rows = longs({2, 1}, {2, -3});
  const Tensor columns = longs({3}, {1, 1, -1});
  const Tensor apart[] = {rows, Tensor(), columns};
  const Tensor together[] = {Tensor(), longs({3}, {0, 1, 0}), columns};
  const Tensor mask = ops::gt(x, 1.5);
  const Tensor masks[] = {mask};
  expect_gradients([&](const Tensor& t) { return ops::index(t, apart); }, x);
  expect_gradients([&](const Tensor& t) { return ops::index(t, together); }, x);
  expect_gradients([&](const Tensor& t) { return ops::index(t, masks); }, x);
  expect_gradients([&](const Tensor& t) { return ops::masked_select(t, mask); }, x);
  const Tensor one = distinct({1});
  expect_gradients([&](const Tensor& t) { return ops::index_put(t, together, one, true); }, x);
  expect_gradients([&](const Tensor& t) { return ops::index_put(t, masks, one); }, x);
  set_requires_grad(x, false);
  expect_gradients([&](const Tensor& v) { return ops::index_put(x, together, v, true); }, distinct({3, 3}));
}

TEST(Index, GradientsOfJoining) {
  const Tensor x = distinct({2, 3});
  const int64_t both[] = {0, 1};
  const int64_t shifts[] = {1, -2};
  const int64_t twice[] = {2, 2};
  const int64_t amounts[] = {1, 2};
  expect_gradients(
      [](const Tensor& t) {
        const Tensor list[] = {t, ops::mul(t, 2.0), t};
        return ops::cat(list, 1);
      },
      x);
  expect_gradients(
      [](const Tensor& t) {
        const Tensor list[] = {t, ops::mul(t, 2.0)};
        return ops::stack(list, -1);
      },
      x);
  expect_gradients([&](const Tensor& t) { return ops::flip(t, both); }, x);
  expect_gradients([&](const Tensor& t) { return ops::roll(t, shifts, both); }, x);
  expect_gradients([&](const Tensor& t) { return ops::repeat(t, twice); }, x);
  expect_gradients([](const Tensor& t) { return ops::repeat_interleave(t, 2, 1); }, x);
  expect_gradients([](const Tensor& t) { return ops::tril(t, -1); }, x);
  expect_gradients([](const Tensor& t) { return ops::diag(ops::select(t, 0, 1), 1); }, x);
  for (const auto mode :
       {ops::PadMode::kConstant, ops::PadMode::kReflect, ops::PadMode::kReplicate, ops::PadMode::kCircular}) {
    expect_gradients([&](const Tensor& t) { return ops::pad(t, amounts, mode); }, x);
  }
}

TEST(Index, BadIndicesWriteNothing) {
  const Tensor x = ops::zeros({3}, DType::kFloat32);
  const Tensor ones = ops::ones({2}, DType::kFloat32);
  const Tensor bad[] = {longs({2}, {0, 3})};
  EXPECT_EQ(message_of([&] { ops::index_put_(x, bad, ones); }),
            "index 3 is out of bounds for dimension 0 with size 3");
  EXPECT_EQ(message_of([&] { ops::scatter_(x, 0, bad[0], ones); }),
            "index 3 is out of bounds for dimension 0 with size 3");
  EXPECT_EQ(message_of([&] {
              ops::index_add_(x, 0, longs({2}, {0, -1}), ones);
            }),
            "index -1 is out of bounds for dimension 0 with size 3");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(x.data<float>()[i], 0.0f);
  EXPECT_EQ(x.version(), 0u);
  EXPECT_EQ(message_of([&] { ops::cat({}, 0); }), "tensors is empty");
}

TEST(Index, RepeatsOfOneElementAreNewMemory) {
  const int64_t thrice[] = {3}, none[] = {1}, grid[] = {2, 2};
  for (const Dims& sizes : {Dims{}, Dims{1}, Dims{1, 1}}) {
    const Tensor x = ops::ones(sizes, DType::kFloat32);
    std::vector<Tensor> results{ops::repeat(x, grid), ops::repeat_interleave(x, 3, std::nullopt),
                                ops::repeat_interleave(x, 3, 0), ops::tile(x, thrice)};
    if (x.ndim() < 2) {
      results.push_back(ops::repeat(x, thrice));
      results.push_back(ops::repeat(x, none));
    }
    ops::fill_(x, 0);
    for (const Tensor& y : results) {
      EXPECT_TRUE(y.is_contiguous()) << to_string(y.sizes());
      for (int64_t i = 0; i < y.numel(); ++i) EXPECT_EQ(y.data<float>()[i], 1.0f);
      ops::add_(y, 1);
    }
  }
}

// The gradient of a product at one zero and at two, as a function of the zeros.
TEST(Index, ScatterReduceProductsOfZeros) {
  const auto second = [](std::initializer_list<double> values, bool include_self) {
    const Tensor src = empty({static_cast<int64_t>(values.size())}, DType::kFloat64);
    std::copy(values.begin(), values.end(), src.data<double>());
    set_requires_grad(src, true);
    const Tensor index = ops::zeros({src.numel()}, DType::kInt64);
    const Tensor self = ops::full({1}, 3.0, DType::kFloat64);
    BackwardOptions options;
    options.create_graph = true;
    const Tensor leaves[] = {src};
    const Tensor out[] = {
        ops::sum(ops::scatter_reduce(self, 0, index, src, ops::ScatterReduce::kProd, include_self))};
    const Tensor first[] = {ops::sum(grad(out, leaves, {}, options)[0])};
    const Tensor found = grad(first, leaves, {}, {})[0];
    return std::vector<double>(found.data<double>(), found.data<double>() + found.numel());
  };
  EXPECT_EQ(second({0, 2}, false), (std::vector<double>{1, 1}));
  EXPECT_EQ(second({0, 2}, true), (std::vector<double>{3, 3}));
  EXPECT_EQ(second({0, 2, 5}, false), (std::vector<double>{7, 5, 2}));
  EXPECT_EQ(second({0, 0, 5}, false), (std::vector<double>{5, 5, 0}));
  EXPECT_EQ(second({0, 0, 0, 5}, false), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_EQ(second({4, 2, 5}, false), (std::vector<double>{7, 9, 6}));
}
