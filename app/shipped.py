"""The pictures that come with the program, and how they look in a strip of small ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QImageReader

import assets
from app.drops import PICTURE_SUFFIXES
from app.widgets.thumbnails import HEIGHT, WIDTH


def shipped_pictures() -> list[Path]:
    """The pictures that come with the program, by name."""
    folder = Path(assets.__file__ or "").parent / "pictures"
    return sorted(path for path in folder.iterdir() if path.suffix in PICTURE_SUFFIXES)


def small_images() -> Iterator[tuple[Path, QImage]]:
    """Each of them, read at the size of a thumbnail on a dense screen; what cannot be read is left out."""
    for path in shipped_pictures():
        reader = QImageReader(str(path))
        reader.setScaledSize(
            reader.size().scaled(2 * WIDTH, 2 * HEIGHT, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        )
        image = reader.read()
        if not image.isNull():
            yield path, image
