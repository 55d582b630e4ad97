"""What a run needs before it can begin: a small network, pictures that fit it, a place for its archive.

Where the pictures are in a folder, they are packed first, at the size that the network reads.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reproduction.data.packed import PackedData
from reproduction.definition import assemble, built_in_names, find_texts
from reproduction.errors import UserError

SMALL_WEIGHTS = 1_000_000  # with more, an epoch takes hours on the machine that a museum runs on
HOLD_OUT = "0.1"  # of pictures that have no test pictures among them
ENOUGH_NAMES = 10_000


@dataclass(frozen=True)
class Net:
    """A built-in network: what it is for, its weights, and what it reads."""

    name: str
    description: str
    weights: int
    epochs: int
    image_size: int
    channels: int
    classes: int


@dataclass(frozen=True)
class Plan:
    """A run to be begun: `data` is the packed file, `packing` the words that make it, if it is to be made."""

    net: str
    data: Path
    archive: Path
    epochs: int
    settings: tuple[str, ...] = ()
    packing: tuple[str, ...] = ()


@cache
def nets() -> tuple[Net, ...]:
    """The built-in networks that are small enough to be trained here, the smallest first."""
    found = []
    for name in built_in_names():
        texts = find_texts(name)
        experiment = assemble(texts)
        network, recipe = experiment.to_json(), experiment.recipe
        description = str(tomllib.loads(texts.recipe).get("description", ""))
        reads = recipe.image_size, recipe.channels, experiment.network.classes
        if network["parameters"] <= SMALL_WEIGHTS:
            found.append(Net(name, description, network["parameters"], recipe.epochs, *reads))
    return tuple(sorted(found, key=lambda net: net.weights))


def plan_of(net: Net, pictures: Path, epochs: int, folder: Path) -> Plan:
    """The plan for `pictures`, a packed file or a folder of pictures; what is written goes into `folder`.

    Raises UserError, one sentence, when these pictures cannot be used or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if pictures.is_dir():
            return _from_folder(net, pictures, epochs, folder)
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}") from error
    with PackedData(pictures) as data:
        settings = _fitting(net, data.classes, data.image_shape[0], data.image_shape[1])
    return Plan(net.name, pictures, free_name(folder, net.name), epochs, settings)


def _from_folder(net: Net, pictures: Path, epochs: int, folder: Path) -> Plan:
    split = next((pictures / name for name in ("train", "Train") if (pictures / name).is_dir()), None)
    classes = sum(child.is_dir() for child in (split or pictures).iterdir())
    if classes < 2:
        raise UserError(f"{pictures.name} holds no folders of pictures: one is needed for each class")
    data = free_name(folder, pictures.name or "pictures")
    packing = [str(pictures), str(data), "--size", str(net.image_size)]
    packing += ["--gray"] if net.channels == 1 else []
    packing += [] if split else ["--hold-out", HOLD_OUT]
    settings = _fitting(net, classes, net.channels, net.image_size)
    return Plan(net.name, data, free_name(folder, net.name), epochs, settings, tuple(packing))


def _fitting(net: Net, classes: int, channels: int, size: int) -> tuple[str, ...]:
    """The settings that make the last layer as wide as there are classes. UserError where pictures differ."""
    if (channels, size) != (net.channels, net.image_size):
        raise UserError(
            f"these pictures are {size} x {size} with {channels} channels, {net.name} reads "
            f"{net.image_size} x {net.image_size} with {net.channels}"
        )
    return () if classes == net.classes else (f"classes={classes}",)


def free_name(folder: Path, stem: str) -> Path:
    """STEM.h5 in that folder, or the first of STEM-2.h5, STEM-3.h5 ... that is free."""
    names = [f"{stem}.h5", *(f"{stem}-{number}.h5" for number in range(2, ENOUGH_NAMES))]
    return next(folder / name for name in names if not (folder / name).exists())
