"""What is open and what is selected: archives, the current one, the visitor's pictures. Signals, no widgets.

An archive on disk is always complete, so following a run in progress is "the file was replaced: read it
again"; between two versions the log beside it grows. Files are opened, read and closed, never held.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from app.selected import Selected
from app.settings import Settings
from app.watchdog import errand
from archive import Archive, ArchiveError, log_path, merged_notebook, read_log

POLL_MS = 1000  # watchers miss changes on network drives and after a replacement: look anyway, once a second
SETTLE_MS = 80  # a replacement arrives as several events: read once, after the last of them

Answer = TypeVar("Answer")
Version = tuple[int, int, int]


@dataclass(frozen=True)
class VisitorPicture:
    """A picture to be shown to the network: a file, or the bytes of a pasted or photographed one."""

    name: str
    path: Path | None = None
    data: bytes | None = None


def version_of(path: Path) -> Version | None:
    """What changes when a file is replaced or grows: time, size, inode; None when there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class OpenArchive:
    """One archive file: the small things in memory, the large ones read when asked for.

    Attributes: network (the resolved network), texts, provenance, labels, label_ids, state, snapshots
    (positions of the first layer over time), stored_history, log (records of the run's log), history and
    notebook (with what the log added since); gone (whether the file was missing at the last look).
    Raises `ArchiveError` on construction, `refresh` and every read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gone = False
        self._read()

    def _read(self) -> None:
        # The version is taken before reading: a replacement in between is then seen by the next look,
        # and a version that cannot be read is complained about once.
        self.version = version_of(self.path)
        with Archive(self.path) as archive:
            texts, network, history = archive.texts, archive.network, archive.history
            labels, label_ids = archive.labels, archive.label_ids
            provenance, state, snapshots = archive.provenance, archive.state, archive.snapshots
        self.texts: dict[str, str] = texts
        self.network: dict[str, Any] = network
        self.stored_history = history
        self.labels: list[str] = labels
        self.label_ids: list[str] = label_ids
        self.provenance: dict[str, Any] = provenance
        self.state: dict[str, Any] = state
        self.snapshots = snapshots
        self._weights: dict[str, NDArray[np.float32]] | None = None
        self._fingerprint: str | None = None
        self._read_log()

    def _read_log(self) -> None:
        self.log_version = version_of(log_path(self.path))
        self.log: list[dict[str, Any]] = read_log(self.path)
        self.history = self.stored_history.with_records(self.log)
        self.notebook = merged_notebook(self.path)

    @property
    def name(self) -> str:
        """The network's name."""
        return str(self.network["name"])

    @property
    def title(self) -> str:
        """What tells this archive from others: the network's name, and the file's where it differs."""
        return self.name if self.path.stem == self.name else f"{self.path.stem} ({self.name})"

    @property
    def columns(self) -> int:
        """Number of columns (GPUs of 2012)."""
        return int(self.network["columns"])

    def first_layer_weights(self) -> dict[str, NDArray[np.float32]]:
        """Kernels of the layers that read the pictures: name -> (filters, channels, height, width)."""
        if self._weights is None:
            with Archive(self.path) as archive:
                self._weights = {
                    layer: archive.weights(f"{layer}/weights_0") for layer in self.network["first_layers"]
                }
        return self._weights

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights, from the sums that the archive's manifest keeps of them: 64 digits.

        The same weights have the same fingerprint in whatever file; measures are cached by it.
        """
        if self._fingerprint is None:
            with Archive(self.path) as archive:
                sums = {n: e["sha256"] for n, e in archive.manifest.items() if n.startswith("/weights/")}
            self._fingerprint = sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()
        return self._fingerprint

    def snapshot(self, index: int) -> dict[str, NDArray[np.float32]]:
        """The first layers' kernels at one moment of the training, as `first_layer_weights`."""
        with Archive(self.path) as archive:
            stored = archive.snapshot(index)
        return {layer: stored[f"{layer}/weights_0"] for layer in self.network["first_layers"]}

    def mean(self) -> NDArray[np.float32]:
        """The mean picture of the training data, (C, H, W), 0..255."""
        with Archive(self.path) as archive:
            return archive.mean

    def refresh(self) -> bool:
        """Reads again what changed on disk; True when anything did. A file that is gone changes nothing."""
        current = version_of(self.path)
        if current is not None and current != self.version:
            self._read()
            return True
        if version_of(log_path(self.path)) != self.log_version:
            self._read_log()
            return True
        return False


