// Modules, optimizers, loaders and files with their tensors on the mock device, whose memory only its kernels
// can touch: against the same on the CPU.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <limits>

#include "autograd/engine.h"
#include "tensor/format.h"
#include "random/generator.h"
#include "data/loader.h"
#include "io/safetensors.h"
#include "nn/container.h"
#include "nn/conv.h"
#include "nn/gradients.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/norm.h"
#include "ops/conv/conv.h"
#include "ops/random/dropout.h"
#include "ops/loss/loss.h"
#include "ops/ops.h"
#include "ops/random/random.h"
#include "optim/adam.h"
#include "optim/sgd.h"
#include "tinytorch/tinytorch.h"

namespace tt {
namespace {

const Device kCuda{DeviceType::kCuda, 0};
const Device kSecond{DeviceType::kCuda, 1};

Tensor here(const Tensor& t) { return ops::to_device(t, Device{}); }

void expect_equal(const Tensor& there, const Tensor& cpu) {
  EXPECT_EQ(there.device().type, DeviceType::kCuda);
  EXPECT_TRUE(ops::equal(here(there), cpu));
}

TEST(MockDeathTest, TheHostCannotTouchADevicesMemory) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const Tensor x = ops::zeros({4}, DType::kFloat32, kCuda);
  EXPECT_DEATH(*x.data<float>() = 1, "");
  EXPECT_DEATH(std::printf("%f", static_cast<double>(*x.data<float>())), "");
}

Ref<nn::Module> network() {
  manual_seed(1);
  const int64_t three[2] = {3, 3};
  ops::ConvOptions options;
  options.padding[0] = options.padding[1] = 1;
  const Ref<nn::Module> layers[] = {
      make_ref<nn::Conv>(2, 2, 4, three, options),
      make_ref<nn::BatchNorm>(nn::BatchNorm::Dimensions::k2d, 4, nn::NormOptions{}),
      make_ref<nn::Linear>(6, 5),
  };
  return make_ref<nn::Sequential>(std::span<const Ref<nn::Module>>(layers));
}

// Trains with the batches of a loader over tensors on `device`; the state afterwards.
std::vector<Tensor> train(Device device, bool adam) {
  const Ref<nn::Module> model = network();
  model->to(std::nullopt, device);
  const Ref<Generator> generator = make_ref<Generator>(Engine::kMt19937, uint64_t{3});
  const Tensor images = ops::to_device(ops::randn({20, 2, 6, 6}, DType::kFloat32, generator.get()), device);
  const Tensor labels =
      ops::to_device(ops::randint(0, 5, {20, 4, 6}, DType::kInt64, generator.get()), device);
  const Ref<data::Dataset> dataset = make_ref<data::TensorDataset>(Tensors{images, labels});
  data::LoaderOptions options;
  options.batch_size = 6;
  options.shuffle = true;
  options.generator = generator;
  const Ref<data::Loader> loader = make_ref<data::Loader>(dataset, options);
  Ref<optim::Optimizer> optimizer;
  if (adam) {
    tt_adam_options options = TT_ADAM_OPTIONS_INIT;
    options.weight_decay = 0.01;
    options.amsgrad = 1;
    optimizer = make_ref<optim::Adam>(model->parameters(), options);
  } else {
    tt_sgd_options options = TT_SGD_OPTIONS_INIT;
    options.lr = 0.1;
    options.momentum = 0.9;
    options.weight_decay = 0.01;
    options.nesterov = 1;
    optimizer = make_ref<optim::Sgd>(model->parameters(), options);
  }
  for (int epoch = 0; epoch < 2; ++epoch) {
    loader->begin();
    Tensor batch[2];
    while (loader->next(batch)) {
      optimizer->zero_grad();
      const Tensor scores = ops::permute((*model)(batch[0]), std::vector<int64_t>{0, 3, 1, 2});
      const Tensor loss = ops::cross_entropy(scores, batch[1]);
      EXPECT_EQ(loss.device(), device);
      const Tensor roots[] = {loss};
      backward(roots, {}, {});
      nn::clip_grad_norm_(model->parameters(), 0.5);
      optimizer->step();
    }
  }
  std::vector<Tensor> state;
  const Ref<StateDict> dict = model->state_dict();
  for (const auto& entry : dict->entries()) state.push_back(entry.tensor);
  return state;
}

TEST(MockTraining, AgreesWithTheCpu) {
  for (const bool adam : {false, true}) {
    const std::vector<Tensor> cpu = train(Device{}, adam), first = train(kCuda, adam),
                              second = train(kSecond, adam);
    ASSERT_EQ(cpu.size(), first.size());
    for (size_t i = 0; i < cpu.size(); ++i) {
      EXPECT_EQ(first[i].device(), kCuda);
      EXPECT_EQ(second[i].device(), kSecond);
      // Only the norm of all gradients is summed otherwise.
      EXPECT_TRUE(ops::allclose(here(first[i]), cpu[i], 1e-4, 1e-6)) << i;
      EXPECT_TRUE(ops::equal(here(first[i]), here(second[i]))) << i;
    }
  }
}

TEST(MockTraining, ClipsGradients) {
  for (const double type : {2.0, 1.0, 3.0, std::numeric_limits<double>::infinity()}) {
    Tensor norm[2], grad[2];
    for (const bool device : {false, true}) {
      const Tensor x = ops::to_device(ops::full({7}, 2.0, DType::kFloat32), device ? kCuda : Device{});
      set_requires_grad(x, true);
      const Tensor roots[] = {ops::sum(ops::mul(x, x))};
      backward(roots, {}, {});
      const Tensor parameters[] = {x};
      norm[device] = here(nn::clip_grad_norm_(parameters, 1.5, type, true));
      grad[device] = here(x.grad());
    }
    EXPECT_TRUE(ops::allclose(norm[0], norm[1])) << type;
    EXPECT_TRUE(ops::allclose(grad[0], grad[1])) << type;
  }
  const Tensor x = ops::zeros({1}, DType::kFloat32, kCuda);
  set_requires_grad(x, true);
  const Tensor roots[] = {ops::sum(ops::div(1.0, x))};
  backward(roots, {}, {});
  const Tensor parameters[] = {x};
  EXPECT_THROW(nn::clip_grad_norm_(parameters, 1, 2, true), Error);
}

TEST(MockTraining, GathersRows) {
  const Tensor x = ops::view(ops::arange(0, 60, 1, DType::kFloat32), {10, 2, 3});
  const int64_t indices[] = {3, 0, 9, 3};
  for (const Tensor& t : {x, ops::transpose(x, 1, 2)}) {
    const Tensor moved = ops::to_device(x, kSecond);
    const Tensor same = t.is_contiguous() ? moved : ops::transpose(moved, 1, 2);
    expect_equal(data::gather_rows(same, indices), data::gather_rows(t, indices));
  }
  const Tensor flat = ops::arange(0, 10, 1, DType::kInt64);
  expect_equal(data::gather_rows(ops::to_device(flat, kCuda), indices), data::gather_rows(flat, indices));
}

TEST(MockTraining, InitialisesOnTheDevice) {
  using namespace nn::init;
  const Tensor w = ops::zeros({8, 6}, DType::kFloat32, kCuda);
  const auto changed = [&] { return !ops::equal(w, ops::zeros({8, 6}, DType::kFloat32, kCuda)); };
  const Ref<Generator> g = make_ref<Generator>(Engine::kMt19937, uint64_t{4});
  for (Generator* generator : {g.get(), static_cast<Generator*>(nullptr)}) {
    for (const int which : {0, 1, 2, 3, 4, 5, 6, 7}) {
      ops::fill_(w, 0);
      if (which == 0) uniform_(w, -1, 1, generator);
      if (which == 1) normal_(w, 0, 1, generator);
      if (which == 2) trunc_normal_(w, 0, 1, -2, 2, generator);
      if (which == 3) trunc_normal_(w, 5, 1, -2, 2, generator);
      if (which == 4) xavier_uniform_(w, 1, generator);
      if (which == 5) kaiming_normal_(w, 0, FanMode::kFanIn, Nonlinearity::kRelu, generator);
      if (which == 6) eye_(w);
      if (which == 7) constant_(w, 2);
      EXPECT_TRUE(changed()) << which;
    }
  }
  const Tensor filters = ops::zeros({4, 4, 3, 3}, DType::kFloat32, kCuda);
  dirac_(filters);
  EXPECT_EQ(*here(ops::sum(filters)).data<float>(), 4);
}

TEST(MockTraining, SavesLoadsAndPrints) {
  const Ref<nn::Module> model = network();
  model->to(std::nullopt, kCuda);
  const std::string path = (std::filesystem::temp_directory_path() / "tinytorch_mock.safetensors").string();
  std::vector<io::NamedTensor> tensors;
  const Ref<StateDict> dict = model->state_dict();
  for (const auto& entry : dict->entries()) tensors.push_back({entry.name, entry.tensor});
  io::save_safetensors(path, tensors, {});
  const io::SafetensorsFile file(path, io::SafetensorsFile::Access::kCopy);
  for (const auto& entry : dict->entries()) expect_equal(entry.tensor, file.get(entry.name));
  std::filesystem::remove(path);

  const Tensor x = ops::arange(0, 4, 1, DType::kFloat32, kCuda);
  EXPECT_NE(format_tensor(here(x), "", x.device(), print_options()).find("device='cuda:0'"),
            std::string::npos);
}

// Through the C API: what reads values.
TEST(MockTraining, HandsOutValues) {
  const float values[] = {1.5f, -2, 7};
  const int64_t sizes[] = {3};
  tt_tensor *cpu = nullptr, *x = nullptr, *total = nullptr;
  ASSERT_EQ(tt_from_data(values, sizes, 1, TT_FLOAT32, &cpu), TT_OK);
  ASSERT_EQ(tt_to_device(cpu, TT_CUDA, 1, &x), TT_OK);
  ASSERT_EQ(tt_sum(x, nullptr, 0, 0, TT_DTYPE_NONE, &total), TT_OK);
  double item = 0;
  ASSERT_EQ(tt_tensor_item(total, &item), TT_OK);
  EXPECT_EQ(item, 6.5);
  float back[3];
  ASSERT_EQ(tt_tensor_copy_data(x, back, sizeof back), TT_OK);
  EXPECT_EQ(back[2], 7);
  char text[200];
  size_t needed = 0;
  ASSERT_EQ(tt_tensor_to_string(x, text, sizeof text, &needed), TT_OK);
  EXPECT_NE(std::string(text).find("device='cuda:1'"), std::string::npos) << text;
  for (tt_tensor* t : {cpu, x, total}) tt_tensor_release(t);
}

TEST(MockTraining, DropsOutOnTheDevice) {
  const Tensor x = ops::ones({1000}, DType::kFloat32, kCuda);
  const Ref<Generator> a = make_ref<Generator>(Engine::kPhilox, uint64_t{2});
  const Ref<Generator> b = make_ref<Generator>(Engine::kPhilox, uint64_t{2});
  expect_equal(ops::dropout(x, 0.4, true, a.get()), ops::dropout(here(x), 0.4, true, b.get()));
}

}  // namespace
}  // namespace tt
