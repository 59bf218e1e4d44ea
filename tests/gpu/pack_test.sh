#!/bin/sh
# pack_test.sh PYTHON BUILD_DIR FAKE_DRIVER: the pack is made, and its run.sh comes to its end: on the emulated device, where
# programs that crash, hang, lack a library or spoil the device are told apart; with figures that are known; and where there
# is no device.
set -eu
python=$1 build=$2 driver=$3
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

# The figures of a card: the fake driver's and those of programs that print known numbers.
cp "$pack/build/tests/cuda/cuda_emulated.so" "$pack/build/libtinytorch_cuda.so"
replace bench/workloads_run <<'END'
#!/bin/sh
echo '{"median_us": 1000, "flops_per_step": 5e9, "first_loss": 2, "last_loss": 1}'
END
replace bench/kernels_run <<'END'
#!/bin/sh
case "$*" in
  *bfloat16) echo '{"name": "largest", "way": "forward", "us": 1000, "gflops": 400000, "share": 1}' ;;
  *tf32) echo "no TF32 today" >&2; exit 1 ;;
  *)
    echo '{"name": "largest", "way": "forward", "us": 1000, "gflops": 25000, "share": 1}'
    echo '{"name": "add", "way": "forward", "us": 100, "gbytes": 1500}'
    ;;
esac
END
replace examples/airbench <<'END'
#!/bin/sh
[ -d "$4" ] || exit 1
echo "test accuracy 94 %"
END
replace tests/programs/make_cifar <<'END'
#!/bin/sh
END
cat >"$work/peer" <<'END'
#!/bin/sh
case "$*" in
  *"--peer eager --version"*) echo '{"version": "1.0"}' ;;
  *"--peer eager startup --device cuda --report") echo '{"peak_kb": 2000000, "mapped": []}' ;;
  *"--peer eager startup "*) ;;
  *count_kernels.py*) echo '{"kernels_per_step": 12.5, "kernel_us": 500}' ;;
  *"--peer eager "*) echo '{"median_us": 3000}' ;;
  *) exit 3 ;;
esac
END
chmod +x "$work/peer"
LD_LIBRARY_PATH=$(dirname "$driver") run card 1 --steps first,benchmarks,airbench --python "$work/peer" --limit 400
says card 'passed +card: a copy by the driver alone'
says card 'failed +benchmarks: Products and convolutions, tf32 .*'
says card 'passed +benchmarks: Training: lenet, beside PyTorch \(compile\)'
says card 'passed +airbench: airbench, captured'
# has LINE: the results have it.
has() {
  grep -qFx -- "$1" "$work/card/gpu-results.md" || fail "the results lack: $1"
}
has "| driver | version unknown, for CUDA 13.1 |"
has "| copy inside the device's memory, by the driver | 2000 GB/s | 1024 GB/s | 195 % |"
has "| the largest product, bfloat16 | 400 TFLOP/s | 819.2 TFLOP/s | 49 % |"
has "| add, float32, of a copy's rate | 1500 GB/s | 2000 GB/s | 75 % |"
has "| mlp, batch 64, bfloat16, captured | 5 TFLOP/s | 400 TFLOP/s | 1 % |"
has "| cnn, batch 1024, tf32, tinytorch | 5 TFLOP/s | 409.6 TFLOP/s | 1 % |"
grep -q '^| mlp, batch 64, float32 *|.* 3x |' "$work/card/gpu-results.md" || fail "the results do not show PyTorch's figures"

# A plug-in that lacks a library is no fault of the product; one that cannot be loaded is.
plugin="$pack/build/tests/cuda/cuda_emulated.so"
LC_ALL=C sed -i 's/libstdc++\.so\.6/libstdc+x.so.6/g' "$plugin"
run lacking 77 --emulated
says lacking 'run.sh: nothing could be tested: libstdc\+x.so.6: cannot open .* \(libstdc\+x.so.6: it is not installed\)'
printf 'no library\n' >"$plugin"
run broken 1 --emulated
says broken 'failed +card: the plug-in loads \(.*(file too short|invalid ELF header)\)'
if "$pack/run.sh" --steps no_such >/dev/null 2>&1; then fail "it took a step that there is not"; fi
