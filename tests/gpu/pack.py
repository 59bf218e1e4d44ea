"""Packs what run.sh needs into one file for a machine with a GPU and without a compiler.

usage: pack.py BUILD_DIR FILE

FILE is a gzipped tar archive with one folder, tinytorch-gpu. It has the build directory's programs without their
symbols, what device_tests.json names of the sources, and of this machine's shared libraries those that the programs
need, but for the C library, CUDA's and the driver's.
"""

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
LARGEST = 55_000_000  # bytes
FROM_BUILD = (
    "libtinytorch.so.1",
    "libtinytorch_cuda.so",
    "tests/cuda/cuda_emulated.so",
    "tests/backend/plugin_reason",
    "bench/startup_run",
    "bench/workloads_run",
    "bench/workloads_library.so",
    "bench/kernels_run",
)
FROM_SOURCE = (
    "bench/compare",
    "bench/compare_device.py",
    "bench/compare_tools.py",
    "bench/peers.py",
    "bench/count_kernels.py",
    "tests/parity/vectors",
    "tests/gpu/run.py",
    "tests/gpu/card.py",
    "tests/gpu/figures.py",
    "tests/gpu/libraries.py",
    "tests/gpu/machine.py",
    "tests/gpu/processes.py",
    "tests/gpu/report.py",
    "LICENSE",
)
# Parts of the C library and of the driver, which are the machine's own.
SYSTEM = re.compile(r"(ld-linux.*|linux-vdso|lib(c|m|dl|rt|pthread|resolv|cuda))\.so|ld-linux|linux-vdso|libcublas")


def fail(text):
    sys.exit(f"pack.py: {text}")


def needed(path):
    """The shared libraries that a file needs, by their names, and where they are."""
    done = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
    for name, found in re.findall(r"^\s*(\S+)(?: => (\S.*?))? \(0x", done.stdout, re.MULTILINE):
        if not SYSTEM.match(os.path.basename(name)) and found:
            yield os.path.basename(name), os.path.realpath(found)


def copy(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def place(word, build):
    """A path of this machine as device_tests.json has it in the pack."""
    for folder, name in ((build, "@BUILD@"), (SOURCE, "@SOURCE@")):
        if word == folder or word.startswith(folder + "/"):
            return name + word[len(folder) :]
    return word


def collect(build, root):
    """The pack's files below `root`."""
    list_file = os.path.join(build, "device_tests.json")
    if not os.path.isfile(list_file):
        fail(f"there is no {list_file}: the build is without tests, or without the CUDA backend")
    with open(list_file, encoding="utf-8") as file:
        content = json.load(file)
    from_build, from_source = set(FROM_BUILD), set(FROM_SOURCE)
    for test in content["tests"]:
        from_build.update(os.path.relpath(program, build) for program in test["programs"])
        for key in ("command", "programs"):
            test[key] = [place(word, build) for word in test[key]]
        from_source.update(word[len("@SOURCE@/") :] for word in test["command"] if word.startswith("@SOURCE@/"))
    programs, libraries = [], {}
    for name in sorted(from_build):
        path = os.path.join(build, name)
        if not os.path.isfile(path):
            fail(f"there is no {path}: ninja's target device_programs makes it")
        copy(path, os.path.join(root, "build", name))
        if is_elf(path):
            programs.append(os.path.join(root, "build", name))
            libraries.update(found for found in needed(path) if not found[0].startswith("libtinytorch"))
    for name in sorted(from_source):
        copy(os.path.join(SOURCE, name), os.path.join(root, name))
    for name, path in libraries.items():
        copy(path, os.path.join(root, "lib", name))
        programs.append(os.path.join(root, "lib", name))
    copy(os.path.join(HERE, "run.sh"), os.path.join(root, "run.sh"))
    for program in programs:
        done = subprocess.run(["strip", "--strip-unneeded", program], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"strip fails: {done.stderr.strip()}")
    sys.path.insert(0, HERE)
    from machine import commit

    content["commit"] = commit(SOURCE)
    content["packed"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    with open(os.path.join(root, "build", "device_tests.json"), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    build, out = os.path.abspath(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as work:
        root = os.path.join(work, "tinytorch-gpu")
        collect(build, root)
        packed = os.path.join(work, "pack")
        try:
            with tarfile.open(packed, "w:gz", compresslevel=6) as archive:
                archive.add(root, "tinytorch-gpu")
            size = os.path.getsize(packed)
            if size > LARGEST:
                fail(f"the pack has {1e-6 * size:.0f} MB, more than {1e-6 * LARGEST:.0f}")
            shutil.copyfile(packed, out)
        except OSError as error:
            fail(f"cannot write {out}: {error}")
    print(f"{out}: {1e-6 * size:.1f} MB; unpack it on a machine with a GPU and run tinytorch-gpu/run.sh")
    return 0


if __name__ == "__main__":
    sys.exit(main())
