#include "optim/options.h"

#include <cmath>

#include "tensor/format.h"

namespace tt::optim {

namespace {

template <typename T>
double load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return static_cast<double>(value);
}
template <typename T>
void store(char* to, double number) {
  const T value = static_cast<T>(number);
  std::memcpy(to, &value, sizeof value);
}

// "0 or more", "from 0 to less than 1".
std::string text_of(const OptionRange& range) {
  const bool has_low = std::isfinite(range.low), has_high = std::isfinite(range.high);
  const char* const less = range.below_high ? "less than " : "";
  if (has_low && has_high) return str("from ", range.low, " to ", less, range.high);
  if (has_low) return str(range.low, " or more");
  if (has_high) return range.below_high ? str("less than ", range.high) : str(range.high, " or less");
  return "a number";
}

}  // namespace

double OptionValues::get(const OptionRow& row) const {
  const char* const member = bytes_ + row.offset;
  switch (row.kind) {
    case OptionKind::kReal:
      return load<double>(member);
    case OptionKind::kInteger:
      return load<int64_t>(member);
    case OptionKind::kBoolean:
      return load<int32_t>(member);
  }
  return 0;
}

void OptionValues::set(const OptionRow& row, double value) {
  char* const member = bytes_ + row.offset;
  switch (row.kind) {
    case OptionKind::kReal:
      return store<double>(member, value);
    case OptionKind::kInteger:
      return store<int64_t>(member, value);
    case OptionKind::kBoolean:
      return store<int32_t>(member, value);
  }
}

void check_option(const OptionRow& row, double value, std::string_view called) {
  if (row.kind == OptionKind::kBoolean) {
    TT_CHECK(value == 0 || value == 1, Status::kInvalidArgument, called, " is ", value, ", expected 0 or 1");
    return;
  }
  // Beyond that a double does not tell one whole number from the next.
  constexpr double kWhole = 0x1p53;
  TT_CHECK(row.kind != OptionKind::kInteger || (std::fabs(value) <= kWhole && value == std::floor(value)),
           Status::kInvalidArgument, called, " is ", value, ", expected a whole number");
  const OptionRange& range = row.range;
  TT_CHECK(value >= range.low && value <= range.high && !(range.below_high && value == range.high),
           Status::kInvalidArgument, called, " is ", value, ", expected ", text_of(range));
}

OptionValues read_options(const OptimizerTable& table, OptionValues given) {
  for (const OptionRow& row : table.options) {
    if (row.kind == OptionKind::kBoolean) given.set(row, given.get(row) != 0 ? 1 : 0);
    check_option(row, given.get(row), row.name);
  }
  if (table.check != nullptr) table.check(given);
  return given;
}

}  // namespace tt::optim
