// Whole training runs, step by step: losses and parameters against PyTorch's (runs.ttv.gz). With --cuda on
// the first CUDA device.
#include <gtest/gtest.h>

#include <map>

#include "harness/compare.h"
#include "harness/files.h"
#include "harness/handles.h"

using namespace tt::parity;

namespace {

constexpr int kSteps = 20;

const std::vector<Record>& records() {
  static const std::vector<Record> all = load(vector_file("runs"));
  return all;
}

const Record& record(const std::string& name) {
  for (const Record& r : records()) {
    if (r.name == name) return r;
  }
  throw CallFailed("no run " + name);
}

// A scope that is closed whatever happens.
class Scope {
 public:
  Scope() { check(tt_scope_begin(&scope_)); }
  ~Scope() { tt_scope_end(scope_); }

 private:
  tt_scope scope_;
};

class Training {
 public:
  explicit Training(const Record& run) : run_(run), data_(record(std::get<std::string>(run.get("data")))) {
    dtype_ = std::get<std::string>(run.get("dtype")) == "float32" ? TT_FLOAT32 : TT_FLOAT64;
    for (const auto& [key, value] : data_.values) {
      if (!key.starts_with("init.")) continue;
      const Tensor& recorded = std::get<Tensor>(value);
      Handle tensor = make_contiguous(recorded, false);
      if (recorded.dtype == Dtype::kFloat32) tensor = converted(tensor);
      const std::string name = key.substr(5);
      const bool parameter = name.ends_with("weight") || name.ends_with("bias");
      if (parameter) {
        check(tt_tensor_set_requires_grad(tensor.get(), 1));
        parameters_.push_back(tensor.get());
      }
      state_.emplace(name, std::move(tensor));
    }
    make_optimizer();
  }
  ~Training() { tt_optimizer_release(optimizer_); }

  // The loss before the update.
  Tensor step(int number) {
    const Scope scope;
    const std::string batch = "batch." + std::to_string(number - 1);
    const Handle input = converted(make_contiguous(std::get<Tensor>(data_.get(batch + ".input")), false));
    const Handle target = make_contiguous(std::get<Tensor>(data_.get(batch + ".target")), false);
    check(tt_optimizer_zero_grad(optimizer_, 1));
    tt_tensor* out = std::get<std::string>(run_.get("model")) == "mlp" ? mlp(input.get()) : cnn(input.get());
    tt_tensor* loss = nullptr;
    check(tt_cross_entropy(out, target.get(), nullptr, nullptr, &loss));
    check(tt_backward(loss));
    check(tt_optimizer_step(optimizer_));
    return see(loss).tensor;
  }

  Tensor state(const std::string& name) const { return see(state_.at(name).get()).tensor; }

 private:
  Handle converted(const Handle& tensor) const {
    tt_tensor* out = nullptr;
    check(tt_to(tensor.get(), dtype_, &out));
    // The references that Handles hold are no scope's.
    (void)tt_scope_keep(out);
    return Handle(out);
  }

  double option(const std::string& name) const {
    const Value& value = run_.get("option." + name);
    if (auto* flag = std::get_if<bool>(&value)) return *flag;
    return std::get<double>(value);
  }

  void make_optimizer() {
    const std::string& kind = std::get<std::string>(run_.get("optimizer"));
    if (kind == "SGD") {
      tt_sgd_options options = TT_SGD_OPTIONS_INIT;
      options.lr = option("lr");
      options.momentum = option("momentum");
      options.dampening = option("dampening");
      options.weight_decay = option("weight_decay");
      options.nesterov = option("nesterov") != 0;
      options.maximize = option("maximize") != 0;
      return check(tt_optim_sgd_new(parameters_.data(), parameters_.size(), &options, &optimizer_));
    }
    const auto& betas = std::get<std::vector<double>>(run_.get("option.betas"));
    tt_adam_options options = TT_ADAM_OPTIONS_INIT;
    options.lr = option("lr");
    options.beta1 = betas[0];
    options.beta2 = betas[1];
    options.eps = option("eps");
    options.weight_decay = option("weight_decay");
    options.amsgrad = option("amsgrad") != 0;
    options.maximize = option("maximize") != 0;
    const auto make_one = kind == "Adam" ? tt_optim_adam_new : tt_optim_adamw_new;
    check(make_one(parameters_.data(), parameters_.size(), &options, &optimizer_));
  }

