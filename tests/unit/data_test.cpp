// Data sets and loaders. The orders are recorded from PyTorch 2.15 (DataLoader, random_split) for the same
// seeds.
#include "tinytorch/data.h"

#include <gtest/gtest.h>

#include <numeric>

#include "autograd/engine.h"
#include "autograd/meta.h"
#include "random/random_fill.h"
#include "data/loader.h"
#include "ops/ops.h"
#include "tinytorch/autograd.h"
#include "tinytorch/tensor.h"

using namespace tt;
using data::Loader;
using data::LoaderOptions;
using data::TensorDataset;

namespace {

Tensor arange(int64_t n, DType dtype = DType::kInt64) {
  Tensor t = empty({n}, dtype);
  visit_dtype(dtype, [&]<typename T>() {
    for (int64_t i = 0; i < n; ++i) t.data<T>()[i] = static_cast<T>(static_cast<float>(i));
  });
  return t;
}

Ref<data::Dataset> counting(int64_t n) { return make_ref<TensorDataset>(Tensors{arange(n)}); }

std::vector<int64_t> epoch(Loader& loader) {
  std::vector<int64_t> seen;
  Tensor batch[1];
  loader.begin();
  while (loader.next(batch)) {
    seen.insert(seen.end(), batch[0].data<int64_t>(), batch[0].data<int64_t>() + batch[0].numel());
  }
  EXPECT_FALSE(loader.next(batch));
  return seen;
}

int64_t draw(Generator& generator) {
  int64_t value;
  fill_random_int(generator, &value, 1, 0, 1000000);
  return value;
}

using List = std::vector<int64_t>;

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

}  // namespace

TEST(Loader, ShufflesAsPyTorch) {
  for (const auto& [batch, drop] : {std::pair<int64_t, bool>{3, false}, {5, false}, {4, true}}) {
    manual_seed(0);
    LoaderOptions options;
    options.batch_size = batch;
    options.drop_last = drop;
    options.shuffle = true;
    Loader loader(counting(10), options);
    List first{6, 7, 1, 4, 2, 0, 9, 8, 3, 5};
    List second{2, 4, 7, 0, 8, 9, 5, 3, 6, 1};
    if (drop) first.resize(8), second.resize(8);
    EXPECT_EQ(epoch(loader), first);
    EXPECT_EQ(epoch(loader), second);
    EXPECT_EQ(draw(default_generator()), 583497);
    EXPECT_EQ(loader.length(), drop ? 2 : (10 + batch - 1) / batch);
  }
}

TEST(Loader, ShufflesAsPyTorchWithAGenerator) {
  for (const auto& [batch, drop] : {std::pair<int64_t, bool>{3, false}, {5, false}, {4, true}}) {
    manual_seed(0);
    LoaderOptions options;
    options.batch_size = batch;
    options.drop_last = drop;
    options.shuffle = true;
    options.generator = make_ref<Generator>(Engine::kMt19937, 99);
    Loader loader(counting(10), options);
    List first{1, 9, 3, 7, 6, 8, 2, 4, 0, 5};
    List second{6, 2, 4, 9, 8, 3, 0, 7, 5, 1};
    if (drop) first.resize(8), second.resize(8);
    EXPECT_EQ(epoch(loader), first);
    EXPECT_EQ(epoch(loader), second);
    EXPECT_EQ(draw(default_generator()), 136044);
    EXPECT_EQ(draw(*options.generator), 187812);
  }
}

TEST(Loader, SequentialTakesABaseSeed) {
  manual_seed(3);
  LoaderOptions options;
  options.batch_size = 2;
  Loader loader(counting(5), options);
  EXPECT_EQ(epoch(loader), (List{0, 1, 2, 3, 4}));
  EXPECT_EQ(draw(default_generator()), 471737);
}

