"""Writes what a run has found so far: gpu-results.md for people, gpu-results.json for programs, gpu-results.log with
all output."""

import json
import os
import sys

import processes

ORDER = (processes.PASSED, *processes.FAULTS, processes.SKIPPED, processes.MISSING, processes.CUT)
TAIL = 15  # lines of a fault's output


class Report:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.markdown, self.json, self.log = (
            os.path.join(folder, "gpu-results." + end) for end in ("md", "json", "log")
        )
        self.facts = {}  # title: text, in their order
        self.entries = []  # step, name, result, reason, seconds, output
        self.figures = []  # title, markdown
        self.data = {}  # what the figures are made of
        self.shares = []  # what, measured, limit, share
        self.state = "the run goes on"
        with open(self.log, "w", encoding="utf-8"):
            pass
        self.write()

    def fact(self, title, text):
        self.facts[title] = text
        self.write()

    def entry(self, step, name, result, reason="", seconds=0.0, output=""):
        """write() puts it into the files."""
        bad = result in processes.FAULTS
        self.entries.append(
            {
                "step": step,
                "name": name,
                "result": result,
                "reason": reason,
                "seconds": round(seconds, 2),
                "output": output.strip().splitlines()[-TAIL:] if bad else [],
            }
        )
        print(f"{result:8} {step}: {name}{f' ({reason})' if reason else ''}", flush=True)

    def keep(self, name, command, output):
        """Into the log."""
        with open(self.log, "a", encoding="utf-8") as file:
            file.write(f"\n==== {name}: {' '.join(command)}\n{output.rstrip()}\n")

    def figure(self, title, text, name=None, data=None):
        self.figures.append((title, text))
        if name:
            self.data[name] = data
        self.write()

    def share(self, what, measured, limit, share):
        self.shares.append((what, measured, limit, share))
        self.write()

    def count(self, *results):
        return sum(entry["result"] in results for entry in self.entries)

    def write(self):
        put(self.markdown, self.text())
        content = {
            "facts": self.facts,
            "state": self.state,
            "entries": self.entries,
            "figures": self.data,
            "shares": [dict(zip(("what", "measured", "limit", "share"), share)) for share in self.shares],
        }
        put(self.json, json.dumps(content, indent=1) + "\n")

    def text(self):
        parts = ["# Results on a GPU", table([["", ""], *([title, text] for title, text in self.facts.items())])]
        parts.append(f"State: {self.state}.")
        if self.entries:
            parts += ["## Tests", self.summary()]
            for title, results in (
                ("Faults", processes.FAULTS),
                ("For want of a library", (processes.MISSING,)),
                ("Skipped", (processes.SKIPPED,)),
                ("Not run", (processes.CUT,)),
            ):
                chosen = [entry for entry in self.entries if entry["result"] in results]
                if chosen:
                    parts += [f"### {title}", "\n".join(line for entry in chosen for line in item(entry))]
        if self.figures:
            parts.append("## Figures")
            for title, text in self.figures:
                parts += [f"### {title}", text]
        if self.shares:
            parts += ["## Share of the card's limits", table([["what", "measured", "limit", "share"], *self.shares])]
        return "\n\n".join(parts) + "\n"

    def summary(self):
        steps = list(dict.fromkeys(entry["step"] for entry in self.entries))
        rows = [["step", *ORDER, "time"]]
        for step in [*steps, None]:
            entries = [entry for entry in self.entries if step in (entry["step"], None)]
            counts = [sum(entry["result"] == result for entry in entries) for result in ORDER]
            seconds = sum(entry["seconds"] for entry in entries)
            rows.append([step or "all", *(str(count or "-") for count in counts), f"{seconds:.0f} s"])
        return table(rows)


def item(entry):
    reason = f": {entry['reason']}" if entry["reason"] else ""
    yield f"- `{entry['name']}` ({entry['step']}): {entry['result']}{reason}"
    if entry["output"]:
        yield "\n  ```"
        yield from ("  " + line[:300] for line in entry["output"])
        yield "  ```"


def table(rows):
    rows = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def put(path, text):
    """The whole file or, if that fails, the file as it was."""
    try:
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".new", path)
    except OSError as error:
        print(f"cannot write {path}: {error}", file=sys.stderr)
