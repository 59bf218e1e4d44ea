// Which devices the machine code in this library runs on.
#pragma once

#include <string_view>

namespace tt::cuda {

// `archs` is CMake's list, with blanks: "80-real 90": machine code for 8.0 and 9.0, PTX for 9.0 ("90" is
// both, "90-virtual" PTX alone). Machine code runs on devices of the same major version and at least its
// minor one; PTX on every later device. Entries that are no numbers ("native") are taken to fit, and a letter
// behind the number ("90a") binds the entry to that very version.
inline bool arch_list_supports(std::string_view archs, int major, int minor) {
  const int device = major * 10 + minor;
  while (!archs.empty()) {
    const size_t blank = archs.find(' ');
    std::string_view entry = archs.substr(0, blank);
    archs = blank == std::string_view::npos ? std::string_view() : archs.substr(blank + 1);
    if (entry.empty()) continue;
    const std::string_view suffix =
        entry.substr(entry.find('-') == std::string_view::npos ? entry.size() : entry.find('-'));
    entry.remove_suffix(suffix.size());
    int arch = 0;
    size_t digits = 0;
    while (digits < entry.size() && entry[digits] >= '0' && entry[digits] <= '9') {
      arch = arch * 10 + (entry[digits++] - '0');
    }
    if (digits == 0) return true;
    if (digits < entry.size()) {
      if (arch == device) return true;
      continue;
    }
    const bool machine_code = suffix != "-virtual";
    const bool ptx = suffix != "-real";
    if (machine_code && arch / 10 == major && arch % 10 <= minor) return true;
    if (ptx && arch <= device) return true;
  }
  return false;
}

}  // namespace tt::cuda
