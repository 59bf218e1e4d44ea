#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>

#include "autograd/engine.h"
#include "cpu/runtime/simd.h"
#include "nn/gradients.h"
#include "ops/ops.h"
#include "optim/adam.h"
#include "optim/adamax.h"
#include "optim/sgd.h"

using namespace tt;
using namespace tt::optim;

namespace {

Tensor tensor(std::initializer_list<double> values, DType dtype) {
  const Tensor out = empty({static_cast<int64_t>(values.size())}, dtype);
  visit_dtype(dtype, [&]<typename T>() {
    int64_t i = 0;
    for (const double v : values) out.data<T>()[i++] = Scalar(v).to<T>();
  });
  return out;
}

std::vector<double> values(const Tensor& t) {
  std::vector<double> out;
  const Tensor dense = ops::contiguous_copy(t);
  visit_dtype(t.dtype(), [&]<typename T>() {
    for (int64_t i = 0; i < t.numel(); ++i) out.push_back(static_cast<double>(dense.data<T>()[i]));
  });
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

// The options structs with their defaults, for designated initialisers.
struct SgdSettings {
  double lr = Sgd::kDefaults.lr;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
};
struct AdamSettings {
  double lr = Adam::kDefaults.lr;
  double beta1 = Adam::kDefaults.beta1;
  double beta2 = Adam::kDefaults.beta2;
  double eps = Adam::kDefaults.eps;
  double weight_decay = 0;
  bool amsgrad = false;
  bool maximize = false;
};

using Make = std::function<Ref<Optimizer>(Tensors)>;
Make sgd(SgdSettings s) {
  return [s](Tensors params) {
    const tt_sgd_options options{sizeof options, s.lr,       s.momentum, s.dampening,
                                 s.weight_decay, s.nesterov, s.maximize};
    return Ref<Optimizer>(make_ref<Sgd>(std::move(params), options));
  };
}
template <typename Kind>
Make adam_of(AdamSettings s) {
  return [s](Tensors params) {
    const tt_adam_options options{sizeof options, s.lr,           s.beta1,   s.beta2,
                                  s.eps,          s.weight_decay, s.amsgrad, s.maximize};
    return Ref<Optimizer>(make_ref<Kind>(std::move(params), options));
  };
}
Make adam(AdamSettings s) { return adam_of<Adam>(s); }
Make adamw(AdamSettings s) { return adam_of<AdamW>(s); }

struct AdamaxSettings {
  double lr = Adamax::kDefaults.lr;
  double beta1 = Adamax::kDefaults.beta1;
  double beta2 = Adamax::kDefaults.beta2;
  double eps = Adamax::kDefaults.eps;
  double weight_decay = 0;
  bool maximize = false;
};
Make adamax(AdamaxSettings s) {
  return [s](Tensors params) {
    const tt_adamax_options options{sizeof options, s.lr,           s.beta1,   s.beta2,
                                    s.eps,          s.weight_decay, s.maximize};
    return Ref<Optimizer>(make_ref<Adamax>(std::move(params), options));
  };
}

Tensor start(DType dtype) {
  const Tensor p = tensor({0.5, -1.25, 2.0, 0.1, -0.3}, dtype);
  set_requires_grad(p, true);
  return p;
}
void set_gradient(const Tensor& p, int s) {
  set_grad(p, tensor({0.3 * (s + 1), -0.7, 0.01 * (s - 1), 1.5, -0.2 * s - 0.1}, p.dtype()));
}

#if defined(__aarch64__)
constexpr bool kAlwaysFused = true;  // NEON has fused multiply-adds
#else
constexpr bool kAlwaysFused = false;
#endif

struct Recorded {
  Make make;
  DType dtype;
  double after[5];
};

// PyTorch 2.15, after the four steps of `start` and `set_gradient`, repeated to a whole number of vectors.
const Recorded kRecorded[] = {
    {sgd({.lr = .1}),
     DType::kFloat32,
     {0x1.999998p-3, -0x1.f0a3d2p-1, 0x1.ff7cecp+0, -0x1.000000p-1, -0x1.1eb856p-3}},
    {sgd({.lr = .1}),
     DType::kFloat64,
     {0x1.999999999999ap-3, -0x1.f0a3d70a3d709p-1, 0x1.ff7ced916872bp+0, -0x1.000000p-1,
      -0x1.1eb851eb851eap-3}},
    {sgd({.lr = .1}),
     DType::kBFloat16,
     {0x1.9a0000p-3, -0x1.f00000p-1, 0x1.000000p+1, -0x1.000000p-1, -0x1.220000p-3}},
    {sgd({.lr = .1}),
     DType::kFloat16,
     {0x1.994000p-3, -0x1.f04000p-1, 0x1.ff8000p+0, -0x1.ffc000p-2, -0x1.1ec000p-3}},
    {sgd({.lr = .1, .weight_decay = .01}),
     DType::kFloat32,
     {0x1.961fcap-3, -0x1.ee4c78p-1, 0x1.fd714ap+0, -0x1.ff7ceep-2, -0x1.1c8d7cp-3}},
    {sgd({.lr = .1, .weight_decay = .01}),
     DType::kFloat64,
     {0x1.961fcdb7f50dfp-3, -0x1.ee4c79d6cc7b1p-1, 0x1.fd714b873e0f2p+0, -0x1.ff7ced95b3852p-2,
      -0x1.1c8d7c81eab9ep-3}},
    {sgd({.lr = .1, .weight_decay = .01}),
     DType::kBFloat16,
     {0x1.960000p-3, -0x1.f00000p-1, 0x1.fe0000p+0, -0x1.000000p-1, -0x1.1c0000p-3}},
    {sgd({.lr = .1, .weight_decay = .01}),
     DType::kFloat16,
     {0x1.964000p-3, -0x1.ee4000p-1, 0x1.fd8000p+0, -0x1.ff4000p-2, -0x1.1d0000p-3}},
    {sgd({.lr = .1, .momentum = .9}),
     DType::kFloat32,
     {-0x1.d10f5cp-5, -0x1.3baf0ep-1, 0x1.ffe1c8p+0, -0x1.41e1b0p+0, -0x1.3c601ep-6}},
    {sgd({.lr = .1, .momentum = .9}),
     DType::kFloat64,
     {-0x1.d10f51ac9afe7p-5, -0x1.3baf102363b25p-1, 0x1.ffe1c9b413987p+0, -0x1.41e1b089a0276p+0,
      -0x1.3c60029f16af7p-6}},
    {sgd({.lr = .1, .momentum = .9}),
     DType::kBFloat16,
     {-0x1.de0000p-5, -0x1.3c0000p-1, 0x1.000000p+1, -0x1.420000p+0, -0x1.480000p-6}},
    {sgd({.lr = .1, .momentum = .9}),
     DType::kFloat16,
     {-0x1.d08000p-5, -0x1.3b8000p-1, 0x1.000000p+1, -0x1.41c000p+0, -0x1.3b8000p-6}},
    {sgd({.lr = .1, .momentum = .9, .dampening = .3, .weight_decay = .01}),
     DType::kFloat32,
     {0x1.37335ap-4, -0x1.739ac8p-1, 0x1.fc69bcp+0, -0x1.011c1ep+0, -0x1.754b60p-4}},
    {sgd({.lr = .1, .momentum = .9, .dampening = .3, .weight_decay = .01}),
     DType::kFloat64,
     {0x1.373352e513e8bp-4, -0x1.739ac6d89c50cp-1, 0x1.fc69be3b37447p+0, -0x1.011c1d7b69005p+0,
      -0x1.754b5f09b7f55p-4}},
    {sgd({.lr = .1, .momentum = .9, .dampening = .3, .weight_decay = .01}),
     DType::kBFloat16,
     {0x1.360000p-4, -0x1.720000p-1, 0x1.fc0000p+0, -0x1.020000p+0, -0x1.780000p-4}},
    {sgd({.lr = .1, .momentum = .9, .dampening = .3, .weight_decay = .01}),
     DType::kFloat16,
     {0x1.35c000p-4, -0x1.734000p-1, 0x1.fc8000p+0, -0x1.010000p+0, -0x1.758000p-4}},
    {sgd({.lr = .1, .momentum = .9, .weight_decay = .02, .nesterov = true}),
     DType::kFloat32,
     {-0x1.3d8148p-2, -0x1.7f81d8p-2, 0x1.f301fep+0, -0x1.b6b8b2p+0, 0x1.e54c8cp-4}},
    {sgd({.lr = .1, .momentum = .9, .weight_decay = .02, .nesterov = true}),
     DType::kFloat64,
     {-0x1.3d81474fd80c5p-2, -0x1.7f81d48c280d3p-2, 0x1.f301fecd55d1fp+0, -0x1.b6b8b23959c70p+0,
      0x1.e54c93ab8774ap-4}},
    {sgd({.lr = .1, .momentum = .9, .weight_decay = .02, .nesterov = true}),
     DType::kBFloat16,
     {-0x1.3c0000p-2, -0x1.800000p-2, 0x1.f20000p+0, -0x1.b60000p+0, 0x1.de0000p-4}},
    {sgd({.lr = .1, .momentum = .9, .weight_decay = .02, .nesterov = true}),
     DType::kFloat16,
     {-0x1.3d4000p-2, -0x1.800000p-2, 0x1.f30000p+0, -0x1.b64000p+0, 0x1.e40000p-4}},
    {sgd({.lr = .1, .momentum = .5, .maximize = true}),
     DType::kFloat32,
     {0x1.d51ebap-1, -0x1.adc290p+0, 0x1.00353ep+1, 0x1.04cccep+0, -0x1.0851ecp-1}},
    {sgd({.lr = .1, .momentum = .5, .maximize = true}),
     DType::kFloat64,
     {0x1.d51eb851eb851p-1, -0x1.adc28f5c28f5dp+0, 0x1.00353f7ced917p+1, 0x1.04ccccccccccdp+0,
      -0x1.0851eb851eb86p-1}},
    {sgd({.lr = .1, .momentum = .5, .maximize = true}),
     DType::kBFloat16,
     {0x1.d60000p-1, -0x1.ae0000p+0, 0x1.000000p+1, 0x1.060000p+0, -0x1.0a0000p-1}},
    {sgd({.lr = .1, .momentum = .5, .maximize = true}),
     DType::kFloat16,
     {0x1.d50000p-1, -0x1.adc000p+0, 0x1.004000p+1, 0x1.04c000p+0, -0x1.084000p-1}},
    {adam({.lr = .01}),
     DType::kFloat32,
     {0x1.d83b66p-2, -0x1.35c290p+0, 0x1.015e46p+1, 0x1.eb8522p-5, -0x1.0ca168p-2}},
    {adam({.lr = .01}),
     DType::kFloat64,
     {0x1.d83b648f89cf8p-2, -0x1.35c28f5e9d40ap+0, 0x1.015e46ce879a1p+1, 0x1.eb851edcf86c6p-5,
      -0x1.0ca1664ef7c44p-2}},
    {adam({.lr = .01}),
     DType::kBFloat16,
     {0x1.d80000p-2, -0x1.380000p+0, 0x1.020000p+1, 0x1.ee0000p-5, -0x1.0c0000p-2}},
    {adam({.lr = .01}),
     DType::kFloat16,
     {0x1.d84000p-2, -0x1.360000p+0, 0x1.014000p+1, 0x1.eb0000p-5, -0x1.0c8000p-2}},
    {adam({.lr = .01, .weight_decay = .1}),
     DType::kFloat32,
     {0x1.d7ffe6p-2, -0x1.35c2bep+0, 0x1.f5bd5ep+0, 0x1.eb8848p-5, -0x1.0c25bep-2}},
    {adam({.lr = .01, .weight_decay = .1}),
     DType::kFloat64,
     {0x1.d7ffe448e5bc3p-2, -0x1.35c2bd920c892p+0, 0x1.f5bd5ed91c3ffp+0, 0x1.eb8843fa2c7b6p-5,
      -0x1.0c25bb2de1366p-2}},
    {adam({.lr = .01, .weight_decay = .1}),
     DType::kBFloat16,
     {0x1.d80000p-2, -0x1.380000p+0, 0x1.f80000p+0, 0x1.f20000p-5, -0x1.0c0000p-2}},
    {adam({.lr = .01, .weight_decay = .1}),
     DType::kFloat16,
     {0x1.d7c000p-2, -0x1.360000p+0, 0x1.f60000p+0, 0x1.eb4000p-5, -0x1.0c4000p-2}},
    {adam({.lr = .01, .beta1 = .8, .beta2 = .9, .amsgrad = true}),
     DType::kFloat32,
     {0x1.d80238p-2, -0x1.35c290p+0, 0x1.010ec0p+1, 0x1.eb8520p-5, -0x1.0c42e8p-2}},
    {adam({.lr = .01, .beta1 = .8, .beta2 = .9, .amsgrad = true}),
     DType::kFloat64,
     {0x1.d8023712201a4p-2, -0x1.35c28f5e9d408p+0, 0x1.010ec0ed9af7dp+1, 0x1.eb851edcf86b4p-5,
      -0x1.0c42e689e255dp-2}},
    {adam({.lr = .01, .beta1 = .8, .beta2 = .9, .amsgrad = true}),
     DType::kBFloat16,
     {0x1.d80000p-2, -0x1.380000p+0, 0x1.020000p+1, 0x1.ee0000p-5, -0x1.0c0000p-2}},
    {adam({.lr = .01, .beta1 = .8, .beta2 = .9, .amsgrad = true}),
     DType::kFloat16,
     {0x1.d7c000p-2, -0x1.360000p+0, 0x1.010000p+1, 0x1.eb0000p-5, -0x1.0c4000p-2}},
    {adam({.lr = .01, .beta1 = .3, .beta2 = .99}),
     DType::kFloat32,
     {0x1.d059f4p-2, -0x1.35c290p+0, 0x1.fe018cp+0, 0x1.eb8524p-5, -0x1.02ad52p-2}},
    {adam({.lr = .01, .beta1 = .3, .beta2 = .99}),
     DType::kFloat64,
     {0x1.d059f3e41969cp-2, -0x1.35c28f5e9d408p+0, 0x1.fe018c3380fd0p+0, 0x1.eb851edcf86b6p-5,
      -0x1.02ad4f857bd3cp-2}},
    {adam({.lr = .01, .beta1 = .3, .beta2 = .99}),
     DType::kBFloat16,
     {0x1.d00000p-2, -0x1.380000p+0, 0x1.fc0000p+0, 0x1.e60000p-5, -0x1.040000p-2}},
    {adam({.lr = .01, .beta1 = .3, .beta2 = .99}),
     DType::kFloat16,
     {0x1.d04000p-2, -0x1.360000p+0, 0x1.fe4000p+0, 0x1.eb0000p-5, -0x1.02c000p-2}},
    {adam({.lr = .01, .eps = 1e-3, .maximize = true}),
     DType::kFloat32,
     {0x1.13d7d2p-1, -0x1.4a39b0p+0, 0x1.fd95d2p+0, 0x1.1eaa5ap-3, -0x1.599400p-2}},
    {adam({.lr = .01, .eps = 1e-3, .maximize = true}),
     DType::kFloat64,
     {0x1.13d7d30d40e14p-1, -0x1.4a39b34f3f2dap+0, 0x1.fd95d323267aap+0, 0x1.1eaa592a43555p-3,
      -0x1.5994006aa4513p-2}},
    {adam({.lr = .01, .eps = 1e-3, .maximize = true}),
     DType::kBFloat16,
     {0x1.120000p-1, -0x1.480000p+0, 0x1.fe0000p+0, 0x1.1e0000p-3, -0x1.5c0000p-2}},
    {adam({.lr = .01, .eps = 1e-3, .maximize = true}),
     DType::kFloat16,
     {0x1.140000p-1, -0x1.4a0000p+0, 0x1.fdc000p+0, 0x1.1ec000p-3, -0x1.59c000p-2}},
    {adamw({.lr = .01, .weight_decay = .01}),
     DType::kFloat32,
     {0x1.d80884p-2, -0x1.35a230p+0, 0x1.0143ecp+1, 0x1.eb3dd6p-5, -0x1.0c8376p-2}},
    {adamw({.lr = .01, .weight_decay = .01}),
     DType::kFloat64,
     {0x1.d80883ef98005p-2, -0x1.35a230ad271e3p+0, 0x1.0143ed3e292cap+1, 0x1.eb3dd44226c20p-5,
      -0x1.0c83749c964f8p-2}},
    {adamw({.lr = .01, .weight_decay = .01}),
     DType::kBFloat16,
     {0x1.d80000p-2, -0x1.380000p+0, 0x1.020000p+1, 0x1.ee0000p-5, -0x1.0c0000p-2}},
    {adamw({.lr = .01, .weight_decay = .01}),
     DType::kFloat16,
     {0x1.d84000p-2, -0x1.360000p+0, 0x1.014000p+1, 0x1.eb0000p-5, -0x1.0c8000p-2}},
    {adamw({.lr = .01, .weight_decay = .3, .amsgrad = true}),
     DType::kFloat32,
     {0x1.d24bcep-2, -0x1.31fbb4p+0, 0x1.fc962ep+0, 0x1.e33492p-5, -0x1.092316p-2}},
    {adamw({.lr = .01, .weight_decay = .3, .amsgrad = true}),
     DType::kFloat64,
     {0x1.d24bce9be15e3p-2, -0x1.31fbb531279a7p+0, 0x1.fc96312b01f46p+0, 0x1.e33492b6788f8p-5,
      -0x1.0923154da2726p-2}},
    {adamw({.lr = .01, .weight_decay = .3, .amsgrad = true}),
     DType::kBFloat16,
     {0x1.d00000p-2, -0x1.380000p+0, 0x1.fa0000p+0, 0x1.e60000p-5, -0x1.0c0000p-2}},
    {adamw({.lr = .01, .weight_decay = .3, .amsgrad = true}),
     DType::kFloat16,
     {0x1.d24000p-2, -0x1.320000p+0, 0x1.fc8000p+0, 0x1.e30000p-5, -0x1.090000p-2}},
    {adamax({.lr = .01}),
     DType::kFloat32,
     {0x1.e024aap-2, -0x1.35c290p+0, 0x1.0164a6p+1, 0x1.eb8522p-5, -0x1.154978p-2}},
    {adamax({.lr = .01}),
     DType::kFloat64,
     {0x1.e024a7fb62b2fp-2, -0x1.35c28f5e9d408p+0, 0x1.0164a5ce410b9p+1, 0x1.eb851edcf86b4p-5,
      -0x1.154976ff9a670p-2}},
    {adamax({.lr = .01}),
     DType::kBFloat16,
     {0x1.e00000p-2, -0x1.380000p+0, 0x1.020000p+1, 0x1.ee0000p-5, -0x1.180000p-2}},
    {adamax({.lr = .01}),
     DType::kFloat16,
     {0x1.e04000p-2, -0x1.360000p+0, 0x1.014000p+1, 0x1.eb0000p-5, -0x1.154000p-2}},
    {adamax({.lr = .01, .beta1 = .3, .beta2 = .9, .eps = 1e-3, .weight_decay = .1}),
     DType::kFloat32,
     {0x1.da46d6p-2, -0x1.35c4f8p+0, 0x1.f5eab4p+0, 0x1.ebaf32p-5, -0x1.0e3f2cp-2}},
    {adamax({.lr = .01, .beta1 = .3, .beta2 = .9, .eps = 1e-3, .weight_decay = .1}),
     DType::kFloat64,
     {0x1.da46d6e57f4bcp-2, -0x1.35c4f78ab01c5p+0, 0x1.f5eab5734856cp+0, 0x1.ebaf3077f360ap-5,
      -0x1.0e3f2a5411cbfp-2}},
    {adamax({.lr = .01, .beta1 = .3, .beta2 = .9, .eps = 1e-3, .weight_decay = .1}),
     DType::kBFloat16,
     {0x1.d80000p-2, -0x1.380000p+0, 0x1.f80000p+0, 0x1.ea0000p-5, -0x1.100000p-2}},
    {adamax({.lr = .01, .beta1 = .3, .beta2 = .9, .eps = 1e-3, .weight_decay = .1}),
     DType::kFloat16,
     {0x1.da4000p-2, -0x1.360000p+0, 0x1.f60000p+0, 0x1.eb0000p-5, -0x1.0e4000p-2}},
    {adamax({.lr = .02, .maximize = true}),
     DType::kFloat32,
     {0x1.1fdb56p-1, -0x1.547ae0p+0, 0x1.fa6d6ap+0, 0x1.70a3d6p-3, -0x1.6f06acp-2}},
    {adamax({.lr = .02, .maximize = true}),
     DType::kFloat64,
     {0x1.1fdb58049d4d1p-1, -0x1.547ae142c57ecp+0, 0x1.fa6d68c6fbd1cp+0, 0x1.70a3d6f7ea30dp-3,
      -0x1.6f06ab9a64cb9p-2}},
    {adamax({.lr = .02, .maximize = true}),
     DType::kBFloat16,
     {0x1.200000p-1, -0x1.580000p+0, 0x1.fa0000p+0, 0x1.6e0000p-3, -0x1.6e0000p-2}},
    {adamax({.lr = .02, .maximize = true}),
     DType::kFloat16,
     {0x1.1fc000p-1, -0x1.540000p+0, 0x1.fa4000p+0, 0x1.70c000p-3, -0x1.6f0000p-2}},
};

}  // namespace

TEST(Optimizer, MatchesRecordedSteps) {
  int row = 0;
  for (const Recorded& r : kRecorded) {
    const Tensor p = start(r.dtype);
    const Ref<Optimizer> optimizer = r.make({p});
    for (int s = 0; s < 4; ++s) {
      set_gradient(p, s);
      optimizer->step();
    }
    const std::vector<double> got = values(p);
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(std::isnan(got[i]), std::isnan(r.after[i])) << "row " << row;
      if (std::isnan(got[i])) continue;
      // Bit for bit where there are fused multiply-adds, as where the values were recorded.
      if (kAlwaysFused || cpu::isa() >= cpu::Isa::kAvx2) {
        EXPECT_EQ(got[i], r.after[i]) << "row " << row << " element " << i;
      } else {
        EXPECT_NEAR(got[i], r.after[i], 1e-2) << "row " << row << " element " << i;
      }
    }
    ++row;
  }
}

