// randperm and multinomial of a Philox generator, whose lock the caller holds: made of kernels of several
// families, on any device. philox.h says what the numbers are. Every number of elements is positive.
#pragma once

#include "random/generator.h"
#include "tensor/tensor.h"

namespace tt {

// A permutation of 0..n-1 into dense memory of a dtype that holds it.
void philox_randperm(Generator& generator, Device device, DType dtype, void* out, int64_t n);

// `samples` categories for each of the rows of weights (floating); out is rows x samples.
void philox_multinomial(Generator& generator, Device device, DType dtype, const void* weights, int64_t rows,
                        int64_t categories, int64_t samples, bool replacement, int64_t* out);

}  // namespace tt
