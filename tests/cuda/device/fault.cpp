// What kernels refuse is reported late and does no harm: indices, class values, probabilities, weights,
// divisors.
#include "random/generator.h"
#include "tensor/loop.h"
#include "device.h"
#include "ops/random/random.h"

namespace tt::device_test {
namespace {

using Call = std::function<Tensor(const std::vector<Tensor>&)>;

void synchronize() { memory_of(kCuda).synchronize(kCuda); }

std::string message_of(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Status::kInvalidArgument);
    return error.message();
  }
  return "no error";
}

std::vector<Tensor> moved(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> out;
  for (const Tensor& t : tensors) out.push_back(on_cuda(t));
  return out;
}

// The call goes through on the device, and the next that waits has the CPU's message.
Tensor faulty(const char* what, const std::vector<Tensor>& tensors, const Call& call) {
  const std::vector<Tensor> there = moved(tensors);
  Tensor result;
  EXPECT_EQ(message_of([&] { result = call(there); }), "no error") << what;
  const std::string message = message_of(synchronize);
  EXPECT_EQ(message, message_of([&] { call(tensors); })) << what;
  EXPECT_NE(message, "no error") << what;
  EXPECT_EQ(message_of(synchronize), "no error") << what;
  return result;
}

Tensor ints(std::initializer_list<int64_t> list, DType dtype = DType::kInt64) {
  const Tensor out = empty({static_cast<int64_t>(list.size())}, DType::kInt64);
  std::copy(list.begin(), list.end(), out.data<int64_t>());
  return ops::to_dtype(out, dtype);
}

Tensor floats(std::initializer_list<double> list, DType dtype = DType::kFloat32) {
  const Tensor out = empty({static_cast<int64_t>(list.size())}, DType::kFloat64);
  std::copy(list.begin(), list.end(), out.data<double>());
  return ops::to_dtype(out, dtype);
}

constexpr int64_t kSize = 20;
const std::vector<int64_t>& wrong_indices(DType dtype, bool negative_counts) {
  static std::vector<int64_t> wrong;
  wrong = {kSize, 1000, -kSize - 1, -1000};
  if (!negative_counts) wrong.push_back(-1);
  wrong.push_back(dtype == DType::kInt32 ? INT32_MAX : INT64_MAX);
  wrong.push_back(dtype == DType::kInt32 ? INT32_MIN : INT64_MIN);
  return wrong;
}

// Four good indices and, among them, a wrong one.
struct Indices {
  Tensor all, good;
  Indices(int64_t wrong, DType dtype) : all(ints({3, wrong, 0, 19, 3}, dtype)), good(ints({3, 0, 19, 3})) {}
};
// Element 1 is that of the wrong index.
Tensor without_wrong(const Tensor& t) {
  const Tensor parts[] = {ops::narrow(t, 0, 0, 1), ops::narrow(t, 0, 2, 3)};
  return ops::cat(parts);
}

TEST(DeviceFault, GathersGiveZeroForAWrongIndex) {
  const std::vector<std::pair<const char*, Call>> calls{
      {"gather", [](const auto& t) { return ops::gather(t[0], 0, t[1]); }},
      {"index_select", [](const auto& t) { return ops::index_select(t[0], 0, t[1]); }},
      {"take_along_dim",
       [](const auto& t) { return ops::take_along_dim(t[0], ops::to_dtype(t[1], DType::kInt64), 0); }},
      {"index", [](const auto& t) {
         const Tensor at[] = {t[1]};
         return ops::index(t[0], at);
       }}};
  const Tensor x = ops::add(ops::rand({kSize}, DType::kFloat32), 1);
  for (const auto& [name, call] : calls) {
    for (const DType dtype : {DType::kInt64, DType::kInt32}) {
      const bool counts_from_end = name == std::string("index") || name == std::string("take_along_dim");
      for (const int64_t wrong : wrong_indices(dtype, counts_from_end)) {
        const Indices at(wrong, dtype);
        const Tensor got = faulty(name, {x, at.all}, call);
        const Tensor want = ops::zeros({5}, DType::kFloat32);
        const Tensor good = ops::index_select(x, 0, at.good);
        for (const int i : {0, 2, 3, 4}) want.data<float>()[i] = good.data<float>()[i > 0 ? i - 1 : 0];
        EXPECT_EQ(difference(got, want, 0, 0), "") << name << " " << wrong;
      }
    }
  }
}

