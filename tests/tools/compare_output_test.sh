#!/bin/sh
# compare_output_test.sh COMPARE_OUTPUT WORK: what counts as the same output and what does not.
set -u
compare=$1
work=$2
mkdir -p "$work"
failures=0

# check STATUS EXPECTED PRINTED, both texts in printf's notation.
check() {
  # shellcheck disable=SC2059
  printf -- "$2" >"$work/expected"
  # shellcheck disable=SC2059
  printf -- "$3" >"$work/printed"
  "$compare" "$work/expected" cat "$work/printed" >"$work/report"
  status=$?
  if [ "$status" != "$1" ]; then
    echo "expected '$2', printed '$3': status $status instead of $1"
    failures=$((failures + 1))
  fi
}

check 0 'a 1.234\n' 'a 1.234\n'
check 0 'a 1.234\n' 'a 1.235\n'
check 1 'a 1.234\n' 'a 1.236\n'
check 1 'correct 13\n' 'correct 14\n'
check 1 'tensor([1., 2.])' 'tensor([1., 3.])'
check 0 '[ 9.9999, -0.0001]' '[10.0000,  0.0000]'
check 0 '9.094947017729282e-13' '9.094947017729283e-13'
check 0 '1.0000e+00' '9.9999e-01'
check 1 '1.0e-05' '1.0e-06'
check 0 '0.0000' '-0.0000'
check 1 '1.25' '-1.25'
check 1 '0.5' '0.50'
check 1 'inf' 'nan'
check 1 'x\ny\n' 'x\n'
check 1 'x\n' 'x\ny\n'
check 0 'x\n' 'x'
check 1 'a  b' 'a b'
check 1 'Epoch:   1 loss 0.5' 'Epoch:  10 loss 0.5'

printf 'x\n' >"$work/expected"
"$compare" "$work/expected" sh -c 'echo x; exit 3' >"$work/report" && failures=$((failures + 1))
"$compare" "$work/expected" sh -c 'echo skipped; exit 77' >"$work/report"
[ $? = 77 ] || failures=$((failures + 1))
TINYTORCH_DATA='' "$compare" --data no.csv "$work/expected" cat >"$work/report"
[ $? = 77 ] || failures=$((failures + 1))
TINYTORCH_DATA=$work "$compare" --data expected "$work/expected" cat >"$work/report" || failures=$((failures + 1))

[ "$failures" = 0 ] || echo "$failures failed"
exit $((failures != 0))
