#include <gtest/gtest.h>

#include <functional>

#include "autograd/engine.h"
#include "random/generator.h"
#include "nn/activation.h"
#include "nn/container.h"
#include "nn/conv.h"
#include "nn/init.h"
#include "nn/linear.h"
#include "nn/loss.h"
#include "nn/norm.h"
#include "nn/pool.h"
#include "nn/shape.h"
#include "ops/ops.h"
#include "optim/sgd.h"
#include "tinytorch/tinytorch.h"

using namespace tt;
using namespace tt::nn;

namespace {

std::vector<float> floats(const Tensor& t) {
  const Tensor dense = ops::contiguous_copy(t);
  return {dense.data<float>(), dense.data<float>() + dense.numel()};
}

Tensor tensor(const Dims& sizes, std::initializer_list<float> values) {
  const Tensor out = empty(sizes, DType::kFloat32);
  std::copy(values.begin(), values.end(), out.data<float>());
  return out;
}

std::string message(const std::function<void()>& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

Ref<Module> linear(int64_t in, int64_t out, bool bias = true) { return make_ref<Linear>(in, out, bias); }

Ref<Sequential> sequential(std::initializer_list<Ref<Module>> children) {
  return make_ref<Sequential>(std::span(children.begin(), children.size()));
}

std::vector<std::string> names(const std::vector<NamedTensor>& list) {
  std::vector<std::string> out;
  for (const NamedTensor& entry : list) out.push_back(entry.name);
  return out;
}

void expect_near(const Tensor& t, std::initializer_list<double> expected, double tolerance) {
  const std::vector<float> got = floats(t);
  ASSERT_EQ(got.size(), expected.size());
  size_t i = 0;
  for (const double e : expected) {
    EXPECT_NEAR(got[i], e, tolerance) << "element " << i;
    ++i;
  }
}

}  // namespace

// The numbers in this file are PyTorch 2.15's.

TEST(Module, LayersDrawPyTorchsInitialValues) {
  manual_seed(7);
  const Ref<Module> l = linear(3, 2);
  EXPECT_EQ(floats(l->get_parameter("weight")),
            (std::vector<float>{0x1.4a57d0p-5f, -0x1.64239ep-2f, 0x1.788210p-3f, 0x1.7304b0p-3f,
                                -0x1.3bfc7ep-2f, -0x1.626efep-4f}));
  EXPECT_EQ(floats(l->get_parameter("bias")), (std::vector<float>{-0x1.5a586cp-2f, 0x1.32cdd4p-3f}));
  manual_seed(7);
  const int64_t kernel[2] = {2, 2};
  const Ref<Module> c = make_ref<Conv>(2, 2, 1, kernel, ops::ConvOptions{});
  EXPECT_EQ(floats(c->get_parameter("weight")),
            (std::vector<float>{0x1.9495fep-6f, -0x1.b42df8p-3f, 0x1.cd2056p-4f, 0x1.c6671cp-4f,
                                -0x1.8300aap-3f, -0x1.b21738p-5f, -0x1.a82f4ap-3f, 0x1.77c1b4p-4f}));
  EXPECT_EQ(floats(c->get_parameter("bias")), (std::vector<float>{-0x1.86160ap-4f}));
}

TEST(Init, MatchesRecordedDraws) {
  const Tensor t = empty({2, 3}, DType::kFloat32);
  set_requires_grad(t, true);
  const auto check = [&](const std::function<void()>& fill, std::vector<float> expected) {
    manual_seed(3);
    fill();
    const std::vector<float> got = floats(t);
    for (size_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(got[i], expected[i]);
  };
  check([&] { init::xavier_uniform_(t, 2); }, {-0x1.160aeep+1f, -0x1.ba726ep+0f, -0x1.e074d2p-1f,
                                               -0x1.0950dcp+1f, -0x1.fd7582p-4f, -0x1.ed6eeep+0f});
  check([&] { init::xavier_normal_(t); },
        {0x1.041d58p-1f, 0x1.c4e99cp-4f, 0x1.cd0094p-5f, -0x1.8d7706p-2f, 0x1.de8cb0p-6f, -0x1.bb10dep-1f});
  check([&] { init::kaiming_normal_(t, 0, init::FanMode::kFanOut, init::Nonlinearity::kRelu); },
        {0x1.9b4700p-1f, 0x1.660f0cp-3f, 0x1.6c744cp-4f, -0x1.3a3940p-1f, 0x1.7a539ep-5f, -0x1.5e463cp+0f});
  check([&] { init::kaiming_uniform_(t, .3); }, {-0x1.57d030p+0f, -0x1.118db4p+0f, -0x1.290dc2p-1f,
                                                 -0x1.48136cp+0f, -0x1.3afc40p-4f, -0x1.3113bap+0f});
  check([&] { init::trunc_normal_(t, 0, 1, -.5, .5); },
        {0x1.599850p-2f, 0x1.660f0cp-3f, 0x1.6c744cp-4f, -0x1.471554p-4f, 0x1.7a539ep-5f, 0x1.e94d88p-3f});
  check([&] { init::trunc_normal_(t, 0, 1, 2, 3); },
        {0x1.008bb4p+1f, 0x1.0d834cp+1f, 0x1.06ef44p+1f, 0x1.037342p+1f, 0x1.0f854cp+1f, 0x1.07b1e4p+1f});
  // Rejection would go on for ever, or nearly.
  const auto before = floats(t);
  EXPECT_EQ(message([&] { init::trunc_normal_(t, 0, 1e-6, 5, 6); }),
            "trunc_normal_ with mean = 0 and std = 1e-06 would reject nearly all values drawn between a = 5 "
            "and b = 6");
  EXPECT_NE(message([&] { init::trunc_normal_(t, 0, 1, 3, 1e7); }).find("would reject nearly all"),
            std::string::npos);
  EXPECT_NE(message([&] { init::trunc_normal_(t, 0, 1, -1e7, -3); }).find("would reject nearly all"),
            std::string::npos);
  EXPECT_EQ(floats(t), before);
  init::trunc_normal_(t, 0, 1, 2, 100);
  init::eye_(t);
  EXPECT_EQ(floats(t), (std::vector<float>{1, 0, 0, 0, 1, 0}));
  const Tensor kernels = empty({2, 2, 3}, DType::kFloat32);
  init::dirac_(kernels);
  EXPECT_EQ(floats(kernels), (std::vector<float>{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}));
  EXPECT_TRUE(t.is_leaf());
  EXPECT_EQ(message([] { init::xavier_uniform_(empty({3}, DType::kFloat32)); }),
            "the tensor has shape [3], expected 2 dimensions or more");
}

TEST(Module, PrintsAsPyTorchDoes) {
  EXPECT_EQ(sequential({linear(2, 2), sequential({linear(2, 1, false)})})->repr(),
            "Sequential(\n"
            "  (0): Linear(in_features=2, out_features=2, bias=True)\n"
            "  (1): Sequential(\n"
            "    (0): Linear(in_features=2, out_features=1, bias=False)\n"
            "  )\n"
            ")");
  EXPECT_EQ(sequential({})->repr(), "Sequential()");
  const Ref<Module> items[] = {linear(2, 2), linear(2, 2), linear(2, 1)};
  EXPECT_EQ(make_ref<ModuleList>(items)->repr(),
            "ModuleList(\n"
            "  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n"
            "  (2): Linear(in_features=2, out_features=1, bias=True)\n"
            ")");
  const int64_t five[2] = {5, 5}, uneven[2] = {3, 1}, two[2] = {2, 2}, any[2] = {-1, 3};
  EXPECT_EQ(make_ref<Conv>(2, 3, 6, five, ops::ConvOptions{})->repr(),
            "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))");
  EXPECT_EQ(make_ref<Conv>(
                2, 4, 8, uneven,
                ops::ConvOptions{.stride = {2, 2}, .padding = {1, 1}, .dilation = {1, 2}, .groups = 2}, false)
                ->repr(),
            "Conv2d(4, 8, kernel_size=(3, 1), stride=(2, 2), padding=(1, 1), dilation=(1, 2), groups=2, "
            "bias=False)");
  EXPECT_EQ(make_ref<Conv>(2, 3, 6, five, ops::ConvOptions{.padding_kind = ops::PaddingKind::kSame})->repr(),
            "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1), padding=same)");
  EXPECT_EQ(make_ref<Conv>(1, 3, 6, five,
                           ops::ConvOptions{.padding = {2}, .padding_mode = ops::PadMode::kReflect}, false)
                ->repr(),
            "Conv1d(3, 6, kernel_size=(5,), stride=(1,), padding=(2,), bias=False, padding_mode=reflect)");
  EXPECT_EQ(make_ref<MaxPool2d>(ops::PoolOptions{.kernel = {2, 2}})->repr(),
            "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)");
  EXPECT_EQ(make_ref<AvgPool2d>(ops::PoolOptions{.kernel = {3, 2}, .stride = {2, 1}})->repr(),
            "AvgPool2d(kernel_size=(3, 2), stride=(2, 1), padding=0)");
  EXPECT_EQ(make_ref<AdaptiveAvgPool2d>(two)->repr(), "AdaptiveAvgPool2d(output_size=2)");
  EXPECT_EQ(make_ref<AdaptiveAvgPool2d>(any)->repr(), "AdaptiveAvgPool2d(output_size=(None, 3))");
  EXPECT_EQ(make_ref<BatchNorm>(BatchNorm::Dimensions::k1d, 4, NormOptions{})->repr(),
            "BatchNorm1d(4, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)");
  EXPECT_EQ(make_ref<Dropout>()->repr(), "Dropout(p=0.5, inplace=False)");
  EXPECT_EQ(make_ref<Flatten>()->repr(), "Flatten(start_dim=1, end_dim=-1)");
  EXPECT_EQ(make_ref<Unflatten>(1, Dims{2, 3})->repr(), "Unflatten(dim=1, unflattened_size=(2, 3))");
  EXPECT_EQ(activation("ReLU")->repr(), "ReLU()");
  EXPECT_EQ(gelu(false)->repr(), "GELU(approximate='none')");
  EXPECT_EQ(softplus(1, 20)->repr(), "Softplus(beta=1.0, threshold=20.0)");
  EXPECT_EQ(softshrink(0.5)->repr(), "Softshrink(0.5)");
  EXPECT_EQ(prelu(1, .25)->repr(), "PReLU(num_parameters=1)");
  EXPECT_EQ(loss("MSELoss", {})->repr(), "MSELoss()");
  EXPECT_EQ(float_text(1e16), "1e+16");
  EXPECT_EQ(float_text(123456789), "123456789.0");
  EXPECT_EQ(float_text(0.0001), "0.0001");
}

TEST(Module, NamesThings) {
  const Ref<Module> shared = linear(2, 2);
  const Ref<Sequential> m = sequential({linear(2, 2), shared, shared});
  m->register_module("tail", sequential({linear(2, 1, false)}));
  EXPECT_EQ(names(m->named_parameters()),
            (std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias", "tail.0.weight"}));
  EXPECT_EQ(m->state_dict()->size(), 7u);  // the shared layer under both names
  EXPECT_TRUE(m->get_parameter("2.bias").is_same(shared->get_parameter("bias")));
  EXPECT_EQ(message([&] { m->get_parameter("5.bias"); }),
            "Sequential has no child module '5' (in the path '5')");
  EXPECT_EQ(message([&] { m->get_parameter("0.gain"); }), "Linear has no parameter 'gain'");
  EXPECT_EQ(message([&] { m->register_module("a.b", shared); }),
            "the name of a module cannot contain \".\", got \"a.b\"");
  EXPECT_EQ(message([&] { m->register_parameter("tail", Tensor()); }),
            "the module has something else named \"tail\" already");
  EXPECT_EQ(message([&] { m->register_buffer("", Tensor()); }), "the name of a buffer cannot be empty");
  EXPECT_EQ(message([&] { m->get_submodule("tail").register_module("loop", m); }),
            "a module cannot contain itself");
  const Tensor w = shared->get_parameter("weight");
  EXPECT_NE(message([&] { m->register_parameter("w", ops::mul(w, 2.0)); }).find("must be a leaf"),
            std::string::npos);
  EXPECT_EQ(message([&] { (*make_ref<ModuleList>(std::span<const Ref<Module>>()))(w); }),
            "a ModuleList has no forward pass: call its children");
  // A parameter that was taken away is an error in forward, not a crash.
  shared->register_parameter("weight", Tensor());
  EXPECT_EQ(message([&] { (*shared)(w); }), "Linear's parameter weight is NULL");
}

TEST(Module, RefusesEndlessNesting) {
  Ref<Module> chain = linear(1, 1);
  std::string error = "no error";
  for (int i = 0; i < 2000 && error == "no error"; ++i) {
    error = message([&] { chain = sequential({chain}); });
  }
  EXPECT_EQ(error, "modules are nested deeper than 500");
  // From above as well.
  const Ref<Module> top = sequential({});
  Module* at = top.get();
  error = "no error";
  for (int i = 0; i < 2000 && error == "no error"; ++i) {
    const Ref<Module> next = sequential({});
    error = message([&] { at->register_module("x", next); });
    at = next.get();
    if (error != "no error") break;
  }
  EXPECT_EQ(error, "modules are nested deeper than 500");
}

TEST(Module, LoadsState) {
  const Ref<Sequential> m = sequential({linear(2, 2), sequential({linear(2, 1, false)})});
  const Ref<StateDict> bad = make_ref<StateDict>();
  bad->set("0.weight", ops::zeros({3, 2}, DType::kFloat32));
  bad->set("0.bias", ops::zeros({2}, DType::kFloat32));
  bad->set("x", ops::zeros({1}, DType::kFloat32));
  const std::vector<float> before = floats(m->get_parameter("0.bias"));
  EXPECT_EQ(message([&] { m->load_state_dict(*bad); }),
            "the state dict does not match the module Sequential:\n"
            "\tthe state dict lacks: \"1.0.weight\"\n"
            "\tthe module lacks: \"x\"\n"
            "\t\"0.weight\" has shape [3, 2] in the state dict, and [2, 2] in the module");
  EXPECT_EQ(floats(m->get_parameter("0.bias")), before);
  bad->erase("0.weight");
  m->load_state_dict(*bad, false);
  const Module::NameDifference result = m->compare_names(*bad);
  EXPECT_EQ(result.missing, (std::vector<std::string>{"0.weight", "1.0.weight"}));
  EXPECT_EQ(result.unexpected, (std::vector<std::string>{"x"}));
  EXPECT_EQ(floats(m->get_parameter("0.bias")), (std::vector<float>{0, 0}));
  EXPECT_TRUE(m->get_parameter("0.bias").is_leaf());

  const Ref<Sequential> copy = sequential({linear(2, 2), sequential({linear(2, 1, false)})});
  copy->load_state_dict(*m->state_dict());
  EXPECT_EQ(floats(copy->get_parameter("1.0.weight")), floats(m->get_parameter("1.0.weight")));
}

TEST(Module, ConvertsInPlace) {
  const Ref<Module> m = make_ref<BatchNorm>(BatchNorm::Dimensions::k1d, 2, NormOptions{});
  const Tensor w = m->get_parameter("weight");
  set_grad(w, ops::ones({2}, DType::kFloat32));
  m->to(DType::kFloat64, std::nullopt);
  EXPECT_TRUE(w.is_same(m->get_parameter("weight")));
  EXPECT_EQ(w.dtype(), DType::kFloat64);
  EXPECT_EQ(w.grad().dtype(), DType::kFloat64);
  EXPECT_EQ(m->get_buffer("running_var").dtype(), DType::kFloat64);
  EXPECT_EQ(m->get_buffer("num_batches_tracked").dtype(), DType::kInt64);
  EXPECT_EQ(message([&] { m->to(DType::kInt64, std::nullopt); }),
            "dtype is int64, expected a floating dtype");
}

TEST(Module, Hooks) {
  const Ref<Module> m = make_ref<Identity>();
  const Tensor x = tensor({1}, {3});
  const uint64_t before =
      m->add_forward_pre_hook([](Module&, std::span<const Tensor> in, std::optional<Tensors>& out) {
        out = Tensors{ops::mul(in[0], 2.0)};
      });
  const uint64_t after = m->add_forward_hook(
      [](Module&, std::span<const Tensor>, std::span<Tensor> y) { y[0] = ops::add(y[0], 1.0); });
  EXPECT_EQ(floats((*m)(x))[0], 7);
  m->remove_hook(before);
  EXPECT_EQ(floats((*m)(x))[0], 4);
  m->remove_hook(after);
  EXPECT_EQ(floats((*m)(x))[0], 3);
}

TEST(BatchNorm, CumulativeAverage) {
  const Ref<Module> bn = make_ref<BatchNorm>(BatchNorm::Dimensions::k1d, 2, NormOptions{.cumulative = true});
  const Tensor x = tensor({3, 2}, {1, 2, 3, 6, 5, 7});
  expect_near((*bn)(x), {-0x1.3988bcp+0, -0x1.6383b8p+0, 0, 0x1.da04f4p-2, 0x1.3988b8p+0, 0x1.da04f4p-1},
              1e-6);
  (*bn)(ops::mul(x, 2.0));
  expect_near(bn->get_buffer("running_mean"), {4.5, 7.5}, 1e-6);
  expect_near(bn->get_buffer("running_var"), {10, 17.5}, 1e-5);
  EXPECT_EQ(*bn->get_buffer("num_batches_tracked").data<int64_t>(), 2);
  bn->train(false);
  expect_near((*bn)(x),
              {-0x1.1b5708p+0, -0x1.509388p+0, -0x1.e5b9c4p-2, -0x1.6f2c94p-2, 0x1.43d128p-3, -0x1.e990c8p-4},
              1e-6);
  EXPECT_EQ(*bn->get_buffer("num_batches_tracked").data<int64_t>(), 2);
  EXPECT_EQ(message([&] { (*bn)(empty({2}, DType::kFloat32)); }),
            "input must have 2 or 3 dimensions, got shape [2]");
}

TEST(Module, TrainsStepByStepAsPyTorchDoes) {
  manual_seed(1);
  const Ref<Sequential> m = sequential({linear(4, 5), activation("ReLU"), linear(5, 3)});
  const Ref<Module> criterion = loss("CrossEntropyLoss", {});
  tt_sgd_options options = TT_SGD_OPTIONS_INIT;
  options.lr = .1;
  options.momentum = .9;
  const Ref<optim::Optimizer> optimizer = make_ref<optim::Sgd>(m->parameters(), options);
  const Tensor x = empty({6, 4}, DType::kFloat32);
  for (int i = 0; i < 24; ++i) x.data<float>()[i] = static_cast<float>(i) / 10 - 1;
  const Tensor y = empty({6}, DType::kInt64);
  for (int i = 0; i < 6; ++i) y.data<int64_t>()[i] = i % 3;
  for (const double expected :
       {1.1744781732559204, 1.1680070161819458, 1.1577428579330444, 1.1452041864395142, 1.1307247877120972}) {
    optimizer->zero_grad();
    const Tensor inputs[] = {(*m)(x), y};
    const Tensor roots[] = {criterion->call(inputs)[0]};
    EXPECT_NEAR(floats(roots[0])[0], expected, 1e-6);
    backward(roots, {}, {});
    optimizer->step();
  }
}

// ---- through the C ABI ----

namespace {

struct Doubler {
  int destroyed = 0;
  bool fails = false;
};
tt_status forward(tt_module* module, tt_tensor* const* inputs, size_t count, tt_tensor** outputs, size_t,
                  size_t*, void* user) {
  if (static_cast<Doubler*>(user)->fails) return tt_fail("not today");
  if (count != 1) return tt_fail("one input, please");
  tt_tensor* weight = nullptr;
  const tt_status status = tt_module_get_parameter(module, "gain", &weight);
  return status == TT_OK ? tt_mul(inputs[0], weight, outputs) : status;
}

}  // namespace

TEST(ModuleC, UserModules) {
  Doubler user;
  tt_module_callbacks callbacks{};
  callbacks.struct_size = sizeof callbacks;
  callbacks.type_name = "Doubler";
  callbacks.extra_repr = "by=2";
  callbacks.forward = forward;
  callbacks.user = &user;
  callbacks.destroy = [](void* u) { ++static_cast<Doubler*>(u)->destroyed; };
  tt_module* module = nullptr;
  ASSERT_EQ(tt_nn_module_new(&callbacks, &module), TT_OK);
  const int64_t one = 1;
  tt_tensor *gain = nullptr, *y = nullptr;
  ASSERT_EQ(tt_full(&one, 1, 2.0, TT_FLOAT32, &gain), TT_OK);
  ASSERT_EQ(tt_module_register_parameter(module, "gain", gain), TT_OK);
  ASSERT_EQ(tt_module_forward(module, gain, &y), TT_OK) << tt_last_error();
  double value = 0;
  tt_tensor_item(y, &value);
  EXPECT_EQ(value, 4);
  tt_tensor_release(y);
  char text[64];
  size_t length = 0;
  ASSERT_EQ(tt_module_repr(module, text, sizeof text, &length), TT_OK);
  EXPECT_STREQ(text, "Doubler(by=2)");
  EXPECT_EQ(length, 13u);
  user.fails = true;
  EXPECT_EQ(tt_module_forward(module, gain, &y), TT_ERR_CALLBACK);
  EXPECT_EQ(y, nullptr);
  EXPECT_STREQ(tt_last_error(), "tt_module_forward: the forward of Doubler failed: not today");
  EXPECT_EQ(tt_module_forward(nullptr, gain, &y), TT_ERR_INVALID_ARGUMENT);
  size_t count = 0;
  tt_tensor* parameters[1];
  ASSERT_EQ(tt_module_parameters(module, parameters, 1, &count), TT_OK);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(parameters[0], gain);
  tt_tensor_release(parameters[0]);
  tt_tensor_release(gain);
  EXPECT_EQ(user.destroyed, 0);
  tt_module_release(module);
  EXPECT_EQ(user.destroyed, 1);
}

TEST(ModuleC, OptionsOfOlderCallersAreReadUpToTheirSize) {
  tt_conv_options options = TT_CONV_OPTIONS_INIT;
  options.struct_size = offsetof(tt_conv_options, padding);  // a caller that knows only `stride`
  options.stride[0] = options.stride[1] = 2;
  options.bias = 0;
  const int64_t kernel[2] = {3, 3};
  tt_module* module = nullptr;
  ASSERT_EQ(tt_nn_conv2d_new(1, 2, kernel, &options, &module), TT_OK);
  char text[128];
  ASSERT_EQ(tt_module_repr(module, text, sizeof text, nullptr), TT_OK);
  EXPECT_STREQ(text, "Conv2d(1, 2, kernel_size=(3, 3), stride=(2, 2))");
  tt_module_release(module);
  EXPECT_EQ(tt_nn_conv2d_new(3, 2, nullptr, nullptr, &module), TT_ERR_INVALID_ARGUMENT);
  EXPECT_STREQ(tt_last_error(), "tt_nn_conv2d_new: kernel_size is NULL, expected two values");
}
