// As much JSON (RFC 8259) as file headers need: a cursor over text, strict, with the byte position in every
// error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tt::io {

class JsonReader {
 public:
  // `what`: put before every message. Both must outlive the reader.
  JsonReader(std::string_view text, const std::string& what) : text_(text), what_(what) {}

  size_t position() const { return at_; }
  // Skips blanks, then the character if it is the next one.
  bool consume(char c);
  void expect(char c);
  std::string string();
  // A whole number without sign, fraction or exponent, up to 2^63 - 1.
  int64_t integer();
  // Only blanks may follow.
  void end();

  [[noreturn]] void fail_here(std::string_view message) const;

 private:
  void skip_blanks();
  uint32_t hex4();
  uint32_t escaped_code_point();

  std::string_view text_;
  const std::string& what_;
  size_t at_ = 0;
};

// The text as a JSON string, escaped where it must be.
void append_json_string(std::string& out, std::string_view text);

}  // namespace tt::io
