#!/bin/sh
# kernels_test.sh PROGRAM: bench/kernels_run measures what it is asked for, and says what it does not know.
set -eu
program=$1
lines=$("$program" cnn.0 --largest 64 --seconds 0)
echo "$lines"
[ "$(echo "$lines" | wc -l)" = 7 ]
echo "$lines" | head -n 1 | grep -q '"name": "largest", "way": "forward", .*"share": 1}'
[ "$(echo "$lines" | grep -c '"name": "cnn.0 1024", .*"us": [0-9.e+-]*, "gflops": [0-9.e+-]*, "share": [0-9.]*}')" = 3 ]
memory=$("$program" add sum --largest 64 --seconds 0)
[ "$(echo "$memory" | grep -c '"name": "\(add\|sum\)", "way": "forward", "precision": "float32", "us": [0-9.e+-]*, "gbytes": [0-9.e+-]*}')" = 2 ]
problem=$("$program" --precision float8 2>&1) && exit 1
echo "$problem" | grep -q "precision: there are float32"
