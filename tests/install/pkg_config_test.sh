#!/bin/sh
# pkg_config_test.sh PREFIX WORK: the flags from pkg-config, the compiler and nothing else.
set -eu
prefix=$1
work=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

if ! command -v pkg-config >/dev/null; then
  echo "skipped: no pkg-config here"
  exit 77
fi
rm -rf "$work"
mkdir -p "$work"
# The tree is moved first: its files must not name the place where it was installed.
cp -a "$prefix" "$work/moved"
PKG_CONFIG_PATH=$work/moved/$LIBDIR/pkgconfig
export PKG_CONFIG_PATH
pkg-config --exact-version="$VERSION" tinytorch || {
  echo "pkg-config says version $(pkg-config --modversion tinytorch)"
  exit 1
}
# shellcheck disable=SC2046
"$CC" -std=c99 -pedantic -Wall -Werror $(pkg-config --cflags tinytorch) "$here/project/consumer.c" \
  -o "$work/consumer" $(pkg-config --libs tinytorch) "-Wl,-rpath,$work/moved/$LIBDIR"
"$work/consumer"