TEST(Loader, TakesTheSamplersOrder) {
  LoaderOptions options;
  options.batch_size = 2;
  options.sampler = List{4, 0, 4, 1, 2};
  Loader loader(counting(5), options);
  EXPECT_EQ(loader.length(), 3);
  EXPECT_EQ(epoch(loader), *options.sampler);
  options.drop_last = true;
  Loader dropping(counting(5), options);
  EXPECT_EQ(dropping.length(), 2);
  EXPECT_EQ(epoch(dropping), (List{4, 0, 4, 1}));
  options.sampler = List{};
  Loader nothing(counting(5), options);
  EXPECT_EQ(epoch(nothing), List{});
  options.sampler = List{5};
  EXPECT_EQ(message_of([&] { Loader(counting(5), options); }),
            "sampler[0] is 5, out of range for a data set of length 5");
}

TEST(Loader, RestartsInTheMiddle) {
  Loader loader(counting(4), {});
  Tensor batch[1];
  EXPECT_EQ(message_of([&] { loader.next(batch); }), "no epoch has begun; call tt_loader_begin first");
  loader.begin();
  ASSERT_TRUE(loader.next(batch));
  ASSERT_TRUE(loader.next(batch));
  EXPECT_EQ(epoch(loader), (List{0, 1, 2, 3}));
}

TEST(Loader, RefusesBadOptions) {
  LoaderOptions options;
  options.batch_size = 0;
  EXPECT_EQ(message_of([&] { Loader(counting(4), options); }), "options.batch_size is 0, expected 1 or more");
  options.batch_size = 2;
  options.shuffle = true;
  EXPECT_NE(message_of([&] { Loader(counting(0), options); }).find("an empty data set"), std::string::npos);
  options.sampler = List{0};
  EXPECT_EQ(message_of([&] { Loader(counting(4), options); }),
            "options.sampler and options.shuffle exclude each other");
  Loader empty_one(counting(0), {});
  EXPECT_EQ(epoch(empty_one), List{});
  EXPECT_EQ(empty_one.length(), 0);
}

TEST(Dataset, GathersRowsOfAnyLayout) {
  const Tensor plain = ops::reshape(arange(24, DType::kFloat32), {4, 3, 2});
  const Tensor turned = ops::transpose(ops::reshape(arange(24, DType::kFloat32), {2, 3, 4}), 0, 2);
  const Tensor bytes = ops::reshape(arange(12, DType::kUInt8), {4, 3});
  const Tensor halves = arange(4, DType::kFloat16);
  const Tensor none = ops::zeros({4, 0, 5}, DType::kFloat64);
  TensorDataset set(Tensors{plain, turned, bytes, halves, none});
  const List indices{3, 0, 3, 1};
  std::vector<Tensor> batch(5), sample(5);
  set.batch(indices, batch);
  EXPECT_EQ(batch[0].sizes(), (Dims{4, 3, 2}));
  EXPECT_EQ(batch[1].sizes(), (Dims{4, 3, 2}));
  EXPECT_EQ(batch[4].sizes(), (Dims{4, 0, 5}));
  EXPECT_TRUE(batch[1].is_contiguous());
  for (int i = 0; i < 4; ++i) {
    const auto row = indices[static_cast<size_t>(i)];
    set.get(row, sample);
    EXPECT_EQ(sample[3].ndim(), 0);
    EXPECT_EQ(static_cast<float>(*sample[3].data<Half>()), static_cast<float>(row));
    EXPECT_EQ(static_cast<float>(batch[3].data<Half>()[i]), static_cast<float>(row));
    for (int j = 0; j < 3; ++j) {
      EXPECT_EQ(batch[2].data<uint8_t>()[i * 3 + j], row * 3 + j);
      for (int k = 0; k < 2; ++k) {
        EXPECT_EQ(batch[0].data<float>()[i * 6 + j * 2 + k], static_cast<float>(row * 6 + j * 2 + k));
        // turned[a][b][c] is the element c, b, a of a 2x3x4 block.
        EXPECT_EQ(batch[1].data<float>()[i * 6 + j * 2 + k], static_cast<float>(k * 12 + j * 4 + row));
      }
    }
  }
  // Batches are copies, samples are views.
  *sample[0].data<float>() = -1;
  EXPECT_EQ(plain.data<float>()[6], -1);
  EXPECT_EQ(batch[0].data<float>()[18], 6);
}

