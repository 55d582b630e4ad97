"""write_archive: the next version is built beside the old one, synced, and renamed over it (invariant 1)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from archive.activations import write_activations
from archive.contents import Run
from archive.elements import FORMAT, MAX_TEXT_BYTES, VERSION, digest
from archive.errors import ArchiveError
from archive.network import check_network, check_state, weight_shapes

CHUNK_BYTES = 2**20
"""About 1 MB: one row of a large matrix stays cheap to read, and checksums cost 5 % (toolchain trials)."""
CHUNK_ROWS = 1024
PACKING = {"shuffle": True, "compression": "gzip", "compression_opts": 9}
"""Numbers of 32 bits that were rounded to 16 take less than 16: zeros, where they were cut, lie together."""
WINDOWS_PATIENCE_S = 5.0
"""On Windows a file that a reader has open cannot be replaced; readers close soon."""


def write_archive(path: str | Path, run: Run, *, packed: bool = False) -> None:
    """Writes `run` to `path` so that `path` is a complete archive at every moment; `packed`: small, not soon.

    The new version is built in PATH.new (a stale one of a killed writer is removed), synced and renamed
    over `path`. On any failure the old file is intact, PATH.new is gone and an `ArchiveError` says why.
    A symbolic link stays one: the file it points to is replaced.
    """
    _check(run)
    target = Path(os.path.realpath(path))
    beside = target.with_name(target.name + ".new")
    try:
        with undisturbed():
            beside.unlink(missing_ok=True)
            _build_and_replace(beside, target, run, packed)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be written ({error.strerror or error})") from error


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Holds Ctrl-C back until the block is done (and SIGTERM, where the program answers it itself).

    HDF5 calls back into Python while it writes; what a signal's handler raises in there is lost in C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers run in the main thread only
        return
    held: list[int] = []
    previous: dict[int, Callable[[int, FrameType | None], Any]] = {}
    for number in (int(signal.SIGINT), int(signal.SIGTERM)):
        handler = signal.getsignal(number)
        if callable(handler):
            previous[number] = handler
            signal.signal(number, lambda number, frame: held.append(number))
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    for number in held:
        previous[number](number, None)


def _build_and_replace(beside: Path, target: Path, run: Run, packed: bool) -> None:
    ours = False
    try:
        with beside.open("x+b", buffering=0) as stream:
            try:
                _build(stream, run, packed)
                os.fsync(stream.fileno())
            finally:
                # Compared while open: a second writer would have removed ours and put its own in that place.
                ours = beside.exists() and os.path.samestat(os.fstat(stream.fileno()), beside.stat())
        if not ours:
            raise OSError("another program is writing the same archive")
        _replace(beside, target)
    except BaseException:
        if ours:
            beside.unlink(missing_ok=True)
        raise


def _check(run: Run) -> None:
    """Refuses a run whose parts contradict each other, and names that HDF5 cannot keep."""
    problems = check_network(run.network) + check_state(run.state)
    if problems:
        raise ArchiveError(f"cannot archive the run: {problems[0]}")
    shapes = {name: array.shape for name, array in run.weights.items()}
    if shapes != weight_shapes(run.network):
        raise ArchiveError("cannot archive the run: its weights are not those of its network")
    if run.momentum and {name: array.shape for name, array in run.momentum.items()} != shapes:
        raise ArchiveError("cannot archive the run: its momentum does not match its weights")
    if any(array.shape != (2, *shapes.get(name, ())) for name, array in run.averages.items()):
        raise ArchiveError("cannot archive the run: its averages do not match its weights")
    if len({tuple((name, a.shape) for name, a in sorted(s.weights.items())) for s in run.snapshots}) > 1:
        raise ArchiveError("cannot archive the run: its snapshots do not hold the same arrays")
    problem = run.activations.problem() if run.activations is not None else ""
    if problem:
        raise ArchiveError(f"cannot archive the run: {problem}")
    if len(run.labels) != len(run.label_ids):
        raise ArchiveError("cannot archive the run: it has not one label id a label")
    for name in [*run.weights, *(name for s in run.snapshots for name in s.weights)]:
        parts = name.split("/")
        if len(parts) != 2 or not all(_is_name(part) for part in parts):
            raise ArchiveError(
                f"the array name {name!r} cannot be stored; rename the layer (no '/', not '.')"
            )
    for name in run.texts:
        if not _is_name(name):
            raise ArchiveError(f"the text name {name!r} cannot be stored")


def _is_name(part: str) -> bool:
    """Whether HDF5 can keep `part` as a member's name and a terminal can show it."""
    return part not in ("", ".") and "/" not in part and part.isprintable()


