#!/bin/sh
# run.sh [OPTION...]: tests TinyTorch on this machine's NVIDIA GPU and measures it; --help lists the options. It needs
# the driver, cuBLAS and Python 3, a folder that it can write to, and nothing else: no compiler, no root, no network.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
for python in "${PYTHON:-python3}" python3 python; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
    exec "$python" -B "$here/tests/gpu/run.py" --source "$here" --build "$here/build" "$@"
  fi
done
echo "run.sh: there is no Python 3.8 or later (named by PYTHON, or python3 on the path)" >&2
exit 77
