"""The steps of a run that measure: benchmarks and airbench."""

import json
import os
import sys

from processes import PASSED, SKIPPED


class Figures:
    """A part of run.py's Run."""

    def compare(self, step, title, name, arguments, share=0.5):
        """A figure of bench/compare; its numbers."""
        out = os.path.join(self.work, name + ".json")
        command = [
            sys.executable,
            "-B",
            os.path.join(self.options.source, "bench/compare"),
            "--build",
            self.options.build,
        ]
        command += ["--device", "cuda", "--python", self.options.python, "--rounds", "1", "--json", out, *arguments]
        # It says nothing before its end; where one of its programs failed, it has the others' numbers.
        _, output = self.test(step, title, command, idle=3600, share=share)
        if not os.path.isfile(out):
            return {}
        with open(out, encoding="utf-8") as file:
            numbers = json.load(file)
        self.report.figure(title, output.strip(), name, numbers)
        return numbers

    def step_benchmarks(self, step):
        """One call of bench/compare a workload, so that one that is cut loses no other's figures."""
        if self.options.emulated:
            arguments = ["--seconds", "0.01", "--batch", "8", "--peers", "", "mlp"]
            self.compare(step, "Training: mlp", "training_mlp", arguments, share=1)
            return
        copy = self.card.get("copy_rate")
        if copy and self.card["memory_rate"]:
            self.share("copy inside the device's memory, by the driver", copy, self.card["memory_rate"], "GB/s")
        quick = self.options.quick
        precisions = ("float32",) if quick else ("float32", "tf32", "bfloat16")
        seconds = ["--seconds", "0.2" if quick else "0.3", "--timeout", "60"]
        largest = {}  # rates by precision
        for precision in () if quick else precisions:
            arguments = ["--peers", "", "--precision", precision, "kernels"]
            numbers = self.compare(step, f"Products and convolutions, {precision}", f"kernels_{precision}", arguments)
            self.share_of_kernels(numbers, largest)
        for name in ("mlp", "lenet", "cnn"):
            arguments = [*seconds, "--peers", "", "--captured", "--precision", ",".join(precisions), name]
            if quick:
                arguments += ["--batch", "64"]
            share = 1 if quick and name == "cnn" else 0.5
            numbers = self.compare(step, f"Training: {name}", f"training_{name}", arguments, share)
            self.share_of_workloads(numbers, largest)
        if quick:
            return
        self.compare(step, "Start, beside PyTorch", "startup", ["--peers", "eager", "startup"])
        for peers, patience in (("eager,graph", "60"), ("compile", "150")):
            for name in ("mlp", "cnn", "lenet"):
                arguments = [*seconds, "--timeout", patience, "--captured", "--peers", peers, name]
                title = f"Training: {name}, beside PyTorch ({peers.replace(',', ' and ')})"
                share = 1 if (peers, name) == ("compile", "lenet") else 0.5
                self.compare(step, title, f"peers_{peers.replace(',', '_')}_{name}", arguments, share)

    def share(self, what, measured, limit, unit):
        scale = 1e-12 if unit == "TFLOP/s" else 1e-9
        self.report.share(
            what, f"{scale * measured:.4g} {unit}", f"{scale * limit:.4g} {unit}", f"{100 * measured / limit:.0f} %"
        )

    def share_of_kernels(self, numbers, largest):
        copy = self.card.get("copy_rate")
        for entry in numbers.get("kernels", []):
            precision = entry["precision"]
            peak = self.card.get(f"{precision}_flops")
            for kernel in entry["kernels"]:
                if kernel["name"] == "largest":
                    largest[precision] = 1e9 * kernel["gflops"]
                    if peak:
                        self.share(f"the largest product, {precision}", largest[precision], peak, "TFLOP/s")
                if "gbytes" in kernel and copy:
                    self.share(f"{kernel['name']}, {precision}, of a copy's rate", 1e9 * kernel["gbytes"], copy, "GB/s")

    def share_of_workloads(self, numbers, largest):
        """Of the largest product's rate, where that was measured, else of the card's own."""
        for entry in numbers.get("workloads", []):
            precision = entry["precision"]
            limit = largest.get(precision) or self.card.get(f"{precision}_flops")
            for who, runs in entry["runs"].items():
                rate = runs[0]["flops_per_step"] / (1e-6 * entry["median_us"][who])
                if limit:
                    self.share(
                        f"{entry['workload']}, batch {entry['batch']}, {precision}, {who}", rate, limit, "TFLOP/s"
                    )

    def step_airbench(self, step):
        if self.options.emulated or self.options.quick:
            self.entry(step, "airbench", SKIPPED, "not in a quick run, nor on the emulated device")
            return
        data, made_up = self.options.data, not self.options.data
        if made_up and os.environ.get("TINYTORCH_DATA"):
            for name in ("", "cifar-10-batches-bin"):
                folder = os.path.join(os.environ["TINYTORCH_DATA"], name)
                if any(os.path.isfile(os.path.join(folder, "test_batch.bin" + end)) for end in ("", ".gz")):
                    data, made_up = folder, False
        if made_up:
            data = os.path.join(self.work, "cifar")
            os.makedirs(data)
            if (
                self.test(
                    step, "made-up images", [self.program("tests/programs/make_cifar"), data, "10000"], 60, share=0.5
                )[0]
                != PASSED
            ):
                return
        note = "made-up images: the time counts, the accuracy does not" if made_up else "CIFAR-10"
        for steps in ("captured", "eager"):
            command = [
                self.program("examples/airbench"),
                "--device",
                "cuda",
                "--data",
                data,
                "--steps",
                steps,
                "--runs",
                "3",
            ]
            what, output = self.test(step, f"airbench, {steps}", command, 60, share=1 if steps == "eager" else 0.5)
            if what == PASSED:
                self.report.figure(f"airbench, {steps} steps ({note})", f"```\n{output.strip()}\n```")
