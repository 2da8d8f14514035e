"""Glint against ONNX Runtime: the same networks (exported by Glint), sizes and threads, in turns.

    python3 -m venv ort && ort/bin/pip install onnxruntime numpy
    ort/bin/python Tools/bench/against_onnxruntime.py .build/release/glint-bench [--threads 1 2]
        [--rounds 3] [--only PART] [--device cpu:avx2]

Prints a line per network: both medians over the rounds, and their ratio.
"""
import argparse
import re
import statistics
import subprocess
import tempfile
import time

import numpy
import onnxruntime

arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
arguments.add_argument("bench")
arguments.add_argument("--threads", type=int, nargs="+", default=[1, 2])
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--only", default="")
arguments.add_argument("--device", default="cpu")
options = arguments.parse_args()


def session(path, threads):
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])


def milliseconds(run):
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def of_glint(name, threads):
    command = [options.bench, "networks", "--only", name, "--threads", str(threads),
               "--runs", "3", "--device", options.device]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(re.escape(name) + r": ([0-9.]+) ms", text).group(1))


def of_runtime(path, shape, threads):
    model = session(path, threads)
    frames = numpy.random.default_rng(1).standard_normal(shape).astype(numpy.float32)
    run = lambda: model.run(None, {model.get_inputs()[0].name: frames})
    run()
    return statistics.median(milliseconds(run) for _ in range(3))


print("onnxruntime", onnxruntime.__version__, "rounds", options.rounds, "device", options.device)
with tempfile.TemporaryDirectory() as folder:
    listing = subprocess.run([options.bench, "networks", "--export", folder], check=True,
                             capture_output=True, text=True).stdout
    cases = [line.split() for line in listing.splitlines()]
    for threads in options.threads:
        found = {}
        for name, batch, channels, height, width, flops in cases:
            if options.only not in name:
                continue
            shape = tuple(int(n) for n in (batch, channels, height, width))
            movie = "movie" in name
            own, other = [], []
            for _ in range(options.rounds):
                own.append(of_glint(name, threads))
                if not movie:
                    other.append(of_runtime(f"{folder}/{name}.onnx", shape, threads))
            own = statistics.median(own)
            if movie:
                # Its authors' program: three trunks and one union per frame.
                parts = [found.get(f"decode-{part}-{height}") for part in ("trunk", "union")]
                if None in parts:
                    continue
                other = (parts[0][1] + parts[1][1]) / 16
            else:
                other = statistics.median(other)
            found[name] = (own, other)
            rate = "" if movie else f", {float(flops) / own * 1e-6:.0f} GFLOP/s"
            print(f"{name}, {threads} threads: Glint {own:.2f} ms{rate}, "
                  f"ONNX Runtime {other:.2f} ms: {other / own:.2f}×", flush=True)
        for side in ("64", "256"):
            parts = [found.get(f"decode-{part}-{side}") for part in ("trunk", "union")]
            if None not in parts:
                own, other = (sum(part[i] for part in parts) for i in (0, 1))
                print(f"decode per window {side}², {threads} threads: "
                      f"Glint {own:.1f} ms, ONNX Runtime {other:.1f} ms: {other / own:.2f}×")