class Sink:
    """The file that HDF5 writes into. It remembers the first failure and then swallows everything.

    HDF5 cannot close a file that it cannot write: it would keep the descriptor, and with it the space on a
    full disk, until the program ends. So it is told that all went well, and we look at `failure`.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.failure: OSError | None = None

    def write(self, data: Any) -> int:
        """All of `data`; an unbuffered stream may take less at once."""
        view = memoryview(data)
        while view and self.failure is None:
            try:
                view = view[self.stream.write(view) :]
            except OSError as error:
                self.failure = error
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        """Sets the length of the file."""
        try:
            return self.stream.truncate(size)
        except OSError as error:
            self.failure = self.failure or error
            return size or 0

    def readinto(self, buffer: Any) -> int:
        """Reads back what was written."""
        return int(self.stream.readinto(buffer))  # type: ignore[attr-defined]

    def read(self, size: int = -1) -> bytes:
        """Reads back what was written."""
        return self.stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Moves the position."""
        return self.stream.seek(offset, whence)

    def tell(self) -> int:
        """The position."""
        return self.stream.tell()

    def flush(self) -> None:
        """Nothing is held back."""


class _Writer:
    """Puts the elements of FORMAT.md into an HDF5 file and keeps the manifest of them."""

    def __init__(self, file: Any, sink: Sink, packed: bool) -> None:
        self.file = file
        self.sink = sink
        self.packing = PACKING if packed else {}
        self.manifest: dict[str, dict[str, Any]] = {}

    def array(self, name: str, values: NDArray[Any], dtype: str, axes: str = "", unit: str = "") -> None:
        """An array of numbers; `axes` names its axes, `unit` its unit."""
        stored = np.ascontiguousarray(values, dtype=np.dtype(dtype).newbyteorder("<")).reshape(values.shape)
        self._put(name, stored, {"kind": "array", "axes": axes, "unit": unit})

    def table(self, name: str, rows: NDArray[Any]) -> None:
        """A table with named columns."""
        self._put(name, np.ascontiguousarray(rows), {"kind": "table"})

    def text(self, name: str, text: str, kind: str = "text") -> None:
        """A text: one string of fixed length, padded with zero bytes."""
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ArchiveError(
                f"cannot archive the run: /{name} holds characters that UTF-8 lacks"
            ) from error
        if b"\0" in data or len(data) > MAX_TEXT_BYTES:
            raise ArchiveError(f"cannot archive the run: /{name} holds a zero byte or is longer than 64 MB")
        self._put(name, np.array([data], _utf8(max(1, len(data)))), {"kind": kind})

    def json(self, name: str, value: Any) -> None:
        """A JSON text."""
        self.text(name, json.dumps(value, ensure_ascii=False), "json")

    def _put(self, name: str, stored: NDArray[Any], attributes: dict[str, str]) -> None:
        settings: dict[str, Any] = {}
        if stored.size and stored.ndim:  # HDF5 cannot cut an empty array or a single number into chunks
            settings = {"chunks": chunk_shape(stored), "fletcher32": True, **self.packing}
        dataset = self.file.create_dataset(name, data=stored, **settings)
        for key, word in attributes.items():
            if word:
                dataset.attrs[key] = np.bytes_(word)
        self.manifest["/" + name] = {"shape": list(stored.shape), "sha256": digest(stored)}
        if self.sink.failure:
            raise self.sink.failure


def _utf8(length_bytes: int) -> Any:
    import h5py

    return h5py.string_dtype("utf-8", length_bytes)


