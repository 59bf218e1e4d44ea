// PyTorch's random streams for given seeds (random.ttv.gz), through the default generator. The recorded
// states are in PyTorch's own layout, which the library does not read; that the generator is where PyTorch's
// is shows in what the calls after it draw.
#include <gtest/gtest.h>

#include "harness/compare.h"
#include "harness/files.h"
#include "harness/graph.h"

using namespace tt::parity;

namespace {

// ---- calls that are more than a function ----

tt_status normal(Frame& frame) {
  const double mean = as_double(frame.value());
  const double std = as_double(frame.value());
  const auto& sizes = std::get<std::vector<std::int64_t>>(frame.value());
  tt_tensor*& out = frame.outputs.emplace_back(nullptr);
  const tt_status status = tt_zeros(sizes.data(), sizes.size(), as_int32(frame.value(), -1), &out);
  return status != TT_OK ? status : tt_normal_(out, mean, std, nullptr);
}

// Layers take their initial values in the default dtype.
class DefaultDtype {
 public:
  explicit DefaultDtype(tt_dtype dtype) {
    check(tt_get_default_dtype(&before_));
    check(tt_set_default_dtype(dtype));
  }
  ~DefaultDtype() { tt_set_default_dtype(before_); }

 private:
  tt_dtype before_ = TT_FLOAT32;
};

tt_status parameters_of(tt_module* module, bool bias, Frame& frame) {
  tt_status status = tt_module_get_parameter(module, "weight", &frame.outputs.emplace_back(nullptr));
  if (status == TT_OK && bias)
    status = tt_module_get_parameter(module, "bias", &frame.outputs.emplace_back(nullptr));
  tt_module_release(module);
  for (tt_tensor* t : frame.outputs) check(tt_tensor_set_requires_grad(t, 0));
  return status;
}

tt_status linear_init(Frame& frame) {
  const std::int64_t in = as_int(frame.value());
  const std::int64_t out = as_int(frame.value());
  const bool bias = as_int(frame.value()) != 0;
  const DefaultDtype dtype(as_int32(frame.value(), -1));
  tt_module* module = nullptr;
  const tt_status status = tt_nn_linear_new(in, out, bias, &module);
  return status != TT_OK ? status : parameters_of(module, bias, frame);
}

tt_status conv2d_init(Frame& frame) {
  const std::int64_t in = as_int(frame.value());
  const std::int64_t out = as_int(frame.value());
  const auto& kernel = std::get<std::vector<std::int64_t>>(frame.value());
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  options.groups = as_int(frame.value());
  options.bias = as_int32(frame.value(), -1);
  const DefaultDtype dtype(as_int32(frame.value(), -1));
  tt_module* module = nullptr;
  const tt_status status = tt_nn_conv2d_new(in, out, kernel.data(), &options, &module);
  return status != TT_OK ? status : parameters_of(module, options.bias != 0, frame);
}

// The order of two epochs, as ints.
struct LoaderFrame {
  std::vector<std::int64_t> epochs[2];
};

void loader_order(const std::vector<Value>& inputs, LoaderFrame& out) {
  const std::int64_t n = as_int(inputs[0]);
  tt_tensor* indices = nullptr;
  check(tt_arange_int(0, n, 1, TT_INT64, &indices));
  const Handle owner(indices);
  tt_dataset* dataset = nullptr;
  check(tt_tensor_dataset_new(&indices, 1, &dataset));
  tt_loader_options options = TT_LOADER_OPTIONS_INIT;
  options.batch_size = as_int(inputs[1]);
  options.drop_last = as_int32(inputs[2], 0);
  options.shuffle = 1;
  tt_generator* generator = nullptr;
  if (inputs.size() > 3) {
    check(tt_generator_new(TT_MT19937, static_cast<std::uint64_t>(as_int(inputs[3])), &generator));
    options.generator = generator;
  }
  tt_loader* loader = nullptr;
  check(tt_loader_new(dataset, &options, &loader));
  for (auto& epoch : out.epochs) {
    check(tt_loader_begin(loader));
    for (;;) {
      tt_tensor* batch = nullptr;
      std::int32_t has_batch = 0;
      check(tt_loader_next(loader, &batch, 1, &has_batch));
      const Handle batch_owner(batch);
      if (has_batch == 0) break;
      const Tensor seen = see(batch).tensor;
      for (std::size_t i = 0; i < seen.stored(); ++i) epoch.push_back(seen.as_int(i));
    }
  }
  tt_loader_release(loader);
  tt_dataset_release(dataset);
  tt_generator_release(generator);
}

const Table& calls() {
  static const Table table = [] {
    Table table;
    TT_OP(rand);
    TT_OP(randn);
    TT_OP(randint);
    TT_OP(randperm);
    TT_OP(normal_);
    TT_OP(uniform_);
    TT_OP(bernoulli);
    TT_OP(bernoulli_);
    TT_OP(exponential_);
    TT_OP(multinomial);
    TT_OP(dropout);
    table["normal"] = {normal, ""};
    table["linear_init"] = {linear_init, ""};
    table["conv2d_init"] = {conv2d_init, ""};
    return table;
  }();
  return table;
}

class RandomTest : public testing::Test {
 public:
  explicit RandomTest(const Record& record) : record_(record) {}

  void TestBody() override {
    try {
      int number = 0;
      for (const Call& call : record_.calls) {
        if (call.seeds) check(tt_manual_seed(static_cast<std::uint64_t>(call.seed)));
        const std::string where = "call " + std::to_string(++number) + ", " + call.op;
        if (call.op.starts_with("loader_order")) {
          LoaderFrame order;
          loader_order(call.inputs, order);
          for (const int epoch : {0, 1}) {
            ASSERT_EQ(order.epochs[epoch],
                      std::get<std::vector<std::int64_t>>(call.outputs[static_cast<size_t>(epoch)]))
                << where << ", epoch " << epoch + 1;
          }
          continue;
        }
        const auto found = calls().find(call.op);
        ASSERT_NE(found, calls().end()) << where << ": no entry for it";
        Graph graph;
        start(found->second, call, graph);
        ASSERT_EQ(graph.status, TT_OK) << where << ": " << tt_last_error();
        ASSERT_EQ(graph.outputs.size(), call.outputs.size()) << where;
        for (std::size_t k = 0; k < call.outputs.size(); ++k) {
          const Tensor& want = std::get<Tensor>(call.outputs[k]);
          ASSERT_EQ(difference(see(graph.outputs[k]).tensor, want, tolerance(want.dtype), 0), "") << where;
        }
      }
    } catch (const CallFailed& failure) {
      FAIL() << failure.what();
    }
  }

 private:
  // A few units in the last place: the C library's logarithm and sine are not the same everywhere.
  static double tolerance(Dtype dtype) {
    if (dtype == Dtype::kFloat64) return 1e-15;
    if (dtype == Dtype::kFloat32) return 5e-7;
    if (dtype == Dtype::kFloat16) return 1e-3;
    return 8e-3;
  }

  const Record& record_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  static const std::vector<Record> records = load(vector_file("random"));
  for (const Record& r : records) {
    testing::RegisterTest("random", r.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&r]() -> testing::Test* { return new RandomTest(r); });
  }
  return RUN_ALL_TESTS();
}
