#!/usr/bin/env python3
"""api/generate.py finds lines and declarations that do not agree, and says what is wrong."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "api"))
import generate  # noqa: E402


def check_with(change):
    """What the check says of ops.txt after a change of its lines' text."""
    api, ops = generate.read_headers(), generate.read_ops()
    lines = change([op.schema + " | " + " ".join(
        key if value == "" else f'{key}="{value}"' for key, value in op.keys.items()) for op in ops])
    ops = [generate.Op(line) for line in lines]
    try:
        generate.check(api, ops)
    except generate.Wrong as error:
        return str(error)
    return ""


def replaced(old, new):
    def change(lines):
        assert any(old in line for line in lines), old
        return [line.replace(old, new) for line in lines]
    return change


def says(change, text):
    said = check_with(change)
    assert text in said, f"expected '{text}' in '{said}'"


assert check_with(lambda lines: lines) == ""
says(lambda lines: [line for line in lines if not line.startswith("erf(")], "tt_erf (pointwise.h) has no line")
says(lambda lines: lines + ["nothing(Tensor input) -> Tensor"], "no header declares tt_nothing")
says(replaced("glu(Tensor input, int dim=-1)", "glu(Tensor input, float dim=-1)"), "'float dim' is 'int64_t' in C")
says(replaced("glu(Tensor input, int dim=-1)", "glu(Tensor input)"), "'int64_t dim' has no argument")
says(replaced("glu(Tensor input, int dim=-1)", "glu(Tensor input, int dim=-1, int more=0)"), "no parameter for more")
says(replaced("equal(Tensor input, Tensor other) -> bool", "equal(Tensor input, Tensor other) -> Tensor"),
     "it returns Tensor, the C function bool")
says(replaced("erf_(Tensor(a!) input)", "erf_(Tensor input)"), "'Tensor input' is 'tt_tensor*' in C")
says(replaced("pad_mode mode=constant", "reduce mode=sum"), "'reduce mode' is 'tt_pad_mode' in C")
for line, text in [("erf Tensor", "it is not 'name"), ("erf(Tensor input) -> Tensor | colour=red", "'colour' is no key"),
                   ("erf(Tensor input) -> Tensor | autocast=up", "autocast=up")]:
    try:
        generate.Op(line)
        raise AssertionError(line)
    except generate.Wrong as error:
        assert text in str(error), str(error)
