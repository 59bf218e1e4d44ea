#include "random/philox_choice.h"

#include "device/backend.h"
#include "tensor/lines.h"
#include "tensor/loop.h"

namespace tt {

namespace {

// Dense memory that belongs to the caller.
LoopOperand dense(const void* data, DType dtype, const Dims& sizes, const Dims& strides) {
  LoopOperand operand(const_cast<void*>(data), dtype);
  operand.sizes = &sizes;
  operand.strides = &strides;
  operand.host_scalar = false;
  return operand;
}

// Blocks for n elements of two words each.
philox::Start reserve_pairs(Generator& generator, Device device, int64_t n) {
  return generator.reserve_locked((static_cast<uint64_t>(n) + 1) / 2, device);
}

}  // namespace

void philox_randperm(Generator& generator, Device device, DType dtype, void* out, int64_t n) {
  const Dims sizes{n}, strides{1};
  const Tensor keys = empty(sizes, DType::kInt64, device), sorted = empty(sizes, DType::kInt64, device);
  const Tensor order = empty(sizes, DType::kInt64, device);
  run(device, call::RandomIntegers{DType::kInt64, keys.raw(), n, reserve_pairs(generator, device, n), 0, 0});
  run(device, call::Sort{make_lines(0, {&sorted, &order, &keys}), false});
  run(device, call::Copy{make_loop(sizes, {dense(out, dtype, sizes, strides), order})});
}

void philox_multinomial(Generator& generator, Device device, DType dtype, const void* weights, int64_t rows,
                        int64_t categories, int64_t samples, bool replacement, int64_t* out) {
  const Dims sizes{rows, categories}, strides{categories, 1};
  const Tensor greatest = empty({rows, 1}, dtype, device);
  run(device,
      call::Reduce{ReduceOp::amax, make_reduce_loop({greatest, dense(weights, dtype, sizes, strides)}), {}});
  if (replacement && samples != 1) {
    const Tensor shares = empty(sizes, DType::kInt64, device), sums = empty(sizes, DType::kInt64, device);
    run(device,
        call::MultinomialShares{dtype, weights, greatest.raw(), rows, categories, shares.data<int64_t>()});
    run(device, call::Scan{ScanOp::kSum, make_lines(1, {&sums, &shares}), false});
    run(device, call::MultinomialCategories{sums.data<int64_t>(), rows, categories, samples,
                                            reserve_pairs(generator, device, rows * samples), out});
    return;
  }
  const Tensor race = empty(sizes, DType::kFloat64, device);
  const Tensor best = empty({rows, samples}, DType::kFloat64, device);
  run(device,
      call::MultinomialRace{dtype, weights, greatest.raw(), rows, categories,
                            reserve_pairs(generator, device, rows * categories), race.data<double>()});
  // The indices go straight to `out`, which is laid out as `best` is.
  Lines lines = make_lines(1, {&best, &best, &race});
  lines.outer.data[1] = reinterpret_cast<char*>(out);
  lines.outer.dtype[1] = DType::kInt64;
  if (samples == 1) {
    run(device, call::ArgReduce{lines, true});
  } else {
    run(device, call::TopK{lines, samples, true, true});
  }
}

}  // namespace tt
