"""A network small enough to train in a second, with all that could spoil a resume, and pictures."""

from __future__ import annotations

import io
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from reproduction.cli import main
from reproduction.definition import Experiment, Texts, assemble

SIDE, CLASSES = 12, 4

DEFINITION = """
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[conv-1.a]
type=conv
inputs=data
channels=3
filters=8
filterSize=3
padding=1
initW=0.05
gpu=0
[norm1]
type=cmrnorm
inputs=conv-1.a
channels=8
size=5
[pool1]
type=pool
pool=max
inputs=norm1
channels=8
sizeX=3
stride=2
neuron=relu
[norm2]
type=rnorm
inputs=pool1
channels=8
size=3
[local2]
type=local
inputs=norm2
channels=8
filters=4
filterSize=3
padding=1
initW=0.1
neuron=tanh[1.5,0.7]
[drop]
type=hs
inputs=local2
keep=0.8
[fc]
type=fc
inputs=drop
outputs=4
initW=0.1
[probs]
type=softmax
inputs=fc
[logprob]
type=cost.logreg
inputs=labels,probs
"""

RULE = "epsW=0.01\nepsB=0.02\nmomW=0.9\nmomB=0.9\nwc=0.001\n"
PARAMETERS = (
    f"[conv-1.a]\n{RULE}[local2]\n{RULE}[fc]\n{RULE}"
    "[norm1]\nscale=0.001\npow=0.75\nminDiv=2\n[norm2]\nscale=0.001\npow=0.5\n"
    "[drop]\nenable=true\n[logprob]\ncoeff=1\ntopk=2\n"
)

RECIPE = """
definition = "small.layers.cfg"
parameters = "small.params.cfg"
image-size = 12
crop-size = 10
flip = true
color-noise = 0.1
crop-chunk = 4
batch-size = 20
epochs = 3
report-every = 4

[[schedule]]
epoch = 1
set = { "*.epsW" = 0.005, "color-noise" = 0.05 }

[[schedule]]
epoch = 2
set = { "conv-1.a.epsW" = 0 }
"""


def texts(*overrides: str) -> Texts:
    """The three texts."""
    return Texts(
        DEFINITION, PARAMETERS, RECIPE, "small.layers.cfg", "small.params.cfg", "small.toml", overrides
    )


def experiment(*overrides: str) -> Experiment:
    """The small experiment with some keys set."""
    return assemble(texts(*overrides))


def write_texts(folder: Path) -> Path:
    """The texts as files; returns the recipe, which `train` takes as NET."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.layers.cfg").write_text(DEFINITION)
    (folder / "small.params.cfg").write_text(PARAMETERS)
    (folder / "small.toml").write_text(RECIPE)
    return folder / "small.toml"


def pictures(count: int, seed: int, side: int = SIDE, channels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright patch in the corner that names the class: uint8 (count, C, side, side), labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count)
    drawn = random.integers(0, 120, (count, channels, side, side))
    half = side // 2
    for picture, label in zip(drawn, labels, strict=True):
        rows, columns = divmod(int(label), 2)
        picture[0, rows * half : rows * half + half, columns * half : columns * half + half] += 100
    return drawn.astype(np.uint8), labels


def write_data(
    path: Path,
    train: int = 290,
    test: int = 60,
    *,
    side: int = SIDE,
    channels: int = 3,
    classes: int = CLASSES,
) -> Path:
    """A packed data file as `alexnet data pack` makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    utf8 = h5py.string_dtype("utf-8")
    with h5py.File(path, "w") as file:
        for seed, (split, count) in enumerate((("train", train), ("test", test))):
            if count:
                drawn, labels = pictures(count, seed, side, channels)
                file[f"pictures/{split}"] = drawn
                file[f"targets/{split}"] = labels.astype(np.int32)
        file["labels"] = np.array([f"corner {index}" for index in range(classes)], utf8)
        file["label_ids"] = np.array([""] * classes, utf8)
        file["mean"] = file["pictures/train"][:].mean(axis=0).astype(np.float32)
        if channels == 3:
            file["color_pca/deviations"] = np.array([10.0, 20.0, 40.0])
            file["color_pca/vectors"] = np.eye(3)
        facts = {"format": "alexnet-data", "version": 1, "name": "corners", "seed": 0}
        file.attrs.update({**facts, "created": "", "skipped": 0, "sha256": f"{side}{channels}{train}{test}"})
        file.attrs["notes"] = np.array([], utf8)
    return path


def command(*words: object) -> list[str]:
    """The command line of a verb of this program."""
    return [sys.executable, "-m", "reproduction", *(str(word) for word in words)]


def environment() -> dict[str, str]:
    """One thread, so that many processes do not wait for each other, and this checkout's program."""
    root = str(Path(__file__).parents[2])
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": root}


@dataclass(frozen=True)
class Done:
    """What a verb that has ended gave back."""

    returncode: int
    stdout: str
    stderr: str


def run(*words: object, folder: Path | None = None) -> Done:
    """Runs a verb to its end, in this process (torch is loaded already), in `folder`."""
    out, err, typed = io.StringIO(), io.StringIO(), [str(word) for word in words]
    kept, sys.argv = sys.argv, ["alexnet", *typed]
    try:
        with redirect_stdout(out), redirect_stderr(err), chdir(folder or Path()):
            status = main(typed)
    except SystemExit as ended:
        status = int(ended.code or 0)
    finally:
        sys.argv = kept
    return Done(status, out.getvalue(), err.getvalue())