TEST(Optimizer, WorksOnPartsAndStrides) {
  // A transposed parameter and a strided gradient give what dense ones give.
  const Tensor base = tensor({1, 2, 3, 4, 5, 6}, DType::kFloat32);
  const Tensor p = detach(ops::contiguous(ops::t(ops::view(base, {2, 3}))));
  const Tensor strided = detach(ops::t(ops::view(ops::clone(base), {2, 3})));
  ASSERT_FALSE(strided.is_contiguous());
  for (const Tensor& each : {p, strided}) {
    set_requires_grad(each, true);
    set_grad(each, ops::t(ops::view(ops::mul(base, base), {2, 3})));
    const Ref<Optimizer> optimizer = adam({.lr = 0.1, .weight_decay = 0.5})({each});
    optimizer->step();
    optimizer->step();
  }
  EXPECT_EQ(values(p), values(strided));
  EXPECT_NE(values(p)[0], 1.0);
}

TEST(Optimizer, LargeTensorsEqualSmallOnes) {
  const int64_t n = 100003;
  const Tensor big = ops::full({n}, 0.7, DType::kFloat32);
  const Tensor small = ops::full({3}, 0.7, DType::kFloat32);
  const Tensor other = ops::full({77}, 0.7, DType::kFloat64);
  const Ref<Optimizer> optimizer =
      sgd({.lr = 0.3, .momentum = 0.9, .weight_decay = 0.1})({small, big, other});
  for (int s = 0; s < 3; ++s) {
    for (const Tensor& p : {big, small, other}) set_grad(p, ops::full(p.sizes(), 0.2 + s, p.dtype()));
    optimizer->step();
  }
  const std::vector<double> all = values(big);
  for (const double v : all) ASSERT_EQ(v, values(small)[0]);
  EXPECT_NEAR(values(other)[76], all[0], 1e-6);
}

