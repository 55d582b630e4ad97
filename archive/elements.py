"""The edge to HDF5: the few kinds of element in an archive, read with distrust (FORMAT.md, "Elements").

Whatever a damaged or hostile file makes h5py raise becomes one `ArchiveError` here. Nothing outside the file
is ever read: soft and external links, virtual datasets and external storage are refused, and so is a
dataset that claims more than the file can hold.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive.errors import ArchiveError

FORMAT = "alexnet-archive"
VERSION = (1, 0)
"""Major and minor version that is written; every minor of this major is read."""

MAX_ARRAY_BYTES = 8 * 2**30
MAX_TEXT_BYTES = 64 * 2**20
MAX_CHUNK_BYTES = 256 * 2**20
MAX_MEMBERS = 100_000
FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
"""Filters that a reader knows, by HDF5 number; 32000 comes with every h5py."""
DEFLATE_LIMIT = 1100
"""No filter above packs more than this many bytes into one (deflate's own limit is 1032)."""

_TROUBLE = (
    OSError,
    KeyError,
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
)
"""What h5py and json raise, between them, on files that are not as they should be."""


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turns any trouble while `what` is read from `path` into one `ArchiveError` that keeps its cause."""
    try:
        yield
    except _TROUBLE as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        raise ArchiveError(f"{path}: {what} cannot be read, the file is damaged ({detail[:200]})") from error


def open_file(path: Path) -> Any:
    """The h5py file, read-only and without a lock, after its format and version were checked."""
    _check_is_plain_file(path)
    import h5py

    try:
        file = h5py.File(path, "r", locking=False)
    except _TROUBLE as error:
        raise ArchiveError(f"{path}: {_why_not_opened(path, str(error))}") from error
    try:
        check_version(path, file)
    except BaseException:
        file.close()
        raise
    return file


def _check_is_plain_file(path: Path) -> None:
    """Refuses what is no file before HDF5 meets it; opening a pipe would wait for ever."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise ArchiveError(f"{path}: there is no such file") from error
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{path}: cannot be opened ({getattr(error, 'strerror', error)})") from error
    if not stat.S_ISREG(status.st_mode):
        raise ArchiveError(
            f"{path}: is not a file but a {_kind_of(status.st_mode)}; name a run archive (.h5)"
        )
    if not os.access(path, os.R_OK):
        raise ArchiveError(f"{path}: may not be read; check its permissions")


def _kind_of(mode: int) -> str:
    return "folder" if stat.S_ISDIR(mode) else "device or pipe"


def _why_not_opened(path: Path, detail: str) -> str:
    if path.stat().st_size == 0:
        return "is empty; no archive was ever written here"
    if "signature not found" in detail:
        return "is not an HDF5 file, so it is no archive of a run"
    if "truncated" in detail:
        return "is cut short; the rest of the file is missing, take an undamaged copy"
    return f"cannot be opened, the file is damaged ({' '.join(detail.split())[:200]})"


def check_version(path: Path, file: Any) -> tuple[int, int]:
    """The file's format version; refuses what is no archive and what is of a newer major version."""
    with reading(path, "the format version"):
        words = [attribute(file, name) for name in ("format", "format_version")]
    if words[0] != FORMAT:
        raise ArchiveError(f"{path}: is an HDF5 file, but no archive of a run (see archive/FORMAT.md)")
    major, _, minor = words[1].partition(".")
    if not (major.isdecimal() and minor.isdecimal() and len(words[1]) < 16):
        raise ArchiveError(f"{path}: its format version is '{words[1][:16]}' where MAJOR.MINOR is expected")
    if int(major) > VERSION[0]:
        raise ArchiveError(
            f"{path}: has format version {words[1]}, this program reads up to {VERSION[0]}.x;"
            " update the program"
        )
    return int(major), int(minor)


def attribute(holder: Any, name: str) -> str:
    """The text of an attribute, "" when there is none or it is no short text."""
    if name not in holder.attrs:
        return ""
    identifier = holder.attrs.get_id(name)
    if identifier.dtype.kind != "S" or identifier.shape != () or identifier.dtype.itemsize > 1024:
        return ""
    value = holder.attrs[name]
    return bytes(value).decode("utf-8")


def member(path: Path, file: Any, name: str) -> Any | None:
    """The object `name` ("history/train") of the file, None when it is missing; follows hard links only."""
    import h5py

    holder = file
    with reading(path, f"/{name}"):
        for part in name.split("/"):
            if not isinstance(holder, h5py.Group):
                return None
            link = holder.get(part, getlink=True)
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise ArchiveError(
                    f"{path}: /{name} is a link to elsewhere; an archive must hold its own data"
                )
            holder = holder[part]
    return holder


def member_names(path: Path, file: Any, name: str) -> list[str]:
    """Names in group `name`, [] when it is missing."""
    import h5py

    group = member(path, file, name) if name else file
    with reading(path, f"/{name}"):
        if not isinstance(group, h5py.Group):
            return []
        if len(group) > MAX_MEMBERS:
            raise ArchiveError(f"{path}: /{name} claims {len(group)} members, at most {MAX_MEMBERS} are read")
        return [str(part) for part in group]


def dataset(path: Path, file: Any, name: str, limit_bytes: int = MAX_ARRAY_BYTES) -> Any:
    """The h5py dataset `name`, after all was checked that can be checked without reading its data."""
    import h5py

    found = member(path, file, name)
    if not isinstance(found, h5py.Dataset):
        raise ArchiveError(f"{path}: /{name} is missing, so the archive is not complete")
    with reading(path, f"/{name}"):
        _check_filters(path, name, found)
        _check_size(path, name, found, limit_bytes)
    return found


def _check_filters(path: Path, name: str, found: Any) -> None:
    if found.is_virtual or found.external:
        raise ArchiveError(
            f"{path}: /{name} keeps its data in another file; an archive must hold its own data"
        )
    properties = found.id.get_create_plist()
    for index in range(properties.get_nfilters()):
        number, _, _, label = properties.get_filter(index)
        if number not in FILTERS:
            word = label.decode("ascii", "replace").split("\0")[0] or "without a name"
            raise ArchiveError(
                f"{path}: /{name} is packed with the HDF5 filter {number} ({word}), which is not read"
            )


def _check_size(path: Path, name: str, found: Any, limit_bytes: int) -> None:
    """Refuses a dataset that claims more than `limit_bytes`, or more than what is stored can unpack to."""
    if found.shape is None:
        raise ArchiveError(f"{path}: /{name} holds no data where an array is expected")
    claimed = found.size * found.dtype.itemsize
    stored = found.id.get_storage_size()
    packed = found.id.get_create_plist().get_nfilters() > (1 if found.fletcher32 else 0)
    chunk = int(np.prod(found.chunks or (0,), dtype=object)) * found.dtype.itemsize
    if claimed > limit_bytes or chunk > MAX_CHUNK_BYTES:
        raise ArchiveError(f"{path}: /{name} claims {claimed} bytes, at most {limit_bytes} are read")
    if stored > path.stat().st_size or claimed > stored * (DEFLATE_LIMIT if packed else 1):
        raise ArchiveError(f"{path}: /{name} claims {claimed} bytes, but the file does not hold them")


def read_array(
    path: Path, file: Any, name: str, dtype: str, shape: tuple[int | None, ...] | None = None
) -> NDArray[Any]:
    """The array `name` as native `dtype` ("f4"); `shape` is what is expected, None in it for any length."""
    found = dataset(path, file, name)
    expected = np.dtype(dtype)
    with reading(path, f"/{name}"):
        if found.dtype.newbyteorder("=") != expected:
            raise ArchiveError(f"{path}: /{name} holds {found.dtype} where {expected} is expected")
        if shape is not None and not _agrees(found.shape, shape):
            raise ArchiveError(f"{path}: /{name} has shape {found.shape} where {_words(shape)} is expected")
        return np.asarray(found[()], dtype=expected)


def _agrees(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    return len(shape) == len(expected) and all(b in (None, a) for a, b in zip(shape, expected, strict=True))


def _words(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if length is None else str(length) for length in shape) + ")"


def read_table(path: Path, file: Any, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The table `name` with the columns of `dtype`; columns this version does not know are left out."""
    found = dataset(path, file, name)
    with reading(path, f"/{name}"):
        stored = found.dtype
        for column in dtype.names or ():
            if stored.names is None or column not in stored.names or found.ndim != 1:
                raise ArchiveError(f"{path}: /{name} has no column '{column}'")
            if stored[column].kind != dtype[column].kind or stored[column].shape:
                raise ArchiveError(f"{path}: /{name} holds {stored[column]} in column '{column}'")
        rows = found[()]
        table = np.zeros(len(rows), dtype)
        for column in dtype.names or ():
            table[column] = rows[column]
        return table


def read_text(path: Path, file: Any, name: str) -> str:
    """The text `name`."""
    found = dataset(path, file, name, MAX_TEXT_BYTES)
    with reading(path, f"/{name}"):
        if found.dtype.kind != "S" or found.shape != (1,):
            raise ArchiveError(f"{path}: /{name} is {found.dtype} {found.shape} where one text is expected")
        return bytes(found[0]).decode("utf-8")


def read_json(path: Path, file: Any, name: str, kind: type) -> Any:
    """The value of the JSON text `name`, which must be a `kind` (dict or list)."""
    text = read_text(path, file, name)
    with reading(path, f"/{name}"):
        value = json.loads(text)
    if not isinstance(value, kind):
        raise ArchiveError(
            f"{path}: /{name} holds a JSON {type(value).__name__}, a {kind.__name__} is expected"
        )
    return value
