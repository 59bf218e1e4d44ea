#include "harness/compare.h"

#include <cmath>
#include <cstring>
#include <sstream>

namespace tt::parity {
namespace {

bool floating(Dtype dtype) {
  return dtype == Dtype::kFloat16 || dtype == Dtype::kBfloat16 || dtype == Dtype::kFloat32 ||
         dtype == Dtype::kFloat64;
}

bool close(double got, double want, double rtol, double atol) {
  if (got == want || (std::isnan(got) && std::isnan(want))) return true;
  if (!std::isfinite(got) || !std::isfinite(want)) return false;
  return std::fabs(got - want) <= atol + rtol * std::fabs(want);
}

std::string place_of(std::int64_t i, const std::vector<std::int64_t>& sizes) {
  std::vector<std::int64_t> index(sizes.size());
  for (std::size_t d = sizes.size(); d-- > 0;) {
    index[d] = i % sizes[d];
    i /= sizes[d];
  }
  return to_text(index);
}

}  // namespace

std::string to_text(const std::vector<std::int64_t>& sizes) {
  std::string out = "[";
  for (std::size_t i = 0; i < sizes.size(); ++i) out += (i ? ", " : "") + std::to_string(sizes[i]);
  return out + "]";
}

std::string difference(double got, double want, double rtol, double atol) {
  if (close(got, want, rtol, atol)) return "";
  std::ostringstream out;
  out.precision(17);
  out << got << ", expected " << want << " (rtol " << rtol << ", atol " << atol << ")";
  return out.str();
}

std::string difference(const Tensor& got, const Tensor& want, double rtol, double atol) {
  if (got.dtype != want.dtype)
    return "dtype " + std::string(name_of(got.dtype)) + ", expected " + std::string(name_of(want.dtype));
  if (got.sizes != want.sizes) return "sizes " + to_text(got.sizes) + ", expected " + to_text(want.sizes);
  if (!want.has_values) return "";
  const std::size_t count = want.stored();
  const std::size_t element = size_of(want.dtype);
  std::size_t wrong = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool same = floating(want.dtype) ? close(got.as_double(i), want.as_double(i), rtol, atol)
                                           : std::memcmp(got.data.data() + i * element,
                                                         want.data.data() + i * element, element) == 0;
    if (!same && wrong++ == 0) first = i;
  }
  if (wrong == 0) return "";
  std::ostringstream out;
  out.precision(want.dtype == Dtype::kFloat64 ? 17 : 9);
  out << wrong << " of " << count << " elements differ, first "
      << place_of(static_cast<int64_t>(first), want.sizes) << ": ";
  if (floating(want.dtype)) {
    out << got.as_double(first) << ", expected " << want.as_double(first) << " (rtol " << rtol << ", atol "
        << atol << ")";
  } else {
    out << got.as_int(first) << ", expected " << want.as_int(first);
  }
  return out.str();
}

bool all_zero(const Tensor& values) {
  for (std::size_t i = 0; i < values.stored(); ++i) {
    if (values.as_double(i) != 0) return false;
  }
  return true;
}

}  // namespace tt::parity