TEST(Optimizer, CountsWritesAndRecordsNothing) {
  const Tensor p = start(DType::kFloat32);
  const Tensor idle = start(DType::kFloat32);
  const Ref<Optimizer> optimizer = sgd({.lr = 0.1})({p, idle});
  set_gradient(p, 0);
  const uint32_t before = p.version();
  optimizer->step();
  EXPECT_EQ(p.version(), before + 1);
  EXPECT_EQ(idle.version(), 0u);
  EXPECT_TRUE(p.is_leaf());
  EXPECT_TRUE(p.requires_grad());
  // A graph made before the step is refused after it.
  const Tensor loss = ops::sum(ops::mul(p, p));
  optimizer->step();
  const Tensor roots[] = {loss};
  EXPECT_NE(message([&] { backward(roots, {}, {}); }).find("written to in place"), std::string::npos);
  optimizer->zero_grad(false);
  EXPECT_EQ(values(p.grad()), std::vector<double>(5, 0.0));
  optimizer->zero_grad();
  EXPECT_FALSE(p.grad().defined());
}

TEST(Optimizer, Messages) {
  const Tensor p = start(DType::kFloat32);
  EXPECT_EQ(message([&] { sgd({.lr = -1})({p}); }), "lr is -1, expected 0 or more");
  EXPECT_EQ(message([&] { sgd({.momentum = -0.5})({p}); }), "momentum is -0.5, expected 0 or more");
  EXPECT_EQ(message([&] { sgd({.dampening = std::nan("")})({p}); }), "dampening is nan, expected a number");
  EXPECT_EQ(message([&] { sgd({.weight_decay = -2})({p}); }), "weight_decay is -2, expected 0 or more");
  EXPECT_EQ(message([&] { sgd({.nesterov = true})({p}); }),
            "nesterov needs a momentum above 0 and a dampening of 0");
  EXPECT_EQ(message([&] { adam({.beta2 = 1})({p}); }), "beta2 is 1, expected from 0 to less than 1");
  EXPECT_EQ(message([&] { adam({.eps = -1})({p}); }), "eps is -1, expected 0 or more");
  EXPECT_EQ(message([&] { sgd({})({}); }), "params is empty");
  EXPECT_EQ(message([&] { sgd({})({ops::mul(p, 2.0)}); }),
            "params[0] is the result of an op, expected a leaf");
  EXPECT_EQ(message([&] { sgd({})({p, p}); }), "params[1] occurs twice");
  const Ref<Optimizer> optimizer = sgd({.lr = 0.5})({p});
  EXPECT_EQ(message([&] { optimizer->add_param_group({p}, optimizer->defaults()); }),
            "params[0] is in a parameter group of the optimizer already");
  EXPECT_EQ(message([&] { optimizer->set_option(0, "lr", -2); }), "lr is -2, expected 0 or more");
  EXPECT_EQ(optimizer->option(0, "lr"), 0.5);
  EXPECT_EQ(message([&] { (void)optimizer->option(1, "lr"); }),
            "group 1 is out of range, the optimizer has 1 parameter groups");
  EXPECT_EQ(message([&] { (void)optimizer->option(0, "eps"); }),
            "SGD has no option \"eps\"; it has lr, momentum, dampening, weight_decay, nesterov, maximize");
  EXPECT_EQ(optimizer->repr(),
            "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.5\n    maximize: False\n    momentum: 0\n"
            "    nesterov: False\n    weight_decay: 0\n)");
}

