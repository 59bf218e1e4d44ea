#!/bin/sh
# card_test.sh PYTHON FAKE_DRIVER: what card.py learns from a driver whose answers are known, and what it says where the
# driver fails.
set -eu
python=$1 driver=$2
card=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/card.py
LD_LIBRARY_PATH=$(dirname "$driver")
export LD_LIBRARY_PATH
fail() {
  echo "card: $*"
  exit 1
}

[ "$("$python" -B "$card" --architecture)" = 90 ] || fail "another architecture"
"$python" -B "$card" | "$python" -c '
import json, sys
card = json.load(sys.stdin)
print(card)
assert abs(card.pop("copy_rate") / 2e12 - 1) < 1e-3
assert card == {
    "name": "Fake GPU", "devices": 2, "driver_cuda": "13.1", "capability": [9, 0], "multiprocessors": 100,
    "clock_hz": 2e9, "memory_bytes": 80 << 30, "l2_bytes": 0, "memory_rate": 1.024e12,
    "float32_flops": 51.2e12, "tf32_flops": 409.6e12, "bfloat16_flops": 819.2e12,
}'

# fails STATUS TEXT: where cuInit returns that.
fails() {
  status=0
  said=$(FAKE_DRIVER=$1 "$python" -B "$card" --architecture 2>&1) || status=$?
  if [ "$status" != 77 ] || [ "$said" != "$2" ]; then fail "$status and '$said' where cuInit returns $1"; fi
}
fails 100 "the NVIDIA driver finds no device"
fails 999 "cuInit fails with 999: unknown error of the fake"
