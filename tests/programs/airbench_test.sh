#!/bin/sh
# airbench_test.sh PROGRAM MAKE_CIFAR WORK_DIR [TOLERANCE|captured]: examples/airbench on a small made-up data set. On the CPU it learns,
# and refuses bad input in one line. With TOLERANCE: with --device cuda it prints what it prints on the CPU, the losses of a
# run in float32 within so much; 0: everything the same, in every precision. With captured: captured steps print what
# eager ones do, over the epoch from which the whitening's bias is no longer trained.
set -eu
program=$1 make=$2 work=$3 tolerance=${4:-}
rm -rf "$work"
mkdir -p "$work/data"
cd "$work"
"$make" data 100
gzip data/data_batch_2.bin

fail() {
  echo "airbench: $*"
  exit 1
}
# train NAME ARGUMENT...: into NAME, without the times.
train() {
  name=$1
  shift
  "$program" --data data --width 4 --batch 25 "$@" >"$name.txt" || fail "failed with $*"
  sed 's/,\{0,1\} *[0-9.]* s$//' "$name.txt" >"$name"
}
final() { sed -n 's/^test accuracy \([0-9.]*\) %.*/\1/p' "$1"; }
at_least() { awk "BEGIN { exit !($(final "$1") >= $2) }" || fail "$1: test accuracy $(final "$1") %, expected $2 or more"; }
losses() { sed -n 's/.*train loss \([0-9.]*\).*/\1/p' "$1"; }

if [ "$tolerance" = captured ]; then
  for steps in eager captured; do
    train "$steps" --width 1 --samples 10 --batch 5 --epochs 5 --device cuda --warmup 0 --steps "$steps"
  done
  [ "$(grep -c '^epoch ' captured)" = 5 ] || fail "expected five epochs"
  cmp eager captured
  exit 0
fi
if [ -n "$tolerance" ]; then
  train cpu --epochs 2.5 --seed 3
  train cuda --epochs 2.5 --seed 3 --device cuda --precision float32
  losses cpu >cpu.losses
  losses cuda >cuda.losses
  [ "$(wc -l <cpu.losses)" = 3 ] || fail "expected three epochs"
  paste cpu.losses cuda.losses | awk -v tolerance="$tolerance" '
    { apart = $1 - $2; if (apart < 0) apart = -apart; if (NF != 2 || apart > tolerance) bad = 1 } END { exit bad }' ||
    fail "the losses on the device are others: $(paste cpu.losses cuda.losses | tr '\n\t' '; ')"
  if [ "$tolerance" = 0 ]; then
    cmp cpu cuda
    for precision in float16 bfloat16; do
      train "cpu_$precision" --epochs 0.2 --precision "$precision"
      train "cuda_$precision" --epochs 0.2 --precision "$precision" --device cuda:1 --warmup 1
      cmp "cpu_$precision" "cuda_$precision"
    done
    exit 0
  fi
  train float16 --epochs 5 --device cuda
  at_least float16 50
  exit 0
fi

# Five epochs: the moving average begins after the third.
train first --epochs 5
[ "$(grep -c '^epoch ' first)" = 5 ] || fail "expected five epochs"
at_least first 60
train second --epochs 5
cmp first second
train replayed --epochs 5 --steps captured
cmp first replayed
# The warm-up leaves no trace, and each run has its seed.
train warm --epochs 0.3 --runs 2 --warmup 3 --samples 100
train cold --epochs 0.3 --seed 1 --samples 100
[ "$(sed -n 's/^test acc//p' warm | tail -n 1)" = "$(sed -n 's/^test acc//p' cold)" ] || fail "the second run is another"
grep -q '^100 training and 20 test images, float32$' cold || fail "said '$(head -n 1 cold)'"
grep -q '^mean of 2 runs ' warm || fail "reported no mean"

# refused TEXT ARGUMENT...: fails with one line that holds the text.
refused() {
  text=$1
  shift
  if "$program" "$@" >out 2>err; then fail "took $*"; fi
  [ "$(wc -l <err)" = 1 ] || fail "wrote more than one line for $*"
  grep -qF -- "$text" err || fail "said '$(cat err)' for $*, expected '$text'"
}
refused "--data wants the folder" --epochs 1
refused "unknown option --colour" --colour red
refused "--batch takes a whole number" --batch 2.5
refused "--precision is float16, bfloat16 or float32, not 'float8'" --data data --precision float8
refused "a device is cpu, cuda or cuda:N, not 'gpu'" --device gpu
refused "500 training images are too few for a batch of 501" --data data --batch 501 --width 1
refused "holds neither data_batch_1.bin nor" --data "$work"
head -c 3000 data/test_batch.bin >short && mv short data/test_batch.bin
refused "tt_read_cifar10" --data data
