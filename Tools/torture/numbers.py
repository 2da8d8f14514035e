#!/usr/bin/env python3
"""Gives absurd numbers to every option of every verb that takes a number, and to every number of a
recipe. A loss is a run that dies of a signal, hangs, takes more than 4 GB, or says nothing.

    numbers.py GLINT [--short]
"""
import json
import os
import resource
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

VALUES = ["nan", "inf", "-inf", "-1", "0", "1e-308", "1e308", "1e23", "1e9", "1000000000",
          "9223372036854775807", "-9223372036854775808", "-100"]
SHORT = ["nan", "-1", "1e-308", "1e308", "9223372036854775807"]
LIMIT = 30
MEMORY = 4 << 30

glint = os.path.abspath(sys.argv[1])
short = "--short" in sys.argv
values = SHORT if short else VALUES
folder = tempfile.mkdtemp(prefix="glint-torture-")
os.chdir(folder)


def run(arguments):
    """Exit status and errors; -1000 for a hang."""
    child = subprocess.Popen([glint] + arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        errors = child.communicate(timeout=LIMIT)[1].decode(errors="replace")
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return -1000, "no end within %d s" % LIMIT
    return child.returncode, errors.strip()


def prepare():
    for arguments in (
        ["simulate", "-o", "sim", "--frames", "20", "--size", "48,48", "--per-frame", "5", "-q"],
        ["simulate", "-o", "dark", "--frames", "40", "--size", "48,48", "--dark", "-q"],
        ["localize", "sim/movie.tif", "-o", "locs.csv", "--device", "cpu", "-q"],
    ):
        status, words = run(arguments)
        if status not in (0, 1):
            sys.exit("cannot prepare: %s: %s" % (" ".join(arguments), words))


# How each verb is called, up to its options.
VERBS = {
    "localize": ["localize", "sim/movie.tif", "-o", "NEW.csv", "--device", "cpu"],
    "simulate": ["simulate", "-o", "NEW", "--frames", "2", "--size", "32,32"],
    "convert": ["convert", "locs.csv", "-o", "NEW.hdf5"],
    "render": ["render", "locs.csv", "-o", "NEW.png", "--device", "cpu"],
    "evaluate": ["evaluate", "locs.csv", "sim/truth.csv"],
    "calibrate camera": ["calibrate", "camera", "dark/movie.tif", "-o", "NEW.hdf5"],
    "check": ["check", "sim/movie.tif"],
    "networks": ["networks", "--network", "decode"],
    "infer": ["infer", "sim/movie.tif", "-o", "NEW.tif", "--device", "cpu"],
    "info": ["info", "locs.csv"],
    "profile": ["profile", "--device", "cpu", "--frames-count", "2"],
}


def commands(tree, path=()):
    """Every verb with the names of its options."""
    inner = tree.get("subcommands") or []
    if not inner:
        yield " ".join(path), [
            "--" + name["name"]
            for argument in tree.get("arguments", [])
            if argument["kind"] == "option"
            for name in argument.get("names", []) if name["kind"] == "long"
        ]
    for child in inner:
        yield from commands(child, path + (child["commandName"],))


def cases():
    dump = subprocess.run([glint, "--experimental-dump-help"], capture_output=True, check=True).stdout
    number = 0
    for verb, options in commands(json.loads(dump)["command"]):
        if verb not in VERBS:
            continue
        # Names of files and words are refused as such; trying numbers for them does no harm.
        for option in options:
            if option in ("--output", "--json", "--report", "--help", "--version"):
                continue
            # What takes long because that much work was asked for.
            if (verb, option) in {("simulate", "--frames")}:
                continue
            for value in values:
                number += 1
                call = [part.replace("NEW", "o%d" % number) for part in VERBS[verb]]
                yield call + [option, value]
    # Simulations and recipes in files.
    with open("sim/settings.json") as file:
        settings = json.load(file)
    for field in paths(settings):
        for value in values:
            number += 1
            name = "s%d.json" % number
            with open(name, "w") as file:
                file.write(json.dumps(replaced(settings, field, "@")).replace('"@"', word(value)))
            yield ["simulate", "-o", "o%d" % number, "--settings", name]
    recipe = subprocess.run(
        [glint, "localize", "sim/movie.tif", "-o", "x.csv", "--print-recipe"],
        capture_output=True, check=True, text=True).stdout.split("\n")
    for index, line in enumerate(recipe):
        text = line.split("#")[0].rstrip()
        key, _, old = text.partition(":")
        if not old.strip().replace(".", "").replace("-", "").isdigit():
            continue
        for value in values:
            number += 1
            name = "r%d.yaml" % number
            yaml = {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}.get(value, value)
            with open(name, "w") as file:
                file.write("\n".join(recipe[:index] + [key + ": " + yaml] + recipe[index + 1:]))
            yield ["localize", "sim/movie.tif", "-o", "o%d.csv" % number, "--device", "cpu",
                   "--recipe", name]


def paths(tree, start=()):
    for key, value in (tree.items() if isinstance(tree, dict) else enumerate(tree)):
        if isinstance(value, (dict, list)):
            yield from paths(value, start + (key,))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            # The number of frames only asks for work.
            if key not in ("frames", "seed"):
                yield start + (key,)


def replaced(tree, path, value):
    copy = json.loads(json.dumps(tree))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


def word(value):
    """A number as JSON can hold it."""
    return {"nan": "1e999", "inf": "1e999", "-inf": "-1e999"}.get(value, value)


def limited(arguments):
    status, words = run(arguments)
    if status < 0 or status > 2:
        return arguments, "status %d: %s" % (status, words[-300:])
    if status == 2 and not words:
        return arguments, "refused without a word"
    return None


prepare()
tried = list(cases())
if short:
    tried = tried[::max(1, len(tried) // 100)]
# Address space would count what is only reserved; the kernel kills what takes too much memory.
resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
with ThreadPoolExecutor(2) as pool:
    losses = [loss for loss in pool.map(limited, tried) if loss]
for arguments, words in losses:
    print("LOSS: glint %s\n  %s" % (" ".join(arguments), words))
print("numbers: %d calls, %d losses" % (len(tried), len(losses)))
subprocess.run(["rm", "-rf", folder])
sys.exit(1 if losses else 0)
