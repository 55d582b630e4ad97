"""Files of a source of pictures by their relative names, whether it is a folder, a .zip or a .tar.

Nothing is ever extracted, so a name that points outside of an archive is only a name.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import tempfile
import threading
import zipfile
import zlib
from pathlib import Path
from typing import IO, Protocol, cast

from reproduction.errors import DataError

# Larger than any picture or batch file that is understood; what an archive claims beyond it is a bomb.
MAX_MEMBER_BYTES = 512 << 20
# JPEGs hardly shrink and CIFAR-10's batches by a tenth; a compressed tar that grows more is a bomb.
MAX_EXPANSION = 200
FREE_EXPANSION_BYTES = 256 << 20

_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile)


class Tree(Protocol):
    """Names (relative, with `/`, sorted) and contents of files; `read` may be called from several threads."""

    names: list[str]

    def read(self, name: str) -> bytes:
        """The contents of a file. Raises DataError."""

    def source(self, name: str) -> Path | bytes:
        """What `pictures.decode` takes: the path where there is one, else the contents."""

    def close(self) -> None:
        """Lets go of the archive."""


def open_tree(path: Path, scratch: Path) -> Tree:
    """The files in folder or archive `path`. A compressed tar is unpacked once into a file in `scratch`."""
    if not path.exists():
        raise DataError(f"there is no folder or archive {path}")
    try:
        if path.is_dir():
            return FolderTree(path)
        if zipfile.is_zipfile(path):
            return ZipTree(path)
        return TarTree(path, scratch)
    except PermissionError as error:
        raise DataError(f"{path} cannot be read: permission denied") from error
    except _DAMAGE as error:
        raise DataError(f"{path} is neither a folder of pictures nor an intact .zip or .tar") from error


class FolderTree:
    """A folder on disk. Links are followed, but no folder is visited twice."""

    def __init__(self, root: Path) -> None:
        self._root = root
        os.listdir(root)  # raises for a folder that must not be read; os.walk would show it as empty
        self.names = sorted(self._walk())

    def _walk(self) -> list[str]:
        names = []
        seen: set[tuple[int, int]] = set()
        for folder, folders, files in os.walk(self._root, followlinks=True):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            relative = Path(folder).relative_to(self._root)
            names += [(relative / name).as_posix() for name in files if not name.startswith(".")]
        return names

    def read(self, name: str) -> bytes:
        path = self._root / name
        try:
            _refuse_bomb(name, path.stat().st_size)
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {str(error.strerror).lower()}") from error

    def source(self, name: str) -> Path | bytes:
        return self._root / name

    def close(self) -> None:
        pass


class ZipTree:
    """A .zip; its members are decompressed one at a time as they are read."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._members = {_clean(info.filename): info for info in self._zip.infolist() if not info.is_dir()}
        self.names = sorted(name for name in self._members if not _hidden(name))

    def read(self, name: str) -> bytes:
        member = self._members[name]
        _refuse_bomb(name, member.file_size)
        try:
            return self._zip.read(member)
        except (*_DAMAGE, RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown compression
            raise DataError(f"{name} cannot be read from the archive: {error}") from error

    def source(self, name: str) -> Path | bytes:
        return self.read(name)

    def close(self) -> None:
        self._zip.close()


class TarTree:
    """A .tar, plain or compressed; its plain form is read at random positions."""

    def __init__(self, path: Path, scratch: Path) -> None:
        self._plain = _plain_tar(path, scratch)
        self._lock = threading.Lock()
        try:
            self._tar = tarfile.open(fileobj=self._plain, mode="r:")
            self._members = {_clean(member.name): member for member in self._tar if member.isreg()}
        except BaseException:
            self._plain.close()
            raise
        self.names = sorted(name for name in self._members if not _hidden(name))

    def read(self, name: str) -> bytes:
        member = self._members[name]
        _refuse_bomb(name, member.size)
        try:
            with self._lock:
                file = self._tar.extractfile(member)
                return file.read() if file else b""
        except _DAMAGE as error:
            raise DataError(f"{name} cannot be read from the archive: {error}") from error

    def source(self, name: str) -> Path | bytes:
        return self.read(name)

    def close(self) -> None:
        self._tar.close()
        self._plain.close()


def _plain_tar(path: Path, scratch: Path) -> IO[bytes]:
    """`path` itself, or its decompressed contents in a nameless file in `scratch`, gone when closed."""
    file = path.open("rb")
    packed = _decompressed(file)
    if packed is None:
        return file
    limit = max(FREE_EXPANSION_BYTES, MAX_EXPANSION * path.stat().st_size)
    plain = tempfile.TemporaryFile(dir=scratch)
    try:
        with file, packed:
            while block := packed.read(1 << 20):
                plain.write(block)
                if plain.tell() > limit:
                    raise DataError(f"{path} unpacks to more than {MAX_EXPANSION} times its size; refused")
    except BaseException:
        plain.close()
        raise
    plain.seek(0)
    return plain


def _decompressed(file: IO[bytes]) -> IO[bytes] | None:
    """A stream of what `file` holds compressed; None when it is not compressed."""
    start = file.read(6)
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if start.startswith(b"BZh"):
        return cast(IO[bytes], bz2.BZ2File(file))
    return cast(IO[bytes], lzma.LZMAFile(file)) if start == b"\xfd7zXZ\x00" else None


def _refuse_bomb(name: str, size_bytes: int) -> None:
    if size_bytes > MAX_MEMBER_BYTES:
        raise DataError(f"{name} is larger than {MAX_MEMBER_BYTES >> 20} MB")


def _clean(name: str) -> str:
    """A member's name as a relative one with `/`: some archivers write `./`, a root or backslashes."""
    return name.replace("\\", "/").lstrip("/").removeprefix("./")


def _hidden(name: str) -> bool:
    """Names a file manager would not show; `..` is one of them."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
