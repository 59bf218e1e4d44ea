"""bench/compare --device cuda: samples per second on a GPU, beside PyTorch."""

import json
import os
import statistics
import sys

from compare_tools import Failed, bytes_text, run, run_lines, say, seconds_text, table, wall_time

WORKLOADS = ("mlp", "lenet", "cnn")
PEERS = {"eager": "PyTorch eager", "compile": "PyTorch compiled", "graph": "PyTorch graph"}
PRECISIONS = ("float32", "tf32", "bfloat16")
OURS = {"tinytorch": "TinyTorch", "captured": "TinyTorch graph"}
DEVICE = ["--device", "cuda"]


class Programs:
    """The command lines of both sides."""

    def __init__(self, build, peers_script):
        self.build, self.peers_script = build, peers_script

    def workload(self, who, name, seconds, batch, precision):
        options = [name, str(seconds), *DEVICE, "--batch", str(batch), "--precision", precision]
        if who in OURS:
            return [os.path.join(self.build, "workloads_run"), *options, *(["--captured"] if who == "captured" else [])]
        return [*self.peers_script, "--peer", who, *options]

    def count_kernels(self, who, name, batch, precision):
        """TinyTorch's workload under PyTorch's profiler."""
        python, script = self.peers_script
        script = os.path.join(os.path.dirname(script), "count_kernels.py")
        library = os.path.join(self.build, "workloads_library.so")
        return [python, script, library, *self.workload(who, name, 0.05, batch, precision)[1:]]

    def startup(self, who, *rest):
        if who == "tinytorch":
            return [os.path.join(self.build, "startup_run"), *DEVICE, *rest]
        return [*self.peers_script, "--peer", who, "startup", *DEVICE, *rest]

    def kernels(self, precision):
        return [os.path.join(self.build, "kernels_run"), *DEVICE, "--precision", precision]

    def version(self, who):
        return [*self.peers_script, "--peer", who, "--version", *DEVICE]


def in_rounds(rounds, everyone, errors, label, measure):
    """measure(who) for everyone in turn, as often; who fails is left out from then on."""
    for number in range(rounds):
        for who in everyone:
            if who in errors:
                continue
            say(f"{label}: round {number + 1} of {rounds}: {who}")
            try:
                measure(who)
            except Failed as error:
                errors[who] = str(error)


def measure_workload(arguments, programs, everyone, name, batch, precision):
    runs, errors = {}, {}

    def measure(who):
        command = programs.workload(who, name, arguments.seconds, batch, precision)
        got, _ = run(command, arguments.timeout, (0, 4))
        if "error" in got:
            raise Failed(got["error"])
        runs.setdefault(who, []).append(got)

    in_rounds(arguments.rounds, everyone, errors, f"{name}, batch {batch}, {precision}", measure)
    median_us = {who: statistics.median(got["median_us"] for got in all_of) for who, all_of in runs.items()}
    kernels = {who: all_of[0].get("kernels_per_step") for who, all_of in runs.items()}
    busy = {who: all_of[0].get("gpu_busy") for who, all_of in runs.items()}
    for who in OURS:
        if who not in runs or all(other in OURS for other in everyone):
            continue
        try:
            counted, _ = run(programs.count_kernels(who, name, batch, precision), arguments.timeout)
            kernels[who] = counted["kernels_per_step"]
            if counted["kernel_us"] is not None:
                busy[who] = counted["kernel_us"] / median_us[who]
        except Failed as error:
            errors["kernels"] = str(error)
    return {
        "workload": name,
        "batch": batch,
        "precision": precision,
        "runs": runs,
        "errors": errors,
        "median_us": median_us,
        "samples_per_s": {who: 1e6 * batch / value for who, value in median_us.items()},
        # What a side does not know about itself is None.
        "kernels_per_step": kernels,
        "gpu_busy": busy,
    }


def measure_startup(arguments, programs, everyone):
    times, reports, errors = {}, {}, {}

    def measure(who):
        if who not in reports:  # and the files are in the page cache for all that follow
            reports[who] = run(programs.startup(who, "--report"), arguments.timeout)[0]
        for _ in range(5 if who == "tinytorch" else 1):
            times.setdefault(who, []).append(1e6 * wall_time(programs.startup(who), arguments.timeout))

    in_rounds(arguments.rounds, everyone, errors, "startup", measure)
    return {
        "errors": errors,
        "median_us": {who: statistics.median(values) for who, values in times.items()},
        "memory_bytes": {who: 1024 * got["peak_kb"] for who, got in reports.items()},
        "reports": reports,
    }


def measure_kernels(arguments, programs, precision):
    say(f"kernels, {precision}")
    entry = {"precision": precision, "kernels": [], "errors": {}}
    try:
        entry["kernels"] = run_lines(programs.kernels(precision), arguments.timeout)
    except Failed as error:
        entry["errors"]["tinytorch"] = str(error)
    return entry


