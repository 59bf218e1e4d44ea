// Random tensors and in-place random fills. A null generator is the device's default one. Philox numbers are
// made on the tensor's device, mt19937's on the CPU, from where they are copied. Fills are not differentiable
// and count as in-place writes.
#pragma once

#include <optional>

#include "random/generator.h"
#include "tensor/tensor.h"

namespace tt::ops {

using RandomSource = Generator*;

Tensor rand(const Dims& sizes, DType dtype, RandomSource generator = nullptr, Device device = {});
Tensor randn(const Dims& sizes, DType dtype, RandomSource generator = nullptr, Device device = {});
// Laid out in memory as a copy of t is, and drawn in that order.
Tensor rand_like(const Tensor& t, RandomSource generator = nullptr);
Tensor randn_like(const Tensor& t, RandomSource generator = nullptr);
Tensor randint(int64_t low, int64_t high, const Dims& sizes, DType dtype, RandomSource generator = nullptr,
               Device device = {});
Tensor randperm(int64_t n, DType dtype, RandomSource generator = nullptr, Device device = {});

void uniform_(const Tensor& self, double from, double to, RandomSource generator = nullptr);
void normal_(const Tensor& self, double mean, double std, RandomSource generator = nullptr);
void exponential_(const Tensor& self, double lambda, RandomSource generator = nullptr);
void random_(const Tensor& self, std::optional<int64_t> low, std::optional<int64_t> high,
             RandomSource generator = nullptr);
void bernoulli_(const Tensor& self, double p, RandomSource generator = nullptr);

// 0 or 1 for each probability, in p's dtype.
Tensor bernoulli(const Tensor& p, RandomSource generator = nullptr);
// weights: (categories) or (rows, categories), not negative, with a positive sum per row. int64 indices.
Tensor multinomial(const Tensor& weights, int64_t samples, bool replacement,
                   RandomSource generator = nullptr);

}  // namespace tt::ops
