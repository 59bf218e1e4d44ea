#!/bin/sh
# pack_test.sh PYTHON BUILD_DIR: the pack is made, and its run.sh comes to its end: on the emulated device, where programs
# that crash, hang, lack a library or spoil the device are told apart; and where there is no device.
set -eu
python=$1 build=$2
script=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "pack: $*"
  exit 1
}

"$python" -B "$script/pack.py" "$build" "$work/pack"
mkdir "$work/a folder"
tar -xzf "$work/pack" -C "$work/a folder"
pack="$work/a folder/tinytorch-gpu"
unset TINYTORCH_CUDA_LIBRARY LD_LIBRARY_PATH TINYTORCH_DATA
PYTHON=$python
export PYTHON

# run NAME STATUS ARGUMENT...: its results are in the folder NAME.
run() {
  name=$1 expected=$2
  shift 2
  status=0
  "$pack/run.sh" --out "$work/$name" "$@" >"$work/$name.out" 2>&1 || status=$?
  [ "$status" = "$expected" ] || {
    cat "$work/$name.out" "$work/$name/gpu-results.log"
    fail "$name: the status is $status, expected $expected"
  }
}
# says NAME LINE: a line of what it printed is LINE, an extended regular expression.
says() {
  grep -Eqx -- "$2" "$work/$1.out" || {
    cat "$work/$1.out"
    fail "$1 does not say: $2"
  }
}

CUDA_VISIBLE_DEVICES='' run none 77
says none 'run.sh: nothing could be tested: .*(no NVIDIA driver|finds no device).*'
grep -q '^State: nothing could be tested: ' "$work/none/gpu-results.md" || fail "the results do not say so"

some='^(device\.(Order|Streams|Memory)|streams|capi|parity\.create|lesson_03_shapes|lesson_12_diabetes)$'
run emulated 0 --emulated --quick --steps first,basics,lesson14,suite,sanitizers,airbench --tests "$some" --limit 300
says emulated 'passed +card: the plug-in loads'
says emulated 'passed +first: a first tensor'
says emulated 'passed +suite: device.Order DeviceOrder.Sorts'
says emulated 'passed +suite: (streams|parity.create create.zeros|lesson_03_shapes)'
says emulated 'skipped +suite: lesson_12_diabetes \(TINYTORCH_DATA is not set.*'
says emulated 'skipped +sanitizers: racecheck .*'
says emulated '[0-9]+ passed, [0-9]+ skipped; the run came to its end.*'
grep -q '"result": "passed"' "$work/emulated/gpu-results.json" || fail "there is no JSON"
grep -q '^==== streams' "$work/emulated/gpu-results.log" || fail "the log is not complete"

# replace PROGRAM: by the script on standard input; what it was is PROGRAM.real.
replace() {
  mv "$pack/build/$1" "$pack/build/$1.real"
  cat >"$pack/build/$1"
  chmod +x "$pack/build/$1"
}
replace tests/cuda/cuda_streams <<'END'
#!/bin/sh
echo "about to crash"
kill -SEGV $$
END
replace tests/capi_cuda <<'END'
#!/bin/sh
sleep 1000 &
sleep 1000
END
replace tests/parity/parity_ops <<'END'
#!/bin/sh
echo "parity_ops: error while loading shared libraries: libz.so.1: cannot open shared object file" >&2
exit 127
END
# Crashes in one test, finds the device spoilt in the next start, and then does what is left.
replace tests/cuda/cuda_device_tests <<'END'
#!/bin/sh
case "$*" in
  *:-*DeviceOrder.Selects*) exec "$0.real" "$@" ;;
  *:-*)
    printf '[ RUN      ] DeviceOrder.Selects\nan illegal memory access was encountered\n[  FAILED  ] DeviceOrder.Selects (1 ms)\n'
    printf '[ RUN      ] DeviceOrder.Scans\nan illegal memory access was encountered\n[  FAILED  ] DeviceOrder.Scans (1 ms)\n'
    exit 1
    ;;
esac
echo "[ RUN      ] DeviceOrder.Sorts"
kill -ABRT $$
END
rm "$pack/build/examples/lesson_03_shapes"
cat >"$work/compute-sanitizer" <<'END'
#!/bin/sh
case "$*" in
  *memcheck*cuda_streams*) printf '========= Invalid __global__ write\n========= ERROR SUMMARY: 1 error\n'; exit 86 ;;
  *memcheck*) echo "========= ERROR SUMMARY: 0 errors" ;;
  *racecheck*) echo "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)" ;;
  *) echo "========= Error: Device not supported"; exit 1 ;;
esac
END
chmod +x "$work/compute-sanitizer"
some='^(device\.Order|streams|capi|parity\.create|lesson_03_shapes|lesson_01_single_neuron)$'
run faults 1 --emulated --quick --steps suite,sanitizers --tests "$some" --limit 400 --idle 20 --sanitizer "$work/compute-sanitizer"
says faults 'crashed +suite: streams \(ended by SIGSEGV\)'
says faults 'hung +suite: capi \(no sign of life for 20 s\)'
says faults 'missing +suite: parity.create \(libz.so.1: cannot open shared object file\)'
says faults 'missing +suite: lesson_03_shapes \(there is no .*\)'
says faults 'crashed +suite: device.Order DeviceOrder.Sorts \(ended by SIGABRT\)'
says faults 'failed +suite: device.Order DeviceOrder.Selects'
says faults 'passed +suite: device.Order DeviceOrder.Scans'
says faults 'passed +suite: lesson_01_single_neuron'
says faults 'failed +sanitizers: memcheck: streams \(1 error\)'
says faults 'passed +sanitizers: racecheck: kernels'
says faults 'skipped +sanitizers: initcheck: streams \(compute-sanitizer cannot follow this device\)'
grep -q '^  about to crash$' "$work/faults/gpu-results.md" || fail "the results do not show a fault's output"

# A plug-in that lacks a library is no fault of the product; one that cannot be loaded is.
plugin="$pack/build/tests/cuda/cuda_emulated.so"
LC_ALL=C sed -i 's/libstdc++\.so\.6/libstdc+x.so.6/g' "$plugin"
run lacking 77 --emulated
says lacking 'run.sh: nothing could be tested: libstdc\+x.so.6: cannot open .* \(libstdc\+x.so.6: it is not installed\)'
printf 'no library\n' >"$plugin"
run broken 1 --emulated
says broken 'failed +card: the plug-in loads \(.*(file too short|invalid ELF header)\)'
if "$pack/run.sh" --steps no_such >/dev/null 2>&1; then fail "it took a step that there is not"; fi
