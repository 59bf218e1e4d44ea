"""Finds the shared libraries that programs need, so that a library that a machine lacks is named, and not taken for a
fault of what needs it."""

import glob
import os
import re
import subprocess
import sys
import tempfile

TRACE = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_WARN": "yes", "LD_BIND_NOW": "yes"}
NOT_FOUND = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)
TOO_OLD = re.compile(r"(?:^|[\s/])([^\s/]+): version `([^']+)' not found")
NOT_OPENED = re.compile(r"(\S+?\.so[.\d]*): cannot open shared object file")
DRIVER_FOLDERS = [
    "/usr/local/nvidia/lib64",
    "/usr/local/nvidia/lib",
    "/usr/lib/wsl/lib",
    "/usr/lib64",
    "/usr/lib/x86_64-linux-gnu",
]
# Carried for their own sake, and not for the system's: this one must be built on OpenMP.
ALWAYS = ("libopenblas",)


def python_folders(python):
    """Where a Python's packages keep the libraries of NVIDIA's wheels."""
    try:
        done = subprocess.run(
            [python, "-c", "import sys; print('\\n'.join(filter(None, [*sys.path, sys.prefix + '/lib'])))"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        paths = done.stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        paths = sys.path
    return [folder for path in paths for folder in [path, *sorted(glob.glob(os.path.join(path, "nvidia", "*", "lib")))]]


def toolkit_folders():
    roots = [os.environ[name] for name in ("CUDA_HOME", "CUDA_PATH", "CUDA_ROOT") if os.environ.get(name)]
    roots += ["/usr/local/cuda", *sorted(glob.glob("/usr/local/cuda-*"), reverse=True), "/opt/cuda"]
    return [
        folder for root in roots for part in ("lib64", "lib", "targets/*/lib") for folder in glob.glob(f"{root}/{part}")
    ]


def loads(name):
    """Whether the loader finds it, in a process of its own."""
    command = [sys.executable, "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", name]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


class Libraries:
    """A folder of links for LD_LIBRARY_PATH: of the carried libraries those that the loader does not find by itself,
    and CUDA's from wherever they are. `missing`: name, and why."""

    def __init__(self, carried, python):
        self.carried = {os.path.basename(path): path for path in glob.glob(os.path.join(carried, "*.so*"))}
        self.folders = [*python_folders(python), *toolkit_folders()]
        self._kept = tempfile.TemporaryDirectory()
        self.folder = self._kept.name
        self.missing = {}
        for name in self.carried:
            if name.startswith(ALWAYS):
                self.add(name)

    def add_driver(self):
        """Containers may have the driver in a folder that the loader does not know."""
        self.folders += DRIVER_FOLDERS
        if not loads("libcuda.so.1"):
            self.add("libcuda.so.1")

    def environment(self, given):
        path = given.get("LD_LIBRARY_PATH")
        return {**given, "LD_LIBRARY_PATH": self.folder + (f":{path}" if path else "")}

    def add(self, name, why="it is not installed"):
        """Whether there is one to link to."""
        link = os.path.join(self.folder, name)
        found = [os.path.join(folder, name) for folder in self.folders if os.path.isfile(os.path.join(folder, name))]
        target = self.carried.get(name) or (found[0] if found else None)
        if os.path.lexists(link) or target is None:
            others = [os.path.basename(p) for f in self.folders for p in glob.glob(f"{f}/{name.split('.so')[0]}.so.*")]
            if others and name not in others:
                why = f"there is only {', '.join(sorted(set(others)))}"
            self.missing[name] = why
            return False
        os.symlink(os.path.abspath(target), link)
        return True

    def lacks(self, program, environment):
        """Of a program, the libraries that it lacks after all."""
        for _ in range(20):
            done = subprocess.run(
                [program],
                env={**self.environment(environment), **TRACE},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=60,
                stdin=subprocess.DEVNULL,
            )
            text = done.stdout + done.stderr
            wanted = {name: "it is not installed" for name in NOT_FOUND.findall(text)}
            wanted.update(
                {name: f"this system's is too old: it has no {version}" for name, version in TOO_OLD.findall(text)}
            )
            wanted = {name: why for name, why in wanted.items() if name not in self.missing}
            if not wanted or not any([self.add(name, why) for name, why in wanted.items()]):
                return sorted(set(NOT_FOUND.findall(text)) | {name for name, _ in TOO_OLD.findall(text)})
        return []

    def next_for(self, reason):
        """Links what a plug-in lacked, by the loader's words; whether another try is worth it."""
        for name in NOT_OPENED.findall(reason):
            name = os.path.basename(name)
            if name not in self.missing and not name.startswith("libtinytorch"):
                return self.add(name)
        for name, version in TOO_OLD.findall(reason):
            if name not in self.missing:
                return self.add(name, f"this system's is too old: it has no {version}")
        return False