def chunk_shape(stored: NDArray[Any]) -> tuple[int, ...]:
    """About 1 MB, whole along the last axes; at most 1,024 rows of a table."""
    if stored.dtype.names:
        return (min(len(stored), CHUNK_ROWS),)
    room = max(1, CHUNK_BYTES // stored.dtype.itemsize)
    shape = []
    for length in reversed(stored.shape):
        shape.append(min(length, room))
        room = max(1, room // length)
    return tuple(reversed(shape))


def _build(stream: BinaryIO, run: Run, packed: bool) -> None:
    """Writes the whole archive into the empty `stream`; any failure is an OSError or ArchiveError."""
    import h5py

    sink = Sink(stream)
    try:
        with h5py.File(sink, "w") as file:
            file.attrs["format"] = np.bytes_(FORMAT)
            file.attrs["format_version"] = np.bytes_("{}.{}".format(*VERSION))
            _write_elements(_Writer(file, sink, packed), run)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError) as error:
        if sink.failure:
            raise sink.failure from error
        raise OSError(f"HDF5 says: {error}") from error
    if sink.failure:
        raise sink.failure


def _write_elements(writer: _Writer, run: Run) -> None:
    for name, text in run.texts.items():
        writer.text(f"texts/{name}", text)
    writer.json("network", run.network)
    for group, arrays in (("weights", run.weights), ("momentum", run.momentum)):
        for name, values in arrays.items():
            writer.array(f"{group}/{name}", values, "f4", axes_of(name, values.ndim))
    for name, values in run.averages.items():
        axes = axes_of(name, values.ndim - 1)
        writer.array(f"averages/{name}", values, "f4", f"gradient and its square, {axes}")
    writer.json("state", run.state)
    writer.table("history/train", run.history.train)
    writer.table("history/test", run.history.test)
    _write_snapshots(writer, run)
    writer.json("notebook", [vars(note) for note in run.notebook])
    labels = zip(run.labels, run.label_ids, strict=True)
    writer.json("labels", [{"name": name, "id": identifier} for name, identifier in labels])
    writer.array("data/mean", run.mean, "f4", "channels, height, width", "brightness, 0 to 255")
    if run.color_pca is not None:
        deviations, directions = run.color_pca
        writer.array("data/color_deviations", deviations, "f8", "component", "brightness, 0 to 255")
        writer.array("data/color_directions", directions, "f8", "channel, component")
    if run.activations is not None:
        write_activations(writer, run.activations)
    writer.json("provenance", run.provenance)
    writer.json("manifest", writer.manifest)


def _write_snapshots(writer: _Writer, run: Run) -> None:
    writer.array("snapshots/epoch", np.array([s.epoch for s in run.snapshots]), "f8", "snapshot", "epochs")
    writer.array("snapshots/step", np.array([s.step for s in run.snapshots]), "i8", "snapshot")
    for name in run.snapshots[0].weights if run.snapshots else ():
        stack = np.stack([s.weights[name] for s in run.snapshots])
        writer.array(f"snapshots/weights/{name}", stack, "f4", f"snapshot, {axes_of(name, stack.ndim - 1)}")


def axes_of(name: str, dimensions: int) -> str:
    """Names of the axes of the weight array `name`."""
    if name.endswith("/biases"):
        return {1: "outputs", 3: "out_channels, height, width"}.get(dimensions, "")
    return {
        2: "outputs, inputs",
        4: "out_channels, in_channels, height, width",
        5: "positions, out_channels, in_channels, height, width",
    }.get(dimensions, "")


def _replace(beside: Path, target: Path) -> None:
    """Renames `beside` over `target` and makes the renaming itself last."""
    deadline_s = time.monotonic() + WINDOWS_PATIENCE_S
    while True:
        try:
            os.replace(beside, target)
            break
        except OSError as error:
            if os.name != "nt" or not isinstance(error, PermissionError) or time.monotonic() > deadline_s:
                raise
            time.sleep(0.05)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Syncs the folder's entry where the system can; the file itself is whole and synced either way."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
