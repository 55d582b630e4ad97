"""Archive: opens a run archive in about a millisecond and reads what is asked for, nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive import elements
from archive.activations import ActivationsReader, read_activations
from archive.contents import TABLES, Arrays, History, Note, Run, Snapshot
from archive.errors import ArchiveError
from archive.network import check_network, check_state, weight_shapes


@dataclass(frozen=True)
class SnapshotInfo:
    """When a snapshot was taken."""

    epoch: float
    step: int


class Archive:
    """A run archive on disk, open for reading; every trouble is an `ArchiveError`.

    Use it as a context manager and close it soon: the file is replaced by its next version while a run goes
    on, and whoever holds the old one open goes on reading the old one.

        with Archive("run.h5") as archive:
            kernels = archive.weights("conv1/weights_0")
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file = elements.open_file(self.path)

    def close(self) -> None:
        """Closes the file; what was read stays valid."""
        self._file.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def format_version(self) -> str:
        """MAJOR.MINOR of the file."""
        return "{}.{}".format(*elements.check_version(self.path, self._file))

    @cached_property
    def texts(self) -> dict[str, str]:
        """The three texts as used, by name."""
        names = elements.member_names(self.path, self._file, "texts")
        return {name: elements.read_text(self.path, self._file, f"texts/{name}") for name in names}

    @cached_property
    def network(self) -> dict[str, Any]:
        """The resolved network."""
        network: dict[str, Any] = self._json("network", dict)
        problems = check_network(network)
        if problems:
            raise ArchiveError(f"{self.path}: /network does not describe a network: {problems[0]}")
        return network

    @property
    def name(self) -> str:
        """The network's name."""
        return str(self.network["name"])

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Where the run comes from: flat JSON."""
        provenance: dict[str, Any] = self._json("provenance", dict)
        return provenance

    @cached_property
    def state(self) -> dict[str, Any]:
        """Where training stands."""
        state: dict[str, Any] = self._json("state", dict)
        problems = check_state(state)
        if problems:
            raise ArchiveError(f"{self.path}: /state is not as expected: {problems[0]}")
        return state

    @cached_property
    def notebook(self) -> list[Note]:
        """The run's notes, oldest first."""
        entries = self._json("notebook", list)
        with elements.reading(self.path, "/notebook"):
            return [
                Note(_text(entry["time"]), float(entry["epoch"]), _text(entry["text"])) for entry in entries
            ]

    @cached_property
    def _labels(self) -> list[tuple[str, str]]:
        entries = self._json("labels", list)
        with elements.reading(self.path, "/labels"):
            return [(_text(entry["name"]), _text(entry["id"])) for entry in entries]

    @property
    def labels(self) -> list[str]:
        """Class names, in the order of the network's outputs."""
        return [name for name, _ in self._labels]

    @property
    def label_ids(self) -> list[str]:
        """WordNet ids or "", one a label."""
        return [identifier for _, identifier in self._labels]

    @cached_property
    def history(self) -> History:
        """Training reports and tests in the file (`archive.merged_history` adds the log beside it)."""
        tables = {
            kind: elements.read_table(self.path, self._file, f"history/{kind}", dtype)
            for kind, dtype in TABLES.items()
        }
        return History(**tables)

    @property
    def mean(self) -> NDArray[Any]:
        """The mean training picture, (C, H, W) float32, 0..255."""
        return self._array("data/mean", "f4", (None, None, None))

    @property
    def color_pca(self) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """Standard deviations (3,) and eigenvectors as columns (3, 3); None for grey pictures."""
        if elements.member(self.path, self._file, "data/color_deviations") is None:
            return None
        deviations = self._array("data/color_deviations", "f8", (3,))
        return deviations, self._array("data/color_directions", "f8", (3, 3))

    @cached_property
    def weight_names(self) -> list[str]:
        """Names of the weight arrays, in the network's order."""
        return self._array_names("weights")

    def weights(self, name: str) -> NDArray[Any]:
        """The float32 array "LAYER/weights_I" or "LAYER/biases"."""
        return self._layer_array("weights", name)

    @cached_property
    def momentum_names(self) -> list[str]:
        """Names of the momentum arrays; [] when the run cannot be resumed."""
        return self._array_names("momentum")

    def momentum(self, name: str) -> NDArray[Any]:
        """The momentum of the weight array `name`, same shape."""
        return self._layer_array("momentum", name)

    def averages(self) -> Arrays:
        """Running averages (2, shape of the array) of gradient and squared gradient, of the arrays that have
        some."""
        shapes = weight_shapes(self.network)
        names = [name for name in self._array_names("averages") if name in shapes]
        return {name: self._array(f"averages/{name}", "f4", (2, *shapes[name])) for name in names}

    @cached_property
    def snapshots(self) -> list[SnapshotInfo]:
        """When snapshots of the first layers were taken; index 0 is before training."""
        epochs = self._array("snapshots/epoch", "f8", (None,))
        steps = self._array("snapshots/step", "i8", (len(epochs),))
        return [SnapshotInfo(float(epoch), int(step)) for epoch, step in zip(epochs, steps, strict=True)]

    def snapshot(self, index: int) -> Arrays:
        """The arrays of one snapshot, by name; `index` as in a list."""
        index = range(len(self.snapshots))[index]
        names = self._array_names("snapshots/weights")
        return {name: self._snapshot_array(name, index) for name in names}

    @cached_property
    def activations(self) -> ActivationsReader | None:
        """How the network answers the probe pictures; None where nobody asked it (`alexnet activations`)."""
        return read_activations(self.path, self._file)

    @cached_property
    def element_names(self) -> list[str]:
        """Names of all datasets in the file ("weights/conv1/biases"), known or not."""
        return list(elements.dataset_names(self.path, self._file))

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the writer noted of every element: {"/weights/conv1/biases": {"shape", "sha256"}, ...}."""
        manifest: dict[str, Any] = self._json("manifest", dict)
        return manifest

    def digest(self, name: str) -> dict[str, Any]:
        """What the manifest should say of the element `name`, from its bytes as they are now."""
        return elements.read_digest(self.path, self._file, name)

    def part_sizes(self) -> dict[str, int]:
        """Bytes of data in each part ("weights", "history", ...), in order of size."""
        sizes: dict[str, int] = {}
        for name in self.element_names:
            part = name.partition("/")[0]
            sizes[part] = sizes.get(part, 0) + elements.stored_bytes(self.path, self._file, name)
        return dict(sorted(sizes.items(), key=lambda item: -item[1]))

    def _snapshot_array(self, name: str, index: int) -> NDArray[Any]:
        where = f"snapshots/weights/{name}"
        found = elements.dataset(self.path, self._file, where)
        with elements.reading(self.path, f"/{where}"):
            if found.dtype != np.dtype("<f4") or found.ndim < 1 or len(found) != len(self.snapshots):
                raise ArchiveError(f"{self.path}: /{where} does not hold one float32 array a snapshot")
            return np.asarray(found[index], np.float32)

    def _layer_array(self, group: str, name: str) -> NDArray[Any]:
        shape = weight_shapes(self.network).get(name)
        return self._array(f"{group}/{name}", "f4", shape)

    def _array_names(self, group: str) -> list[str]:
        """Array names below `group`: the network's own in its order, then any others."""
        layers = elements.member_names(self.path, self._file, group)
        found = {
            f"{layer}/{array}"
            for layer in layers
            for array in elements.member_names(self.path, self._file, f"{group}/{layer}")
        }
        ordered = [name for name in weight_shapes(self.network) if name in found]
        return ordered + sorted(found.difference(ordered))

    def _array(self, name: str, dtype: str, shape: tuple[int | None, ...] | None) -> NDArray[Any]:
        return elements.read_array(self.path, self._file, name, dtype, shape)

    def _json(self, name: str, kind: type) -> Any:
        return elements.read_json(self.path, self._file, name, kind)


def _text(value: Any) -> str:
    """`value`, when it is a text."""
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} where a text is expected")
    return value


def read_run(path: str | Path) -> Run:
    """Everything the archive holds, in memory."""
    with Archive(path) as archive:
        names = weight_shapes(archive.network)  # not what is there: an array that is missing must be missed
        return Run(
            texts=archive.texts,
            network=archive.network,
            weights={name: archive.weights(name) for name in names},
            momentum={name: archive.momentum(name) for name in names if archive.momentum_names},
            state=archive.state,
            history=archive.history,
            snapshots=[
                Snapshot(info.epoch, info.step, archive.snapshot(index))
                for index, info in enumerate(archive.snapshots)
            ],
            notebook=archive.notebook,
            labels=archive.labels,
            label_ids=archive.label_ids,
            mean=archive.mean,
            color_pca=archive.color_pca,
            provenance=archive.provenance,
            averages=archive.averages(),
            activations=archive.activations.everything() if archive.activations else None,
        )
