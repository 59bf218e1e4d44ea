// Reductions. `dims`: none given means all.
#pragma once

#include <optional>

#include "device/reduce.h"
#include "tensor/tensor.h"

namespace tt::ops {

using OptionalDType = std::optional<DType>;
using DimList = std::span<const int64_t>;

struct ValuesAndIndices {
  Tensor values, indices;
};

// Integers and bool add up (multiply) as int64 unless a dtype is given.
Tensor sum(const Tensor& t, DimList dims = {}, bool keepdim = false, OptionalDType dtype = std::nullopt);
Tensor nansum(const Tensor& t, DimList dims = {}, bool keepdim = false, OptionalDType dtype = std::nullopt);
Tensor mean(const Tensor& t, DimList dims = {}, bool keepdim = false, OptionalDType dtype = std::nullopt);
Tensor prod(const Tensor& t, OptionalDType dtype = std::nullopt);
Tensor prod_dim(const Tensor& t, int64_t dim, bool keepdim = false, OptionalDType dtype = std::nullopt);
// The sum over the dimensions along which `sizes` was broadcast; t itself where there are none.
Tensor sum_to_size(const Tensor& t, const Dims& sizes);

Tensor var(const Tensor& t, DimList dims = {}, double correction = 1, bool keepdim = false);
Tensor stddev(const Tensor& t, DimList dims = {}, double correction = 1, bool keepdim = false);
Tensor vector_norm(const Tensor& t, double ord = 2, DimList dims = {}, bool keepdim = false,
                   OptionalDType dtype = std::nullopt);
Tensor logsumexp(const Tensor& t, DimList dims, bool keepdim = false);

Tensor amax(const Tensor& t, DimList dims = {}, bool keepdim = false);
Tensor amin(const Tensor& t, DimList dims = {}, bool keepdim = false);
Tensor max(const Tensor& t);
Tensor min(const Tensor& t);
ValuesAndIndices max_dim(const Tensor& t, int64_t dim, bool keepdim = false);
ValuesAndIndices min_dim(const Tensor& t, int64_t dim, bool keepdim = false);
Tensor argmax(const Tensor& t, std::optional<int64_t> dim = std::nullopt, bool keepdim = false);
Tensor argmin(const Tensor& t, std::optional<int64_t> dim = std::nullopt, bool keepdim = false);

// bool, but uint8 for uint8.
Tensor all(const Tensor& t, DimList dims = {}, bool keepdim = false);
Tensor any(const Tensor& t, DimList dims = {}, bool keepdim = false);
Tensor count_nonzero(const Tensor& t, DimList dims = {});

bool equal(const Tensor& a, const Tensor& b);
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false);
Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false);

}  // namespace tt::ops