// Options of every kind, as an optimizer's struct may have them.
struct MadeUp {
  size_t struct_size;
  double rate;
  int64_t rounds;
  int32_t fast;
};
constexpr OptionRow kMadeUp[] = {
    {"rate", OptionKind::kReal, offsetof(MadeUp, rate), {.high = 0.5}},
    {"rounds", OptionKind::kInteger, offsetof(MadeUp, rounds), {.low = 1, .high = 100}},
    {"fast", OptionKind::kBoolean, offsetof(MadeUp, fast)},
};
// Only read, so it has no step.
constexpr OptimizerTable kMadeUpTable{"MadeUp", kMadeUp, {}, OptimizerRule::kSgd, nullptr, nullptr, nullptr};

TEST(OptionRows, KindsAndRanges) {
  const auto read = [](const MadeUp& given) {
    return optim::read_options(kMadeUpTable, OptionValues(given)).as<MadeUp>();
  };
  const MadeUp same = read({sizeof(MadeUp), -3, 20, 7});
  EXPECT_EQ(same.rate, -3);
  EXPECT_EQ(same.rounds, 20);
  EXPECT_EQ(same.fast, 1);
  EXPECT_EQ(message([&] { read({sizeof(MadeUp), 0.75, 20, 0}); }), "rate is 0.75, expected 0.5 or less");
  EXPECT_EQ(message([&] { read({sizeof(MadeUp), 0, 0, 0}); }), "rounds is 0, expected from 1 to 100");
  EXPECT_EQ(message([&] { check_option(kMadeUp[1], 1.5, "rounds"); }),
            "rounds is 1.5, expected a whole number");
  EXPECT_EQ(message([&] { check_option(kMadeUp[1], 0x1p60, "rounds"); }),
            str("rounds is ", 0x1p60, ", expected a whole number"));
  EXPECT_EQ(message([&] { check_option(kMadeUp[1], std::nan(""), "rounds"); }),
            "rounds is nan, expected a whole number");
  EXPECT_EQ(message([&] { check_option(kMadeUp[2], 2, "fast"); }), "fast is 2, expected 0 or 1");
  OptionValues values(same);
  values.set(kMadeUp[0], 0.25);
  values.set(kMadeUp[1], 100);
  values.set(kMadeUp[2], 0);
  EXPECT_EQ(values.get(kMadeUp[0]), 0.25);
  EXPECT_EQ(values.get(kMadeUp[1]), 100);
  EXPECT_EQ(values.as<MadeUp>().rounds, 100);
  EXPECT_EQ(values.as<MadeUp>().fast, 0);
}

