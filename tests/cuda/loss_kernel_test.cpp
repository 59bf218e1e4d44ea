#include "cuda/loss/class_loss_body.h"

#include "cuda/kernel_check.h"
#include "ops/ops.h"

using namespace tt;
using namespace tt::testing;

namespace {

const KernelTable& cpu() { return cpu_backend().kernels; }

constexpr ElementLoss kLosses[] = {ElementLoss::kMse,   ElementLoss::kL1,  ElementLoss::kSmoothL1,
                                   ElementLoss::kHuber, ElementLoss::kBce, ElementLoss::kBceWithLogits};

// Operands of a loss: the result, x, y, w, p and a gradient.
struct Operands {
  std::vector<Values> values;
  Loop loop(const std::vector<Dims>& strides, const Dims& shape, int n) {
    // Made by hand: inner dimension first, no merging unless it is flat.
    Loop l;
    l.ndim = shape.size();
    l.operands = n;
    l.numel = 1;
    for (int d = 0; d < l.ndim; ++d) {
      l.sizes[d] = shape[l.ndim - 1 - d];
      l.numel *= l.sizes[d];
    }
    for (int op = 0; op < n; ++op) {
      Values& v = values[static_cast<size_t>(op)];
      l.dtype[op] = v.dtype();
      l.data[op] = static_cast<char*>(v.data());
      for (int d = 0; d < l.ndim; ++d) {
        l.strides[op][d] =
            strides[static_cast<size_t>(op)][l.ndim - 1 - d] * static_cast<int64_t>(size_of(v.dtype()));
      }
    }
    return l;
  }
};

// Every loss of these operands against the CPU's.
void check_losses(DType dtype, const std::vector<Dims>& strides, const Dims& shape, int64_t memory) {
  Operands at;
  for (int op = 0; op < 6; ++op) {
    at.values.emplace_back(dtype, memory,
                           op == 0   ? 0.01
                           : op == 3 ? 0.5
                                     : 0,
                           op < 3 ? 0.99 : 2, static_cast<unsigned>(op));
  }
  for (const ElementLoss kind : kLosses) {
    const int inputs = element_loss_inputs(kind);
    const double parameter = 0.4;
    const std::string what = str("loss ", static_cast<int>(kind), " ", dtype, " of ", shape);
    for (const bool backward : {false, true}) {
      const auto run = [&](auto&& call, Values& result) {
        Operands here = at;
        here.values[0] = Values(dtype, memory);
        if (backward) here.values[static_cast<size_t>(inputs + 1)] = at.values[5];
        call(here.loop(strides, shape, 1 + inputs + (backward ? 1 : 0)));
        result = here.values[0];
      };
      Values expected(dtype, memory);
      run(
          [&](const Loop& loop) {
            backward ? cpu().run(call::ElementwiseLossBackward{kind, loop, parameter, 0.25})
                     : cpu().run(call::ElementwiseLoss{kind, loop, parameter});
          },
          expected);
      const auto actual =
          in_every_order({Values(dtype, memory)}, [&](const Emulator& emulator, std::vector<Values>& out) {
            run(
                [&](const Loop& loop) {
                  backward ? cuda::element_loss_backward(emulator, kind, loop, parameter, 0.25)
                           : cuda::element_loss(emulator, kind, loop, parameter);
                },
                out[0]);
          });
      expect_close(actual[0], expected, what);
    }
    Operands here = at;
    const Loop loop = here.loop(strides, shape, 1 + inputs);
    Values expected(dtype, 1);
    cpu().run(call::ElementwiseLossSum{kind, loop, parameter, 0.01, expected.data()});
    for (const int64_t limit : {int64_t{1} << 30, int64_t{100}}) {
      const auto actual =
          in_every_order({Values(dtype, 1)}, [&](const Emulator& emulator, std::vector<Values>& out) {
            cuda::element_loss_sum(emulator, kind, loop, parameter, 0.01, out[0].data(), limit);
          });
      expect_close(actual[0], expected, what + " summed");
    }
  }
}

}  // namespace

TEST(CudaElementLoss, IsTheCpus) {
  for (const DType dtype : kFloatingDTypes) {
    check_losses(dtype, std::vector<Dims>(6, Dims{1}), {300}, 300);
    // More than one block, and strides of all kinds.
    check_losses(dtype, {{85, 17, 1}, {1, 20, 100}, {0, 17, 1}, {85, 0, 0}, {0, 0, 2}, {85, 17, 1}},
                 {20, 5, 17}, 2000);
  }
}

