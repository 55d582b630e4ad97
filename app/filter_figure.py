"""The sheet of filters as a figure to keep: bitmap or SVG, with frames, titles and an explaining caption.

It is laid out on its own, as in the paper's Figure 3 (rows of 16), and does not depend on the window.
Kernel pixels stay squares: the bitmap is enlarged by repetition, and the SVG holds such a bitmap marked as
not to be smoothed.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QImageWriter, QPainter, QPen

from app.filter_mosaic import Grid, gap_of, mosaic
from app.pixels import draw_pixels
from app.theme import COLUMN_LINES, LIGHT
from app.widgets.tile_sheet import SheetBlock, image_of

ACROSS = 16  # tiles a row
TILE_PX = 44  # about this high at scale 1
MARGIN = 16
TITLE = 26  # height of a line of text
DASHES = "8 5"


@dataclass(frozen=True)
class SheetFigure:
    """What is drawn: a title, blocks of tiles, and lines that say what is seen and where it comes from."""

    title: str
    blocks: tuple[SheetBlock, ...]
    caption: tuple[str, ...]


@dataclass(frozen=True)
class _Part:
    """A block in its place, in units of scale 1."""

    block: SheetBlock
    frame: QRectF
    tiles: QRectF
    image: QImage


def figure_image(figure: SheetFigure, scale: int) -> QImage:
    """The figure as a bitmap, `scale` (1 to 8) times natural size; title and caption are its metadata too."""
    parts = _parts(figure, scale)
    width, height = _size(figure, parts)
    image = QImage(round(width * scale), round(height * scale), QImage.Format.Format_RGB32)
    image.fill(QColor(LIGHT.card))
    painter = QPainter(image)
    painter.scale(scale, scale)
    _paint_parts(painter, figure, parts, width)
    painter.end()
    image.setText("Title", figure.title)
    image.setText("Description", "\n".join(figure.caption))
    return image


def figure_size(figure: SheetFigure) -> tuple[float, float]:
    """Natural width and height."""
    return _size(figure, _parts(figure, 1))


def paint_figure(painter: QPainter, figure: SheetFigure, box: QRectF) -> None:
    """Draws the figure as large as it fits into `box`, at the top and in the middle."""
    parts = _parts(figure, 1)
    width, height = _size(figure, parts)
    factor = min(box.width() / width, box.height() / height)
    painter.translate(box.left() + (box.width() - factor * width) / 2, box.top())
    painter.scale(factor, factor)
    _paint_parts(painter, figure, parts, width)


def _paint_parts(painter: QPainter, figure: SheetFigure, parts: list[_Part], width: float) -> None:
    painter.setPen(QColor(LIGHT.text))
    painter.setFont(_font(16, bold=True))
    painter.drawText(_line(0, width), Qt.AlignmentFlag.AlignVCenter, figure.title)
    for part in parts:
        _paint_part(painter, part)
    painter.setPen(QColor(LIGHT.muted))
    painter.setFont(_font(12))
    for place, text in enumerate(figure.caption):
        line = _line(0, width).translated(0, _caption_top(parts) - MARGIN + place * TITLE * 0.7)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)


def figure_svg(figure: SheetFigure) -> str:
    """The figure as SVG: text as text, frames as lines, tiles as bitmaps that are not smoothed."""
    parts = _parts(figure, 4)
    width, height = _size(figure, parts)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
        f' viewBox="0 0 {width:g} {height:g}" font-family="sans-serif">',
        f"<title>{escape(figure.title)}</title>",
        f"<desc>{escape(' '.join(figure.caption))}</desc>",
        f'<rect width="100%" height="100%" fill="{LIGHT.card}"/>',
        _svg_text(figure.title, _line(0, width), 16, LIGHT.text, "bold"),
        *[text for part in parts for text in _svg_part(part)],
    ]
    for place, text in enumerate(figure.caption):
        line = _line(0, width).translated(0, _caption_top(parts) - MARGIN + place * TITLE * 0.7)
        lines.append(_svg_text(text, line, 12, LIGHT.muted))
    return "\n".join([*lines, "</svg>", ""])


def _parts(figure: SheetFigure, scale: int) -> list[_Part]:
    parts: list[_Part] = []
    top = float(MARGIN + TITLE + 8)
    for block in figure.blocks:
        count, height, width, _ = block.tiles.shape
        unit = max(1, round(TILE_PX / height))
        gap = gap_of(unit * height)
        across = max(1, min(ACROSS, count, 1000 // (unit * width)))
        shape = Grid(count, across, unit * width, unit * height, gap)
        enlarged = Grid(count, across, *(scale * side for side in (unit * width, unit * height, gap)))
        tiles = QRectF(2 * MARGIN, top + TITLE + 8, shape.width, shape.height)
        frame = QRectF(MARGIN, top, shape.width + 2 * MARGIN, shape.height + TITLE + 8 + MARGIN)
        parts.append(_Part(block, frame, tiles, image_of(mosaic(block.tiles, enlarged, unit * scale))))
        top = frame.bottom() + MARGIN
    return parts


def _size(figure: SheetFigure, parts: list[_Part]) -> tuple[float, float]:
    """Natural size: as wide as blocks and text need."""
    texts = [QFontMetricsF(_font(16, bold=True)).horizontalAdvance(figure.title)]
    texts += [QFontMetricsF(_font(12)).horizontalAdvance(line) for line in figure.caption]
    width = max(*(part.frame.width() for part in parts), *texts) + 2 * MARGIN
    return round(width), round(_caption_top(parts) + len(figure.caption) * TITLE * 0.7 + MARGIN)


def _caption_top(parts: list[_Part]) -> float:
    return parts[-1].frame.bottom() + 10


def _line(place: int, width: float) -> QRectF:
    return QRectF(MARGIN, MARGIN + place * TITLE, width - 2 * MARGIN, TITLE)


def _font(pixels: int, bold: bool = False) -> QFont:
    font = QFont()
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def _paint_part(painter: QPainter, part: _Part) -> None:
    pen = QPen(LIGHT.column(part.block.column), 2)
    pen.setStyle(_line_style(part.block.column))
    painter.setPen(pen)
    painter.drawRect(part.frame)
    painter.setPen(LIGHT.column_text(part.block.column))
    painter.setFont(_font(14))
    title = QRectF(part.tiles.left(), part.frame.top() + 4, part.frame.width(), TITLE)
    painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, part.block.title)
    draw_pixels(painter, part.tiles, part.image)


def _line_style(column: int | None) -> Qt.PenStyle:
    return Qt.PenStyle.SolidLine if column is None else COLUMN_LINES[column % len(COLUMN_LINES)]


def _svg_part(part: _Part) -> list[str]:
    color, text = LIGHT.column(part.block.column).name(), LIGHT.column_text(part.block.column).name()
    dashed = _line_style(part.block.column) is Qt.PenStyle.DashLine
    dash = f' stroke-dasharray="{DASHES}"' if dashed else ""
    title = QRectF(part.tiles.left(), part.frame.top() + 4, part.frame.width(), TITLE)
    return [
        f'<rect {_svg_box(part.frame)} fill="none" stroke="{color}" stroke-width="2"{dash}/>',
        _svg_text(part.block.title, title, 14, text),
        f'<image {_svg_box(part.tiles)} image-rendering="pixelated" style="image-rendering:pixelated"'
        f" href={quoteattr(_data_address(part.image))}/>",
    ]


def _svg_box(box: QRectF) -> str:
    return f'x="{box.x():g}" y="{box.y():g}" width="{box.width():g}" height="{box.height():g}"'


def _svg_text(text: str, line: QRectF, size: int, color: str, weight: str = "normal") -> str:
    baseline = line.center().y() + 0.36 * size
    return (
        f'<text x="{line.x():g}" y="{baseline:g}" font-size="{size}" font-weight="{weight}"'
        f' fill="{color}">{escape(text)}</text>'
    )


def _data_address(image: QImage) -> str:
    """The image as a PNG inside an address."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return "data:image/png;base64," + b64encode(content.data()).decode("ascii")
