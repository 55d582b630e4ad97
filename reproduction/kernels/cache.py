"""Compiled kernels on disk: one file for each source, compiler and machine, made again when it is damaged."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from reproduction.user_cache import cache_folder

FOLDER_VARIABLE = "ALEXNET_KERNEL_CACHE"


def folder() -> Path:
    """Where compiled kernels are kept; $ALEXNET_KERNEL_CACHE names another place."""
    return cache_folder("kernels", FOLDER_VARIABLE)


def digest(parts: Iterable[str | bytes]) -> str:
    """A name for what was made of `parts`."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "little") + data)
    return sha.hexdigest()[:32]


def cached(name: str, parts: Iterable[str | bytes], build: Callable[[Path], None]) -> Path:
    """The file that `build(path)` makes of `parts`, from the cache if it lies there undamaged.

    Its name tells its own checksum from a file beside it, so that a truncated library is never loaded.
    Several processes may build at once: each writes a file of its own and renames it. Raises what `build`
    raises, and OSError where neither the cache nor a temporary folder can be written.
    """
    stem, dot, ending = name.partition(".")
    file_name = f"{stem}-{digest(parts)}{dot}{ending}"
    for place in (folder(), Path(tempfile.gettempdir()) / f"alexnet-kernels-{_user()}"):
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _is_mine(place):
                continue
            return _in_folder(place / file_name, build)
        except PermissionError:
            continue
    raise PermissionError(f"compiled kernels cannot be kept in {folder()}; set {FOLDER_VARIABLE} to a folder")


def _in_folder(path: Path, build: Callable[[Path], None]) -> Path:
    checksum = path.with_name(path.name + ".sha256")
    if _is_whole(path, checksum):
        return path
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        made = Path(scratch) / path.name
        build(made)
        noted = Path(scratch) / checksum.name
        noted.write_text(hashlib.sha256(made.read_bytes()).hexdigest())
        os.replace(made, path)
        os.replace(noted, checksum)
    return path


def _is_whole(path: Path, checksum: Path) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == checksum.read_text()
    except (OSError, UnicodeDecodeError):
        return False


def _is_mine(place: Path) -> bool:
    """Whether nobody else may put files there: what lies there is loaded and run."""
    if not hasattr(os, "getuid"):
        return True
    state = place.stat()
    return state.st_uid == os.getuid() and not state.st_mode & 0o022


def _user() -> str:
    """A name for the user's own folder."""
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
