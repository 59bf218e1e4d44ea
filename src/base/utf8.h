// UTF-8: what is valid, and text made valid, for messages that quote what came from outside.
#pragma once

#include <cstddef>
#include <string_view>

namespace tt {

bool is_utf8(std::string_view text);

// As much of the text's beginning as fits into `room` bytes without cutting a character. The text must be
// valid.
size_t whole_characters(std::string_view text, size_t room);

// The text, of any bytes, as valid UTF-8 without control characters but line feeds and tabs, whole characters
// into to[0..room): other bytes become \x and two digits. Returns the length. The text must not lie there.
size_t put_valid_utf8(std::string_view text, char* to, size_t room);

}  // namespace tt
