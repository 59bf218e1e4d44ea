#!/usr/bin/env python3
"""Counts the kernels that TinyTorch's workloads start on a GPU, by PyTorch's profiler, which sees the whole process.

usage: count_kernels.py LIBRARY NAME [SECONDS] --device cuda [OPTION VALUE]...

LIBRARY is workloads_library.so; the rest is workloads_run's. Prints a line of JSON: kernels_per_step, and kernel_us, the
microseconds of a step in which at least one of them runs; null where the profiler sees none. The few kernels that make
the network and the data are counted as well.
"""

import ctypes
import json
import os
import sys
import tempfile

import peers


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    library = ctypes.CDLL(os.path.abspath(sys.argv[1]))
    words = [b"workloads_run", *(word.encode() for word in sys.argv[2:])]
    arguments = (ctypes.c_char_p * (len(words) + 1))(*words, None)
    status = []

    def run():
        status.append(library.workloads_main(len(words), arguments))

    with tempfile.TemporaryFile() as output:
        sys.stdout.flush()
        stdout = os.dup(1)
        os.dup2(output.fileno(), 1)
        try:
            found = peers.profile_kernels(run)
            ctypes.CDLL(None).fflush(None)
        finally:
            os.dup2(stdout, 1)
        output.seek(0)
        text = output.read().decode()
    if status != [0]:
        print(f"workloads_run ended with status {status[0]}", file=sys.stderr)
        return 1
    steps = json.loads(text.strip().splitlines()[-1])["steps_done"]
    kernels, microseconds = (found[0] / steps, found[1] / steps) if found else (None, None)
    print(json.dumps({"kernels_per_step": kernels, "kernel_us": microseconds, "steps": steps}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