TEST(CudaElementLoss, HostScalarsAndNothing) {
  Operands at;
  for (int op = 0; op < 5; ++op)
    at.values.emplace_back(DType::kFloat32, 8, 0.1, 0.9, static_cast<unsigned>(op));
  Loop loop = at.loop(std::vector<Dims>(5, Dims{1}), {8}, 5);
  for (const int op : {3, 4}) {
    loop.host_scalars |= 1u << op;
    loop.strides[op][0] = 0;
    *reinterpret_cast<float*>(loop.data[op]) = 1.5f;
  }
  Values expected = at.values[0];
  cpu().run(call::ElementwiseLoss{ElementLoss::kBceWithLogits, loop, 0});
  std::swap(expected, at.values[0]);
  std::swap_ranges(static_cast<char*>(expected.data()), static_cast<char*>(expected.data()) + 32,
                   loop.data[0]);
  cuda::element_loss(Emulator(), ElementLoss::kBceWithLogits, loop, 0);
  Values actual = at.values[0];
  std::memcpy(actual.data(), loop.data[0], 32);
  expect_close(actual, expected, "host scalars");

  loop.numel = loop.sizes[0] = 0;
  Values nothing(DType::kFloat32, 1);
  cuda::element_loss_sum(Emulator(), ElementLoss::kMse, loop, 0, 1, nothing.data());
  EXPECT_EQ(nothing.get(0), 0);
  cuda::element_loss_sum(Emulator(), ElementLoss::kMse, loop, 0, INFINITY, nothing.data());
  EXPECT_TRUE(std::isnan(nothing.get(0)));
}

TEST(CudaElementLoss, ProbabilitiesAreChecked) {
  for (const DType dtype : kFloatingDTypes) {
    for (const double bad : {0.5, -0.25, 1.5, static_cast<double>(NAN)}) {
      Operands at;
      at.values.emplace_back(dtype, 3000, 0, 1, 1u);
      at.values[0].set(2999, bad);
      const Emulator emulator;
      cuda::check_probabilities(emulator, at.loop({{1}}, {3000}, 1), "target");
      if (bad == 0.5) {
        EXPECT_FALSE(cuda::take_fault(*emulator.fault()));
        continue;
      }
      try {
        cuda::fail_fault(cuda::take_fault(*emulator.fault()).value());
      } catch (const Error& error) {
        EXPECT_EQ(error.message(), "all elements of target should be between 0 and 1");
        EXPECT_EQ(error.code(), Status::kInvalidArgument);
      }
    }
  }
}

namespace {

struct ClassCase {
  int64_t batch, classes, inner;
};

void check_class_loss(DType dtype, const ClassCase& shape, DType target_dtype, bool weighted,
                      double smoothing, bool log_input, int reduction, bool alone = true) {
  const int64_t positions = shape.batch * shape.inner, n = positions * shape.classes;
  const Values input(dtype, n, log_input ? -5 : -3, log_input ? 0 : 3, 1);
  const Values weight(dtype, shape.classes, 0.5, 2, 2);
  Values target(target_dtype, target_dtype == dtype ? n : positions, 0,
                static_cast<double>(shape.classes) - 0.01, 3);
  if (target_dtype == dtype) target = Values(dtype, n, 0, 1, 3);
  if (target_dtype == DType::kInt64 && positions > 2) target.set(1, -100);
  ClassLossArgs args;
  args.dtype = dtype;
  args.log_input = log_input;
  args.mean = reduction == 1;
  args.sum = reduction == 2;
  args.batch = shape.batch;
  args.classes = shape.classes;
  args.inner = shape.inner;
  args.input = input.data();
  args.target = target.data();
  args.target_dtype = target_dtype;
  args.weight = weighted ? weight.data() : nullptr;
  args.label_smoothing = smoothing;
  const std::string what = str("class loss ", dtype, " (", shape.batch, ", ", shape.classes, ", ",
                               shape.inner, ") targets ", target_dtype, weighted ? " weighted" : "",
                               " smoothing ", smoothing, log_input ? " log" : "", " reduction ", reduction);
  const DType wide = dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
  const int64_t losses = reduction == 0 ? positions : 1;
  const std::vector<Values> results = {Values(dtype, losses), Values(wide, log_input ? 0 : 2 * positions),
                                       Values(wide, 1)};
  std::vector<Values> expected = results;
  cpu().run(call::ClassLoss{args, expected[0].data(), log_input ? nullptr : expected[1].data(),
                            expected[2].data(), false, nullptr});
  const auto actual = in_every_order(results, [&](const Emulator& emulator, std::vector<Values>& out) {
    cuda::class_loss(emulator, args, out[0].data(), log_input ? nullptr : out[1].data(), out[2].data(),
                     nullptr);
    EXPECT_FALSE(cuda::take_fault(*emulator.fault()));
  });
  for (size_t i = 0; i < 3; ++i)
    expect_close(actual[i], expected[i], str(what, " result ", i), i == 1 ? 4 : 2);

  const Values grad(dtype, losses, -1, 1, 5);
  Values expected_grad(dtype, n), weights(dtype, n), expected_weights(dtype, n);
  cpu().run(call::ClassLossBackward{args, grad.data(), expected[1].data(), expected[2].data(),
                                    expected_grad.data()});
  const auto actual_grad =
      in_every_order({Values(dtype, n)}, [&](const Emulator& emulator, std::vector<Values>& out) {
        cuda::class_loss_backward(emulator, args, grad.data(), expected[1].data(), expected[2].data(),
                                  out[0].data());
      });
  expect_close(actual_grad[0], expected_grad, what + " backward");
  if (losses == 1) {
    // Without a gradient of the loss, which is 1 then; and in passing, where one block has the whole loss.
    Values given(dtype, n), unit(dtype, n);
    const Values one(dtype, 1, 1, 1, 6);
    cpu().run(
        call::ClassLossBackward{args, one.data(), expected[1].data(), expected[2].data(), given.data()});
    cpu().run(call::ClassLossBackward{args, nullptr, expected[1].data(), expected[2].data(), unit.data()});
    EXPECT_TRUE(unit == given) << what;
    cuda::class_loss_backward(Emulator(), args, nullptr, expected[1].data(), expected[2].data(),
                              given.data());
    expect_close(given, unit, what + " backward of 1");
    EXPECT_EQ(cuda::class_loss_gives_gradient(args), (args.mean || args.sum) && alone);
    if (cuda::class_loss_gives_gradient(args)) {
      std::vector<Values> more = results;
      more.emplace_back(dtype, n);
      const auto joined = in_every_order(more, [&](const Emulator& emulator, std::vector<Values>& out) {
        cuda::class_loss(emulator, args, out[0].data(), log_input ? nullptr : out[1].data(), out[2].data(),
                         out[3].data());
        EXPECT_EQ(emulator.launches(), 1);
      });
      for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(joined[i] == actual[i]) << what << " result " << i;
      expect_close(joined[3], unit, what + " gradient in passing");
    }
  }
  cpu().run(call::ClassWeights{args, expected_weights.data()});
  cuda::class_weights(Emulator(), args, weights.data());
  expect_close(weights, expected_weights, what + " weights");
}

}  // namespace

