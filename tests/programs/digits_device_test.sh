#!/bin/sh
# digits_device_test.sh PROGRAM DATA_DIR WORK_DIR TOLERANCE: the demo with --device cuda against itself on the CPU: it
# learns as fast, and each goes on from the other's files. TOLERANCE: how far the curves of the loss may lie apart, in
# points of their 300; 0 asks for the same files.
set -eu
program=$1 data=$2 work=$3 tolerance=$4
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() {
  echo "digits on a device: $*"
  exit 1
}
# train NAME ARGUMENT...: into NAME.safetensors, NAME.svg and NAME.txt.
train() {
  name=$1
  shift
  "$program" --data "$data" --batch 128 --save "$name.safetensors" --curve "$name.svg" "$@" >"$name.txt" ||
    fail "failed with $*"
}
heights() { sed -n 's/.*points="\([^"]*\)".*/\1/p' "$1" | tr ' ' '\n' | sed -n 's/.*,//p'; }
# same_curve A B: as near as the tolerance wants it.
same_curve() {
  [ "$tolerance" != 0 ] || cmp "$1.svg" "$2.svg" || fail "$1 and $2 differ"
  heights "$1.svg" >"$1.heights"
  heights "$2.svg" >"$2.heights"
  [ "$(wc -l <"$1.heights")" -ge 11 ] || fail "the curve of $1 is too short"
  paste "$1.heights" "$2.heights" | awk -v tolerance="$tolerance" '
    { apart = $1 - $2; if (apart < 0) apart = -apart; if (NF != 2 || apart > tolerance + 0.001) bad = 1 }
    END { exit bad }' || fail "the curves of $1 and $2 lie apart"
}

train cpu --model mlp --epochs 1
train cuda --model mlp --epochs 1 --device cuda
same_curve cpu cuda
grep -q 'same predictions' cuda.txt || fail "did not read its weights back"

# Each file on either device.
train cpu_cpu --model mlp --epochs 2 --resume cpu.safetensors
train cpu_cuda --model mlp --epochs 2 --resume cpu.safetensors --device cuda
train cuda_cpu --model mlp --epochs 2 --resume cuda.safetensors
train cuda_cuda --model mlp --epochs 2 --resume cuda.safetensors --device cuda
for run in cpu_cuda cuda_cpu cuda_cuda; do same_curve cpu_cpu "$run"; done

# Dropout and the order of the samples go on from the file, whatever the seed.
train cnn --model cnn --epochs 1 --device cuda
train cnn_1 --model cnn --epochs 2 --seed 1 --resume cnn.safetensors --device cuda
train cnn_2 --model cnn --epochs 2 --seed 2 --resume cnn.safetensors --device cuda
cmp cnn_1.safetensors cnn_2.safetensors || fail "the generators were not restored"

if "$program" --device gpu >out 2>err; then fail "took --device gpu"; fi
[ "$(wc -l <err)" = 1 ] && grep -q "a device is cpu, cuda or cuda:N, not 'gpu'" err || fail "said '$(cat err)' for --device gpu"
