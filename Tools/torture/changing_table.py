#!/usr/bin/env python3
"""Cuts, overwrites and lengthens a table while it is read. A loss is a run that ends with exit status 0
although the table was changed before it ended.

    changing_table.py GLINT [--short]
"""
import os
import random
import subprocess
import sys
import tempfile
import time

glint = os.path.abspath(sys.argv[1])
short = "--short" in sys.argv
folder = tempfile.mkdtemp(prefix="glint-torture-")
os.chdir(folder)
rows = 100_000 if short else 400_000
random.seed(1)

with open("t.csv", "w") as file:
    file.write("frame,x [nm],y [nm],intensity [photon]\n")
    for row in range(rows):
        file.write("%d,%.3f,%.3f,%.1f\n" % (row // 10 + 1, random.random() * 2e4, random.random() * 2e4,
                                            random.random() * 5e3))
kinds = ["csv", "hdf5", "smlm", "mat"]


def name_of(stem, kind):
    return stem + ("_sml.mat" if kind == "mat" else "." + kind)


sound = {}
for kind in kinds:
    if kind != "csv":
        subprocess.run([glint, "convert", "t.csv", "-o", name_of("t", kind), "--pixel-size", "100"],
                       check=True, capture_output=True)
    with open(name_of("t", kind), "rb") as file:
        sound[kind] = file.read()


def cut(path):
    os.truncate(path, os.path.getsize(path) * 3 // 4)


def cut_and_pad(path):
    size = os.path.getsize(path)
    os.truncate(path, size // 2)
    os.truncate(path, size)


def overwrite(path):
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        file.write(b"0" * 4096)


def lengthen(path):
    with open(path, "ab") as file:
        file.write(b"1" * 100)


losses = tried = late = 0
for kind in kinds:
    name = name_of("d", kind)
    with open(name, "wb") as file:
        file.write(sound[kind])
    start = time.monotonic()
    subprocess.run([glint, "convert", name, "-o", "w.csv", "--pixel-size", "100", "--force"],
                   capture_output=True)
    whole = time.monotonic() - start
    with open("w.csv", "rb") as file:
        expected = file.read()
    for change in (cut, cut_and_pad, overwrite, lengthen):
        for share in ((0.5,) if short else (0.2, 0.35, 0.5, 0.65, 0.8)):
            with open(name, "wb") as file:
                file.write(sound[kind])
            child = subprocess.Popen(
                [glint, "convert", name, "-o", "o.csv", "--pixel-size", "100", "--force"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(whole * share)
            change(name)
            status = child.wait()
            tried += 1
            if status != 0:
                continue
            # A run that had read all rows before the change has nothing to tell.
            with open("o.csv", "rb") as file:
                written = file.read()
            # Neither has one that opened the file after the change: it reads the same again.
            again = subprocess.run(
                [glint, "convert", name, "-o", "w.csv", "--pixel-size", "100", "--force"],
                capture_output=True).returncode
            with open("w.csv", "rb") as file:
                changed = file.read()
            if written == expected or again == 0 and written == changed:
                late += 1
            else:
                losses += 1
                print("LOSS: %s, %s at %d %%: %d of %d rows, exit status 0"
                      % (kind, change.__name__, 100 * share, written.count(b"\n") - 1, rows))
print("changing_table: %d runs (%d read all before or after), %d losses" % (tried, late, losses))
subprocess.run(["rm", "-rf", folder])
sys.exit(1 if losses else 0)
