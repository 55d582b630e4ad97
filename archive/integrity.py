"""verify: everything that can be checked of an archive, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from archive.activations import activation_problems
from archive.archive import Archive
from archive.elements import printable
from archive.errors import ArchiveError
from archive.network import weight_shapes


def verify(path: str | Path) -> list[str]:
    """Problems of the archive at `path`, each one sentence; [] when it is whole and follows FORMAT.md.

    Reads every byte of it: the checksums that HDF5 keeps of each chunk, the manifest's SHA-256 of each
    element, the rules of the format, shapes against the network, and whether every number is finite.
    """
    try:
        with Archive(path) as archive:
            return list(_problems(archive))
    except ArchiveError as error:
        return [str(error)]


def _problems(archive: Archive) -> Iterator[str]:
    checks: tuple[Callable[[Archive], Iterator[str]], ...] = (
        _manifest_problems,
        _part_problems,
        _weight_problems,
        _history_problems,
        _snapshot_problems,
        _activation_problems,
    )
    for check in checks:
        try:
            yield from check(archive)
        except ArchiveError as error:
            yield str(error)


def _manifest_problems(archive: Archive) -> Iterator[str]:
    """Compares every dataset with what the manifest says of it."""
    path, manifest = archive.path, archive.manifest
    present = {"/" + name for name in archive.element_names} - {"/manifest"}
    for name in sorted(present.difference(manifest)):
        yield f"{path}: {name} is not in the manifest, so it was added after the archive was written"
    for name, entry in manifest.items():
        try:
            if archive.digest(name.lstrip("/")) != entry:
                yield f"{path}: {printable(name)} is not what was written: its SHA-256 or shape is another"
        except ArchiveError as error:
            yield str(error)


def _part_problems(archive: Archive) -> Iterator[str]:
    """Reads the small parts, whose readers check them."""
    path = archive.path
    for name in ("definition", "parameters", "recipe"):
        if name not in archive.texts:
            yield f"{path}: /texts/{name} is missing"
    if not archive.provenance:
        yield f"{path}: /provenance is empty"
    if archive.state["step"] < 0:
        yield f"{path}: /state has a step below 0"
    if len(archive.labels) > archive.network["classes"]:
        yield f"{path}: /labels has more names than the network has outputs"
    times = [note.time for note in archive.notebook]
    if times != sorted(times):
        yield f"{path}: /notebook is not in order of time"
    if archive.color_pca is not None and not all(np.isfinite(part).all() for part in archive.color_pca):
        yield f"{path}: /data/color_deviations or color_directions hold numbers that are not finite"
    if not np.isfinite(archive.mean).all():
        yield f"{path}: /data/mean holds numbers that are not finite"


def _weight_problems(archive: Archive) -> Iterator[str]:
    """Weights and momentum: the network's arrays, all of them, finite."""
    expected = weight_shapes(archive.network)
    groups = {"weights": archive.weight_names}
    if archive.momentum_names:
        groups["momentum"] = archive.momentum_names
    for group, names in groups.items():
        for name in [*expected, *(name for name in names if name not in expected)]:
            if name not in expected:
                yield f"{archive.path}: /{group}/{name} belongs to no layer of the network"
            elif name not in names:
                yield f"{archive.path}: /{group}/{name} is missing"
            elif not _is_finite(archive, group, name):
                yield f"{archive.path}: /{group}/{name} holds numbers that are not finite"

    for name, values in archive.averages().items():
        if not np.isfinite(values).all():
            yield f"{archive.path}: /averages/{name} holds numbers that are not finite"


def _is_finite(archive: Archive, group: str, name: str) -> bool:
    values = archive.weights(name) if group == "weights" else archive.momentum(name)
    return bool(np.isfinite(values).all())


def _history_problems(archive: Archive) -> Iterator[str]:
    """Steps never go down; errors are fractions."""
    for kind, table in (("train", archive.history.train), ("test", archive.history.test)):
        if (np.diff(table["step"]) < 0).any():
            yield f"{archive.path}: /history/{kind} goes back in steps"
        for column in ("top1", "topk"):
            if ((table[column] < 0) | (table[column] > 1)).any():
                yield f"{archive.path}: /history/{kind} has errors outside 0 to 1 in '{column}'"


def _snapshot_problems(archive: Archive) -> Iterator[str]:
    """Snapshots: in order, of the first layers, finite."""
    expected = weight_shapes(archive.network)
    steps = [info.step for info in archive.snapshots]
    if steps != sorted(steps):
        yield f"{archive.path}: /snapshots are not in order of steps"
    for index in range(len(steps)):
        for name, values in archive.snapshot(index).items():
            if values.shape != expected.get(name):
                yield f"{archive.path}: snapshot {index} of {name} has shape {values.shape}"
            elif not np.isfinite(values).all():
                yield f"{archive.path}: snapshot {index} of {name} holds numbers that are not finite"


def _activation_problems(archive: Archive) -> Iterator[str]:
    """The answers to the probe pictures, where there are any: of this network, in order, finite."""
    if archive.activations is not None:
        shapes = {layer["name"]: layer["output_shape"] for layer in archive.network["layers"]}
        yield from activation_problems(archive.path, archive.activations.everything(), shapes)
