"""Makes one packed data file from a source of pictures: scaled, cropped, shuffled once, and measured.

The file is written beside its name and renamed when it is complete; whatever interrupts the packing, no half
of a file is left. The layout is described in `packed.py`.
"""

from __future__ import annotations

import datetime
import hashlib
import math
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import h5py
import numpy as np
import numpy.typing as npt

from reproduction.data.original import Ranges
from reproduction.data.output import Output, replacing
from reproduction.data.packed import FORMAT, SPLITS, VERSION
from reproduction.data.pictures import quiet, square
from reproduction.data.recognition import recognise
from reproduction.data.sources import Source, Split
from reproduction.data.statistics import PictureStatistics
from reproduction.data.trees import Tree, open_tree
from reproduction.errors import DataError

Pixels = npt.NDArray[np.uint8]

DEFAULT_SIZE = 256  # the original's ImageNet pictures
MAX_SIZE = 4096
CHUNK_BYTES = 1 << 20
# Pictures that a thread decodes in a row: enough to hide what handing over costs.
RUN = 8
# Keep the seed's two draws apart.
_SHUFFLE, _HOLD_OUT = 0, 1


@dataclass(frozen=True)
class Settings:
    """What the person chose. `size` None: as the pictures have it, else 256; `grey` packs one channel.

    `hold_out` is the share of the training pictures put aside as `val` where the source has no test pictures;
    `ranges` say which of an original program's batches are for what.
    """

    size: int | None = None
    grey: bool = False
    seed: int = 0
    kind: str = "auto"
    hold_out: float = 0.0
    ranges: Ranges = Ranges()


class Listener(Protocol):
    """Is told how the packing goes on."""

    def source_found(self, source: Source, size: int) -> None:
        """The source was read and its pictures will have `size` pixels a side."""

    def packed(self, split: str, done: int, total: int) -> None:
        """Pictures of `split` were written, or skipped."""

    def skipped(self, problem: str) -> None:
        """A picture could not be read; `problem` is a sentence that names it."""


def pack(path: Path, destination: Path, settings: Settings, listener: Listener) -> None:
    """Packs the folder or archive `path` into `destination`, which it replaces. Raises DataError."""
    destination = destination.absolute()
    if not destination.parent.is_dir():
        raise DataError(f"there is no folder {destination.parent} to write {destination.name} into")
    tree = open_tree(path, scratch=destination.parent)
    try:
        source = _hold_out(_recognise(tree, path, settings), settings, path)
        size = settings.size or source.size or DEFAULT_SIZE
        listener.source_found(source, size)
        with replacing(destination) as output:
            _Packer(output, source, size, settings, listener).run(path.absolute().name)
    finally:
        tree.close()


def _recognise(tree: Tree, path: Path, settings: Settings) -> Source:
    try:
        with quiet():
            return recognise(tree, settings.kind, settings.size, settings.ranges)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _hold_out(source: Source, settings: Settings, path: Path) -> Source:
    """The source with a share of each class of its training pictures, chosen by the seed, moved to `val`."""
    if settings.hold_out == 0:
        return source
    if "train" not in source.splits or len(source.splits) > 1:
        found = " and ".join(split for split in SPLITS if split in source.splits)
        raise DataError(f"{path} is split into {found} already; leave --hold-out away")
    whole = source.splits["train"]
    count = round(len(whole.names) * settings.hold_out)
    order = np.random.default_rng([settings.seed, _HOLD_OUT]).permutation(len(whole.names))
    order = order[np.argsort(whole.targets[order], kind="stable")]
    taken = ((np.arange(count) + 0.5) * len(order) / max(1, count)).astype(np.intp)
    held, kept = np.sort(order[taken]), np.sort(np.delete(order, taken))
    return replace(source, splits={"train": whole.chosen(kept), "val": whole.chosen(held)})


