#!/bin/sh
# cmake_test.sh PREFIX WORK: find_package(TinyTorch) in the installed tree, build, run.
set -eu
prefix=$1
work=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

rm -rf "$work"
"$CMAKE" -S "$here/project" -B "$work" -G "$GENERATOR" -DCMAKE_BUILD_TYPE=Release "-DCMAKE_PREFIX_PATH=$prefix"
"$CMAKE" --build "$work"
"$work/consumer"
"$work/consumer_cpp"
