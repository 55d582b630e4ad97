"""Which file an original checkpoint is, and its bytes: the latest of a folder, out of its zip archive."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from archive.errors import ArchiveError

MAX_BYTES = 4 << 30  # the largest released network has 0.14 billion weights, 1.1 GB with their momentum
ZIP_MEMBER = "data"  # of a checkpoint saved with --zip-save


def latest(path: Path) -> Path:
    """`path`, or the last file of the folder in natural order, as the original chose it."""
    if not path.is_dir():
        return path
    try:
        files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    if not files:
        raise ArchiveError(f"{path}: the folder holds no checkpoint")
    return max(files, key=_natural)


def _natural(file: Path) -> list[tuple[int, str]]:
    parts = re.findall(r"\d{1,18}|\D+", file.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def contents_of(file: Path) -> bytes:
    """The bytes of the pickle, out of its zip archive where it is in one."""
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise ArchiveError(f"{file}: larger than {MAX_BYTES >> 30} GB, so it is no checkpoint")
        with file.open("rb") as stream:
            zipped = stream.read(2) == b"PK"
        if zipped:
            with zipfile.ZipFile(file) as archive, archive.open(ZIP_MEMBER) as member:
                # Weights hardly shrink: what unpacks to far more than its size holds something else.
                limit = min(MAX_BYTES, 100 * size + (64 << 20))
                contents = member.read(limit + 1)
            if len(contents) > limit:
                raise ArchiveError(f"{file}: unpacks to far more than its size, so it is no checkpoint")
            return contents
        return file.read_bytes()
    except KeyError as error:
        raise ArchiveError(f"{file}: a .zip without the member '{ZIP_MEMBER}' is no checkpoint") from error
    except OSError as error:
        raise ArchiveError(f"{file}: cannot be read ({(error.strerror or str(error)).lower()})") from error
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise ArchiveError(f"{file}: a damaged .zip ({error})") from error
