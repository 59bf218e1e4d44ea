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

# A module of two results, written here.
two_results_type = "tt_status(tt_module*, tt_tensor* const*, size_t, tt_tensor**, size_t, size_t*, void*)"


@ffi.callback(two_results_type)
def two_results(module, inputs, count, outputs, capacity, output_count, user):
    output_count[0] = 2
    status = tt.tt_neg(inputs[0], outputs)
    return status if status != tt.TT_OK else tt.tt_mul_scalar(inputs[0], 3.0, outputs + 1)


callbacks = ffi.new("tt_module_callbacks *")
check(tt.tt_module_callbacks_init(ffi.sizeof("tt_module_callbacks"), callbacks))
name = ffi.new("char[]", b"Two")
callbacks.type_name = name
callbacks.forward = two_results
made = ffi.new("tt_module **")
check(tt.tt_nn_module_new(callbacks, made))
module = ffi.gc(made[0], tt.tt_module_release)
outs, count = ffi.new("tt_tensor *[4]"), ffi.new("size_t *")
check(tt.tt_module_forward_multi(module, ffi.new("tt_tensor *[]", [w.handle]), 1, outs, 4, count))
results = [Tensor(outs[i]) for i in range(count[0])]
assert [round(r.item(), 3) for r in results] == [-2.0, 6.0], [r.item() for r in results]

# An optimizer whose options are asked for, and a step with a closure.
made = ffi.new("tt_optimizer **")
check(tt.tt_optim_sgd_new(ffi.new("tt_tensor *[]", [w.handle]), 1, ffi.NULL, made))
sgd = ffi.gc(made[0], tt.tt_optimizer_release)
check(tt.tt_optimizer_option_count(sgd, count))
kinds, option, kind = {}, ffi.new("char **"), ffi.new("tt_option_kind *")
for i in range(count[0]):
    check(tt.tt_optimizer_option_name(sgd, i, ffi.cast("const char **", option)))
    check(tt.tt_optimizer_option_kind(sgd, i, kind))
    kinds[ffi.string(option[0]).decode()] = kind[0]
assert kinds["lr"] == tt.TT_OPTION_REAL and kinds["nesterov"] == tt.TT_OPTION_BOOLEAN, kinds


@ffi.callback("tt_status(tt_tensor**, void*)")
def squared(loss, user):
    status = tt.tt_mul(w.handle, w.handle, loss)
    return status if status != tt.TT_OK else tt.tt_backward(loss[0])


check(tt.tt_optimizer_set_lr(sgd, -1, 0.25))
loss = call(tt.tt_optimizer_step_closure, sgd, squared, ffi.NULL)
assert abs(loss.item() - 4.0) < 1e-4 and abs(w.item() - 1.0) < 1e-4, (loss.item(), w.item())

try:
    call(tt.tt_mm, x, y)
except RuntimeError as error:
    assert str(error) == "tt_mm: input and mat2 shapes cannot be multiplied (3x1 and 3x1)", error
else:
    raise AssertionError("tt_mm took shapes that do not match")
print(f"w = {w.item():.6f}")