TEST(Optimizer, GroupsHaveTheirOwnOptions) {
  const Tensor a = start(DType::kFloat64);
  const Tensor b = start(DType::kFloat64);
  const Ref<Optimizer> optimizer = sgd({.lr = 1})({a});
  optimizer->add_param_group({b}, optimizer->defaults());
  optimizer->set_option(1, "lr", 0.25);
  for (const Tensor& p : {a, b}) set_grad(p, ops::ones({5}, DType::kFloat64));
  optimizer->step();
  EXPECT_DOUBLE_EQ(values(a)[0], 0.5 - 1);
  EXPECT_DOUBLE_EQ(values(b)[0], 0.5 - 0.25);
}

TEST(Optimizer, ResumesBitForBit) {
  for (const Make& make : {adam({.lr = .05, .amsgrad = true}), adamax({.lr = .05}),
                           sgd({.lr = .1, .momentum = .9}), sgd({.lr = .1})}) {
    const Tensor p = start(DType::kFloat32);
    const Ref<Optimizer> first = make({p});
    for (int s = 0; s < 3; ++s) {
      set_gradient(p, s);
      first->step();
    }
    const Tensor q = start(DType::kFloat32);
    set_requires_grad(q, false);
    ops::copy_(q, detach(p));
    const Ref<Optimizer> second = make({q});
    first->set_option(0, "lr", 0.02);
    second->load_state_dict(*first->state_dict());
    EXPECT_EQ(second->option(0, "lr"), 0.02);
    for (int s = 3; s < 5; ++s) {
      for (const Tensor& each : {p, q}) set_gradient(each, s);
      first->step();
      second->step();
    }
    EXPECT_EQ(values(p), values(q));
  }
}

