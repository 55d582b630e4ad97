"""PNG, written strip by strip: a figure of any size needs the memory of one strip.

Format: https://www.w3.org/TR/png-3/. Colours are 8-bit RGB, texts are iTXt in UTF-8, and the resolution says
that a point of the figure is a point on paper.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from math import ceil
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from app.export.page import Page

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STRIP_PIXELS = 120_000  # drawn and compressed in one go: ten milliseconds or so
TILE_PX = 4096  # widest image drawn at once; Qt's limit is 32,767
POINTS_PER_METRE = 72 / 0.0254


def chunk(kind: bytes, content: bytes) -> bytes:
    """Length, kind, content, and the check sum of the last two."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def text_chunk(keyword: str, text: str) -> bytes:
    """A text in UTF-8, not compressed, without a language."""
    return chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode())


def header(width: int, height: int, scale: float, texts: Mapping[str, str]) -> bytes:
    """Everything before the pixels."""
    density = round(scale * POINTS_PER_METRE)
    parts = [
        SIGNATURE,
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        chunk(b"pHYs", struct.pack(">IIB", density, density, 1)),
        *[text_chunk(keyword, text) for keyword, text in texts.items()],
    ]
    return b"".join(parts)


def write_png(page: Page, scale: int, file: BinaryIO) -> Iterator[float]:
    """Writes the page, `scale` pixels a point; yields how much of it is done (0..1) after each strip."""
    width, height = ceil(page.width * scale), ceil(page.height * scale)
    texts = {"Title": page.figure.title, "Description": page.figure.description, "Source": page.card_line}
    file.write(header(width, height, scale, {**texts, "Provenance": page.card_json}))
    packer = zlib.compressobj(6)
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        pixels = strip(page, scale, QRect(0, top, width, min(rows, height - top)))
        lines = np.zeros((len(pixels), 1 + 3 * width), np.uint8)  # each line begins with its filter: none
        lines[:, 1:] = pixels
        packed = packer.compress(lines.tobytes())
        if packed:
            file.write(chunk(b"IDAT", packed))
        yield (top + len(pixels)) / height
    file.write(chunk(b"IDAT", packer.flush()))
    file.write(chunk(b"IEND", b""))


def strip(page: Page, scale: float, part: QRect) -> NDArray[np.uint8]:
    """A part of the enlarged page: (height, 3 x width), red, green, blue."""
    tiles = []
    for left in range(part.left(), part.left() + part.width(), TILE_PX):
        width = min(TILE_PX, part.left() + part.width() - left)
        tiles.append(_tile(page, scale, QRect(left, part.top(), width, part.height())))
    return np.concatenate(tiles, axis=1)


def _tile(page: Page, scale: float, part: QRect) -> NDArray[np.uint8]:
    image = QImage(part.size(), QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.translate(-part.left(), -part.top())
    painter.scale(scale, scale)
    page.paint(painter)
    painter.end()
    image.convertTo(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(part.height(), image.bytesPerLine())
    return lines[:, : 3 * part.width()].copy()


def image_of(page: Page, scale: float) -> QImage:
    """The whole page at once, for the clipboard."""
    image = QImage(ceil(page.width * scale), ceil(page.height * scale), QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.scale(scale, scale)
    page.paint(painter)
    painter.end()
    image.setText("Title", page.figure.title)
    image.setText("Description", page.figure.description)
    image.setText("Source", page.card_line)
    return image
