#include "io/json.h"

#include "base/error.h"
#include "base/utf8.h"

namespace tt::io {

namespace {
void append_utf8(std::string& out, uint32_t c) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}
}  // namespace

void JsonReader::fail_here(std::string_view message) const {
  fail(Status::kFormat, what_, ", byte ", static_cast<uint64_t>(at_), ": ", message);
}

void JsonReader::skip_blanks() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
    ++at_;
  }
}

bool JsonReader::consume(char c) {
  skip_blanks();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void JsonReader::expect(char c) {
  if (consume(c)) return;
  if (at_ == text_.size()) fail_here(str("the text ends, expected '", std::string_view(&c, 1), "'"));
  fail_here(str("expected '", std::string_view(&c, 1), "'"));
}

uint32_t JsonReader::hex4() {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    uint32_t digit;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint32_t>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A') + 10;
    } else {
      fail_here("\\u needs four hexadecimal digits");
    }
    value = value << 4 | digit;
    ++at_;
  }
  return value;
}

uint32_t JsonReader::escaped_code_point() {
  const uint32_t high = hex4();
  if (high < 0xd800 || high >= 0xe000) return high;
  if (high >= 0xdc00 || text_.substr(at_, 2) != "\\u") fail_here("half of a surrogate pair");
  at_ += 2;
  const uint32_t low = hex4();
  if (low < 0xdc00 || low >= 0xe000) fail_here("half of a surrogate pair");
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

std::string JsonReader::string() {
  expect('"');
  std::string out;
  for (;;) {
    if (at_ == text_.size()) fail_here("the text ends inside a string");
    const char c = text_[at_];
    if (static_cast<unsigned char>(c) < 0x20) fail_here("a control character inside a string");
    ++at_;
    if (c == '"') break;
    if (c != '\\') {
      out += c;
      continue;
    }
    const char escape = at_ < text_.size() ? text_[at_++] : '\0';
    static constexpr std::string_view kEscapes = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const size_t simple = kEscapes.find(escape);
    if (simple != std::string_view::npos) {
      out += kMeanings[simple];
    } else if (escape == 'u') {
      append_utf8(out, escaped_code_point());
    } else {
      fail_here("unknown escape in a string");
    }
  }
  if (!is_utf8(out)) fail_here("a string that is not UTF-8");
  return out;
}

int64_t JsonReader::integer() {
  skip_blanks();
  const size_t begin = at_;
  int64_t value = 0;
  while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
    if (__builtin_mul_overflow(value, int64_t{10}, &value) ||
        __builtin_add_overflow(value, int64_t{text_[at_] - '0'}, &value)) {
      fail_here("a number beyond 2^63 - 1");
    }
    ++at_;
  }
  if (at_ == begin) fail_here("expected a whole number that is not negative");
  if (at_ - begin > 1 && text_[begin] == '0') fail_here("a number with a leading zero");
  if (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E')) {
    fail_here("expected a whole number, without fraction or exponent");
  }
  return value;
}

void JsonReader::end() {
  skip_blanks();
  if (at_ != text_.size()) fail_here("something follows the end of the text");
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20) {
      out += c;
    } else {
      static constexpr std::string_view kControls = "\b\f\n\r\t";
      const size_t simple = kControls.find(c);
      out += '\\';
      if (simple != std::string_view::npos) {
        out += "bfnrt"[simple];
      } else {
        static constexpr char kHex[] = "0123456789abcdef";
        out += "u00";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
      }
    }
  }
  out += '"';
}

}  // namespace tt::io
