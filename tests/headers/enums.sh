#!/bin/sh
# enums.sh HEADER...: every enum has a type of its own, declared right before it:
#
#   typedef int32_t tt_reduction;
#   enum { TT_REDUCTION_NONE = 0, ... };
#
# so that no function takes a number that does not say what it is. Prints file and line of each that has none,
# and fails where there is one. `enums.sh --test` tries the search itself.
set -eu

# Comments blank, lines where they are.
naked() {
  awk '
    {
      line = $0
      text = ""
      while (line != "") {
        if (in_comment) {
          end = index(line, "*/")
          if (end == 0) break
          line = substr(line, end + 2)
          in_comment = 0
        } else {
          start = index(line, "/*")
          if (start == 0) { text = text line; break }
          text = text substr(line, 1, start - 1)
          line = substr(line, start + 2)
          in_comment = 1
        }
      }
      if (text ~ /^[ \t]*$/) next
      if (text ~ /(^|[^A-Za-z0-9_])enum([^A-Za-z0-9_]|$)/ &&
          !(text ~ /^enum \{/ && before ~ /^typedef int32_t tt_[a-z0-9_]+;[ \t]*$/)) {
        print FILENAME ":" FNR ": " text
        found = 1
      }
      before = text
    }
    END { exit found }' "$1"
}

if [ "$1" = --test ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  tried=0
  try() { # try good|bad TEXT
    tried=$((tried + 1))
    printf '%b' "$2" >"$work/header.h"
    if naked "$work/header.h" >"$work/found"; then got=good; else got=bad; fi
    [ $got = "$1" ] || {
      printf 'taken for %s:\n%b' "$got" "$2" >&2
      exit 1
    }
  }
  try good 'typedef int32_t tt_x;\nenum { TT_A = 0 };\n'
  try good '/* An enum. */\ntypedef int32_t tt_x;\n\n/* its\n * enum */\nenum {\n  TT_A = 0 /* enum */\n};\n'
  try good 'int enumerate(int tt_enum);\n'
  try bad 'enum { TT_A = 0 };\n'
  try bad 'enum tt_x { TT_A = 0 };\n'
  try bad 'typedef enum { TT_A = 0 } tt_x;\n'
  try bad 'typedef int32_t tt_x;\nint f(tt_x x);\nenum { TT_A = 0 };\n'
  try bad 'typedef int32_t tt_x;\nenum { TT_A = 0 };\nenum { TT_B = 0 };\n'
  try bad 'typedef int32_t tt_x; /* a\n comment */\nenum { TT_A = 0 }; enum { TT_B = 0 };\nint a; enum { TT_C };\n'
  [ $tried = 9 ]
  exit 0
fi

status=0
for header; do
  naked "$header" || status=1
done
exit $status
