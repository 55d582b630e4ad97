"""The edge to HDF5: the few kinds of element in an archive, read with distrust (FORMAT.md, "Elements").

Whatever a damaged or hostile file makes h5py raise becomes one `ArchiveError` here. Nothing outside the file
is ever read: soft and external links, virtual datasets and external storage are refused, and so is a
dataset that claims more than the file can hold.
"""

from __future__ import annotations

import hashlib
import json
import math
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
VERSION = (1, 2)
"""Major and minor version that is written; every minor of this major is read."""

MAX_ARRAY_BYTES = 8 * 2**30
MAX_TEXT_BYTES = 64 * 2**20
MAX_CHUNK_BYTES = 256 * 2**20
MAX_MEMBERS = 100_000
MAX_DEPTH = 4
"""Groups in groups; an archive of version 1 has three (snapshots/weights/LAYER)."""
FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}
"""Filters that a reader knows, by HDF5 number; 32000 comes with every h5py."""
DEFLATE_LIMIT = 1100
"""No filter above packs more than this many bytes into one (deflate's own limit is 1032)."""

_TROUBLE = (
    OSError,
    LookupError,
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
)
"""What h5py and json raise, between them, on files that are not as they should be."""


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turns any trouble while `what` is read from `path` into one `ArchiveError` that keeps its cause."""
    try:
        yield
    except _TROUBLE as error:
        detail = printable(str(error)) or type(error).__name__
        raise ArchiveError(f"{path}: {what} cannot be read, the file is damaged ({detail})") from error


def printable(text: str, limit: int = 200) -> str:
    """`text` from a file that nobody vouches for, on one line and without control characters."""
    words = " ".join(text[: 4 * limit].split())
    return "".join(sign if sign.isprintable() else "?" for sign in words)[:limit]


def open_file(path: Path) -> Any:
    """The h5py file, read-only and without a lock, after its format and version were checked."""
    size_bytes = _size_of_plain_file(path)
    import h5py

    try:
        file = h5py.File(path, "r", locking=False)
    except _TROUBLE as error:
        raise ArchiveError(f"{path}: {_why_not_opened(size_bytes, str(error))}") from error
    try:
        check_version(path, file)
    except BaseException:
        file.close()
        raise
    return file


def _size_of_plain_file(path: Path) -> int:
    """The size of the file; refuses what is none before HDF5 meets it: a pipe would be waited for."""
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
    return status.st_size


def _kind_of(mode: int) -> str:
    return "folder" if stat.S_ISDIR(mode) else "device or pipe"


def _why_not_opened(size_bytes: int, detail: str) -> str:
    if size_bytes == 0:
        return "is empty; no archive was ever written here"
    if "signature not found" in detail:
        return "is not an HDF5 file, so it is no archive of a run"
    if "truncated" in detail:
        return "is cut short; the rest of the file is missing, take an undamaged copy"
    return f"cannot be opened, the file is damaged ({printable(detail)})"


def check_version(path: Path, file: Any) -> tuple[int, int]:
    """The file's format version; refuses what is no archive and what is of a newer major version."""
    with reading(path, "the format version"):
        words = [attribute(file, name) for name in ("format", "format_version")]
    if words[0] != FORMAT:
        raise ArchiveError(f"{path}: is an HDF5 file, but no archive of a run (see archive/FORMAT.md)")
    major, _, minor = words[1].partition(".")
    if not (major.isdecimal() and minor.isdecimal() and len(words[1]) < 16):
        raise ArchiveError(
            f"{path}: its format version is '{printable(words[1], 16)}' where MAJOR.MINOR is expected"
        )
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
            # Not `part in holder`: that would follow an external link into the other file.
            link = part.encode("utf-8")
            if not holder.id.links.exists(link):
                return None
            if holder.id.links.get_info(link).type != h5py.h5l.TYPE_HARD:
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
        names = [str(part) for part in group]
    for part in names:
        if not part.isprintable():
            raise ArchiveError(f"{path}: /{name} has a member whose name is no text: '{printable(part)}'")
    return names


def dataset_names(path: Path, file: Any, group: str = "", depth: int = 0) -> Iterator[str]:
    """Names of all datasets ("weights/conv1/biases"); refuses groups nested deeper than any archive's."""
    import h5py

    if depth > MAX_DEPTH:
        raise ArchiveError(f"{path}: /{group} is nested too deeply for an archive")
    for part in member_names(path, file, group):
        name = f"{group}/{part}" if group else part
        if isinstance(member(path, file, name), h5py.Group):
            yield from dataset_names(path, file, name, depth + 1)
        else:
            yield name


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
            word = printable(label.decode("ascii", "replace").split("\0")[0]) or "without a name"
            raise ArchiveError(
                f"{path}: /{name} is packed with the HDF5 filter {number} ({word}), which is not read"
            )


def _check_size(path: Path, name: str, found: Any, limit_bytes: int) -> None:
    """Refuses a dataset that claims more than `limit_bytes`, or more than what is stored can unpack to."""
    if found.shape is None:
        raise ArchiveError(f"{path}: /{name} holds no data where an array is expected")
    claimed = math.prod(found.shape) * found.dtype.itemsize
    stored = found.id.get_storage_size()
    packed = found.id.get_create_plist().get_nfilters() > (1 if found.fletcher32 else 0)
    chunk = math.prod(found.chunks or (0,)) * found.dtype.itemsize
    if claimed > limit_bytes or chunk > MAX_CHUNK_BYTES:
        raise ArchiveError(f"{path}: /{name} claims {claimed} bytes, at most {limit_bytes} are read")
    if stored > found.file.id.get_filesize() or claimed > stored * (DEFLATE_LIMIT if packed else 1):
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
            if stored[column].newbyteorder("=") != dtype[column].newbyteorder("="):
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


def digest(stored: NDArray[Any]) -> str:
    """SHA-256 of an array's bytes as they are stored: little-endian, last axis fastest."""
    return hashlib.sha256(np.ascontiguousarray(stored).reshape(-1).view(np.uint8).data).hexdigest()


def read_digest(path: Path, file: Any, name: str) -> dict[str, Any]:
    """What the manifest should say of dataset `name`: its shape and the SHA-256 of its bytes."""
    found = dataset(path, file, name)
    with reading(path, f"/{name}"):
        return {"shape": list(found.shape), "sha256": digest(found[()])}


def stored_bytes(path: Path, file: Any, name: str) -> int:
    """The room that the data of `name` takes in the file."""
    found = dataset(path, file, name)
    with reading(path, f"/{name}"):
        return int(found.id.get_storage_size())
