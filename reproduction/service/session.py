"""What the service keeps between two questions: the network it last looked with, the last pictures and looks.

Questions about one picture come many at a time (maps, units, attribution): it is decoded and looked at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archive import Archive, ArchiveError
from reproduction.data.pictures import Picture, read_picture
from reproduction.errors import DataError, UserError
from reproduction.service.probe import Probe

if TYPE_CHECKING:
    from reproduction.inside.lesions import Lesions, Means
    from reproduction.inside.looking import Look
    from reproduction.model.archived import ArchivedModel

Question = Mapping[str, Any]
Arrays = dict[str, NDArray[Any]]
Answer = tuple[dict[str, Any], Arrays]
Version = tuple[str, int, int, int]

RESULTS_KEPT = 64
LOOKS_KEPT = 4
"""One is about 8 MB for the network of 2012; a room compares two pictures, with and without lesions."""


class Session:
    """Opens what a question names; keeps it until the file is another one or another archive is named."""

    def __init__(self) -> None:
        self.model: ArchivedModel | None = None
        """The network last opened, whatever archive it came from."""
        self.version: Version | None = None
        """Of the archive that `model` came from."""
        self._described: tuple[Version, dict[str, Any]] | None = None
        self._picture: tuple[object, Picture] | None = None
        self._looks: dict[object, Look] = {}
        self._probe: tuple[Version, Probe] | None = None
        self._results: dict[object, NDArray[Any]] = {}

    def open(self, question: Question) -> ArchivedModel:
        """The network of the archive that the question names, read again when the file was replaced."""
        path = archive_of(question)
        version = version_of(path)
        if version != self.version or self.model is None:
            from reproduction.model.archived import open_model
            from reproduction.training.preparation import choose_device

            self.model, self.version = None, None
            self._looks.clear()
            self._results.clear()
            self.model = open_model(path, choose_device(None))
            self.version = version
        return self.model

    def described(self, question: Question) -> dict[str, Any]:
        """The resolved network of the archive that the question names, without torch."""
        version = version_of(archive_of(question))
        if self._described is None or self._described[0] != version:
            with Archive(archive_of(question)) as archive:
                self._described = version, archive.network
        return self._described[1]

    def picture(self, question: Question, arrays: Arrays) -> Picture:
        """The picture of a question: a path, or the bytes of a file."""
        key = picture_key(question, arrays)
        if self._picture is None or self._picture[0] != key:
            self._picture = key, _decoded(question, arrays)
        return self._picture[1]

    def look(self, question: Question, arrays: Arrays) -> Look:
        """The answers of every layer to the picture of a question, with its lesions if it names some."""
        from reproduction.inside.looking import look

        model, picture = self.open(question), self.picture(question, arrays)
        lesions = self.lesions(question)
        key = (picture_key(question, arrays), repr(lesions))
        found = self._looks.pop(key, None)
        if found is None:
            found = look(model, model.see(picture).square, lesions, self.means(question))
        self._looks[key] = found
        while len(self._looks) > LOOKS_KEPT:
            self._looks.pop(next(iter(self._looks)))
        return found

    def lesions(self, question: Question) -> Lesions:
        """What the question switches off in the network of its archive."""
        from reproduction.inside.lesions import read_lesions

        return read_lesions(question.get("lesions"), self.open(question).experiment.network)

    def probe(self, question: Question) -> Probe:
        """What the archive of the question holds of a probe set."""
        version = version_of(archive_of(question))
        if self._probe is None or self._probe[0] != version:
            self._probe = version, Probe(archive_of(question))
        return self._probe[1]

    def means(self, question: Question) -> Means:
        """Mean answers of the units to the archive's probe set, by layer; empty where it has none."""
        return self.probe(question).means()

    def kept(self, key: object, compute: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """What `compute` gave for `key` and the network that is open, computed once."""
        if key not in self._results:
            while len(self._results) >= RESULTS_KEPT:
                self._results.pop(next(iter(self._results)))
            self._results[key] = compute()
        return self._results[key]


def archive_of(question: Question) -> Path:
    """The path that a question names as "archive"."""
    path = question.get("archive")
    if not isinstance(path, str) or not path:
        raise UserError("name the archive to look with")
    return Path(path)


def version_of(path: Path) -> Version:
    """What changes when the file at `path` is replaced."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    return str(path), status.st_mtime_ns, status.st_size, status.st_ino


def picture_key(question: Question, arrays: Arrays) -> object:
    """What differs between two pictures."""
    path = question.get("picture")
    if isinstance(path, str) and path:
        try:
            return version_of(Path(path))
        except ArchiveError:
            return path  # reading it will say what is wrong
    contents = arrays.get("bytes")
    return None if contents is None else hashlib.sha256(contents.tobytes()).digest()


def _decoded(question: Question, arrays: Arrays) -> Picture:
    path = question.get("picture")
    if isinstance(path, str) and path:
        return read_picture(Path(path), Path(path).name)
    contents = arrays.get("bytes")
    if contents is None or contents.dtype != np.uint8:
        raise DataError("there is no picture in the question")
    return read_picture(contents.tobytes(), str(question.get("name") or "the picture"))
