"""What the first NVIDIA GPU is and can do, asked of its driver alone: nothing of TinyTorch or of the CUDA toolkit.

usage: card.py [--architecture]

Prints a line of JSON; with --architecture, the compute capability as CMake writes it (90). Where there is no GPU the
exit status is 77, and the JSON's "missing", or standard error, says why.
"""

import ctypes
import json
import statistics
import sys

MAJOR, MINOR, MULTIPROCESSORS, CLOCK, MEMORY_CLOCK, BUS_WIDTH, L2 = 75, 76, 16, 13, 36, 37, 38
NO_DEVICE = 100
# By compute capability, of one multiprocessor in a clock, as the vendor's documents have it: multiply-adds of float32,
# and of bfloat16 with sums in float32 on tensor cores. TF32's are half of those.
MULTIPLY_ADDS = {
    (7, 5): (64, None),
    (8, 0): (64, 1024),
    (8, 6): (128, 256),
    (8, 9): (128, 256),
    (9, 0): (128, 2048),
    (10, 0): (128, 4096),
    (12, 0): (128, 256),
}


class Missing(Exception):
    """There is no GPU, or none that answers."""


class Driver:
    def __init__(self):
        try:
            self.library = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise Missing(f"there is no NVIDIA driver ({error})") from None
        status = self.library.cuInit(0)
        if status == NO_DEVICE:
            raise Missing("the NVIDIA driver finds no device")
        self.check("cuInit", status)

    def check(self, name, status):
        if status != 0:
            text = ctypes.c_char_p()
            self.library.cuGetErrorString(status, ctypes.byref(text))
            raise Missing(f"{name} fails with {status}: {(text.value or b'unknown error').decode()}")

    def call(self, name, *arguments):
        self.check(name, getattr(self.library, name)(*arguments))

    def number(self, name, kind, *arguments):
        """The number that a call puts where its first argument points."""
        out = kind()
        self.call(name, ctypes.byref(out), *arguments)
        return out.value


def copy_rate(driver, device):
    """Bytes a second that copies inside the device's memory read and write, in the median of ten."""
    context = ctypes.c_void_p()
    driver.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    driver.call("cuCtxSetCurrent", context)
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    driver.call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
    size = ctypes.c_size_t(min(1 << 30, free.value // 8))
    source = ctypes.c_uint64(driver.number("cuMemAlloc_v2", ctypes.c_uint64, size))
    target = ctypes.c_uint64(driver.number("cuMemAlloc_v2", ctypes.c_uint64, size))
    begin, end = ctypes.c_void_p(), ctypes.c_void_p()
    for event in (begin, end):
        driver.call("cuEventCreate", ctypes.byref(event), 0)
    driver.call("cuMemsetD8_v2", source, ctypes.c_ubyte(0x5A), size)
    times = []
    for _ in range(13):
        driver.call("cuEventRecord", begin, None)
        driver.call("cuMemcpyDtoDAsync_v2", target, source, size, None)
        driver.call("cuEventRecord", end, None)
        driver.call("cuEventSynchronize", end)
        milliseconds = ctypes.c_float()
        driver.call("cuEventElapsedTime", ctypes.byref(milliseconds), begin, end)
        times.append(1e-3 * milliseconds.value)
    return 2 * size.value / statistics.median(times[3:])


def architecture(driver, device):
    return tuple(driver.number("cuDeviceGetAttribute", ctypes.c_int, which, device) for which in (MAJOR, MINOR))


def probe(driver):
    device = driver.number("cuDeviceGet", ctypes.c_int, 0)

    def attribute(which):
        try:
            return driver.number("cuDeviceGetAttribute", ctypes.c_int, which, device)
        except Missing:
            return 0

    name = ctypes.create_string_buffer(256)
    driver.call("cuDeviceGetName", name, 256, device)
    version = driver.number("cuDriverGetVersion", ctypes.c_int)
    capability = architecture(driver, device)
    multiprocessors, clock = attribute(MULTIPROCESSORS), 1e3 * attribute(CLOCK)
    out = {
        "name": name.value.decode(errors="replace"),
        "devices": driver.number("cuDeviceGetCount", ctypes.c_int),
        "driver_cuda": f"{version // 1000}.{version % 1000 // 10}",
        "capability": capability,
        "multiprocessors": multiprocessors,
        "clock_hz": clock,
        "memory_bytes": driver.number("cuDeviceTotalMem_v2", ctypes.c_size_t, device),
        "l2_bytes": attribute(L2),
        # Both edges of the memory's clock move data.
        "memory_rate": 2 * 1e3 * attribute(MEMORY_CLOCK) * attribute(BUS_WIDTH) / 8,
    }
    for kind, count in zip(("float32", "bfloat16"), MULTIPLY_ADDS.get(capability, (None, None))):
        out[f"{kind}_flops"] = 2 * count * multiprocessors * clock if count else 0
    out["tf32_flops"] = out["bfloat16_flops"] / 2
    # From here on the device works; what was learned so far is worth printing if it does not.
    try:
        out["copy_rate"] = copy_rate(driver, device)
    except Missing as error:
        out["trouble"] = str(error)
    return out


def main():
    try:
        driver = Driver()
        if sys.argv[1:] == ["--architecture"]:
            print("%d%d" % architecture(driver, driver.number("cuDeviceGet", ctypes.c_int, 0)))
        else:
            print(json.dumps(probe(driver)))
    except Missing as error:
        if sys.argv[1:] == ["--architecture"]:
            print(error, file=sys.stderr)
        else:
            print(json.dumps({"missing": str(error)}))
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
