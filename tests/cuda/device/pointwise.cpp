// Every row of the op table over every dtype it is for, dense and strided.
#include "device.h"

namespace tt::device_test {
namespace {

enum class Domain { kAll, kNumber, kFloat, kFloatOnly, kIntegral, kInteger };

bool covers(Domain domain, DType dtype) {
  const bool boolean = dtype == DType::kBool;
  switch (domain) {
    case Domain::kAll:
      return true;
    case Domain::kNumber:
      return !boolean;
    case Domain::kFloat:
    case Domain::kFloatOnly:
      return is_floating(dtype);
    case Domain::kIntegral:
      return is_integral(dtype);
    case Domain::kInteger:
      return is_integral(dtype) && !boolean;
  }
  return false;
}

// The operands' layouts.
struct Layout {
  const char* name;
  Dims sizes;
  std::function<Tensor(const Tensor&, int)> view;  // of operand `op`, whose memory has sizes `sizes`
};

std::vector<Layout> layouts() {
  const auto plain = [](const Tensor& t, int) { return t; };
  return {
      {"dense", {4099}, plain},
      {"unaligned", {1030}, [](const Tensor& t, int) { return ops::slice(t, 0, 1); }},
      {"one element", {1}, plain},
      {"transposed", {7, 33}, [](const Tensor& t, int op) { return op == 1 ? t : ops::contiguous_copy(t); }},
      {"strided",
       {5, 6, 14},
       [](const Tensor& t, int op) {
         return op == 2 ? ops::expand(ops::slice(t, 0, 0, 1), {5, 6, 14}) : t;
       }},
      {"every second", {9, 64}, [](const Tensor& t, int) { return ops::slice(t, 1, 0, std::nullopt, 2); }},
  };
}

using Run = std::function<void(Backend&, const Loop&)>;

// Runs the row on both; `result` is the result's dtype.
void compare(const std::string& name, DType dtype, DType result, int inputs, const Run& run,
             double extra_tolerance) {
  for (const Layout& layout : layouts()) {
    Tensor cpu[4], cuda[4];
    for (int op = 1; op <= inputs; ++op) {
      const Tensor memory = values(layout.sizes, dtype, true);
      cpu[op] = layout.view(memory, op);
      cuda[op] = layout.view(on_cuda(memory), op);
    }
    if (std::string(layout.name) == "transposed") {
      cpu[1] = ops::transpose(ops::contiguous_copy(ops::transpose(cpu[1], 0, 1)), 0, 1);
      cuda[1] = ops::transpose(ops::contiguous_copy(ops::transpose(cuda[1], 0, 1)), 0, 1);
    }
    // Results with room behind them, which must stay as it is.
    const int64_t n = cpu[1].numel();
    const Tensor room = ops::zeros({n + 16}, result), room_there = ops::zeros({n + 16}, result, kCuda);
    cpu[0] = ops::view(ops::slice(room, 0, 0, n), cpu[1].sizes());
    cuda[0] = ops::view(ops::slice(room_there, 0, 0, n), cpu[1].sizes());
    // With the last of several inputs as a host scalar, too.
    for (const bool scalar : {false, true}) {
      if (scalar && inputs < 2) continue;
      const DType scalar_dtype = is_reduced_floating(dtype) ? DType::kFloat32 : dtype;
      const Tensor number = values({}, scalar_dtype, false);
      for (const bool device : {false, true}) {
        Tensor* t = device ? cuda : cpu;
        Backend& backend = device ? backend_of(kCuda) : cpu_backend();
        const LoopOperand last = scalar ? LoopOperand(number.raw(), scalar_dtype) : LoopOperand(t[inputs]);
        const Loop loop = inputs == 1   ? make_loop(t[0].sizes(), {t[0], t[1]})
                          : inputs == 2 ? make_loop(t[0].sizes(), {t[0], t[1], last})
                                        : make_loop(t[0].sizes(), {t[0], t[1], t[2], last});
        run(backend, loop);
      }
      const double rtol = is_floating(result) ? tolerance(dtype) * extra_tolerance : 0;
      EXPECT_EQ(difference(room_there, room, rtol, rtol * 1e-2), "")
          << name << " " << tt::name(dtype) << " " << layout.name << (scalar ? " with a number" : "");
    }
  }
}

constexpr PointwiseParams kParams{0.7, 1.5, 0.25};

// Params that make sense for the op.
PointwiseParams params_of(std::string_view name) {
  if (name == "polygamma") return {2, 0, 0};
  if (name == "clamp" || name == "hardtanh") return {-1, 2, 0};
  if (name == "round_decimals") return {100, 0, 0};
  if (name == "div_trunc" || name == "div_floor") return {};  // or the half type between their steps
  return kParams;
}

template <typename Op, typename Call>
void compare_row(Op op, const char* name, Domain domain, bool boolean, int inputs, const Call& call) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    if (!covers(domain, dtype)) continue;
    const PointwiseParams params = params_of(name);
    // Functions whose values cancel or whose arguments are far out differ by more.
    const bool special = std::string_view(name) == "digamma" || std::string_view(name) == "polygamma" ||
                         std::string_view(name) == "lgamma";
    compare(
        name, dtype, boolean ? DType::kBool : dtype, inputs,
        [&](Backend& backend, const Loop& loop) { call(backend, op, loop, params); }, special ? 100 : 4);
  }
}

constexpr bool kSame = false, kBool = true;

