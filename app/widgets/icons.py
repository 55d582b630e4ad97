"""The line icons of `assets/icons`, drawn in the theme's colours."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QSize
from PySide6.QtGui import QColor, QIcon, QImageReader, QPixmap

import assets

FOLDER = Path(assets.__file__ or "").parent / "icons"
INK = "#000000"  # the colour of the strokes in the files


def icon(name: str, color: QColor | str, size_px: int = 24, ratio: float = 2.0) -> QIcon:
    """The icon `name` in one colour, `size_px` wide, sharp up to a device pixel ratio of `ratio`."""
    drawing = (FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace(INK, QColor(color).name())
    data = QByteArray(drawing.encode())
    buffer = QBuffer(data)
    reader = QImageReader(buffer, QByteArray(b"svg"))
    side = round(size_px * ratio)
    reader.setScaledSize(QSize(side, side))
    pixmap = QPixmap.fromImage(reader.read())
    pixmap.setDevicePixelRatio(ratio)
    return QIcon(pixmap)