TEST(Dataset, GradientsFlowThroughBatches) {
  Tensor x = ops::reshape(arange(6, DType::kFloat64), {3, 2});
  set_requires_grad(x, true);
  TensorDataset set(Tensors{x});
  Tensor batch[1];
  set.batch(List{2, 2, 0}, batch);
  ASSERT_TRUE(batch[0].requires_grad());
  Tensor roots[] = {ops::sum(ops::mul(batch[0], batch[0]))};
  backward(roots, {}, {});
  const double expected[] = {0, 2, 0, 0, 16, 20};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(x.grad().data<double>()[i], expected[i]);
}

TEST(Dataset, RefusesTensorsThatDoNotMatch) {
  EXPECT_EQ(message_of([] { TensorDataset(Tensors{}); }), "a data set needs at least one tensor");
  EXPECT_EQ(message_of([] {
              TensorDataset(Tensors{arange(3), arange(4)});
            }),
            "tensors[0] has 3 samples, and tensors[1] has 4");
  EXPECT_NE(
      message_of([] { TensorDataset(Tensors{scalar_tensor(1, DType::kFloat32)}); }).find("no dimensions"),
      std::string::npos);
}

TEST(Dataset, SubsetsAndConcatenations) {
  const auto ten = counting(10);
  const Ref<data::Dataset> part = make_ref<data::Subset>(ten, List{9, 1, 1});
  const Ref<data::Dataset> both =
      make_ref<data::ConcatDataset>(std::vector<Ref<data::Dataset>>{part, counting(0), counting(2)});
  EXPECT_EQ(both->length(), 5);
  LoaderOptions options;
  options.batch_size = 3;
  Loader loader(both, options);
  EXPECT_EQ(epoch(loader), (List{9, 1, 1, 0, 1}));
  EXPECT_EQ(message_of([&] {
              make_ref<data::Subset>(ten, List{0, -1});
            }),
            "index -1 is out of range for a data set of length 10");
  EXPECT_EQ(message_of([&] {
              make_ref<data::ConcatDataset>(std::vector<Ref<data::Dataset>>{
                  ten, make_ref<TensorDataset>(Tensors{arange(2), arange(2)})});
            }),
            "data set 0 has 1 tensors a sample, data set 1 has 2");
}

TEST(Dataset, RandomSplitIsPyTorchs) {
  const auto ten = counting(10);
  const auto order = [](const Ref<data::Dataset>& part) {
    Loader loader(part, {});
    Tensor batch[1];
    List all;
    loader.begin();
    while (loader.next(batch)) all.push_back(*batch[0].data<int64_t>());
    return all;
  };
  manual_seed(3);
  const auto parts = data::random_split(ten, List{7, 3}, default_generator());
  EXPECT_EQ(draw(default_generator()), 166739);
  EXPECT_EQ(order(parts[0]), (List{6, 0, 3, 7, 8, 5, 1}));
  EXPECT_EQ(order(parts[1]), (List{9, 2, 4}));

  const auto own = make_ref<Generator>(Engine::kMt19937, 42);
  const std::vector<double> fractions{0.5, 0.3, 0.2};
  const List lengths = data::split_lengths(11, fractions);
  EXPECT_EQ(lengths, (List{6, 3, 2}));
  const auto thirds = data::random_split(counting(11), lengths, *own);
  EXPECT_EQ(order(thirds[0]), (List{6, 8, 9, 2, 1, 10}));
  EXPECT_EQ(order(thirds[1]), (List{0, 7, 3}));
  EXPECT_EQ(order(thirds[2]), (List{5, 4}));

  EXPECT_NE(message_of([&] {
              data::random_split(ten, List{7, 4}, *own);
            }).find("lengths sum to "),
            std::string::npos);
  EXPECT_EQ(message_of([&] {
              data::split_lengths(10, std::vector<double>{0.5, 0.6});
            }),
            "the fractions sum to 1.1, expected 1");
  EXPECT_EQ(message_of([&] {
              data::split_lengths(10, std::vector<double>{1.5, -0.5});
            }),
            "fractions[0] is 1.5, expected a number from 0 to 1");
}