class Document(Selected):
    """The one state that all rooms share. Rooms listen to its signals and call its methods, nothing else.

    What is selected and switched off is in `Selected`, the class it builds on.
    Signals:
        archivesChanged: an archive was opened or closed.
        currentChanged: another archive is current (or none): draw it from scratch.
        archiveUpdated(OpenArchive): that archive's file was replaced or its log grew: draw the new state.
        picturesChanged: the visitor handed in other pictures.
        pictureChanged: another of the pictures is selected (also sent after picturesChanged).
        wordsChanged: classes are named otherwise (`set_school_groups`).
        problem(str): one sentence for the visitor.
    """

    archivesChanged = Signal()
    currentChanged = Signal()
    archiveUpdated = Signal(object)
    picturesChanged = Signal()
    pictureChanged = Signal()
    wordsChanged = Signal()
    problem = Signal(str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.archives: list[OpenArchive] = []
        self.current: OpenArchive | None = None
        self.pictures: tuple[VisitorPicture, ...] = ()
        self.picture: VisitorPicture | None = None
        self._watcher: QFileSystemWatcher | None = None
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.look_again)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self.look_again)

    # Archives

    def open(self, path: Path, remember: bool = True) -> bool:
        """Opens an archive and makes it current; says why in `problem` and returns False when it cannot."""
        path = Path(os.path.abspath(path))
        known = next((archive for archive in self.archives if archive.path == path), None)
        if known is None:
            with errand("an archive is opened"):
                known = self.attempt(lambda: OpenArchive(path), None)
            if known is None:
                return False
            self.archives.append(known)
            self.archivesChanged.emit()
            self._watch(path)
        if remember:
            self.settings.remember(path)
        self.select(known)
        return True

    def select(self, archive: OpenArchive | None) -> None:
        """Makes one of the open archives current."""
        if archive is not self.current:
            self.current = archive
            changed = self._select_afresh(first_layer_of(archive))
            self.currentChanged.emit()
            for signal in changed:
                signal.emit()

    def close(self, archive: OpenArchive) -> None:
        """Closes an archive; its neighbour becomes current."""
        place = self.archives.index(archive)
        self.archives.remove(archive)
        self.archivesChanged.emit()
        if archive is self.current:
            self.select(self.archives[min(place, len(self.archives) - 1)] if self.archives else None)

    def attempt(self, read: Callable[[], Answer], otherwise: Answer) -> Answer:
        """The result of `read`; if the archive cannot be read, tells the visitor and returns `otherwise`."""
        try:
            return read()
        except ArchiveError as error:
            self.problem.emit(str(error))
            return otherwise

    def set_school_groups(self, on: bool) -> None:
        """Leaves unsaid, or says, the names of classes that are not for school groups."""
        if on != self.settings.school_groups:
            self.settings.school_groups = on
            self.wordsChanged.emit()

    @property
    def unnamed(self) -> str:
        """What is said in place of a name that is not for school groups; empty while all are said."""
        return self.tr("not named here") if self.settings.school_groups else ""

    # Following a run in progress

    def follow(self) -> None:
        """Starts to watch the open archives (called once, after the first paint)."""
        if self._watcher is None:
            self._watcher = QFileSystemWatcher(self)
            self._watcher.directoryChanged.connect(self._on_disk_change)
            self._watcher.fileChanged.connect(self._on_disk_change)
            for archive in self.archives:
                self._watch(archive.path)
            self._poll.start()

    def _watch(self, path: Path) -> None:
        """Watches folder and files; a replaced file drops out of the watcher, so this is called again."""
        if self._watcher is not None:
            known = {*self._watcher.files(), *self._watcher.directories()}
            wanted = [path.parent, path, log_path(path)]
            new = [str(name) for name in wanted if name.exists() and str(name) not in known]
            if new:
                self._watcher.addPaths(new)

    def _on_disk_change(self, _path: str) -> None:
        self._settle.start()

    def look_again(self) -> None:
        """Reads every open archive again whose file was replaced or whose log grew."""
        for archive in list(self.archives):
            self._say_if_gone(archive)
            if self.attempt(archive.refresh, False):
                self._keep_selection_possible(archive)
                self.archiveUpdated.emit(archive)
            self._watch(archive.path)

    def _say_if_gone(self, archive: OpenArchive) -> None:
        """Says it once; a replacement is a renaming, so the file of a run is never away for a moment."""
        gone = not archive.path.exists()
        if gone and not archive.gone:
            sentence = self.tr("{0} is no longer where it was; what was read of it is still shown.")
            self.problem.emit(sentence.format(archive.path.name))
        archive.gone = gone

    def _keep_selection_possible(self, archive: OpenArchive) -> None:
        """The file may hold another network now, or fewer snapshots."""
        layers = {str(layer["name"]) for layer in archive.network["layers"]}
        possible = self.layer in layers and (self.moment is None or self.moment < len(archive.snapshots))
        if archive is self.current and not possible:
            for signal in self._select_afresh(first_layer_of(archive)):
                signal.emit()

    # Pictures

    def show_pictures(self, pictures: Iterable[VisitorPicture]) -> None:
        """Hands in pictures; the first is selected."""
        self.pictures = tuple(pictures)
        self.picture = self.pictures[0] if self.pictures else None
        self.picturesChanged.emit()
        self.pictureChanged.emit()

    def select_picture(self, index: int) -> None:
        """Selects one of the pictures by its place."""
        if self.pictures[index] is not self.picture:
            self.picture = self.pictures[index]
            self.pictureChanged.emit()


def first_layer_of(archive: OpenArchive | None) -> str | None:
    """The layer that is selected when an archive is opened: the first that reads the pictures."""
    return None if archive is None else str(archive.network["first_layers"][0])


def shipped_archives() -> list[Path]:
    """The archives that come with the program, by name."""
    import assets

    return sorted((Path(assets.__file__ or "").parent / "archives").glob("*.h5"))


def picture_of(path: Path) -> VisitorPicture:
    """A picture file as a visitor's picture."""
    return VisitorPicture(name=path.name, path=Path(os.path.abspath(path)))


def pictures_of(paths: Sequence[Path]) -> list[VisitorPicture]:
    """Picture files as a visitor's pictures, in the order given."""
    return [picture_of(path) for path in paths]
