"""Tests TinyTorch on this machine's first NVIDIA GPU and measures it, the most telling first:

  card        the card, its driver, and the libraries that are needed
  first       a first tensor on the device
  basics      pointwise ops, reductions, matrix products and convolutions against the CPU's
  lesson14    training steps of lesson 14's network: eager, then captured into a graph
  suite       all other tests of the device, the lessons and the demo
  sanitizers  memcheck, racecheck and initcheck on a quick part of them, where compute-sanitizer is installed
  benchmarks  bench/compare, beside PyTorch where the Python has it
  airbench    CIFAR-10's training, where time is left

Every program has a time limit, and what it is found to be is written at once, to gpu-results.md, .json and .log. One
that crashes or hangs is noted, and the run goes on. A step may take the time that those before it left.

The exit status is 0 where nothing failed, 1 where a test did, 2 for wrong usage, and 77 where nothing could be tested:
no driver, no device, or a library missing.
"""

import argparse
import concurrent.futures
import datetime
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time

import processes
from figures import Figures
from libraries import Libraries
from machine import commit, driver_version, find_sanitizer, machine
from processes import CRASHED, CUT, FAILED, FAULTS, HUNG, MISSING, PASSED, SKIPPED
from report import Report

HERE = os.path.dirname(os.path.abspath(__file__))
# Seconds of the whole run, and of the quick one.
STEPS = {
    "card": (20, 15),
    "first": (15, 10),
    "basics": (45, 30),
    "lesson14": (25, 20),
    "suite": (110, 45),
    "sanitizers": (70, 30),
    "benchmarks": (145, 30),
    "airbench": (50, 0),
}
WHOLE, QUICK = (sum(seconds[i] for seconds in STEPS.values()) for i in range(2))
IDLE = 20  # seconds without output, on a device, after which a test is hung
BASICS = ("device.Pointwise", "device.Reduce", "device.Gemm", "device.Conv_channels_last", "device.Conv_gather")
LESSON = ("lesson_14_cifar_lenet", "graph")
# Of the rest, what is likeliest to be wrong first; the largest last.
EARLY = ("device.Fault", "device.Precision", "device.Training", "device.Order", "device.Index", "device.Random")
EARLY += ("device.Streams", "streams", "capi", "digits", "parity.runs")
LATE = ("airbench", "device.Large")
# Under the sanitizers: kernels with shared memory and barriers, what streams and graphs do; small.
SANITIZED = "DeviceTraining.*:DeviceFault.*:DeviceReduce.*:DeviceIndex.*:DeviceOrder.*:DevicePrecision.*:DeviceGemm.*"
# What a plug-in may say that is no fault of its own.
LACKS = re.compile(
    r"cannot open shared object file|version `\S+' not found|driver is too old|no code for the devices|"
    r"no NVIDIA driver|no CUDA device"
)
SANITIZER_STATUS = 86
SANITIZER_LACKS = re.compile(
    r"Device not supported|not supported on this|Unable to find .* injection|Target .* not supported"
)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="run.sh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"the most telling part, within {QUICK} s")
    parser.add_argument(
        "--limit", metavar="S", type=float, help=f"seconds for everything (default: {WHOLE}; quick: {QUICK})"
    )
    parser.add_argument("--steps", metavar="LIST", help=f"only these: {','.join(STEPS)}")
    parser.add_argument("--tests", metavar="REGEX", help="of basics, lesson14 and suite only tests with such a name")
    parser.add_argument("--out", metavar="DIR", default=".", help="where to write (default: the current folder)")
    parser.add_argument(
        "--idle", metavar="S", type=float, help=f"a test is hung after S seconds without output (default: {IDLE})"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, help="tests of the suite at once (default: 4 with 8 cores, else 1)"
    )
    parser.add_argument(
        "--python", metavar="PATH", default=sys.executable, help="the Python with PyTorch (default: this)"
    )
    parser.add_argument(
        "--data", metavar="DIR", help="CIFAR-10's binary version, for airbench (default: made-up images)"
    )
    parser.add_argument("--sanitizer", metavar="PATH", help="compute-sanitizer, where it is not on the path")
    parser.add_argument(
        "--emulated", action="store_true", help="on the emulated device, which computes on the CPU, slowly"
    )
    parser.add_argument("--source", help=argparse.SUPPRESS)
    parser.add_argument("--build", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.source = os.path.abspath(options.source or os.path.join(HERE, "..", ".."))
    options.build = os.path.abspath(options.build or os.path.join(options.source, "build"))
    chosen = options.steps.split(",") if options.steps else list(STEPS)
    for step in chosen:
        if step not in STEPS:
            parser.error(f"there is no step '{step}'; there are: {', '.join(STEPS)}")
    # Without the card's step nothing is known of the libraries.
    options.steps = [step for step in STEPS if step in chosen or step == "card"]
    if options.limit is not None and not 1 <= options.limit <= 1e6:
        parser.error("--limit is from 1 to 1000000")
    if options.jobs is not None and not 1 <= options.jobs <= 64:
        parser.error("--jobs is from 1 to 64")
    if options.idle is not None and not 0.1 <= options.idle <= 1e6:
        parser.error("--idle is from 0.1 to 1000000")
    options.limit = options.limit or (QUICK if options.quick else WHOLE)
    if options.jobs is None:
        options.jobs = 4 if len(os.sched_getaffinity(0)) >= 8 and not options.emulated else 1
    return options


class Nothing(Exception):
    """Nothing can be tested here; `status`: run.sh's."""

    def __init__(self, why, status=77):
        super().__init__(why)
        self.status = status


class Run(Figures):
    def __init__(self, options):
        self.options = options
        self.begin = time.monotonic()
        self.report = Report(options.out)
        self.lock = threading.Lock()
        self.work = tempfile.mkdtemp(prefix="tinytorch-gpu-")
        self.card = {}
        self.list = read_list(options)
        self.libraries = Libraries(os.path.join(options.source, "lib"), options.python)
        plugin = "tests/cuda/cuda_emulated.so" if options.emulated else "libtinytorch_cuda.so"
        self.environment = {
            **os.environ,
            "TINYTORCH_CUDA_LIBRARY": os.path.join(options.build, plugin),
            "TINYTORCH_PARITY_VECTORS": os.path.join(options.source, "tests/parity/vectors"),
        }
        self.programs = {program for test in self.list["tests"] for program in test["programs"]}
        self.lacking = {}  # program: libraries
        self.over = ""  # why nothing more is run
        # A program may be silent for longer where there is more time for all, and on the emulated device.
        self.patience = max(1, options.limit / WHOLE) * (20 if options.emulated else 1)
        if options.idle:
            self.patience = 1
        options.idle = options.idle or IDLE

    def program(self, name):
        path = os.path.join(self.options.build, name)
        self.programs.add(path)
        return path

    def step_end(self, step):
        """When it must be done, in seconds from the beginning."""
        steps = self.options.steps
        times = [STEPS[one][self.options.quick] for one in steps]
        return self.options.limit * sum(times[: steps.index(step) + 1]) / sum(times)

    def left(self, step):
        return self.begin + self.step_end(step) - time.monotonic()

    # --- one program ---

    def entry(self, *arguments):
        with self.lock:
            self.report.entry(*arguments)
            self.report.write()

    def start(self, name, command, limit, idle=None):
        ended = processes.run(command, limit, idle, self.libraries.environment(self.environment), self.work)
        with self.lock:
            self.report.keep(name, command, ended.output)
        return ended

    def what(self, ended):
        """A program that was ended because all is over is to blame for nothing."""
        what, why = ended.what()
        return (CUT, self.over) if self.over and what in (CRASHED, HUNG) else (what, why)

    def lacks(self, command):
        """Why a command's programs cannot be started, or nothing."""
        for program in self.programs.intersection(command):
            if not os.path.isfile(program):
                return f"there is no {program}"
            if program not in self.lacking:
                self.lacking[program] = self.libraries.lacks(program, self.environment) if is_elf(program) else []
            if self.lacking[program]:
                return f"it needs {self.missing_text(self.lacking[program])}"
        return ""

    def test(self, step, name, command, idle=None, judge=None, share=1.0):
        """Runs a program and notes what became of it: returns that, and its output. `judge` may give a result and a
        reason for an output. `share`: how much of the time that its step has left it may take."""
        idle = (idle or self.options.idle) * self.patience
        if self.over or self.left(step) < 1:
            self.entry(step, name, CUT, self.over or processes.TIME_UP)
            return CUT, ""
        with self.lock:
            lacking = self.lacks(command)
        if lacking:
            self.entry(step, name, MISSING, lacking)
            return MISSING, ""
        end = time.monotonic() + self.left(step) * share
        if processes.is_googletest(command):
            self.googletest(step, name, command, end, idle)  # its tests have entries of their own
            return "", ""
        ended = self.start(name, command, end - time.monotonic(), idle)
        what, why = self.what(ended)
        if what == PASSED and judge:
            what, why = judge(ended.output) or (what, why)
        self.entry(step, name, what, why, ended.seconds, ended.output)
        if what in (CRASHED, HUNG) or (what == FAILED and processes.STICKY.search(ended.output)):
            self.look_after_card(step)
        return what, ended.output

    def tests(self, step, tests, jobs=1):
        def one(number):
            # One that does not end must leave time for those that follow.
            follow = len(tests) - jobs - number
            share = 1 if follow <= 0 else 0.5 if follow <= 5 else 0.25
            self.test(step, tests[number]["name"], tests[number]["command"], share=share)

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            try:
                list(pool.map(one, range(len(tests))))
            except KeyboardInterrupt:
                self.over = "the run was interrupted"
                processes.end_all()
                raise

    def googletest(self, step, name, command, end, idle):
        environment = self.libraries.environment(self.environment)
        ended_badly = False
        for test, what, why, seconds, output in processes.run_googletest(
            command, lambda: end - time.monotonic(), idle, environment, self.work
        ):
            full = f"{name} {test}" if test else name
            if self.over and what in (CRASHED, HUNG):
                what, why = CUT, self.over
            with self.lock:
                self.report.keep(f"{full}: {what}", command, output)
                self.report.entry(step, full, what, why, seconds, output)
            ended_badly = ended_badly or what in (CRASHED, HUNG) or (what == FAILED and processes.STICKY.search(output))
        with self.lock:
            self.report.write()
        if ended_badly:
            self.look_after_card(step)

    def look_after_card(self, step):
        """Whether a new process can still use the device. After a fault of one, the others may not be to blame."""
        for _ in range(2):
            if self.over or self.start("the device, after a fault", self.first_tensor(), 20).status == 0:
                return
        self.over = "the device answers no more"
        self.entry(step, "the device, after a fault", FAILED, "a new process cannot use the device any more")

    def first_tensor(self):
        return [self.program("bench/startup_run"), "--device", "cuda", "--report"]

    # --- the steps ---

    def step_card(self, step):
        report, options = self.report, self.options
        report.fact("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"))
        report.fact("machine", machine())
        report.fact("TinyTorch", f"{self.list['version']}, {self.list['commit']}, built by {self.list['built']}")
        if options.emulated:
            report.fact("card", "the emulated device: the CPU computes, and no time means anything")
        else:
            self.libraries.add_driver()
            self.probe(step)
        self.find_libraries(step)

    def probe(self, step):
        if shutil.which("nvidia-smi"):
            self.start("nvidia-smi", ["nvidia-smi"], 20)  # for the log
        ended = self.start("card.py", [sys.executable, "-B", os.path.join(HERE, "card.py")], max(20, self.left(step)))
        try:
            card = json.loads(ended.output.strip().splitlines()[-1])
        except (IndexError, ValueError):
            raise Nothing(f"no answer from the driver ({' '.join(ended.what())})") from None
        if "missing" in card:
            raise Nothing(card["missing"])
        self.card = card
        self.report.data["card"] = card
        self.report.fact("driver", f"{driver_version()}, for CUDA {card['driver_cuda']}")
        capability = ".".join(map(str, card["capability"]))
        self.report.fact(
            "card",
            f"{card['name']}, compute capability {capability}, {card['multiprocessors']} multiprocessors at up to "
            f"{1e-6 * card['clock_hz']:.0f} MHz, {1e-9 * card['memory_bytes']:.0f} GB; "
            f"{card['devices']} in the machine",
        )
        if "trouble" in card:
            self.entry(
                step, "a copy by the driver alone", FAILED, f"{card['trouble']}: the card or its driver, not TinyTorch"
            )
        else:
            self.entry(step, "a copy by the driver alone", PASSED, "", ended.seconds)

    def find_libraries(self, step):
        """Until the plug-in loads, or lacks what is not there."""
        reason_program = self.program("tests/backend/plugin_reason")
        lacking = self.lacks([reason_program])
        if lacking:
            raise Nothing(f"the program that loads the plug-in: {lacking}")
        for _ in range(20):
            ended = self.start("plugin_reason", [reason_program], 60)
            found = re.search(r"^(\d+) devices: (.*)", ended.output, re.MULTILINE)
            if found is None:
                self.entry(step, "the plug-in loads", *ended.what(), ended.seconds, ended.output)
                raise Nothing("the program that loads the plug-in fails", 1)
            if found.group(1) != "0":
                self.entry(step, "the plug-in loads", PASSED, "", ended.seconds)
                return
            if not self.libraries.next_for(found.group(2)):
                break
        reason = re.sub(r"^no CUDA backend: (TINYTORCH_CUDA_LIBRARY=.*?\.so: )?", "", found.group(2))
        if not LACKS.search(reason):
            self.entry(step, "the plug-in loads", FAILED, reason, ended.seconds, ended.output)
            raise Nothing(reason, 1)
        more = "; ".join(f"{name}: {why}" for name, why in self.libraries.missing.items())
        raise Nothing(reason + (f" ({more})" if more else ""))

    def missing_text(self, names):
        return ", ".join(f"{name} ({self.libraries.missing.get(name, 'it is not installed')})" for name in names)

    def step_first(self, step):
        def judge(output):
            try:
                mapped = json.loads(output.strip().splitlines()[-1])["mapped"]
            except (IndexError, ValueError, KeyError):
                return FAILED, "it reports nothing"
            names = {os.path.realpath(path) for path in mapped}
            cublas = [path for path in names if re.match(r"libcublas\.so", os.path.basename(path))]
            if cublas:
                self.report.fact("cuBLAS", cublas[0])
            return None

        begin = time.monotonic()
        if self.test(step, "a first tensor", self.first_tensor(), 30, judge)[0] == PASSED:
            cold = time.monotonic() - begin
            begin = time.monotonic()
            if self.start("a first tensor, again", self.first_tensor(), 30).status == 0:
                warm = time.monotonic() - begin
                self.report.figure(
                    "Start",
                    f"From a process's start to a first tensor on the device: {cold:.2f} s, and again {warm:.2f} s.",
                )

    def chosen(self, names=None, without=()):
        """From the list, by their names' beginnings and in their order; those that the device is too slow for, and
        those that are not asked for, left out."""
        tests = [test for test in self.list["tests"] if test["emulated"] or not self.options.emulated]
        if self.options.tests:
            tests = [test for test in tests if re.search(self.options.tests, test["name"])]
        if names is not None:
            return [test for name in names for test in tests if test["name"] == name]
        rest = [test for test in tests if test["name"] not in without]

        def place(test):
            if test["name"].startswith(LATE):
                return len(EARLY) + 1 + LATE.index(next(late for late in LATE if test["name"].startswith(late)))
            return EARLY.index(test["name"]) if test["name"] in EARLY else len(EARLY)

        return sorted(rest, key=place)

    def step_basics(self, step):
        self.tests(step, self.chosen(BASICS))

    def step_lesson14(self, step):
        if not self.options.tests:
            self.lesson14_steps(step)
        self.tests(step, self.chosen(LESSON))

    def lesson14_steps(self, step):
        """The first loss is the CPU's, and training makes it smaller."""
        batch = "2" if self.options.emulated else "64"
        command = [self.program("bench/workloads_run"), "lenet", "0.01", "--batch", batch]
        ended = self.start("lenet on the CPU", command, min(60, self.left(step)))
        try:
            want = json.loads(ended.output.strip().splitlines()[-1])["first_loss"]
        except (IndexError, ValueError, KeyError):
            self.entry(step, "steps of lesson 14 on the CPU", *ended.what(), ended.seconds, ended.output)
            return

        def judge(output):
            got = json.loads(output.strip().splitlines()[-1])
            if abs(got["first_loss"] - want) > 1e-4 * abs(want):
                return FAILED, f"the first loss is {got['first_loss']}, the CPU's {want}"
            if not got["last_loss"] < got["first_loss"]:
                return FAILED, f"training took the loss from {got['first_loss']} to {got['last_loss']}"
            return None

        for name, more in (("eager", []), ("captured", ["--captured"])):
            command_here = [*command, "--device", "cuda", *more]
            self.test(step, f"steps of lesson 14, {name}", command_here, judge=judge, share=0.5)

    def step_suite(self, step):
        self.tests(step, self.chosen(without=(*BASICS, *LESSON)), self.options.jobs)

    def step_sanitizers(self, step):
        program = self.options.sanitizer or (None if self.options.emulated else find_sanitizer())
        tools = ("memcheck", "racecheck", "initcheck")
        if program is None:
            why = (
                "it cannot follow the emulated device"
                if self.options.emulated
                else "compute-sanitizer is not installed"
            )
            for tool in tools:
                self.entry(step, tool, SKIPPED, why)
            return
        begin = self.left(step)
        for number, tool in enumerate(tools):
            parts = (
                ("streams", [self.program("tests/cuda/cuda_streams")]),
                ("kernels", [self.program("tests/cuda/cuda_device_tests"), f"--gtest_filter={SANITIZED}"]),
                ("graph", [self.program("tests/capi_graph"), "cuda"]),
            )
            for name, command in parts[: 2 if self.options.quick else 3]:
                # What is left, shared by the tools that are left.
                share = self.left(step) - begin * (len(tools) - 1 - number) / len(tools)
                # Calls that fail on purpose are checked by the tests themselves.
                more = ["--report-api-errors", "no"] if tool == "memcheck" else []
                self.sanitize(step, f"{tool}: {name}", [program, "--tool", tool, *more], command, share)

    def sanitize(self, step, name, tool, command, limit):
        if self.over or limit < 1:
            self.entry(step, name, CUT, self.over or processes.TIME_UP)
            return
        with self.lock:
            lacking = self.lacks(command)
        if lacking:
            self.entry(step, name, MISSING, lacking)
            return
        ended = self.start(
            name, [*tool, "--error-exitcode", str(SANITIZER_STATUS), "--print-limit", "20", *command], limit
        )
        what, why = self.what(ended)
        sums = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: (.*)", ended.output)
        found = [text for text in sums if not text.startswith("0 ")]
        done = sum(result == PASSED for result, _, _ in processes.googletest_results(ended.output).values())
        if SANITIZER_LACKS.search(ended.output):
            what, why = SKIPPED, "compute-sanitizer cannot follow this device"
        elif (
            found
            or ended.status == SANITIZER_STATUS
            or re.search(r"^=+ (Invalid|Uninitialized|Error: Race)", ended.output, re.M)
        ):
            what, why = FAILED, "; ".join(found) or "it found errors before its end"
        elif what in (HUNG, CUT):
            what, why = CUT, f"{processes.TIME_UP}; clean until then{f', after {done} tests' if done else ''}"
        elif what == PASSED and not sums:
            what, why = FAILED, "no summary from compute-sanitizer"
        self.entry(step, name, what, why, ended.seconds, sanitizer_lines(ended.output))
        if what in FAULTS:
            self.look_after_card(step)

    # --- all of it ---

    def go(self):
        report = self.report
        try:
            for step in self.options.steps:
                self.guarded(step)
            report.state = "the run came to its end"
        except Nothing as error:
            report.state = f"nothing could be tested: {error}"
            print(f"run.sh: {report.state}", file=sys.stderr)
            return error.status
        except KeyboardInterrupt:
            report.state = "the run was interrupted"
            return 1
        finally:
            processes.end_all()
            report.state += f"; it took {time.monotonic() - self.begin:.0f} s of {self.options.limit:.0f}"
            report.write()
            shutil.rmtree(self.work, ignore_errors=True)
        if not any(entry["step"] not in ("card",) and entry["result"] == PASSED for entry in report.entries):
            return 1 if report.count(*FAULTS) else 77
        return 1 if report.count(*FAULTS) else 0

    def guarded(self, step):
        """A mistake in a step is no end of the run, either."""
        try:
            getattr(self, "step_" + step)(step)
        except (Nothing, KeyboardInterrupt):
            raise
        except Exception as error:  # whatever a broken machine may bring
            self.entry(step, "the step itself", FAILED, f"{type(error).__name__}: {error}")


def read_list(options):
    """device_tests.json with this machine's paths; the commit, from the pack or from git."""
    path = os.path.join(options.build, "device_tests.json")
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError) as error:
        sys.exit(f"run.sh: cannot read {path}: {error}")
    content.setdefault("commit", commit(options.source))
    for test in content["tests"]:
        for key in ("command", "programs"):
            test[key] = [
                word.replace("@BUILD@", options.build).replace("@SOURCE@", options.source) for word in test[key]
            ]
    return content


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def sanitizer_lines(output):
    lines = [line for line in output.splitlines() if line.startswith("=====")]
    return "\n".join(lines or output.splitlines())


def main():
    options = parse(sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash next to a device's memory would leave huge files

    def stop(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        run = Run(options)
    except OSError as error:
        sys.exit(f"run.sh: cannot write to {options.out}: {error}")
    status = run.go()
    report = run.report
    counts = [
        f"{report.count(result)} {result}"
        for result in (PASSED, *FAULTS, SKIPPED, MISSING, CUT)
        if report.count(result)
    ]
    print(f"{', '.join(counts) or 'no tests'}; {report.state}; {report.markdown}")
    return status


if __name__ == "__main__":
    sys.exit(main())
