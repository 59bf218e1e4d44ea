"""What the results say of the machine, the driver and the sources, and where compute-sanitizer is."""

import os
import platform
import re
import shutil
import subprocess

import processes


def commit(source):
    try:
        command = ["git", "-C", source, "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "no commit known"


def machine():
    cpu = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            cpu = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), cpu)
    except OSError:
        pass
    system = platform.platform()
    return f"{cpu}, {len(os.sched_getaffinity(0))} cores; {system}; Python {platform.python_version()}"


def driver_version():
    try:
        with open("/proc/driver/nvidia/version", encoding="utf-8") as file:
            found = re.search(r"Kernel Module.*?\s(\d+\.[\d.]+)", file.read())
    except OSError:
        found = None
    if found is None and shutil.which("nvidia-smi"):
        command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        found = re.match(r"(\d+\.[\d.]+)", processes.run(command, 20).output)
    return found.group(1) if found else "version unknown"


def find_sanitizer():
    found = shutil.which("compute-sanitizer")
    places = [os.environ.get("CUDA_HOME") or "/usr/local/cuda", "/usr/local/cuda", "/opt/cuda"]
    for path in (
        f"{place}/{part}" for place in places for part in ("bin", "compute-sanitizer", "extras/compute-sanitizer")
    ):
        if found is None and os.access(f"{path}/compute-sanitizer", os.X_OK):
            found = f"{path}/compute-sanitizer"
    return found