TEST(Optimizer, RefusesForeignState) {
  const Tensor p = start(DType::kFloat32);
  const Ref<Optimizer> optimizer = adam({})({p});
  set_gradient(p, 0);
  optimizer->step();
  const Ref<StateDict> dict = optimizer->state_dict();
  ASSERT_NE(dict->find("state.0.exp_avg"), nullptr);
  EXPECT_EQ(*dict->find("state.0.step")->data<float>(), 1.0f);

  const Ref<Optimizer> two = adam({})({start(DType::kFloat32), start(DType::kFloat32)});
  EXPECT_NE(message([&] { two->load_state_dict(*dict); }).find("doesn't match the size of optimizer's group"),
            std::string::npos);
  two->add_param_group({start(DType::kFloat32)}, two->defaults());
  EXPECT_NE(message([&] { two->load_state_dict(*dict); }).find("a different number of parameter groups"),
            std::string::npos);
  const Ref<Optimizer> fresh = adam({})({start(DType::kFloat32)});
  dict->set("state.0.exp_avg", ops::zeros({4}, DType::kFloat32));
  EXPECT_EQ(message([&] { fresh->load_state_dict(*dict); }),
            "loaded state dict: \"state.0.exp_avg\" has shape [4], but its parameter has shape [5]");
  dict->erase("state.0.exp_avg");
  EXPECT_EQ(message([&] { fresh->load_state_dict(*dict); }),
            "loaded state dict has no \"state.0.exp_avg\", but other state of that parameter");
  EXPECT_EQ(fresh->state_dict()->find("state.0.exp_avg_sq"), nullptr);
}

