"""Sorts what a visitor drops, pastes or names: archives, pictures, and files that are neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
ARCHIVE_SUFFIXES = frozenset({".h5", ".hdf5"})
PICTURE_SUFFIXES = frozenset(
    ".avif .bmp .gif .heic .ico .j2k .jfif .jp2 .jpe .jpeg .jpg .pbm .pcx .pgm .png .pnm .ppm .tga .tif .tiff"
    " .webp".split()
)
PICTURE_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
FOLDER_LIMIT = 5000  # of one dropped folder this many files are looked at


@dataclass
class Sorted:
    """Paths by what can be done with them."""

    archives: list[Path] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    refused: list[Path] = field(default_factory=list)


def sort_paths(paths: Iterable[Path]) -> Sorted:
    """Looks at suffix and first bytes; of a folder, at the files directly in it (others are passed by)."""
    found = Sorted()
    for path in paths:
        if path.is_dir():
            inside = [child for child in sorted(path.iterdir())[:FOLDER_LIMIT] if child.is_file()]
            below = sort_paths(inside)
            found.archives += below.archives
            found.pictures += below.pictures
            if not below.archives and not below.pictures:
                found.refused.append(path)
        else:
            _list_for(path, found).append(path)
    return found


def _list_for(path: Path, found: Sorted) -> list[Path]:
    suffix = path.suffix.lower()
    if suffix in ARCHIVE_SUFFIXES:
        return found.archives
    if suffix in PICTURE_SUFFIXES:
        return found.pictures
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        return found.refused
    if start.startswith(HDF5_SIGNATURE):
        return found.archives
    return found.pictures if start.startswith(PICTURE_SIGNATURES) else found.refused
