"""The record types of a run: what an archive holds, as plain values in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive.activations import Activations

Arrays = dict[str, NDArray[Any]]
"""Array name ("conv1/weights_0", "conv1/biases") to array."""

TRAIN_DTYPE = np.dtype(
    [
        ("epoch", "<f8"),
        ("step", "<i8"),
        ("images", "<i8"),
        ("loss", "<f8"),
        ("top1", "<f8"),
        ("topk", "<f8"),
        ("seconds", "<f8"),
    ]
)
"""One report of training: errors as fractions; means over the `images` seen since the row before."""

TEST_DTYPE = np.dtype(
    [
        ("epoch", "<f8"),
        ("step", "<i8"),
        ("images", "<i8"),
        ("views", "<i4"),
        ("loss", "<f8"),
        ("top1", "<f8"),
        ("topk", "<f8"),
        ("k", "<i4"),
        ("seconds", "<f8"),
        ("split", "S8"),
    ]
)
"""One test: errors as fractions over `images` pictures seen through `views` crops each."""

TABLES = {"train": TRAIN_DTYPE, "test": TEST_DTYPE}


@dataclass(frozen=True)
class History:
    """How the run went: one row a report of training, one row a test; steps never go down."""

    train: NDArray[Any] = field(default_factory=lambda: np.zeros(0, TRAIN_DTYPE))
    test: NDArray[Any] = field(default_factory=lambda: np.zeros(0, TEST_DTYPE))

    @property
    def tests_alike(self) -> NDArray[Any]:
        """The tests that saw as many views of each picture as the last one: those that make a curve."""
        alike: NDArray[Any] = self.test[self.test["views"] == self.test["views"][-1:]]
        return alike

    def with_records(self, records: Iterable[Mapping[str, Any]]) -> History:
        """This history and the "train" and "test" records of a log that are newer than its last rows."""
        records = list(records)
        return History(
            train=_extended(self.train, records, "train"),
            test=_extended(self.test, records, "test"),
        )


def _extended(table: NDArray[Any], records: list[Mapping[str, Any]], kind: str) -> NDArray[Any]:
    """`table` and the records of `kind` whose step is beyond its last row."""
    last_step = int(table["step"][-1]) if len(table) else -1
    rows = [
        tuple(_cell(record[name]) for name in TABLES[kind].names or ())
        for record in records
        if record["kind"] == kind and record["step"] > last_step
    ]
    return np.concatenate([table, np.array(rows, TABLES[kind])]) if rows else table


def _cell(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@dataclass(frozen=True)
class Snapshot:
    """The first layers' weights at one moment of training; index 0 of a run's list is before training."""

    epoch: float
    step: int
    weights: Arrays


@dataclass(frozen=True)
class Note:
    """One entry of the run's notebook; `time` is ISO 8601 in UTC, `epoch` where training stood."""

    time: str
    epoch: float
    text: str


@dataclass
class Run:
    """Everything a run archive holds (FORMAT.md says what each part means on disk)."""

    texts: dict[str, str]
    """The three texts as used, by name (definition, parameters, recipe, ...)."""
    network: dict[str, Any]
    """The resolved network; the museum draws from it alone."""
    weights: Arrays
    """float32."""
    momentum: Arrays = field(default_factory=dict)
    """The keys and shapes of `weights`; empty: the run cannot be resumed."""
    state: dict[str, Any] = field(default_factory=dict)
    """Where training stands: seed, epoch, batch, step, partial sums."""
    history: History = field(default_factory=History)
    snapshots: list[Snapshot] = field(default_factory=list)
    notebook: list[Note] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    """Class names as in the data, in the order of the network's outputs."""
    label_ids: list[str] = field(default_factory=list)
    """WordNet ids or "", one a label."""
    mean: NDArray[Any] = field(default_factory=lambda: np.zeros((3, 0, 0), np.float32))
    """(C, H, W) float32, 0..255: the mean training picture at full size, before the crop."""
    color_pca: tuple[NDArray[Any], NDArray[Any]] | None = None
    """Standard deviations (3,) and eigenvectors as columns (3, 3), float64; None for grey pictures."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """Flat: created, updated, program_version, command, seed, device, data_name, ...; no paths, no host."""
    averages: Arrays = field(default_factory=dict)
    """(2, shape of the array): running averages of gradient and squared gradient, of the few arrays whose
    update rule needs them (superEps); float32."""
    activations: Activations | None = None
    """How the network answers a set of probe pictures; None where it was never asked."""