def kernels_table(entries):
    """Products and convolutions: rate, and share of the large product's; what moves memory alone: its rate."""
    rows = [["kernel", *(f"{entry['precision']}: time, TFLOP/s, share" for entry in entries)]]

    def cell(k):
        if k is None:
            return "-"
        if "gbytes" in k:
            return f"{seconds_text(k['us'])}, {k['gbytes']:.4g} GB/s"
        return f"{seconds_text(k['us'])}, {1e-3 * k['gflops']:.3g}, {100 * k['share']:.0f} %"

    by_name = [{(k["name"], k["way"]): k for k in entry["kernels"]} for entry in entries]
    for name, way in dict.fromkeys(key for kernels in by_name for key in kernels):
        rows.append([f"{name} {way}", *(cell(kernels.get((name, way))) for kernels in by_name)])
    return table(rows)


def count_text(value):
    return "-" if value is None else f"{value:.4g}"


def rate_text(value):
    if value is None:
        return "-"
    for unit, scale in (("M", 1e6), ("k", 1e3)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value:.3g}"


def add_row(rows, label, entry, values, text, everyone, best, higher):
    """A row of everyone's value, and the advantage of TinyTorch's best over the best peer's."""
    cells = ["failed" if who in entry["errors"] else text(values.get(who)) for who in everyone]
    mine = [values[who] for who in everyone if who in OURS and values.get(who)]
    others = [values[who] for who in everyone if who not in OURS and values.get(who)]
    ratio = None
    if mine and others:
        ratio = max(mine) / max(others) if higher else min(others) / min(mine)
    rows.append([label, *cells, "-" if ratio is None else f"{ratio:.3g}x", *best])
    return ratio


def tables(result, everyone):
    titles = [{**OURS, **PEERS}[who] for who in everyone]
    rows = [["samples/s", *titles, "TinyTorch / best", "kernels", "GPU busy"]]
    for entry in result["workloads"]:
        label = f"{entry['workload']}, batch {entry['batch']}, {entry['precision']}"
        kernels = " / ".join(count_text(entry["kernels_per_step"].get(who)) for who in everyone)
        shares = [entry["gpu_busy"].get(who) for who in everyone]
        busy = " / ".join("-" if share is None else f"{100 * share:.0f} %" for share in shares)
        values = entry["samples_per_s"]
        entry["ratio"] = add_row(rows, label, entry, values, rate_text, everyone, [kernels, busy], True)
    parts = [table(rows)] if result["workloads"] else []
    if result["kernels"]:
        parts.append(kernels_table(result["kernels"]))
    if result["startup"]:
        entry = result["startup"]
        everyone = [who for who in everyone if who != "captured"]
        rows = [["start to first tensor", *({**OURS, **PEERS}[who] for who in everyone), "best / TinyTorch"]]
        entry["ratio"] = add_row(rows, "time", entry, entry["median_us"], seconds_text, everyone, [], False)
        add_row(rows, "peak memory", entry, entry["memory_bytes"], bytes_text, everyone, [], False)
        parts.append(table(rows))
    return parts


def compare(arguments, chosen, wanted, precisions, build, peers_script):
    programs = Programs(build, peers_script)
    result = {
        "device": "cuda",
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "peers": {},
        "missing": {},
        "workloads": [],
        "kernels": [],
        "startup": None,
    }
    for who in wanted:
        say(f"looking for {PEERS[who]}")
        try:
            result["peers"][who] = run(programs.version(who), arguments.timeout)[0]
        except Failed as error:
            result["missing"][who] = str(error)
    everyone = [*OURS, *result["peers"]] if arguments.captured else ["tinytorch", *result["peers"]]
    for name in chosen:
        if name == "startup":
            result["startup"] = measure_startup(arguments, programs, [who for who in everyone if who != "captured"])
            continue
        if name == "kernels":
            result["kernels"] = [measure_kernels(arguments, programs, precision) for precision in precisions]
            continue
        for batch in arguments.batch:
            for precision in precisions:
                entry = measure_workload(arguments, programs, everyone, name, batch, precision)
                result["workloads"].append(entry)
    say("")
    parts = tables(result, everyone)
    if arguments.json:
        text = json.dumps(result, indent=1) + "\n"
        if arguments.json == "-":
            sys.stdout.write(text)
        else:
            with open(arguments.json, "w", encoding="utf-8") as file:
                file.write(text)
    sides = {**OURS, "kernels": "the profiler", **PEERS}
    failures = [
        (f"{entry.get('workload', 'kernels' if 'kernels' in entry else 'startup')} under {sides[who]}", reason)
        for entry in [*result["workloads"], *result["kernels"], *filter(None, [result["startup"]])]
        for who, reason in entry["errors"].items()
    ]
    if arguments.json != "-":
        versions = ", ".join(f"{PEERS[who]} {got['version']}" for who, got in result["peers"].items())
        print(f"CUDA, {arguments.rounds} rounds of {arguments.seconds:g} s; {versions or 'no peers'}\n")
        print("\n\n".join(parts))
        for who, reason in result["missing"].items():
            print(f"\nmissing: {PEERS[who]}: {reason}", end="")
        for what, reason in failures:
            print(f"\nfailed: {what}: {reason}", end="")
        print()
    return 1 if any(what.endswith(("TinyTorch", "TinyTorch graph")) for what, _ in failures) else 0