class _Packer:
    """Fills one new file; see `packed.py` for what goes where."""

    def __init__(
        self, output: Output, source: Source, size: int, settings: Settings, listener: Listener
    ) -> None:
        self._output = output
        self._source = source
        self._seed = settings.seed
        self._shape = (1 if settings.grey else source.channels, size, size)
        self._listener = listener
        self._statistics = PictureStatistics(self._shape)
        self._fingerprint = hashlib.sha256()
        self._skipped = 0
        self._stopped = False

    def run(self, name: str) -> None:
        """Writes every split, then what is known of all of them; `name` is kept as the source's."""
        with quiet():
            for split in SPLITS:
                if split in self._source.splits:
                    self._write_split(split, self._source.splits[split])
        if self._statistics.count == 0:
            raise DataError(f"none of the training pictures in {name} can be read")
        with self._output.writing() as file:
            self._write_facts(file, name)

    def _write_facts(self, file: h5py.File, name: str) -> None:
        text = h5py.string_dtype()
        file["mean"] = self._statistics.mean()
        if (color_pca := self._statistics.color_pca()) is not None:
            file["color_pca/deviations"], file["color_pca/vectors"] = color_pca
        file.create_dataset("labels", data=[_storable(label) for label in self._source.labels], dtype=text)
        file.create_dataset("label_ids", data=self._source.label_ids, dtype=text)
        created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        file.attrs.update(format=FORMAT, version=VERSION, name=_storable(name), seed=self._seed)
        file.attrs.update(created=created, skipped=self._skipped, sha256=self._fingerprint.hexdigest())
        file.attrs["notes"] = np.array([*self._source.notes, *self._mean_notes()], dtype=text)

    def _mean_notes(self) -> list[str]:
        """How far the mean picture lies from the one that the source states."""
        stated, mean = self._source.mean, self._statistics.mean()
        if stated is None or stated.shape != mean.shape:
            return []
        return [f"the mean picture differs from that of the source by at most {abs(mean - stated).max():.2g}"]

    def _write_split(self, split: str, members: Split) -> None:
        """Training pictures in an order drawn from the seed, once and for all; the others as they come.

        Also those of a source that was shuffled when it was made.
        """
        total = len(members.names)
        order = np.arange(total)
        if split == "train" and not self._source.ordered:
            order = np.random.default_rng([self._seed, _SHUFFLE]).permutation(total)
        rows = max(1, CHUNK_BYTES // math.prod(self._shape))
        pictures = self._create_pictures(split, total, rows)
        kept: list[int] = []
        digest = hashlib.sha256()
        for block, numbers, done in self._blocks(members, order, rows):
            with self._output.writing():
                pictures[len(kept) : len(kept) + len(block)] = block
            kept += numbers
            digest.update(block.tobytes())
            if split == "train":
                self._statistics.add(block)
            self._listener.packed(split, done, total)
        with self._output.writing() as file:
            pictures.resize(len(kept), axis=0)
            if kept:
                self._write_targets(file, split, members, kept, digest.hexdigest())
            else:
                del file[f"pictures/{split}"]

    def _create_pictures(self, split: str, total: int, rows: int) -> h5py.Dataset:
        shape = (total, *self._shape)
        chunks = (min(rows, total), *self._shape)
        with self._output.writing() as file:
            return file.create_dataset(
                f"pictures/{split}", shape, np.uint8, maxshape=shape, chunks=chunks, fletcher32=True
            )

    def _write_targets(
        self, file: h5py.File, split: str, members: Split, kept: list[int], pictures_sha256: str
    ) -> None:
        targets = members.targets[kept].astype("<i4")
        names = [_storable(members.names[number]) for number in kept]
        file.create_dataset(f"targets/{split}", data=targets, fletcher32=True, chunks=True)
        file.create_dataset(f"names/{split}", data=names, dtype=h5py.string_dtype(), chunks=True)
        targets_sha256 = hashlib.sha256(targets.tobytes()).hexdigest()
        self._fingerprint.update(f"{split} {pictures_sha256} {targets_sha256}\n".encode())

    def _blocks(
        self, members: Split, order: npt.NDArray[np.intp], rows: int
    ) -> Iterator[tuple[Pixels, list[int], int]]:
        """Pictures in `order`, `rows` at a time: the block, their numbers, and how many are done with."""
        block: list[Pixels] = []
        numbers: list[int] = []
        for done, (number, picture) in enumerate(self._squares(members, order), start=1):
            if isinstance(picture, DataError):
                self._skipped += 1
                self._listener.skipped(str(picture))
            else:
                block.append(picture)
                numbers.append(number)
            if len(block) == rows or (done == len(order) and block):
                yield np.stack(block), numbers, done
                block, numbers = [], []

    def _squares(
        self, members: Split, order: npt.NDArray[np.intp]
    ) -> Iterator[tuple[int, Pixels | DataError]]:
        """(number, picture) in `order`, decoded ahead by threads: Pillow works outside of Python's lock."""
        threads = os.cpu_count() or 1
        self._stopped = False
        waiting: deque[Future[list[tuple[int, Pixels | DataError]]]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            try:
                for start in range(0, len(order), RUN):
                    waiting.append(pool.submit(self._run, members, order[start : start + RUN]))
                    if len(waiting) > 2 * threads:
                        yield from waiting.popleft().result()
                while waiting:
                    yield from waiting.popleft().result()
            finally:
                self._stopped = True  # of an interruption; each thread ends with the picture it is at
                pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, members: Split, numbers: npt.NDArray[np.intp]) -> list[tuple[int, Pixels | DataError]]:
        """A few pictures in a row; one that cannot be read is handed on as its error."""
        found: list[tuple[int, Pixels | DataError]] = []
        channels, size, _ = self._shape
        for number in numbers.tolist():
            if self._stopped:
                break
            try:
                picture = members.pictures.read(number, size)
                found.append((number, square(picture, size, channels)[0]))
            except DataError as error:
                found.append((number, error))
        return found


def _storable(text: str) -> str:
    """File names that are no UTF-8 with the bytes spelt out that Python keeps as lone surrogates."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\0", "")
