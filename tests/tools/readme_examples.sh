#!/bin/sh
# readme_examples.sh README INCLUDE_DIR LIBRARY CC CXX: compiles and runs the README's first C and C++ example, and checks
# that each prints what its comments promise.
set -eu
readme=$1 include=$2 library=$3 cc=$4 cxx=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
block() { awk -v start="\`\`\`$1" '$0 == start { on = 1; next } on && $0 == "```" { exit } on' "$readme"; }
block c >"$work/example.c"
block cpp >"$work/example.cpp"
folder=$(dirname "$library")
"$cc" -std=c99 -Wall -Wextra -pedantic -Werror -I "$include" "$work/example.c" -o "$work/c" -L "$folder" -ltinytorch \
  -Wl,-rpath,"$folder"
"$cxx" -std=c++17 -Wall -Wextra -Werror -I "$include" "$work/example.cpp" -o "$work/cpp" -L "$folder" -ltinytorch \
  -Wl,-rpath,"$folder"
"$work/c" | tee "$work/c.out"
"$work/cpp" | tee "$work/cpp.out"
sed 's/grad_fn.*//' "$work/c.out" | grep -oE '[0-9.]+(e[-+][0-9]+)?' | tr '\n' ' ' |
  awk '{ exit !(NF == 4 && $1 < 0.1 && $2 > 0.9 && $3 > 0.9 && $4 < 0.1) }'
grep -q '1.0000, 1.0000' "$work/cpp.out"
grep -q 'tt_mm: input and mat2 shapes cannot be multiplied (64x10 and 64x10)' "$work/cpp.out"
