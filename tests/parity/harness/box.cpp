#include "harness/box.h"

namespace tt::parity {

double as_double(const Value& value) {
  if (auto* v = std::get_if<std::int64_t>(&value)) return static_cast<double>(*v);
  if (auto* v = std::get_if<bool>(&value)) return *v ? 1 : 0;
  return std::get<double>(value);
}

std::int64_t as_int(const Value& value) {
  if (auto* v = std::get_if<bool>(&value)) return *v ? 1 : 0;
  return std::get<std::int64_t>(value);
}

std::int32_t as_int32(const Value& value, std::int32_t none) {
  if (is_none(value)) return none;
  if (auto* v = std::get_if<bool>(&value)) return *v ? 1 : 0;
  if (auto* v = std::get_if<Dtype>(&value)) return dtype_of(*v);
  if (auto* v = std::get_if<std::int64_t>(&value)) return static_cast<std::int32_t>(*v);
  const auto& name = std::get<std::string>(value);
  static const std::pair<const char*, std::int32_t> kNames[] = {
      {"none", 0},  {"mean", 1},  {"sum", 2},  // TT_REDUCTION_*
      {"tanh", 1},                             // gelu
      {"ij", 0},    {"xy", 1},                 // meshgrid
      {"trunc", 1}, {"floor", 2},              // rounding modes
      {"valid", 1}, {"same", 2},               // padding
  };
  for (const auto& [text, number] : kNames) {
    if (name == text) return number;
  }
  return 99;  // no value of any enum: the recorded error cases ask for such
}

}  // namespace tt::parity