TEST(ClipGrad, ByNormAndByValue) {
  const Tensor a = start(DType::kFloat32);
  const Tensor b = start(DType::kFloat32);
  const auto reset = [&] {
    set_grad(a, tensor({3, 0, 0, -4, 0}, DType::kFloat32));
    set_grad(b, tensor({0, 12, 0, 0, 0}, DType::kFloat32));
  };
  const Tensor both[] = {a, b};
  const auto norm = [&](double max_norm, double type) {
    reset();
    return values(nn::clip_grad_norm_(both, max_norm, type))[0];
  };
  EXPECT_EQ(norm(1, 2), 13);
  EXPECT_NEAR(values(b.grad())[1], 12.0 / 13, 1e-6);
  EXPECT_EQ(norm(100, 1), 19);
  EXPECT_EQ(values(b.grad())[1], 12);
  EXPECT_EQ(norm(6, INFINITY), 12);
  EXPECT_NEAR(values(a.grad())[3], -2, 1e-6);
  EXPECT_NEAR(norm(6, 3), std::cbrt(27 + 64 + 1728), 1e-5);
  reset();
  nn::clip_grad_value_(both, 3.5);
  EXPECT_EQ(values(a.grad()), (std::vector<double>{3, 0, 0, -3.5, 0}));
  set_grad(a, tensor({NAN, 0, 0, 0, 0}, DType::kFloat32));
  EXPECT_NE(message([&] { nn::clip_grad_norm_(both, 1, 2, true); }).find("with error_if_nonfinite 0"),
            std::string::npos);
}