TEST(CudaClassLoss, IsTheCpus) {
  for (const DType dtype : kFloatingDTypes) {
    for (const ClassCase& shape :
         {ClassCase{5, 10, 1}, ClassCase{70, 3, 1}, ClassCase{2, 5, 9}, ClassCase{3, 1, 1}}) {
      for (const DType target : {DType::kInt64, DType::kUInt8, dtype}) {
        for (const bool log_input : {false, true}) {
          for (const int reduction : {0, 1, 2}) {
            const bool weighted = (reduction + log_input) % 2 == 0;
            check_class_loss(dtype, shape, target, weighted, log_input ? 0 : reduction * 0.1, log_input,
                             reduction);
          }
        }
      }
    }
  }
  // A block for each position; a thread for each.
  check_class_loss(DType::kFloat32, {1, 1100, 1}, DType::kInt64, true, 0.1, false, 1);
  check_class_loss(DType::kFloat32, {3, 1100, 1}, DType::kInt64, true, 0.1, false, 1, false);
  check_class_loss(DType::kFloat32, {3, 1100, 1}, DType::kFloat32, true, 0.1, false, 1, false);
  check_class_loss(DType::kFloat32, {20, 1100, 1}, DType::kInt64, true, 0.1, false, 1, false);
  check_class_loss(DType::kFloat16, {400, 10, 1}, DType::kInt64, true, 0, false, 1, false);
  check_class_loss(DType::kFloat64, {400, 10, 1}, DType::kInt64, true, 0, true, 2, false);
  check_class_loss(DType::kFloat32, {2, 3, 4100}, DType::kInt64, false, 0, false, 1, false);
}

TEST(CudaClassLoss, NothingHasAMeanOfNaN) {
  for (const int reduction : {1, 2})
    check_class_loss(DType::kFloat32, {0, 4, 1}, DType::kInt64, false, 0, false, reduction);
}

TEST(CudaClassLoss, TargetsOutOfBoundsAreReported) {
  for (const int64_t bad : {int64_t{7}, int64_t{-1}, INT64_MIN}) {
    Values input(DType::kFloat32, 6, -1, 1, 1), target(DType::kInt64, 2), loss(DType::kFloat32, 1),
        normalizer(DType::kFloat32, 4), total(DType::kFloat32, 1), grad_input(DType::kFloat32, 6);
    target.as<int64_t>()[0] = 1;
    target.as<int64_t>()[1] = bad;
    ClassLossArgs args;
    args.dtype = DType::kFloat32;
    args.mean = true;
    args.batch = 2;
    args.classes = 3;
    args.input = input.data();
    args.target = target.data();
    args.target_dtype = DType::kInt64;
    const Emulator emulator;
    cuda::class_loss(emulator, args, loss.data(), normalizer.data(), total.data(), nullptr);
    EXPECT_TRUE(std::isnan(loss.get(0)));
    const Values one(DType::kFloat32, 1, 1, 1, 1);
    cuda::class_loss_backward(emulator, args, one.data(), normalizer.data(), total.data(), grad_input.data());
    for (int64_t i = 3; i < 6; ++i) EXPECT_EQ(grad_input.get(i), 0);
    std::string message;
    try {
      cuda::fail_fault(cuda::take_fault(*emulator.fault()).value());
    } catch (const Error& error) {
      message = error.message();
    }
    EXPECT_EQ(message, str("Target ", bad, " is out of bounds."));
  }
}
