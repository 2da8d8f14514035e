#!/usr/bin/env python3
"""Damages HDF5 tables, byte by byte in their structures, and reads them. A loss is a run that dies of
a signal, takes 5 s, or takes more memory than 16 times the file and 256 MB above what a sound one takes.

    hdf5_damage.py GLINT [--short]
"""
import os
import subprocess
import sys
import tempfile
import time

glint = os.path.abspath(sys.argv[1])
short = "--short" in sys.argv
folder = tempfile.mkdtemp(prefix="glint-torture-")
os.chdir(folder)


def run(arguments):
    """Exit status, seconds, and peak memory in bytes."""
    start = time.monotonic()
    child = subprocess.Popen([glint] + arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    return os.waitstatus_to_exitcode(status), time.monotonic() - start, usage.ru_maxrss * 1024


run(["simulate", "-o", "sim", "--frames", "30", "--size", "48,48", "--per-frame", "5", "-q"])
status, _, _ = run(["convert", "sim/truth.csv", "-o", "t.hdf5", "--pixel-size", "100"])
if status != 0:
    sys.exit("cannot prepare")
with open("t.hdf5", "rb") as file:
    sound = file.read()
_, _, usual = run(["info", "t.hdf5"])
most = usual + 16 * len(sound) + (256 << 20)

places = list(range(0, min(len(sound), 0x1000)))
cases = [(0x80, 1, 0xFF), (0xA8, 1, 0xFF), (0x80, 8, 0xFF), (0xA8, 8, 0xFF)]
cases += [(place, 1, value) for place in places for value in (0xFF, 0)]
cases += [(place, 8, 0xFF) for place in places[::8]]
if short:
    cases = cases[:4] + cases[4::len(cases) // 100]

losses = 0
for place, count, value in cases:
    damaged = bytearray(sound)
    damaged[place:place + count] = bytes([value]) * count
    with open("d.hdf5", "wb") as file:
        file.write(damaged)
    status, seconds, memory = run(["info", "d.hdf5"])
    if status not in (0, 1, 2) or seconds > 5 or memory > most:
        losses += 1
        print("LOSS: %d bytes of 0x%02X at 0x%X: status %d, %.1f s, %d MB"
              % (count, value, place, status, seconds, memory >> 20))
print("hdf5_damage: %d files, %d losses" % (len(cases), losses))
subprocess.run(["rm", "-rf", folder])
sys.exit(1 if losses else 0)
