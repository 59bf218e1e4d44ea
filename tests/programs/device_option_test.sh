#!/bin/sh
# device_option_test.sh LESSON: what --device takes, and what it says of the rest, in one line. The plug-in has two devices.
set -u
lesson=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

complain() {
  echo "$*"
  failures=$((failures + 1))
}
takes() {
  "$lesson" "$@" >"$work/out" 2>"$work/err" || complain "refused $*: $(cat "$work/err")"
}
# refuses TEXT ARGUMENT...: fails with one line that holds the text.
refuses() {
  text=$1
  shift
  if "$lesson" "$@" >"$work/out" 2>"$work/err"; then complain "took $*"; fi
  if [ "$(wc -l <"$work/err")" != 1 ] || ! grep -qF -- "$text" "$work/err"; then
    complain "said '$(cat "$work/err")' for $*, expected one line with '$text'"
  fi
}

takes --device cpu
takes --device cuda
takes --device cuda:1
refuses "invalid device cuda:2: there are 2 devices" --device cuda:2
for name in cuda: cuda:x cuda:-1 cuda:1x gpu ''; do
  refuses "a device is cpu, cuda or cuda:N, not '$name'" --device "$name"
done
refuses "--device wants a name" --device
refuses "the only option is --device" --devise cuda
TINYTORCH_CUDA_LIBRARY=/nowhere.so
export TINYTORCH_CUDA_LIBRARY
takes
takes --device cpu
refuses "no CUDA backend: TINYTORCH_CUDA_LIBRARY=/nowhere.so" --device cuda

[ "$failures" = 0 ] || echo "$failures failed"
exit $((failures != 0))
