// Text outputs.
#pragma once

#include "capi/guard.h"

namespace tt::capi {

// Into the caller's buffer, cut to its capacity between characters and ended by 0; the whole length to
// *length, which may be null.
void put_text(std::string_view text, char* buffer, size_t capacity, size_t* length);
// A new string for tt_string_free.
char* give_text(std::string_view text);

}  // namespace tt::capi
