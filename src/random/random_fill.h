// Fills of dense memory with random numbers: of the CPU, or of `device`, for which the generator must be
// Philox. With the mt19937 engine the numbers, and what each fill
// takes from the stream, are PyTorch's (docs/random.md); with Philox they are those of philox.h.
//
// Every fill checks its arguments first and draws nothing when it refuses them; it holds the generator's lock
// while it draws. (Probabilities and weights that lie on a device are checked there: the error is that of a
// later call.) n = 0 draws nothing. T is one of the four floating-point types unless it says otherwise.
#pragma once

#include <cstdint>

#include "base/dtype.h"
#include "random/generator.h"

namespace tt {

// In [from, to).
template <typename T>
void fill_uniform(Generator& generator, T* out, int64_t n, double from = 0, double to = 1,
                  Device device = {});

// PyTorch draws otherwise for a tensor of 16 or more elements that is contiguous than for others:
// `contiguous` tells whether the tensor is, whose elements the caller lays out here. Philox does not care.
template <typename T>
void fill_normal(Generator& generator, T* out, int64_t n, double mean = 0, double std = 1,
                 bool contiguous = true, Device device = {});

// Integers in [low, high), as random_(low, high) and randint. T: any dtype.
template <typename T>
void fill_random_int(Generator& generator, T* out, int64_t n, int64_t low, int64_t high, Device device = {});

// random_(): [0, max] for integers, {0, 1} for bool, [0, 2^digits] for floats. T: any dtype.
template <typename T>
void fill_random_full(Generator& generator, T* out, int64_t n, Device device = {});

// random_(INT64_MIN, None): every int64. T: int64_t, float, double, BFloat16.
template <typename T>
void fill_random_bits64(Generator& generator, T* out, int64_t n);

// A permutation of 0..n-1. T: any dtype whose integers reach n.
template <typename T>
void fill_randperm(Generator& generator, T* out, int64_t n, Device device = {});

// 1 with probability p, else 0. T: any dtype.
template <typename T>
void fill_bernoulli(Generator& generator, T* out, int64_t n, double p, Device device = {});
// The same with a probability for each element. T: any dtype; P: a floating-point type.
template <typename T, typename P>
void fill_bernoulli(Generator& generator, T* out, int64_t n, const P* p, Device device = {});

template <typename T>
void fill_exponential(Generator& generator, T* out, int64_t n, double lambda = 1, Device device = {});

// What dropout(p) multiplies with in training: 0 with probability p, else 1 / (1 - p).
template <typename T>
void fill_dropout_mask(Generator& generator, T* out, int64_t n, double p, Device device = {});

// Draws `samples` categories for each of `rows` rows of weights, which need not sum to one; out is rows x
// samples.
template <typename T>
void multinomial(Generator& generator, const T* weights, int64_t rows, int64_t categories, int64_t samples,
                 bool replacement, int64_t* out, Device device = {});

}  // namespace tt
