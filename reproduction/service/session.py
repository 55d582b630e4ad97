"""What the service keeps between two questions: the network of the archive it last looked with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archive.errors import ArchiveError
from reproduction.data.pictures import Picture, read_picture
from reproduction.errors import DataError, UserError

if TYPE_CHECKING:
    from reproduction.model.archived import ArchivedModel

Question = Mapping[str, Any]
Arrays = dict[str, NDArray[Any]]
Answer = tuple[dict[str, Any], Arrays]
Version = tuple[str, int, int, int]


class Session:
    """Opens what a question names; keeps it until the file is another one or another archive is named."""

    def __init__(self) -> None:
        self.model: ArchivedModel | None = None
        """The network last opened, whatever archive it came from."""
        self.version: Version | None = None
        """Of the archive that `model` came from."""

    def open(self, question: Question) -> ArchivedModel:
        """The network of the archive that the question names, read again when the file was replaced."""
        path = archive_of(question)
        version = version_of(path)
        if version != self.version or self.model is None:
            from reproduction.model.archived import open_model
            from reproduction.training.preparation import choose_device

            self.model, self.version = None, None
            self.model = open_model(path, choose_device(None))
            self.version = version
        return self.model


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


def picture_of(question: Question, arrays: Arrays) -> Picture:
    """The picture of a question: a path, or the bytes of a file."""
    path = question.get("picture")
    if isinstance(path, str) and path:
        return read_picture(Path(path), Path(path).name)
    contents = arrays.get("bytes")
    if contents is None or contents.dtype != np.uint8:
        raise DataError("there is no picture in the question")
    return read_picture(contents.tobytes(), str(question.get("name") or "the picture"))
