#!/bin/sh
# What TINYTORCH_LIST_HANDLES lists of the handles that a program (capi_memory_stats) leaves behind; and that
# nothing is printed without it.
set -eu

program=$1
# What is left behind here is meant to be.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" leave 2>"$work/silent"
TINYTORCH_LIST_HANDLES=0 "$program" leave 2>>"$work/silent"
if [ -s "$work/silent" ]; then
  cat "$work/silent"
  echo "something was printed without TINYTORCH_LIST_HANDLES"
  exit 1
fi

cat >"$work/expected" <<'END'
tinytorch: 6 handles alive at exit
tinytorch:        3 tensors of tt_add_scalar
tinytorch:        1 tensor of tt_module_parameters
tinytorch:        1 tensor of tt_neg
tinytorch:        1 module of tt_nn_linear_new
tinytorch:        1 scope is open on the thread that exits
END
TINYTORCH_LIST_HANDLES=1 "$program" leave 2>"$work/listed"
diff "$work/expected" "$work/listed"

TINYTORCH_LIST_HANDLES=1 "$program" 2>"$work/none"
echo "tinytorch: 0 handles alive at exit" | diff - "$work/none"
