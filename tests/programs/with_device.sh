#!/bin/sh
# with_device.sh PLUGIN_REASON COMMAND [ARGUMENT...]: runs the command where there is a CUDA device; where there is none,
# prints the reason and ends with 77, skipped.
set -eu
reason=$("$1")
shift
case $reason in
  "0 devices: "*)
    echo "skipped: ${reason#0 devices: }"
    exit 77
    ;;
esac
exec "$@"