TEST(Dataset, StackingPromotesAndChecks) {
  const Tensor a = arange(2, DType::kInt32);
  const Tensor b = arange(2, DType::kFloat16);
  const Tensor both = data::stack_samples(std::vector<Tensor>{a, b});
  EXPECT_EQ(both.dtype(), DType::kFloat16);
  EXPECT_EQ(both.sizes(), (Dims{2, 2}));
  EXPECT_EQ(static_cast<float>(both.data<Half>()[1]), 1.0f);
  EXPECT_EQ(message_of([&] {
              data::stack_samples(std::vector<Tensor>{a, arange(3)});
            }),
            "the tensors of a batch must have one shape, but sample 0 has [2] and sample 1 has [3]");
}

// ---- the C ABI ----

namespace {

struct Squares {
  int64_t length = 5;
  int64_t fail_at = -1;
  int64_t null_at = -1;
  int destroyed = 0;
};

tt_status squares_length(int64_t* out, void* user) {
  *out = static_cast<Squares*>(user)->length;
  return TT_OK;
}
tt_status squares_get(int64_t index, tt_tensor** sample, size_t, void* user) {
  const auto* squares = static_cast<Squares*>(user);
  if (index == squares->fail_at) return tt_fail("no square today");
  const int64_t size = 2;
  tt_status status = tt_full(&size, 1, static_cast<double>(index * index), TT_FLOAT32, &sample[0]);
  if (status == TT_OK && index != squares->null_at) {
    status = tt_full(nullptr, 0, static_cast<double>(index), TT_INT64, &sample[1]);
  }
  return status;
}
void squares_destroy(void* user) { ++static_cast<Squares*>(user)->destroyed; }

}  // namespace

TEST(DataC, DataSetOfCallbacks) {
  Squares squares;
  const tt_dataset_callbacks callbacks = {sizeof callbacks, 2,        squares_length,
                                          squares_get,      &squares, squares_destroy};
  tt_dataset* set = nullptr;
  ASSERT_EQ(tt_dataset_new(&callbacks, &set), TT_OK) << tt_last_error();
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  options.batch_size = 3;
  tt_loader* loader = nullptr;
  ASSERT_EQ(tt_loader_new(set, &options, &loader), TT_OK);
  tt_dataset_release(set);
  ASSERT_EQ(tt_loader_begin(loader), TT_OK);

  tt_tensor* batch[3] = {};
  int32_t has = -1;
  ASSERT_EQ(tt_loader_next(loader, batch, 3, &has), TT_OK) << tt_last_error();
  EXPECT_EQ(has, 1);
  EXPECT_EQ(batch[2], nullptr);
  void* values = nullptr;
  ASSERT_EQ(tt_tensor_data(batch[0], &values), TT_OK);
  EXPECT_EQ(static_cast<float*>(values)[5], 4.0f);
  ASSERT_EQ(tt_tensor_data(batch[1], &values), TT_OK);
  EXPECT_EQ(static_cast<int64_t*>(values)[2], 2);
  tt_tensor_release(batch[0]);
  tt_tensor_release(batch[1]);

  // A failure loses nothing: the same batch is next.
  squares.fail_at = 4;
  EXPECT_EQ(tt_loader_next(loader, batch, 3, &has), TT_ERR_CALLBACK);
  EXPECT_STREQ(tt_last_error(), "tt_loader_next: get of a user's data set failed: no square today");
  EXPECT_EQ(batch[0], nullptr);
  squares.fail_at = -1;
  squares.null_at = 3;
  EXPECT_EQ(tt_loader_next(loader, batch, 3, &has), TT_ERR_CALLBACK);
  EXPECT_STREQ(tt_last_error(), "tt_loader_next: get of a user's data set left tensor 1 of sample 3 NULL");
  squares.null_at = -1;
  EXPECT_EQ(tt_loader_next(loader, batch, 1, &has), TT_ERR_INVALID_ARGUMENT);
  EXPECT_STREQ(tt_last_error(), "tt_loader_next: capacity is 1, but a sample has 2 tensors");
  ASSERT_EQ(tt_loader_next(loader, batch, 3, &has), TT_OK);
  const int64_t* sizes = nullptr;
  ASSERT_EQ(tt_tensor_sizes(batch[0], &sizes), TT_OK);
  EXPECT_EQ(sizes[0], 2);
  tt_tensor_release(batch[0]);
  tt_tensor_release(batch[1]);
  ASSERT_EQ(tt_loader_next(loader, batch, 3, &has), TT_OK);
  EXPECT_EQ(has, 0);
  EXPECT_EQ(batch[0], nullptr);

  EXPECT_EQ(squares.destroyed, 0);
  tt_loader_release(loader);
  EXPECT_EQ(squares.destroyed, 1);
}

