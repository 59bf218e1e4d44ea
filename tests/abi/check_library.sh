#!/bin/sh
# check_library.sh LIBRARY SYMBOLS MOST_BYTES: the library exports just the recorded functions, each at its version; it
# needs no other library than it may, and of the C++ runtime and the loader nothing that ends the process where there is
# no memory (registering destructors of thread-local objects, thread-local memory on demand) or that a forked child may
# wait for in vain (guards of static variables); it takes little of the static thread-local memory, so that programs can
# load it late; and it has at most MOST_BYTES bytes, unless that is 0.
set -eu
library=$1
symbols=$2
most_bytes=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' | sed 's/@@TINYTORCH_/ /' | LC_ALL=C sort >"$work/exported"
grep -v '^#' "$symbols" | LC_ALL=C sort >"$work/recorded"
if ! diff "$work/recorded" "$work/exported" >"$work/diff"; then
  echo "recorded (<) and exported (>) functions differ:"
  cat "$work/diff"
  status=1
fi

needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
for name in $needed; do
  case $name in
    libopenblas.so.0 | libgomp.so.1 | libz.so.1 | libstdc++.so.6 | libgcc_s.so.1 | libm.so.6 | libc.so.6) ;;
    ld-linux*) ;;
    *)
      echo "the library needs $name, which it must not"
      status=1
      ;;
  esac
done

unwanted=$(nm -D --undefined-only "$library" | grep -E '__cxa_(thread_atexit|guard)|__tls_get_addr' || true)
if [ -n "$unwanted" ]; then
  echo "the library uses what it must not:"
  echo "$unwanted"
  status=1
fi

tls=$(readelf -lW "$library" | awk '$1 == "TLS" { print $6 }')
if [ -n "$tls" ] && [ $((tls)) -gt 512 ]; then
  echo "the library takes $((tls)) bytes of thread-local memory, more than 512: late loading may fail"
  status=1
fi

bytes=$(wc -c <"$library")
if [ "$most_bytes" -gt 0 ] && [ "$bytes" -gt "$most_bytes" ]; then
  echo "the library has $bytes bytes, more than $most_bytes"
  status=1
fi
exit $status