// Written through a part of a larger tensor: nothing before, behind or between changes but what the good
// indices name.
TEST(DeviceFault, ScattersLeaveOutAWrongIndex) {
  const auto reduce = [](ops::ScatterReduce how) {
    return [how](const std::vector<Tensor>& t) {
      ops::scatter_reduce_(t[0], 0, t[1], t[2], how, true);
      return t[0];
    };
  };
  const auto put = [](bool accumulate) {
    return [accumulate](const std::vector<Tensor>& t) {
      const Tensor at[] = {t[1]};
      ops::index_put_(t[0], at, t[2], accumulate);
      return t[0];
    };
  };
  const std::vector<std::pair<const char*, Call>> calls{
      {"scatter_",
       [](const auto& t) {
         ops::scatter_(t[0], 0, t[1], t[2]);
         return t[0];
       }},
      {"scatter_ of a number",
       [](const auto& t) {
         ops::scatter_(t[0], 0, t[1], Scalar(5));
         return t[0];
       }},
      {"scatter_add_",
       [](const auto& t) {
         ops::scatter_add_(t[0], 0, t[1], t[2]);
         return t[0];
       }},
      {"index_add_",
       [](const auto& t) {
         ops::index_add_(t[0], 0, t[1], t[2], 2);
         return t[0];
       }},
      {"scatter_reduce_ sum", reduce(ops::ScatterReduce::kSum)},
      {"scatter_reduce_ mean", reduce(ops::ScatterReduce::kMean)},
      {"scatter_reduce_ amax", reduce(ops::ScatterReduce::kAmax)},
      {"index_put_", put(false)},
      {"index_put_ accumulate", put(true)}};
  const Tensor source = ops::rand({5}, DType::kFloat32);
  for (const auto& [name, scatter] : calls) {
    const auto& call = scatter;  // which lambdas can capture
    const bool is_put = std::string(name).starts_with("index_put");
    for (const DType dtype : {DType::kInt64, DType::kInt32}) {
      for (const int64_t wrong : wrong_indices(dtype, is_put)) {
        const Indices at(wrong, dtype);
        const Tensor whole = ops::full({3 * kSize}, 7.5, DType::kFloat32);
        const Tensor there = on_cuda(whole);
        const Tensor index = on_cuda(at.all), values = on_cuda(source);
        EXPECT_EQ(message_of([&] {
                    call({ops::narrow(there, 0, kSize, kSize), index, values});
                  }),
                  "no error")
            << name;
        const Tensor part = ops::narrow(whole, 0, kSize, kSize);
        EXPECT_EQ(message_of(synchronize), message_of([&] { call({part, at.all, source}); })) << name;
        call({part, at.good, without_wrong(source)});
        EXPECT_EQ(difference(there, whole, 0, 0), "") << name << " " << wrong;
      }
    }
  }
}

TEST(DeviceFault, SeveralIndicesAreGoodTogetherOrNot) {
  const Tensor x = ops::add(ops::rand({4, kSize}, DType::kFloat32), 1);
  for (const int64_t wrong : wrong_indices(DType::kInt64, true)) {
    const Call call = [](const auto& t) {
      const Tensor at[] = {t[1], t[2]};
      return ops::index(t[0], at);
    };
    const Tensor got =
        ops::to_device(faulty("index", {x, ints({3, -1, 0}), ints({-1, wrong, 2})}, call), Device{});
    EXPECT_EQ(got.data<float>()[0], x.data<float>()[3 * kSize + kSize - 1]);
    EXPECT_EQ(got.data<float>()[1], 0);
    EXPECT_EQ(got.data<float>()[2], x.data<float>()[2]);
    // A good offset that is added does not bring a wrong one back.
    const Tensor offsets = empty({3}, DType::kInt64, kCuda);
    const Tensor first = on_cuda(ints({-1, wrong, 2})), second = on_cuda(ints({3, 3, 0}));
    const KernelTable& kernels = backend_of(kCuda).kernels;
    kernels.run(call::IndexOffsets{make_loop({3}, {offsets, first}), kSize, 4, false});
    kernels.run(call::IndexOffsets{make_loop({3}, {offsets, second}), 4, 4 * kSize, true});
    EXPECT_EQ(difference(offsets, ints({3 * 4 * kSize + 4 * (kSize - 1), -1, 8}), 0, 0), "");
  }
}

TEST(DeviceFault, NothingIsReadFromATensorWithoutElements) {
  const Tensor got = faulty("index_select", {ops::zeros({0, 3}, DType::kFloat32), ints({0, 0})},
                            [](const auto& t) { return ops::index_select(t[0], 0, t[1]); });
  EXPECT_EQ(difference(got, ops::zeros({2, 3}, DType::kFloat32), 0, 0), "");
  faulty("index_select", {ops::zeros({3, 0}, DType::kFloat32), ints({7})},
         [](const auto& t) { return ops::index_select(t[0], 0, t[1]); });
}

