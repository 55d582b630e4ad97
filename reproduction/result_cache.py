"""Results on disk, by what they were made of: made again when the weights, the question or the code differ.

A result is a message with arrays; its file holds a checksum and one frame (see `frames`). A file that is
damaged is made again, a folder that cannot be written to is done without, and the oldest files go when there
are too many bytes.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reproduction.frames import Decoder, Message, encode
from reproduction.user_cache import cache_folder

FOLDER_VARIABLE = "ALEXNET_RESULT_CACHE"
LIMIT_BYTES = 64 * 2**20
CHECKSUM_BYTES = 32
LOOK_EVERY = 64  # files written by this process between looks at the folder's size

_written = 0


def folder() -> Path:
    """Where results are kept; $ALEXNET_RESULT_CACHE names another place."""
    return cache_folder("results", FOLDER_VARIABLE)


def cached(parts: Iterable[str | NDArray[np.generic]], compute: Callable[[], Message]) -> Message:
    """What `compute` gives, from the cache if it was computed of these `parts` by this code before.

    What comes from the cache and what was just computed are alike to the last bit. Raises what `compute`
    raises, ValueError when its result cannot travel, and nothing for trouble with files.
    """
    path = folder() / f"{_name(parts)}.frame"
    with suppress(OSError, ValueError):
        return _read(path)
    frame = encode(*compute())
    with suppress(OSError):
        _write(path, hashlib.sha256(frame).digest() + frame)
    return _message(frame)


def _name(parts: Iterable[str | NDArray[np.generic]]) -> str:
    sha = hashlib.sha256(_code().encode())
    for part in parts:
        text = part if isinstance(part, str) else f"{part.dtype.str} {part.shape}"
        data = b"" if isinstance(part, str) else np.ascontiguousarray(part).tobytes()
        sha.update(f"{len(text.encode())} {len(data)} {text}".encode() + data)
    return sha.hexdigest()[:32]


@lru_cache(maxsize=1)
def _code() -> str:
    """What changes when the measures are computed differently: their source, and numpy's version."""
    sha = hashlib.sha256(np.__version__.encode())
    for source in sorted((Path(__file__).parent / "analysis").glob("*.py")):
        sha.update(source.read_bytes())
    return sha.hexdigest()


def _read(path: Path) -> Message:
    """The result in a file; OSError when there is none, ValueError when it is damaged."""
    contents = path.read_bytes()
    checksum, frame = contents[:CHECKSUM_BYTES], contents[CHECKSUM_BYTES:]
    if hashlib.sha256(frame).digest() != checksum:
        raise ValueError(f"{path} is damaged")
    message = _message(frame)
    with suppress(OSError):
        os.utime(path)  # what is used stays
    return message


def _message(frame: bytes) -> Message:
    (message,) = Decoder().feed(frame)
    return message


def _write(path: Path, contents: bytes) -> None:
    """Writes beside and renames, so that nobody reads half a file."""
    global _written
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if _written % LOOK_EVERY == 0:
        _make_room(path.parent)
    _written += 1
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _make_room(place: Path) -> None:
    """Removes the files used longest ago, down to half of the limit, once there is more than that."""
    found = [(entry, entry.stat()) for entry in place.iterdir() if entry.suffix in (".frame", ".new")]
    total = sum(status.st_size for _, status in found)
    if total <= LIMIT_BYTES:
        return
    for entry, status in sorted(found, key=lambda item: item[1].st_mtime):
        entry.unlink(missing_ok=True)
        total -= status.st_size
        if total <= LIMIT_BYTES // 2:
            return
