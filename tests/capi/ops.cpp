// The C++ header's ops: what a user of PyTorch writes first compiles and gives PyTorch's numbers.
#include <cmath>
#include <limits>

#include "check.h"
#include "tinytorch/tinytorch.hpp"

namespace {

bool near(double a, double b) { return std::fabs(a - b) < 1e-5; }

// The values of a tensor are these.
bool holds(const tt::Tensor& x, std::initializer_list<double> values) {
  const tt::Tensor flat = x.to(tt::DType::float64).reshape(-1);
  if (flat.numel() != static_cast<int64_t>(values.size())) return false;
  int64_t i = 0;
  for (const double value : values) {
    if (!near(flat[i++].item(), value)) return false;
  }
  return true;
}

// What fails says so, and with this text.
template <typename F>
void fails(F call, tt_status status, const char* text) {
  try {
    call();
    CHECK(false);
  } catch (const tt::Error& error) {
    CHECK(error.status() == status);
    CHECK(strstr(error.what(), text) != nullptr);
  }
}

void making() {
  CHECK(holds(tt::arange(3), {0, 1, 2}) && holds(tt::arange(1, 7, 2), {1, 3, 5}));
  CHECK(tt::arange_int(0, 3).dtype() == tt::DType::int64);
  CHECK(holds(tt::linspace(0, 1, 3), {0, 0.5, 1}) && holds(tt::eye(2, 2), {1, 0, 0, 1}));
  const tt::Tensor x = tt::full({2, 2}, 3);
  CHECK(holds(tt::zeros_like(x), {0, 0, 0, 0}) && holds(tt::full_like(x, 2), {2, 2, 2, 2}));
  CHECK(tt::ones_like(x, tt::DType::int32).dtype() == tt::DType::int32);
  CHECK(tt::zeros(3).numel() == 3 && tt::randint(10, {4}).sizes() == tt::Sizes({4}));
  tt::Generator a(7), b(7);
  const tt::Tensor drawn = tt::randn({5}, tt::DType::default_dtype, a);
  CHECK(tt::equal(drawn, tt::zeros(5).normal_(0, 1, b)));
  CHECK(a.initial_seed() == 7);
  tt::manual_seed(3);
  CHECK(tt::initial_seed() == 3);
  CHECK(holds(tt::meshgrid({tt::arange(2), tt::arange(3)})[1], {0, 1, 2, 0, 1, 2}));
}

void pointwise() {
  const tt::Tensor x = tt::vector({-1, 0.5, 2});
  CHECK(holds(x.clamp(0, 1), {0, 0.5, 1}) && holds(tt::clamp(x, 0), {0, 0.5, 2}));
  CHECK(holds(x.clamp(std::nullopt, 1), {-1, 0.5, 1}));
  CHECK(holds(x.clamp(tt::zeros(3), tt::ones(3)), {0, 0.5, 1}));
  CHECK(holds(tt::where(x > 0, x, 0), {0, 0.5, 2}) && holds(tt::where(x > 0, 1, x), {-1, 1, 1}));
  CHECK(holds(tt::where(x > 0)[0], {1, 2}));
  CHECK(holds(x.pow(2), {1, 0.25, 4}) && holds(tt::pow(2, x), {0.5, std::sqrt(2.0), 4}));
  CHECK(holds(x.add(x, 2), {-3, 1.5, 6}) && holds(x.sub(1), {-2, -0.5, 1}));
  CHECK(holds(tt::div(x, 0.75, tt::RoundingMode::floor), {-2, 0, 2}));
  CHECK(holds(tt::div(1, x), {-1, 2, 0.5}) && holds(tt::rsub(x, 1), {2, 0.5, -1}));
  CHECK(holds(x.round(), {-1, 0, 2}) && holds(x.masked_fill(x < 0, 9), {9, 0.5, 2}));
  CHECK(holds(tt::gelu(tt::vector({1})), {0.8413447}) && holds(tt::gelu(tt::vector({1}), true), {0.8411920}));
  CHECK(holds(tt::leaky_relu(x), {-0.01, 0.5, 2}) && holds(tt::hardtanh(x), {-1, 0.5, 1}));
  tt::Tensor y = x.clone();
  CHECK(&y.mul_(2) == &y && holds(y, {-2, 1, 4}));
  CHECK(holds(tt::relu_(y), {0, 1, 4}) && holds(y, {0, 1, 4}));
  fails([&] { x.add(tt::zeros(2)); }, TT_ERR_SHAPE, "tt_add: ");
  fails([&] { x.clamp(std::nullopt); }, TT_ERR_INVALID_ARGUMENT, "tt_clamp: ");
}

void reducing() {
  const tt::Tensor x = tt::matrix({{1, 2, 3}, {4, 5, 9}});
  CHECK(x.sum().item() == 24 && holds(x.sum(1), {6, 18}) && holds(tt::sum(x, {0}), {5, 7, 12}));
  CHECK(x.sum(1, true).sizes() == tt::Sizes({2, 1}) && x.mean({0, 1}).item() == 4);
  CHECK(holds(x.var(0), {4.5, 4.5, 18}) && holds(x.std(0, 0), {1.5, 1.5, 3}));
  CHECK(x.max().item() == 9 && holds(x.max(1).second, {2, 2}) && holds(x.argmax(0), {1, 1, 1}));
  CHECK(x.argmin().item() == 0 && holds(x.amax(0), {4, 5, 9}) && x.all().item() == 1);
  CHECK(holds(x.cumsum(1), {1, 3, 6, 4, 9, 18}) && x.prod().item() == 1080);
  const auto [values, indices] = x.topk(1);
  CHECK(holds(values, {3, 9}) && holds(indices, {2, 2}));
  CHECK(holds(std::get<2>(tt::vector({1, 2, 1}).unique()), {2, 1}));
  CHECK(tt::allclose(x, x + 1e-9) && !tt::equal(x, x + 1));
  CHECK(near(tt::vector_norm(tt::vector({3, 4})).item(), 5));
  CHECK(holds(tt::softmax(tt::zeros({1, 2}), 1), {0.5, 0.5}));
  CHECK(x.softmax(-1, tt::DType::float64).dtype() == tt::DType::float64);
  fails([&] { x.sum(2); }, TT_ERR_SHAPE, "tt_sum: ");
}

void shapes() {
  const tt::Tensor x = tt::arange(6).view({2, 3});
  CHECK(x.view(-1).sizes() == tt::Sizes({6}) && x.t().sizes() == tt::Sizes({3, 2}));
  CHECK(holds(tt::cat({x, x}, 1)[0], {0, 1, 2, 0, 1, 2}) && tt::stack({x, x}).ndim() == 3);
  CHECK(x.chunk(2).size() == 2 && holds(x.split(2, 1)[1], {2, 5}) && holds(x.unbind()[1], {3, 4, 5}));
  CHECK(x.squeeze().ndim() == 2 && x.unsqueeze(0).squeeze(0).ndim() == 2);
  CHECK(holds(x.slice(1, 1), {1, 2, 4, 5}) && holds(x.slice(1, std::nullopt, 1), {0, 3}));
  CHECK(holds(x.flip({0, 1}), {5, 4, 3, 2, 1, 0}) && holds(x.roll(1), {5, 0, 1, 2, 3, 4}));
  CHECK(holds(x.gather(1, tt::zeros({2, 1}, tt::DType::int64)), {0, 3}));
  CHECK(holds(x.index({tt::Tensor(), tt::ones({1}, tt::DType::int64)}), {1, 4}));
  CHECK(holds(tt::pad(tt::vector({1, 2}).view({1, 2}), {1, 0}, tt::PadMode::constant, 7), {7, 1, 2}));
  CHECK(holds(tt::zeros(3).scatter(0, tt::ones({1}, tt::DType::int64), 5), {0, 5, 0}));
  CHECK(holds(x.repeat({1, 2})[0], {0, 1, 2, 0, 1, 2}) && holds(x.tril(), {0, 0, 0, 3, 4, 0}));
  CHECK(x.flatten().ndim() == 1 && x.expand({4, 2, 3}).ndim() == 3);
}

void products() {
  const tt::Tensor a = tt::matrix({{1, 2}, {3, 4}}), v = tt::vector({1, 1});
  CHECK(holds(a.mm(a), {7, 10, 15, 22}) && holds(a.matmul(v), {3, 7}) && v.dot(v).item() == 2);
  CHECK(holds(tt::addmm(v, a, a, 1, 2), {15, 21, 31, 45}) && holds(tt::linear(v, a, v), {4, 8}));
  CHECK(holds(tt::einsum("ij->ji", {a}), {1, 3, 2, 4}) && holds(tt::tensordot(a, v, {1}, {0}), {3, 7}));
}

void layers() {
  const tt::Tensor image = tt::ones({1, 1, 4, 4}), weight = tt::ones({1, 1, 3, 3});
  CHECK(tt::conv2d(image, weight, {}, 1, 1).sizes() == tt::Sizes({1, 1, 4, 4}));
  CHECK(tt::conv2d(image, weight, {}, {2, 1}).sizes() == tt::Sizes({1, 1, 1, 2}));
  CHECK(tt::max_pool2d(image, 2).sizes() == tt::Sizes({1, 1, 2, 2}));
  CHECK(tt::avg_pool2d(image, {2, 4}, {}, 0, false, true, 4).sizes() == tt::Sizes({1, 1, 2, 1}));
  CHECK(tt::avg_pool2d(image, {2, 4}, {}, 0, false, true, 4)[0][0][0][0].item() == 2);
  CHECK(tt::adaptive_avg_pool2d(image, 1).numel() == 1);
  const tt::Tensor mean = tt::zeros(1), variance = tt::ones(1);
  CHECK(near(tt::batch_norm(image, mean, variance).mean().item(), 1 / std::sqrt(1 + 1e-5)));
  CHECK(tt::dropout(image, 0.5, false).sum().item() == 16);
  fails(
      [&] {
        tt::conv2d(image, weight, {}, {1, 1, 1});
      },
      TT_ERR_INVALID_ARGUMENT, "tt_conv2d: stride has 3 numbers, expected 1 or 2");
  fails([&] { tt::max_pool2d(image, {}); }, TT_ERR_INVALID_ARGUMENT,
        "tt_max_pool2d: kernel_size has no numbers");

  const tt::Tensor scores = tt::matrix({{0, 0}, {0, 0}}), target = tt::zeros({2}, tt::DType::int64);
  CHECK(near(tt::cross_entropy(scores, target).item(), std::log(2.0)));
  CHECK(near(tt::cross_entropy(scores, target, {}, tt::Reduction::sum).item(), 2 * std::log(2.0)));
  CHECK(near(tt::cross_entropy(scores, target, tt::vector({3, 1}), tt::Reduction::sum).item(),
             6 * std::log(2.0)));
  CHECK(tt::smooth_l1_loss(scores, scores + 1, tt::Reduction::mean, 2).item() == 0.25);
  CHECK(tt::huber_loss(scores, scores + 3).item() == 2.5 && tt::l1_loss(scores, scores + 1).item() == 1);
}

void places() {
  const tt::Tensor x = tt::ones(2);
  CHECK(x.device() == tt::Device("cpu") && x.to("cpu").get() == x.get() && x.cpu().get() == x.get());
  CHECK(x.to(tt::zeros({1}, tt::DType::float64)).dtype() == tt::DType::float64);
  CHECK(tt::Device("cuda:1") == tt::Device(TT_CUDA, 1) && tt::Device("cuda").index == -1);
  for (const char* text : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:99999999"}) {
    fails([&] { (void)tt::Device(text); }, TT_ERR_DEVICE, "is no device");
  }
  CHECK(tt::result_type(x, tt::zeros({1}, tt::DType::float64)) == tt::DType::float64);
  CHECK(tt::promote_types(tt::DType::int32, tt::DType::float16) == tt::DType::float16);
  CHECK(!tt::can_cast(tt::DType::float32, tt::DType::int32));
}

void training() {
  tt::manual_seed(0);
  tt::Module model = tt::nn::Sequential(tt::nn::Linear(2, 4), tt::nn::Tanh(), tt::nn::Linear(4, 2));
  model.to("cpu");
  const tt::Module criterion = tt::nn::CrossEntropyLoss();
  const tt::Tensor x = tt::matrix({{0, 1}, {1, 0}}), target = tt::arange_int(0, 2);
  tt::optim::AdamW adamw(model.parameters(), 0.1);
  CHECK(adamw.option("weight_decay") == 0.01 && adamw.option("lr") == 0.1);
  const double before = criterion(model(x), target).item();
  for (int step = 0; step < 20; ++step) {
    adamw.zero_grad();
    criterion(model(x), target).backward();
    CHECK(tt::nn::clip_grad_norm_(model.parameters(), 1e-3).item() > 0);
    double norm = 0;
    for (const tt::Tensor& parameter : model.parameters()) norm += parameter.grad().square().sum().item();
    CHECK(norm < 1.01e-6);
    adamw.step();
  }
  CHECK(criterion(model(x), target).item() < before / 4);

  const tt::StateDict state = model.state_dict();
  CHECK(state.size() == 4 && state.keys()[0] == "0.weight" && state.contains("2.bias") &&
        !state.contains("1.bias"));
  tt::Module other = tt::nn::Sequential(tt::nn::Linear(2, 4), tt::nn::Tanh(), tt::nn::Linear(4, 2));
  CHECK(!tt::equal(other(x), model(x)));
  other.load_state_dict(state);
  CHECK(tt::equal(other(x), model(x)));
  fails([&] { other.load_state_dict(tt::StateDict()); }, TT_ERR_INVALID_ARGUMENT,
        "tt_module_load_state_dict: ");
}

}  // namespace

int main() {
  making();
  pointwise();
  reducing();
  shapes();
  products();
  layers();
  places();
  training();
  return finish("ops");
}
