"""What bench/compare runs programs with and writes its tables with."""

import json
import subprocess
import sys
import time


class Failed(Exception):
    pass


def output(command, timeout, accepted=(0,)):
    """The lines that a command prints, and its exit status."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end after {timeout:g} s") from None
    except OSError as error:
        raise Failed(str(error)) from None
    if done.returncode not in accepted:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Failed(lines[-1][:300])
    return done.stdout.strip().splitlines(), done.returncode


def run(command, timeout, accepted=(0,)):
    """The last line of a command's output, as JSON, and its exit status."""
    lines, status = output(command, timeout, accepted)
    try:
        return json.loads(lines[-1]), status
    except (IndexError, ValueError):
        raise Failed("no JSON in the output") from None


def run_lines(command, timeout):
    """The objects that a command prints as JSON, one a line."""
    lines, _ = output(command, timeout)
    try:
        return [json.loads(line) for line in lines]
    except ValueError:
        raise Failed("no JSON in the output") from None


def say(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def wall_time(command, timeout):
    begin = time.perf_counter()
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    end = time.perf_counter()
    if done.returncode != 0:
        raise Failed((done.stderr.decode(errors="replace").strip().splitlines() or ["failed"])[-1][:300])
    return end - begin


def seconds_text(microseconds):
    if microseconds is None:
        return "-"
    for unit, scale in (("ns", 1e-3), ("us", 1), ("ms", 1e3)):
        if microseconds < 1000 * scale:
            return f"{microseconds / scale:.3g} {unit}"
    return f"{microseconds / 1e6:.3g} s"


def bytes_text(count):
    if count is None:
        return "-"
    return f"{count / 1e6:.3g} MB" if count < 1e9 else f"{count / 1e9:.3g} GB"


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append("| " + " | ".join(cells) + " |")
        if number == 0:
            lines.append("|" + "|".join(("-" * (w + 1) + (":" if i else "-")) for i, w in enumerate(widths)) + "|")
    return "\n".join(lines)
