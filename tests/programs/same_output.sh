#!/bin/sh
# same_output.sh [--data FILE] PROGRAM [ARGUMENT...]: PROGRAM prints the same to the letter with --device cuda as without.
# For devices that compute with the CPU's kernels. --data: as compare_output has it; 77, skipped, where FILE is not there.
set -eu
data=
if [ "$1" = --data ]; then
  data=${TINYTORCH_DATA:-}/$2
  if [ ! -r "$data" ]; then
    echo "skipped: no file $2 in TINYTORCH_DATA (${TINYTORCH_DATA:-not set})"
    exit 77
  fi
  shift 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$@" ${data:+"$data"} >"$work/cpu"
"$@" --device cuda ${data:+"$data"} >"$work/cuda"
diff "$work/cpu" "$work/cuda"