TEST(DataC, RefusesBadArguments) {
  tt_dataset* set = reinterpret_cast<tt_dataset*>(16);
  EXPECT_EQ(tt_tensor_dataset_new(nullptr, 1, &set), TT_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(set, nullptr);
  EXPECT_EQ(tt_tensor_dataset_new(nullptr, 0, nullptr), TT_ERR_INVALID_ARGUMENT);
  Squares squares;
  tt_dataset_callbacks callbacks = {sizeof callbacks, 0,        squares_length,
                                    squares_get,      &squares, squares_destroy};
  EXPECT_EQ(tt_dataset_new(&callbacks, &set), TT_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(squares.destroyed, 1);
  EXPECT_EQ(tt_dataset_new(nullptr, &set), TT_ERR_INVALID_ARGUMENT);

  const int64_t sizes[] = {4, 2};
  tt_tensor* tensor = nullptr;
  ASSERT_EQ(tt_zeros(sizes, 2, TT_FLOAT32, &tensor), TT_OK);
  ASSERT_EQ(tt_tensor_dataset_new(&tensor, 1, &set), TT_OK);
  tt_tensor_release(tensor);
  tt_tensor* sample[1];
  EXPECT_EQ(tt_dataset_get(set, 4, sample, 1), TT_ERR_INVALID_ARGUMENT);
  EXPECT_STREQ(tt_last_error(), "tt_dataset_get: index 4 is out of range for a data set of length 4");
  EXPECT_EQ(tt_dataset_get(reinterpret_cast<tt_dataset*>(tensor), 0, sample, 0), TT_ERR_INVALID_ARGUMENT);
  ASSERT_EQ(tt_dataset_get(set, 3, sample, 1), TT_OK);
  tt_tensor_release(sample[0]);
  const int64_t lengths[] = {3, 1};
  tt_dataset* parts[2];
  ASSERT_EQ(tt_random_split(set, lengths, 2, nullptr, parts), TT_OK);
  tt_dataset_release(parts[0]);
  tt_dataset_release(parts[1]);
  EXPECT_EQ(tt_random_split(set, lengths, 1, nullptr, parts), TT_ERR_INVALID_ARGUMENT);
  tt_loader* loader = nullptr;
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  options.batch_size = -2;
  EXPECT_EQ(tt_loader_new(set, &options, &loader), TT_ERR_INVALID_ARGUMENT);
  EXPECT_EQ(loader, nullptr);
  options.struct_size = 0;
  EXPECT_EQ(tt_loader_new(set, &options, &loader), TT_ERR_INVALID_ARGUMENT);
  // An older caller's shorter struct: the rest has its defaults.
  options.struct_size = offsetof(tt_loader_options, shuffle);
  options.batch_size = 4;
  options.shuffle = 77;
  ASSERT_EQ(tt_loader_new(set, &options, &loader), TT_OK) << tt_last_error();
  int64_t length = 0;
  ASSERT_EQ(tt_loader_length(loader, &length), TT_OK);
  EXPECT_EQ(length, 1);
  tt_loader_release(loader);
  tt_dataset_release(set);
  tt_dataset_release(nullptr);
}