  tt_tensor* at(const char* name) { return state_.at(name).get(); }

  tt_tensor* mlp(const tt_tensor* input) {
    tt_tensor *a = nullptr, *b = nullptr, *c = nullptr;
    check(tt_linear(input, at("0.weight"), at("0.bias"), &a));
    check(tt_relu(a, &b));
    check(tt_linear(b, at("2.weight"), at("2.bias"), &c));
    return c;
  }

  tt_tensor* cnn(const tt_tensor* input) {
    const std::int64_t two[2] = {2, 2};
    tt_conv_options around = TT_CONV_OPTIONS_INIT;
    around.padding[0] = around.padding[1] = 1;
    tt_tensor *a = nullptr, *b = nullptr, *c = nullptr, *d = nullptr, *e = nullptr, *f = nullptr;
    check(tt_conv2d(input, at("0.weight"), nullptr, &around, &a));
    check(tt_batch_norm(a, at("1.running_mean"), at("1.running_var"), at("1.weight"), at("1.bias"), 1,
                        nullptr, &b));
    check(tt_add_scalar_int64(at("1.num_batches_tracked")));
    check(tt_relu(b, &c));
    check(tt_max_pool2d(c, two, nullptr, &d));
    check(tt_flatten(d, 1, -1, &e));
    check(tt_linear(e, at("5.weight"), at("5.bias"), &f));
    return f;
  }

  // num_batches_tracked belongs to the module, not to the op.
  static tt_status tt_add_scalar_int64(tt_tensor* counter) {
    tt_tensor* one = nullptr;
    const tt_status status = tt_scalar_int64(1, TT_DTYPE_NONE, &one);
    return status != TT_OK ? status : tt_add_(counter, one);
  }

  const Record& run_;
  const Record& data_;
  tt_dtype dtype_ = TT_FLOAT32;
  std::map<std::string, Handle> state_;
  std::vector<tt_tensor*> parameters_;
  tt_optimizer* optimizer_ = nullptr;
};

class RunTest : public testing::Test {
 public:
  explicit RunTest(const Record& record) : record_(record) {}

  void TestBody() override {
    try {
      const double rtol = std::get<double>(record_.get("rtol"));
      const double atol = std::get<double>(record_.get("atol"));
      Training run(record_);
      for (int step = 1; step <= kSteps; ++step) {
        const std::string number = std::to_string(step);
        const std::string why =
            difference(run.step(step), std::get<Tensor>(record_.get("loss." + number)), rtol, atol);
        ASSERT_EQ(why, "") << "the loss of step " << step;
        const std::string after = "after." + number + ".";
        for (const auto& [key, value] : record_.values) {
          if (!key.starts_with(after)) continue;
          ++compared_;
          const std::string name = key.substr(after.size());
          ASSERT_EQ(difference(run.state(name), std::get<Tensor>(value), rtol, atol), "") << key;
        }
      }
      EXPECT_GT(compared_, 0);
    } catch (const CallFailed& failure) {
      FAIL() << failure.what();
    }
  }

 private:
  const Record& record_;
  int compared_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (take_flag("--cuda", argc, argv)) {
    if (const int status = start_cuda(); status != 0) return status;
  }
  for (const Record& r : records()) {
    if (r.name.ends_with("_data")) continue;
    testing::RegisterTest("runs", r.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&r]() -> testing::Test* { return new RunTest(r); });
  }
  return RUN_ALL_TESTS();
}