TEST(DevicePointwise, UnaryRows) {
  const auto call = [](Backend& b, UnaryOp op, const Loop& loop, const PointwiseParams& p) {
    b.kernels.run(call::Unary{op, loop, p});
  };
#define TT_ROW(name, kernel, domain, result, ...) \
  compare_row(UnaryOp::name, #name, Domain::domain, result, 1, call);
  TT_UNARY_OPS(TT_ROW)
#undef TT_ROW
}

TEST(DevicePointwise, BinaryRows) {
  const auto call = [](Backend& b, BinaryOp op, const Loop& loop, const PointwiseParams& p) {
    b.kernels.run(call::Binary{op, loop, p});
  };
#define TT_ROW(name, kernel, domain, result, ...) \
  compare_row(BinaryOp::name, #name, Domain::domain, result, 2, call);
  TT_BINARY_OPS(TT_ROW)
#undef TT_ROW
}

TEST(DevicePointwise, TernaryRows) {
  const auto call = [](Backend& b, TernaryOp op, const Loop& loop, const PointwiseParams& p) {
    b.kernels.run(call::Ternary{op, loop, p});
  };
#define TT_ROW(name, kernel, domain, ...) compare_row(TernaryOp::name, #name, Domain::domain, kSame, 3, call);
  TT_TERNARY_OPS(TT_ROW)
#undef TT_ROW
}

// A number, a 0-dim tensor of the host and one of the device: rounded to the half type first, or not.
TEST(DevicePointwise, NumbersBesideHalfTypes) {
  for (const DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    const Tensor x = values({517}, dtype, true), there = on_cuda(x);
    for (const double number : {0.1, -0.3, 7.0, 70000.0}) {
      const Tensor wide = ops::full({}, number, DType::kFloat32);
      for (const BinaryOp op : {BinaryOp::add, BinaryOp::mul, BinaryOp::div, BinaryOp::div_trunc,
                                BinaryOp::div_floor, BinaryOp::remainder, BinaryOp::eq, BinaryOp::lt}) {
        const std::string what = std::string(tt::name(op)) + " " + std::to_string(number);
        const Tensor expected = ops::binary(op, x, number);
        const double rtol = is_floating(expected.dtype()) ? tolerance(dtype) : 0;
        EXPECT_EQ(difference(ops::binary(op, there, number), expected, rtol, 0), "") << what;
        EXPECT_EQ(difference(ops::binary(op, there, wide), expected, rtol, 0), "") << what;
        EXPECT_EQ(difference(ops::binary(op, there, on_cuda(wide)), expected, rtol, 0), "") << what;
      }
    }
    const Tensor divisor = values({517}, dtype, false);
    for (const BinaryOp op : {BinaryOp::div_trunc, BinaryOp::div_floor}) {
      EXPECT_EQ(difference(ops::binary(op, there, on_cuda(divisor)), ops::binary(op, x, divisor), 0, 0), "");
    }
  }
}

// NaN, infinities and numbers out of range as integers, too.
TEST(DevicePointwise, FloatsBeyondIntegers) {
  for (const DType from : {DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64}) {
    for (const double value : {1e38, -1e38, 3e9, -3e9, 2147483648.0, 40000.0, -300.0, 9.3e18, 1e19, 255.5}) {
      const Tensor x = ops::to_dtype(ops::full({5}, value, DType::kFloat64), from);
      for (int i = 0; i < kDTypeCount; ++i) {
        const auto to = static_cast<DType>(i);
        if (is_floating(to)) continue;
        EXPECT_EQ(difference(ops::to_dtype(on_cuda(x), to), ops::to_dtype(x, to), 0, 0), "")
            << value << " " << name(from) << " to " << name(to);
      }
    }
  }
}

TEST(DevicePointwise, CopiesBetweenAllDtypes) {
  for (int from = 0; from < kDTypeCount; ++from) {
    for (int to = 0; to < kDTypeCount; ++to) {
      const Tensor x = values({6, 130}, static_cast<DType>(from), true);
      const Tensor transposed = ops::transpose(x, 0, 1);
      const auto dtype = static_cast<DType>(to);
      EXPECT_EQ(difference(ops::to_dtype(on_cuda(x), dtype), ops::to_dtype(x, dtype), 0, 0), "")
          << name(static_cast<DType>(from)) << " to " << name(dtype);
      const Tensor there = empty({130, 6}, dtype, kCuda), here = empty({130, 6}, dtype);
      ops::copy_values(there, ops::transpose(on_cuda(x), 0, 1));
      ops::copy_values(here, transposed);
      EXPECT_EQ(difference(there, here, 0, 0), "") << name(static_cast<DType>(from)) << " to " << name(dtype);
    }
  }
}

TEST(DevicePointwise, FillsAndSelects) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(difference(ops::full({1003}, 3, dtype, kCuda), ops::full({1003}, 3, dtype), 0, 0), "");
    const Tensor there = ops::zeros({20, 20}, dtype, kCuda), here = ops::zeros({20, 20}, dtype);
    ops::fill_(ops::slice(there, 1, 2, 17, 3), 1);
    ops::fill_(ops::slice(here, 1, 2, 17, 3), 1);
    EXPECT_EQ(difference(there, here, 0, 0), "");
    const Tensor condition = values({31, 40}, DType::kBool, false);
    const Tensor a = values({31, 40}, dtype, true), b = values({40}, dtype, true);
    EXPECT_EQ(
        difference(ops::where(on_cuda(condition), on_cuda(a), on_cuda(b)), ops::where(condition, a, b), 0, 0),
        "")
        << name(dtype);
    EXPECT_EQ(difference(ops::where(on_cuda(condition), on_cuda(a), 1), ops::where(condition, a, 1), 0, 0),
              "")
        << name(dtype);
  }
}

}  // namespace
}  // namespace tt::device_test