TEST(DeviceFault, OneHot) {
  for (const int64_t wrong : {int64_t{7}, int64_t{-1}, INT64_MAX, INT64_MIN}) {
    const Tensor got =
        faulty("one_hot", {ints({2, wrong, 6})}, [](const auto& t) { return ops::one_hot(t[0], 7); });
    const Tensor here = ops::to_device(got, Device{});
    for (int i = 0; i < 21; ++i) EXPECT_EQ(here.data<int64_t>()[i], i == 2 || i == 20);
  }
  // Without a number of classes the shape depends on the values: the error comes at once.
  const Tensor there = on_cuda(ints({2, -1}));
  EXPECT_EQ(message_of([&] { ops::one_hot(there); }), "input has the class -1, expected 0 or more");
}

TEST(DeviceFault, Probabilities) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const DType dtype : {DType::kFloat16, DType::kFloat32, DType::kFloat64}) {
    for (const double wrong : {-0.25, 1.5, nan}) {
      const Tensor got = faulty("bernoulli", {floats({1, wrong, 0, 1, 1, 1}, dtype)}, [](const auto& t) {
        const Ref<Generator> g = make_ref<Generator>(Engine::kPhilox, uint64_t{5});
        return ops::bernoulli(t[0], g.get());
      });
      EXPECT_EQ(difference(got, floats({1, 0, 0, 1, 1, 1}, dtype), 0, 0), "");
    }
  }
}

TEST(DeviceFault, Weights) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const bool replacement : {false, true}) {
    for (const int64_t samples : {1, 3}) {
      const Call call = [=](const auto& t) {
        const Ref<Generator> g = make_ref<Generator>(Engine::kPhilox, uint64_t{5});
        return ops::multinomial(t[0], samples, replacement, g.get());
      };
      for (const double wrong : {-1.0, infinity, std::numeric_limits<double>::quiet_NaN()}) {
        const Tensor weights = ops::reshape(floats({1, 2, 3, 1, wrong, 3}), Dims{2, 3});
        const Tensor got = ops::to_device(faulty("multinomial", {weights}, call), Device{});
        for (int64_t i = 0; i < got.numel(); ++i) {
          EXPECT_GE(got.data<int64_t>()[i], 0);
          EXPECT_LT(got.data<int64_t>()[i], 3);
        }
      }
      faulty("multinomial", {ops::reshape(floats({1, 2, 0, 0}), Dims{2, 2})}, [=](const auto& t) {
        const Ref<Generator> g = make_ref<Generator>(Engine::kPhilox, uint64_t{5});
        return ops::multinomial(t[0], std::min<int64_t>(samples, 2), replacement, g.get());
      });
    }
  }
}

TEST(DeviceFault, Divisors) {
  for (const DType dtype : {DType::kInt64, DType::kInt32, DType::kInt16, DType::kUInt8}) {
    faulty("remainder", {ints({7, 8, 9}, dtype), ints({2, 0, 4}, dtype)},
           [](const auto& t) { return ops::remainder(t[0], t[1]); });
    faulty("div_floor", {ints({7, 8, 9}, dtype), ints({2, 0, 4}, dtype)},
           [](const auto& t) { return ops::div_floor(t[0], t[1]); });
  }
}

TEST(DeviceFault, IsReportedOnceByTheNextThatLooks) {
  const Tensor x = on_cuda(ops::rand({kSize}, DType::kFloat32));
  const Tensor many = on_cuda(ops::full({100000}, kSize + 4, DType::kInt64)), other = on_cuda(ints({-7}));
  ops::index_select(x, 0, many);
  // The emulated device is done at once; a real one has to be waited for by hand, or the call may not see it.
  const std::string first = message_of([&] {
    ops::index_select(x, 0, other);
    synchronize();
  });
  EXPECT_EQ(first, "index 24 is out of bounds for dimension 0 with size 20");
  const std::string rest = message_of(synchronize);
  EXPECT_TRUE(rest == "no error" || rest == "index -7 is out of bounds for dimension 0 with size 20") << rest;
  EXPECT_EQ(message_of([&] { ops::index_select(x, 0, on_cuda(ints({2}))); }), "no error");
  EXPECT_EQ(message_of(synchronize), "no error");
  // A copy to the host waits.
  ops::index_select(x, 0, other);
  EXPECT_EQ(message_of([&] { ops::to_device(x, Device{}); }),
            "index -7 is out of bounds for dimension 0 with size 20");
}

}  // namespace
}  // namespace tt::device_test
