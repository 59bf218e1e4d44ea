#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace tt {

namespace {

// Bytes of the character that the text (not empty) begins with; 0: no valid one.
size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0x80   ? 1
                        : lead < 0xc2 ? 0
                        : lead < 0xe0 ? 2
                        : lead < 0xf0 ? 3
                        : lead < 0xf5 ? 4
                                      : 0;
  if (length <= 1 || text.size() < length) return length <= 1 ? length : 0;
  uint32_t c = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return 0;
    c = c << 6 | (byte & 0x3f);
  }
  // Longer than needed, a surrogate, or beyond Unicode.
  const bool wrong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000) || c > 0x10ffff ||
                     (c >= 0xd800 && c < 0xe000);
  return wrong ? 0 : length;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t whole_characters(std::string_view text, size_t room) {
  if (text.size() <= room) return text.size();
  while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xc0) == 0x80) --room;
  return room;
}

size_t put_valid_utf8(std::string_view text, char* to, size_t room) {
  constexpr char kDigits[] = "0123456789abcdef";
  size_t at = 0;
  while (!text.empty()) {
    size_t length = character_length(text);
    if (length > 0 && !is_control(text[0])) {
      if (room - at < length) break;
      std::memcpy(to + at, text.data(), length);
      at += length;
    } else {
      if (room - at < 4) break;
      const auto byte = static_cast<unsigned char>(text[0]);
      const char escape[] = {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
      std::memcpy(to + at, escape, sizeof escape);
      at += sizeof escape;
      length = 1;
    }
    text.remove_prefix(length);
  }
  return at;
}

}  // namespace tt
