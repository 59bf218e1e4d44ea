#!/bin/sh
# check_plugin.sh LIBRARY: the plug-in exports its entry alone, and loads where there is no driver.
set -eu
library=$1
status=0
exported=$(nm -D --defined-only "$library" | awk '{ print $3 }')
if [ "$exported" != tinytorch_plugin ]; then
  echo "it exports: $exported"
  status=1
fi
for name in $(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
  case $name in
    libcublas.so.* | libcublasLt.so.* | libstdc++.so.6 | libgcc_s.so.1 | libm.so.6 | libc.so.6) ;;
    libdl.so.2 | libpthread.so.0 | librt.so.1 | ld-linux*) ;;
    *)
      echo "it needs $name, which it must not"
      status=1
      ;;
  esac
done
exit $status
