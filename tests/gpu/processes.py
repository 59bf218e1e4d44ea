"""Runs programs that may crash or hang, and says what became of them."""

import os
import re
import signal
import subprocess
import tempfile
import threading
import time

PASSED, FAILED, CRASHED, HUNG = "passed", "failed", "crashed", "hung"
SKIPPED, MISSING, CUT = "skipped", "missing", "not run"
FAULTS = (FAILED, CRASHED, HUNG)  # of the product

NOT_LOADED = re.compile(r"error while loading shared libraries: (.*)|^.*version `\S+' not found .*", re.MULTILINE)
# After one of these a process's use of the device is over: whatever follows in it fails for no reason of its own.
STICKY = re.compile(
    r"illegal memory access|unspecified launch failure|misaligned address|illegal instruction|invalid program counter|"
    r"invalid address space|hardware stack error|device-side assert|launch timed out|ECC error"
)
LONGEST = 1 << 22  # bytes of output that are looked at
TIME_UP = "the time was up"

_running = set()
_lock = threading.Lock()


class Ended:
    """How a program ended: its status (negative: a signal's number), output, seconds; or why it was ended."""

    def __init__(self, status, output, seconds, stopped="", more=""):
        self.status, self.output, self.seconds, self.stopped, self.more = status, output, seconds, stopped, more

    def what(self):
        """The result, and the reason in a few words."""
        lines = self.output.strip().splitlines() or [""]
        if self.stopped:
            return self.stopped, self.more
        if self.status == 77:
            said = [line for line in lines if line.startswith("skipped")]
            return SKIPPED, re.sub(r"^skipped:? *", "", (said or lines)[-1])
        if self.status == 0:
            return PASSED, ""
        loader = NOT_LOADED.search(self.output)
        if loader and self.status in (1, 127):
            return MISSING, loader.group(1) or loader.group(0).strip()
        # A shell says 128 and the signal's number of what it ran.
        number = -self.status if self.status < 0 else self.status - 128
        if number in signal.valid_signals() and number > 0:
            return CRASHED, f"ended by {signal.Signals(number).name}"
        return FAILED, f"exit status {self.status}"


def end_all():
    with _lock:
        for group in _running:
            _kill(group)


def _kill(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def run(command, limit, idle=None, environment=None, folder=None):
    """Runs it in a process group of its own, and ends the whole group after `limit` seconds, or when it has printed
    nothing for `idle` seconds. Its output goes to a file: a grandchild that outlives it cannot keep us waiting."""
    begin = time.monotonic()
    idle = limit if idle is None else idle
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        except OSError as error:
            return Ended(127, f"error while loading shared libraries: {error}\n", 0)
        with _lock:
            _running.add(process.pid)
        stopped, more = "", ""
        try:
            stopped = _watch(process, output.fileno(), begin + limit, idle)
            more = {HUNG: f"no sign of life for {idle:.0f} s", CUT: TIME_UP}.get(stopped, "")
        finally:
            _kill(process.pid)
            try:
                process.wait(10)  # one that waits for a dead device may not end at all
            except subprocess.TimeoutExpired:
                more += ", and it cannot be ended"
            with _lock:
                _running.discard(process.pid)
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - LONGEST))
        text = output.read().decode(errors="replace")
    return Ended(None if stopped else process.returncode, text, time.monotonic() - begin, stopped, more)


def _watch(process, output, end, idle):
    """Waits for the process: "", or what became of it where it must be ended."""
    size, changed, pause = 0, time.monotonic(), 0.005
    while True:
        try:
            process.wait(pause)
            return ""
        except subprocess.TimeoutExpired:
            pause = min(2 * pause, 0.2)
        now, before, size = time.monotonic(), size, os.fstat(output).st_size
        if size != before:
            changed = now
        if now - changed >= idle:
            return HUNG
        if now >= end:
            return CUT


# --- GoogleTest ---

GOOGLETEST_LINE = re.compile(r"\[ +(RUN|OK|FAILED|SKIPPED) +\] (\S+?)(?: \((\d+) ms\))?$", re.MULTILINE)


def is_googletest(command):
    return any(word.startswith("--gtest_") for word in command)


def googletest_results(text):
    """What became of each test of a program, in their order: its output and seconds; "run" for one that did not end."""
    results, name, begin = {}, None, 0
    for match in GOOGLETEST_LINE.finditer(text):
        kind, test, milliseconds = match.groups()
        if kind == "RUN":
            name, begin = test, match.end()
            results[name] = ("run", text[begin:], 0)
        elif test == name and milliseconds:
            result = {"OK": PASSED, "FAILED": FAILED, "SKIPPED": SKIPPED}[kind]
            results[name] = (result, text[begin : match.start()], 1e-3 * int(milliseconds))
            name = None
    return results


def run_googletest(command, seconds_left, idle, environment=None, folder=None, most_starts=6):
    """Runs a GoogleTest program, again without them after tests that end it or that spoil the device for the rest.
    Yields (test, result, reason, seconds, output), and (None, ...) for what concerns the program. `seconds_left()` says
    how long it may go on; `idle` as for run()."""
    chosen = next((word.split("=", 1)[1] for word in command if word.startswith("--gtest_filter=")), "*")
    plain = [word for word in command if not re.match("--gtest_(brief|filter)=", word)]
    done = []
    for _ in range(most_starts):
        if seconds_left() < 1:
            yield None, CUT, TIME_UP, 0, ""
            return
        without = f":-{':'.join(done)}" if done else ""
        ended = run([*plain, f"--gtest_filter={chosen}{without}"], seconds_left(), idle, environment, folder)
        what, why = ended.what()
        results = googletest_results(ended.output)
        if what == PASSED and not results and not done:
            what, why = FAILED, "it has no such test"
        spoilt = False
        for test, (result, output, seconds) in results.items():
            done.append(test)
            last = output.strip().splitlines()[-1:]
            if result == "run":
                yield test, what, why, ended.seconds, output  # crashed, hung or cut
            else:
                yield test, result, last[0] if result == SKIPPED and last else "", seconds, output
            spoilt = result == FAILED and STICKY.search(output)
            if spoilt:
                break  # the rest again, in a process that can use the device
        if what == CUT and not spoilt:
            return
        all_ended = all(result != "run" for result, _, _ in results.values())
        if not spoilt and all_ended:
            failed = any(result == FAILED for result, _, _ in results.values())
            if what != PASSED and not (failed and what == FAILED):
                yield None, what, why, ended.seconds, ended.output  # before its first test, or at its end
            return
    yield None, CUT, f"started {most_starts} times without coming to its end", 0, ""
