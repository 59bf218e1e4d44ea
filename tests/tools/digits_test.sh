#!/bin/sh
# digits_test.sh PROGRAM DATA_DIR WORK_DIR: the demo learns, saves, resumes, and refuses bad input in one line.
set -eu
program=$1 data=$2 work=$3
rm -rf "$work"
mkdir -p "$work"
cd "$work"

fail() {
  echo "digits: $*"
  exit 1
}
# refused TEXT ARGUMENT...: fails with one line that holds the text.
refused() {
  text=$1
  shift
  if "$program" "$@" >out 2>err; then fail "took $*"; fi
  [ "$(wc -l <err)" = 1 ] || fail "wrote more than one line for $*"
  grep -qF -- "$text" err || fail "said '$(cat err)' for $*, expected '$text'"
}

"$program" --data "$data" --model mlp --epochs 12 >first
accuracy=$(sed -n 's/^test accuracy \([0-9.]*\) %.*/\1/p' first)
awk "BEGIN { exit !($accuracy >= 95) }" || fail "test accuracy $accuracy %, expected 95 or more"
grep -q 'same predictions' first || fail "did not read its weights back"
[ -s digits.safetensors ] || fail "saved no weights"
grep -q '<polyline' digits.svg || fail "drew no curve"

# The same seed gives the same run.
"$program" --data "$data" --model mlp --epochs 12 --save again.safetensors --curve again.svg >second
cmp digits.safetensors again.safetensors || fail "two runs from one seed differ"

"$program" --data "$data" --model mlp --epochs 13 --resume digits.safetensors --save more.safetensors >third
grep -q 'going on after epoch 12' third || fail "did not resume"
[ "$(grep -c '^epoch ' third)" = 1 ] || fail "ran more than the epoch that was left"

refused "unknown option --colour" --colour red
refused "--epochs takes a number" --epochs none
refused "--model is cnn or mlp" --model rnn
refused "holds neither train-images-idx3-ubyte nor" --data "$work"
mkdir damaged
cp "$data"/*ubyte* damaged/
head -c 1000 "$data/train-images-idx3-ubyte" >damaged/train-images-idx3-ubyte
refused "tt_read_idx" --data damaged
# The names that do not match take more lines.
if "$program" --data "$data" --model cnn --resume digits.safetensors >out 2>err; then fail "took another network's weights"; fi
grep -q 'the state dict does not match the module' err || fail "said '$(cat err)' for another network's weights"
