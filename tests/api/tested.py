#!/usr/bin/env python3
"""Every function of capi/symbols.txt is named by a test (C, C++ or Python; not by the C++ headers that tests include), or
in untested.txt, which only gets shorter: a name there that a test names now fails as well.

  tested.py           checks
  tested.py --update  takes from untested.txt what has tests by now
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def main(arguments):
    named = set()
    for path in sorted((ROOT / "tests").rglob("*")):
        if path.suffix in (".c", ".h", ".cpp", ".py"):
            named |= set(re.findall(r"\btt_\w+", path.read_text(errors="replace")))
    exported = set(re.findall(r"^(tt_\w+)", (ROOT / "capi/symbols.txt").read_text(), re.M))
    listed = re.findall(r"^tt_\w+", (HERE / "untested.txt").read_text(), re.M)
    if arguments == ["--update"]:
        head = re.findall(r"^#.*\n", (HERE / "untested.txt").read_text(), re.M)
        left = [name for name in listed if name in exported - named]
        (HERE / "untested.txt").write_text("".join(head) + "".join(name + "\n" for name in left))
        return
    problems = [f"no test names {name}" for name in sorted(exported - named - set(listed))]
    problems += [f"untested.txt lists {name}, which a test names: run tests/api/tested.py --update"
                 for name in listed if name in named]
    problems += [f"untested.txt lists {name}, which is no function of the library" for name in listed if name not in exported]
    if problems:
        raise SystemExit("\n".join(problems))


if __name__ == "__main__":
    main(sys.argv[1:])
