"""What the scripts of this folder share: options, a scratch folder with inputs, the verbs, readers of results."""
import argparse
import array
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

# The Swift toolchain brings clang where there is no other compiler.
CC = shutil.which("cc") or "clang"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def options(description, short_rounds=None, rounds=None):
    """Reads the command line; `description` is the script's docstring."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glint", nargs="?", default=os.path.join(ROOT, ".build/release/glint"),
                        help="program (.build/release/glint)")
    parser.add_argument("--short", action="store_true", help="a sample of the cases")
    parser.add_argument("--seed", type=int, default=1, help="seed of what is drawn at random")
    if rounds:
        parser.add_argument("--rounds", type=int, help="rounds per case")
        parser.add_argument("--only", default="", help="only verbs whose title has this in it")
    chosen = parser.parse_args()
    chosen.glint = os.path.abspath(chosen.glint)
    if rounds and not chosen.rounds:
        chosen.rounds = short_rounds if chosen.short else rounds
    random.seed(chosen.seed)
    return chosen


@contextlib.contextmanager
def scratch():
    """A folder to work in. It stays where losses were found."""
    folder = tempfile.mkdtemp(prefix="glint-torture-")
    earlier = os.getcwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(earlier)
    shutil.rmtree(folder, ignore_errors=True)


class Losses:
    """Counts the cases and the losses, tells each loss, and ends the script."""

    def __init__(self):
        self.tried = self.lost = 0

    def add(self, case, problem):
        self.tried += 1
        if problem:
            self.lost += 1
            print(f"LOSS: {case}: {problem}", flush=True)

    def end(self):
        name = os.path.basename(sys.argv[0])
        print(f"{name}: {self.tried} cases, {self.lost} losses")
        sys.exit(1 if self.lost else 0)


def must(glint, words, **how):
    """Runs a command that has to work."""
    ended = subprocess.run([glint] + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
    if ended.returncode not in (0, 1):
        sys.exit(f"glint {' '.join(words)} failed:\n{ended.stdout}")
    return ended.stdout


CAMERA = ["--offset", "100", "--gain", "2", "--pixel-size", "100"]


def write_inputs(glint, frames, rows, size="64,64"):
    """A movie `s`, dark frames `dark`, beads `beads`, a table `big.csv` and weights `fid.safetensors`."""
    must(glint, ["simulate", "-o", "s", "--frames", str(frames), "--size", size, "--per-frame", "4", "-q"] + CAMERA)
    must(glint, ["simulate", "-o", "dark", "--dark", "--frames", str(max(100, frames // 4)), "--size", size, "-q"])
    must(glint, ["simulate", "-o", "beads", "--beads", "9", "--psf", "astigmatic", "--z-range", "-500:500",
                 "--z-step", "25", "--size", "96,96", "--photons", "20000", "-q"] + CAMERA)
    with open("big.csv", "w") as file:
        file.write('"id","frame","x [nm]","y [nm]","sigma [nm]","intensity [photon]","uncertainty [nm]"\n')
        for row in range(rows):
            x, y = random.uniform(0, 6400), random.uniform(0, 6400)
            file.write(f"{row},{row // 20 + 1},{x:.1f},{y:.1f},130,900,9\n")
    write_weights("fid.safetensors")


def write_weights(path):
    """FID-STORM with one layer in its trunk and random weights, as safetensors."""
    draw = random.Random(1)
    shapes = {
        "first.weight": [64, 1, 3, 3], "trunk.0.weight": [64, 64, 3, 3], "trunk.0.bias": [64],
        "up1.weight": [32, 64, 3, 3], "up2.weight": [16, 32, 3, 3], "up3.weight": [1, 16, 3, 3],
    }
    header, data = {}, array.array("f")
    for name, shape in shapes.items():
        count = 1
        for side in shape:
            count *= side
        start = 4 * len(data)
        data.extend(draw.gauss(0, 0.05) for _ in range(count))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, 4 * len(data)]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data.tobytes())


def verbs(network_frames=None):
    """Every verb that writes, by a title, with paths as seen from a folder beside the inputs."""
    localize = ["localize", "../s/movie.tif", "--batch", "20", "--accept-camera", "--device", "cpu", "-q"] + CAMERA
    network = ["../s/movie.tif", "--network", "fid-storm", "--weights", "../fid.safetensors", "--device", "cpu",
               "-q"] + CAMERA
    if network_frames:
        network += ["--frames", f"0:{network_frames}"]
    return {
        "localize, two tables": localize + ["-o", "a.csv", "-o", "b.hdf5"],
        "localize, smlm": localize + ["-o", "a.smlm"],
        "localize, dog": localize + ["--detector", "dog", "-o", "a.csv"],
        "localize, emitters": localize + ["--emitters", "multi", "--psf-sigma", "1.2", "-o", "a.csv"],
        "localize, network": ["localize"] + network + ["-o", "a.hdf5"],
        "infer, images": ["infer"] + network + ["-o", "n.tif"],
        "infer, sum": ["infer"] + network + ["--sum", "-o", "n.tif"],
        "simulate": ["simulate", "-o", "out", "--settings", "../s/settings.json", "-q"],
        "convert, hdf5": ["convert", "../big.csv", "-o", "c.hdf5", "--pixel-size", "100"],
        "convert, csv": ["convert", "../big.csv", "-o", "c.csv", "--pixel-size", "100"],
        "convert, smlm": ["convert", "../big.csv", "-o", "c.smlm", "--pixel-size", "100"],
        "render": ["render", "../big.csv", "-o", "a.png", "--device", "cpu", "--pixel-size", "100"],
        "evaluate": ["evaluate", "../big.csv", "../big.csv", "--json", "r.json", "--border", "0",
                     "--pixel-size", "100"],
        "calibrate camera": ["calibrate", "camera", "../dark/movie.tif", "--gain", "2", "-o", "cam.hdf5"],
        "calibrate psf": ["calibrate", "psf", "../beads/movie.tif", "-o", "psf.hdf5", "--z-step", "25"] + CAMERA,
        "networks": ["networks", "--network", "fid-storm", "--weights", "../fid.safetensors", "-o", "w.onnx"],
    }


# Verbs that take an interrupted run up again.
RESUMED = ("localize", "infer")


def contents(folder):
    """The bytes of every file in a folder, by its path there."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def hidden(files):
    """Hidden files that are no journal. The part of an image may be kept beside its journal."""
    journals = any(name.endswith("glint-journal") for name in files)
    return [name for name in files if os.path.basename(name).startswith(".")
            and not name.endswith("glint-journal") and not (journals and name.endswith("glint-part"))]


def unreadable(glint, path):
    """Says in words why an independent reader does not open a table or a movie; None if it does.

    h5py, tifffile and pandas, where this Python has them; otherwise Glint itself."""
    try:
        if path.endswith((".hdf5", ".csv", ".tif")) and os.path.getsize(path) == 0:
            return "no bytes"
        if path.endswith(".hdf5"):
            import h5py
            with h5py.File(path) as file:
                if "locs" in file and len(file["locs"]) == 0:
                    return "no rows"
        elif path.endswith(".csv"):
            import pandas
            if len(pandas.read_csv(path)) == 0:
                return "no rows"
        elif path.endswith(".tif"):
            import tifffile
            with tifffile.TiffFile(path) as file:
                if not file.pages or file.asarray(key=len(file.pages) - 1).size == 0:
                    return "no pages"
        elif path.endswith(".png"):
            with open(path, "rb") as file:
                data = file.read()
            if not data.startswith(b"\x89PNG") or b"IEND" not in data[-12:]:
                return "no whole picture"
        elif path.endswith(".smlm"):
            raise ImportError
    except ImportError:
        ended = subprocess.run([glint, "info", path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        return ended.stderr if ended.returncode > 1 else None
    except Exception as fault:
        return repr(fault)
    return None
