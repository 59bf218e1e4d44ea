#include "base/error.h"

#include <charconv>

namespace tt::detail {

namespace {
template <typename T>
void append_number(std::string& out, T value) {
  char buffer[64];
  auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end);
}
}  // namespace

void append(std::string& out, std::string_view text) { out.append(text); }
void append(std::string& out, int64_t value) { append_number(out, value); }
void append(std::string& out, uint64_t value) { append_number(out, value); }
void append(std::string& out, double value) { append_number(out, value); }

}  // namespace tt::detail
