// Random programs of pointwise, view, reduction and matmul ops, with gradients, run twice: by the kernels of
// the baseline instruction set, in a process of its own, and by the best of this machine. Each step of the
// second run starts from the values of the first, so that differences do not add up.
//   fuzz_programs FIRST_SEED COUNT           both runs
//   fuzz_programs --record FILE FIRST COUNT  the first alone, into FILE
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

#include "harness/compare.h"
#include "harness/handles.h"

using namespace tt::parity;

namespace {

constexpr int kSteps = 40;
constexpr std::size_t kPool = 10;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15 + 1) { next(); }
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>((next() >> 11) % static_cast<std::uint64_t>(n));
  }
  bool chance(int percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

// ---- what is written down of a step ----

struct Step {
  std::string text;  // the op, and the error where it failed
  std::vector<Tensor> results;
};

void put(std::ostream& out, const void* data, std::size_t size) {
  out.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
}
template <typename T>
void put(std::ostream& out, T value) {
  put(out, &value, sizeof value);
}
template <typename T>
T get(std::istream& in) {
  T value{};
  in.read(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

void write(std::ostream& out, const Step& step) {
  put(out, step.text.size());
  put(out, step.text.data(), step.text.size());
  put(out, step.results.size());
  for (const Tensor& t : step.results) {
    put(out, t.dtype);
    put(out, t.sizes.size());
    for (const std::int64_t size : t.sizes) put(out, size);
    put(out, t.data.size());
    put(out, t.data.data(), t.data.size());
  }
}

Step read(std::istream& in) {
  Step step;
  step.text.resize(get<std::size_t>(in));
  in.read(step.text.data(), static_cast<std::streamsize>(step.text.size()));
  step.results.resize(get<std::size_t>(in));
  for (Tensor& t : step.results) {
    t.dtype = get<Dtype>(in);
    t.sizes.resize(get<std::size_t>(in));
    for (std::int64_t& size : t.sizes) size = get<std::int64_t>(in);
    t.data.resize(get<std::size_t>(in));
    in.read(reinterpret_cast<char*>(t.data.data()), static_cast<std::streamsize>(t.data.size()));
  }
  return step;
}

// ---- ops ----

using Unary = tt_status (*)(const tt_tensor*, tt_tensor**);
using Binary = tt_status (*)(const tt_tensor*, const tt_tensor*, tt_tensor**);

struct NamedUnary {
  const char* name;
  Unary call;
};
struct NamedBinary {
  const char* name;
  Binary call;
};

#define TT_FUZZ(name) \
  { #name, tt_##name }
const NamedUnary kUnary[] = {TT_FUZZ(neg),         TT_FUZZ(abs),        TT_FUZZ(sign),  TT_FUZZ(exp),
                             TT_FUZZ(log),         TT_FUZZ(sqrt),       TT_FUZZ(rsqrt), TT_FUZZ(square),
                             TT_FUZZ(sigmoid),     TT_FUZZ(tanh),       TT_FUZZ(sin),   TT_FUZZ(cos),
                             TT_FUZZ(floor),       TT_FUZZ(ceil),       TT_FUZZ(trunc), TT_FUZZ(erf),
                             TT_FUZZ(log1p),       TT_FUZZ(expm1),      TT_FUZZ(relu),  TT_FUZZ(silu),
                             TT_FUZZ(isnan),       TT_FUZZ(reciprocal), TT_FUZZ(atan),  TT_FUZZ(asinh),
                             TT_FUZZ(logical_not), TT_FUZZ(softsign)};
const NamedBinary kBinary[] = {TT_FUZZ(add),     TT_FUZZ(sub),     TT_FUZZ(mul),       TT_FUZZ(div),
                               TT_FUZZ(maximum), TT_FUZZ(fmod),    TT_FUZZ(remainder), TT_FUZZ(atan2),
                               TT_FUZZ(eq),      TT_FUZZ(minimum), TT_FUZZ(lt),        TT_FUZZ(ge),
                               TT_FUZZ(hypot),   TT_FUZZ(pow),     TT_FUZZ(copysign),  TT_FUZZ(bitwise_xor)};
#undef TT_FUZZ

// One step: what to call on which members of the pool. `sum_of` says over how many products or terms an
// element adds up, which is what rounding grows with.
struct Choice {
  std::string name;
  std::vector<std::size_t> operands;
  std::function<tt_status(tt_tensor* const*, tt_tensor**)> call;
  bool adds_up = false;
};

Choice choose(Random& random, const std::vector<Handle>& pool) {
  Choice out;
  const auto any = [&] {
    return static_cast<std::size_t>(random.below(static_cast<std::int64_t>(pool.size())));
  };
  const std::size_t a = any();
  const std::int64_t ndim = static_cast<std::int64_t>(see(pool[a].get()).tensor.sizes.size());
  const std::int64_t dim = ndim > 0 ? random.below(2 * ndim) - ndim : 0;
  const std::int64_t size =
      ndim > 0 ? see(pool[a].get()).tensor.sizes[static_cast<std::size_t>((dim + ndim) % ndim)] : 1;
  out.operands = {a};
  const std::int64_t kind = random.below(100);
  if (kind < 30) {
    const NamedUnary& op = kUnary[random.below(static_cast<std::int64_t>(std::size(kUnary)))];
    out.name = op.name;
    out.call = [&op](tt_tensor* const* in, tt_tensor** result) { return op.call(in[0], result); };
  } else if (kind < 60) {
    const NamedBinary& op = kBinary[random.below(static_cast<std::int64_t>(std::size(kBinary)))];
    out.name = op.name;
    out.operands.push_back(random.chance(25) ? a : any());
    out.call = [&op](tt_tensor* const* in, tt_tensor** result) { return op.call(in[0], in[1], result); };
  } else if (kind < 72) {
    const std::int64_t which = random.below(7);
    const bool keep = random.chance(50);
    static const char* const kNames[] = {"sum", "mean", "amax", "amin", "var", "logsumexp", "cumsum"};
    out.name = kNames[which];
    out.adds_up = which != 2 && which != 3;
    out.call = [=](tt_tensor* const* in, tt_tensor** result) {
      switch (which) {
        case 0:
          return tt_sum(in[0], &dim, 1, keep, TT_DTYPE_NONE, result);
        case 1:
          return tt_mean(in[0], &dim, 1, keep, TT_DTYPE_NONE, result);
        case 2:
          return tt_amax(in[0], &dim, 1, keep, result);
        case 3:
          return tt_amin(in[0], &dim, 1, keep, result);
        case 4:
          return tt_var(in[0], &dim, 1, keep, 1, result);
        case 5:
          return tt_logsumexp(in[0], &dim, 1, keep, result);
        default:
          return tt_cumsum(in[0], dim, TT_DTYPE_NONE, result);
      }
    };
  } else if (kind < 80) {
    out.name = "matmul";
    out.adds_up = true;
    out.operands.push_back(any());
    const bool transposed = random.chance(60);
    out.call = [=](tt_tensor* const* in, tt_tensor** result) {
      if (!transposed) return tt_matmul(in[0], in[1], result);
      tt_tensor* turned = nullptr;
      const tt_status status = tt_transpose(in[1], -2, -1, &turned);
      const Handle owner(turned);
      return status != TT_OK ? status : tt_matmul(in[0], turned, result);
    };
  } else {
    const std::int64_t which = random.below(8);
    const std::int64_t other = ndim > 0 ? random.below(ndim) : 0;
    const std::int64_t begin = random.below(std::max<std::int64_t>(size, 1));
    const std::int64_t step = 1 + random.below(3);
    static const char* const kNames[] = {"transpose", "narrow",  "slice", "unsqueeze",
                                         "select",    "reshape", "flip",  "cat"};
    out.name = kNames[which];
    out.call = [=](tt_tensor* const* in, tt_tensor** result) {
      const std::int64_t flat = -1;
      tt_tensor* const twice[] = {in[0], in[0]};
      switch (which) {
        case 0:
          return tt_transpose(in[0], dim, other, result);
        case 1:
          return tt_narrow(in[0], dim, begin, std::max<std::int64_t>(size - begin - 1, 0), result);
        case 2:
          return tt_slice(in[0], dim, &begin, nullptr, step, result);
        case 3:
          return tt_unsqueeze(in[0], dim, result);
        case 4:
          return tt_select(in[0], dim, begin, result);
        case 5:
          return tt_reshape(in[0], &flat, 1, result);
        case 6:
          return tt_flip(in[0], &dim, 1, result);
        default:
          return tt_cat(twice, 2, dim, result);
      }
    };
  }
  return out;
}

// ---- running ----

Handle random_tensor(Random& random) {
  Tensor t;
  static const Dtype kDtypes[] = {Dtype::kFloat32, Dtype::kFloat32, Dtype::kFloat32, Dtype::kFloat64,
                                  Dtype::kFloat64, Dtype::kInt64,   Dtype::kInt32,   Dtype::kBfloat16,
                                  Dtype::kFloat16, Dtype::kUint8,   Dtype::kBool,    Dtype::kFloat32};
  const Dtype dtype = kDtypes[random.below(static_cast<std::int64_t>(std::size(kDtypes)))];
  t.dtype = Dtype::kFloat32;
  const std::int64_t ndim = random.below(4);
  // Few different sizes, so that operands fit together; some beyond a vector's width, some large.
  static const std::int64_t kSizes[] = {1, 3, 3, 7, 7, 17, 33, 0};
  for (std::int64_t d = 0; d < ndim; ++d) {
    t.sizes.push_back(random.chance(4) ? 1000
                                       : kSizes[random.below(static_cast<std::int64_t>(std::size(kSizes)) -
                                                             (random.chance(90) ? 1 : 0))]);
  }
  while (t.numel() > 40000) t.sizes.pop_back();
  for (std::int64_t i = 0; i < t.numel(); ++i) {
    float value = static_cast<float>(random.below(4001) - 2000) / 256;
    if (dtype == Dtype::kUint8) value = std::fabs(value);
    if (random.chance(1) && dtype <= Dtype::kFloat64 && dtype >= Dtype::kFloat16)
      value = random.chance(50) ? INFINITY : NAN;
    const auto* bytes = reinterpret_cast<const unsigned char*>(&value);
    t.data.insert(t.data.end(), bytes, bytes + sizeof value);
  }
  const Handle wide = make_contiguous(t, false);
  tt_tensor* out = nullptr;
  check(tt_to(wide.get(), dtype_of(dtype), &out));
  return Handle(out);
}

// The op on the operands; where they are floating and it was asked for, gradients of a sum of the result too.
Step run(const Choice& choice, const std::vector<Handle>& pool, bool with_gradients, Handle& result) {
  Step step;
  step.text = choice.name;
  std::vector<tt_tensor*> operands;
  for (const std::size_t i : choice.operands) operands.push_back(pool[i].get());
  tt_tensor* out = nullptr;
  const tt_status status = choice.call(operands.data(), &out);
  result = Handle(out);
  if (status != TT_OK) {
    step.text += std::string(": ") + tt_last_error();
    return step;
  }
  step.results.push_back(see(out).tensor);
  const auto differentiable = [](const Tensor& t) {
    return t.dtype == Dtype::kFloat32 || t.dtype == Dtype::kFloat64;
  };
  if (!with_gradients || !differentiable(step.results[0])) return step;
  // Gradients of operands that were broadcast or promoted are sums over terms of any size, of lower
  // precision.
  if (operands.size() == 2 && choice.name != "matmul") {
    for (tt_tensor* operand : operands) {
      const Tensor t = see(operand).tensor;
      if (t.dtype != step.results[0].dtype || t.sizes != step.results[0].sizes) return step;
    }
  }
  std::vector<Handle> leaves;
  std::vector<tt_tensor*> inputs;
  for (tt_tensor* operand : operands) {
    if (!differentiable(see(operand).tensor)) return step;
    leaves.push_back(make_contiguous(see(operand).tensor, true));
    inputs.push_back(leaves.back().get());
  }
  tt_tensor *again = nullptr, *ones = nullptr;
  check(choice.call(inputs.data(), &again));
  const Handle again_owner(again);
  check(tt_ones_like(again, TT_DTYPE_NONE, &ones));
  const Handle ones_owner(ones);
  std::int32_t recorded = 0;
  check(tt_tensor_requires_grad(again, &recorded));
  if (recorded == 0) return step;
  check(tt_backward_multi(&again, &ones, 1, nullptr));
  for (tt_tensor* leaf : inputs) {
    tt_tensor* grad = nullptr;
    check(tt_tensor_grad(leaf, &grad));
    const Handle owner(grad);
    if (grad != nullptr) step.results.push_back(see(grad).tensor);
  }
  return step;
}

double largest(const std::vector<Handle>& pool, const Choice& choice) {
  double out = 1;
  for (const std::size_t i : choice.operands) {
    const Tensor t = see(pool[i].get()).tensor;
    double one = 1;
    for (std::size_t k = 0; k < t.stored(); ++k) {
      if (std::isfinite(t.as_double(k))) one = std::max(one, std::fabs(t.as_double(k)));
    }
    // The terms of var are squares.
    out *= choice.name == "var" ? one * one : one;
  }
  return out;
}

// How far the two runs may be apart: some units in the last place, of the terms where an op adds up.
std::string differs(const Tensor& got, const Tensor& want, const Choice& choice,
                    const std::vector<Handle>& pool) {
  double unit = 0;
  switch (want.dtype) {
    case Dtype::kFloat16:
      unit = 1e-3;
      break;
    case Dtype::kBfloat16:
      unit = 8e-3;
      break;
    case Dtype::kFloat32:
      unit = 1.2e-7;
      break;
    case Dtype::kFloat64:
      unit = 2.3e-16;
      break;
    default:
      break;
  }
  const double terms = choice.adds_up ? 64 * largest(pool, choice) : 1;
  return difference(got, want, 32 * unit, 32 * unit * terms);
}

// Overwrites what `tensor` shows.
void assign(const Handle& tensor, const Tensor& values) {
  const Handle source = make_contiguous(values, false);
  check(tt_copy_(tensor.get(), source.get()));
}

// One program. Writes to `record`, or else reads what was recorded from `expected` and compares.
bool program(std::uint64_t seed, std::ostream* record, std::istream* expected) {
  Random random(seed);
  std::vector<Handle> pool;
  for (int i = 0; i < 5; ++i) pool.push_back(random_tensor(random));
  for (int number = 0; number < kSteps; ++number) {
    const Choice choice = choose(random, pool);
    const bool with_gradients = random.chance(40);
    const bool keep = random.chance(70);
    const std::int64_t place = random.below(static_cast<std::int64_t>(kPool));
    Handle result;
    const Step step = run(choice, pool, with_gradients, result);
    if (record != nullptr) {
      write(*record, step);
    } else {
      const Step want = read(*expected);
      std::string why;
      if (!*expected || want.text != step.text) {
        why = "\"" + step.text + "\", the baseline \"" + want.text + "\"";
      } else if (want.results.size() != step.results.size()) {
        why = "another number of gradients";
      }
      for (std::size_t k = 0; k < step.results.size() && why.empty(); ++k)
        why = differs(step.results[k], want.results[k], choice, pool);
      if (!why.empty()) {
        std::fprintf(stderr, "seed %llu, step %d, %s: %s\n", static_cast<unsigned long long>(seed), number,
                     choice.name.c_str(), why.c_str());
        for (const std::size_t i : choice.operands) {
          const Tensor t = see(pool[i].get()).tensor;
          std::fprintf(stderr, "  operand %s %s strides %s\n", std::string(name_of(t.dtype)).c_str(),
                       to_text(t.sizes).c_str(), to_text(t.strides).c_str());
        }
        return false;
      }
      // Results in memory of their own go on with the baseline's values.
      if (!want.results.empty() && want.results[0].data != step.results[0].data)
        assign(result, want.results[0]);
    }
    if (!result || !keep) continue;
    if (pool.size() < kPool) {
      pool.push_back(std::move(result));
    } else {
      pool[static_cast<std::size_t>(place)] = std::move(result);
    }
  }
  return true;
}

int record_all(const std::string& file, std::uint64_t first, std::uint64_t count) {
  std::ofstream out(file, std::ios::binary);
  for (std::uint64_t seed = first; seed < first + count; ++seed) program(seed, &out, nullptr);
  return out.good() ? 0 : 1;
}

int compare_all(std::uint64_t first, std::uint64_t count) {
  char file[] = "/tmp/fuzz_programs.XXXXXX";
  const int descriptor = mkstemp(file);
  if (descriptor < 0) return 1;
  close(descriptor);
  const pid_t child = fork();
  if (child == 0) {
    setenv("TINYTORCH_ISA", "baseline", 1);
    const std::string first_text = std::to_string(first), count_text = std::to_string(count);
    execl("/proc/self/exe", "fuzz_programs", "--record", file, first_text.c_str(), count_text.c_str(),
          nullptr);
    _exit(127);
  }
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "the baseline run failed\n");
    unlink(file);
    return 1;
  }
  std::ifstream in(file, std::ios::binary);
  std::uint64_t failed = 0;
  for (std::uint64_t seed = first; seed < first + count && failed == 0; ++seed)
    failed += !program(seed, nullptr, &in);
  unlink(file);
  if (failed == 0) std::printf("%llu programs of %d steps\n", static_cast<unsigned long long>(count), kSteps);
  return failed != 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 5 && std::strcmp(argv[1], "--record") == 0)
      return record_all(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10));
    if (argc == 3)
      return compare_all(std::strtoull(argv[1], nullptr, 10), std::strtoull(argv[2], nullptr, 10));
  } catch (const CallFailed& failure) {
    std::fprintf(stderr, "fuzz_programs: %s\n", failure.what());
    return 1;
  }
  std::fprintf(stderr, "usage: fuzz_programs FIRST_SEED COUNT\n");
  return 2;
}
