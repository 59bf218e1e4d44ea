#!/bin/sh
# compare_device_test.sh PYTHON COMPARE BUILD_DIR: bench/compare --device cuda with peers whose numbers are known: a step of a
# second under one, of two seconds under the next, and one that fails.
set -eu
python=$1 compare=$2 build=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/peer" <<'END'
#!/bin/sh
script=$1
shift
case "$script $*" in
  *count_kernels.py*/workloads_library.so" mlp 0.05 --device cuda --batch 8 --precision float32")
    echo '{"kernels_per_step": 12.5, "kernel_us": 1000}' ;;
  *" mlp 0.05 --device cuda --batch 8 --precision float32 --captured") echo '{"kernels_per_step": 2, "kernel_us": null}' ;;
  *--version*) echo '{"version": "1.0"}' ;;
  *"--peer graph"*) echo '{"error": "no graphs today"}'; echo "no graphs today" >&2; exit 4 ;;
  *"startup --device cuda --report") echo '{"peak_kb": 2000000, "mapped": []}' ;;
  *"startup --device cuda") ;;
  *"--peer eager mlp "*"--batch 8 "*) echo '{"median_us": 1e6, "kernels_per_step": 30, "gpu_busy": 0.25}' ;;
  *"--peer compile mlp "*"--batch 8 "*) echo '{"median_us": 2e6}' ;;
  *) echo "not expected: $*" >&2; exit 4 ;;
esac
END
chmod +x "$work/peer"
"$python" -B "$compare" --build "$build" --device cuda --python "$work/peer" --batch 8 --seconds 0.05 --rounds 1 \
  --captured --json "$work/json" mlp startup >"$work/table"
cat "$work/table"
"$python" - "$work/json" <<'END'
import json, sys
result = json.load(open(sys.argv[1], encoding="utf-8"))
entry = result["workloads"][0]
ours = entry["runs"]["tinytorch"][0]
assert ours["device"] == "cuda" and ours["batch"] == 8 and ours["last_loss"] < ours["first_loss"], ours
assert abs(entry["samples_per_s"]["eager"] - 8) < 1e-9 and abs(entry["samples_per_s"]["compile"] - 4) < 1e-9
replayed = entry["runs"]["captured"][0]
assert replayed["captured"] and not ours["captured"] and replayed["first_loss"] == ours["first_loss"], replayed
assert replayed["last_loss"] < replayed["first_loss"], replayed
assert abs(entry["ratio"] - max(entry["samples_per_s"][who] for who in ("tinytorch", "captured")) / 8) < 1e-9
assert entry["kernels_per_step"] == {"tinytorch": 12.5, "captured": 2, "eager": 30, "compile": None}
assert abs(entry["gpu_busy"]["tinytorch"] - 1000 / entry["median_us"]["tinytorch"]) < 1e-9
assert entry["errors"] == {"graph": "no graphs today"}
start = result["startup"]
assert start["memory_bytes"]["eager"] == 2048e6 and start["memory_bytes"]["tinytorch"] > 1e6
assert start["ratio"] > 0
END
grep -qE '^\| mlp, batch 8, float32 .* failed \| .*12.5 / 2 / 30 / - / - \| +[0-9]+ % / - / 25 % / - / - \|$' "$work/table"
