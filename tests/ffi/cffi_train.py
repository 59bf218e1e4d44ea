"""The C API read by cffi from the headers as they are, and a line fitted through it.

usage: cffi_train.py LIBRARY INCLUDE_DIR C_COMPILER
"""
import subprocess
import sys

try:
    import cffi
except ImportError:
    print("skipped: the Python package cffi is not installed (Debian: python3-cffi)")
    sys.exit(77)

library, include, compiler = sys.argv[1:4]

# The preprocessor leaves declarations only; those of the system's headers are cffi's own.
text = subprocess.run(
    [compiler, "-E", "-P", "-I", include, "-x", "c", "-"],
    input='#include "tinytorch/tinytorch.h"\n', capture_output=True, text=True, check=True).stdout
start = text.index("typedef int32_t tt_status")
ffi = cffi.FFI()
ffi.cdef(text[start:])
tt = ffi.dlopen(library)


def check(status):
    if status != tt.TT_OK:
        raise RuntimeError(ffi.string(tt.tt_last_error()).decode())


class Tensor:
    def __init__(self, handle):
        self.handle = ffi.gc(handle, tt.tt_tensor_release)

    def item(self):
        out = ffi.new("double *")
        check(tt.tt_tensor_item(self.handle, out))
        return out[0]


def call(function, *arguments):
    out = ffi.new("tt_tensor **")
    check(function(*[a.handle if isinstance(a, Tensor) else a for a in arguments], out))
    return Tensor(out[0])


def from_list(values):
    data = ffi.new("float[]", values)
    return call(tt.tt_from_data, data, ffi.new("int64_t[]", [len(values), 1]), 2, tt.TT_FLOAT32)


x = from_list([1.0, 2.0, 3.0])
y = from_list([2.0, 4.0, 6.0])
w = call(tt.tt_zeros, ffi.new("int64_t[]", [1, 1]), 2, tt.TT_FLOAT32)
check(tt.tt_tensor_set_requires_grad(w.handle, 1))
for step in range(100):
    loss = call(tt.tt_mse_loss, call(tt.tt_mm, x, w), y, ffi.NULL)
    check(tt.tt_backward(loss.handle))
    grad = call(tt.tt_tensor_grad, w)
    before = ffi.new("int32_t *")
    check(tt.tt_set_grad_enabled(0, before))
    check(tt.tt_sub_(w.handle, call(tt.tt_mul_scalar, grad, 0.05).handle))
    check(tt.tt_set_grad_enabled(before[0], ffi.NULL))
    check(tt.tt_tensor_set_grad(w.handle, ffi.NULL))
assert abs(w.item() - 2.0) < 1e-5, w.item()

try:
    call(tt.tt_mm, x, y)
except RuntimeError as error:
    assert str(error) == "tt_mm: input and mat2 shapes cannot be multiplied (3x1 and 3x1)", error
else:
    raise AssertionError("tt_mm took shapes that do not match")
print(f"w = {w.item():.6f}")
