"""SVG and PDF: lines and letters stay lines and letters, pixels stay squares, sizes are points."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from app.export.page import Page
from reproduction.version import program_version

DOTS_PER_INCH, POINTS_PER_INCH = 1200, 72
CRISP = '<image style="image-rendering:pixelated"'


def svg_of(page: Page) -> str:
    """The page as SVG; title, description and the card's JSON stand in its head."""
    from PySide6.QtSvg import QSvgGenerator  # only for who asks for it

    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(POINTS_PER_INCH)
    size = QSizeF(page.width, page.height)
    generator.setSize(QSize(round(size.width()), round(size.height())))
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    painter = QPainter(generator)
    page.paint(painter)
    painter.end()
    return _finished(bytes(content.data()).decode(), page)


def _finished(svg: str, page: Page) -> str:
    """With the head that Qt does not write, and with images that no reader smooths."""
    head = (
        f"<title>{escape(page.figure.title)}</title>\n<desc>{escape(page.figure.description)}</desc>\n"
        f"<metadata>{escape(page.card_json)}</metadata>\n"
    )
    svg = re.sub(r"<title>.*?</title>\s*|<desc>.*?</desc>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"(<svg\b[^>]*>)", lambda found: f"{found[1]}\n{head}", svg, count=1)
    return svg.replace("<image", CRISP)


def pdf_of(page: Page) -> bytes:
    """The page as PDF, as large as itself; the card is printed on it and attached as JSON."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(page.figure.title)
    writer.setCreator(f"AlexNet Archive {program_version()}")
    writer.setResolution(DOTS_PER_INCH)
    exact = QPageSize.SizeMatchPolicy.ExactMatch
    size = QPageSize(QSizeF(page.width, page.height), QPageSize.Unit.Point, "", exact)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF()))
    writer.addFileAttachment("provenance.json", QByteArray(page.card_json.encode()), "application/json")
    painter = QPainter(writer)
    painter.scale(DOTS_PER_INCH / POINTS_PER_INCH, DOTS_PER_INCH / POINTS_PER_INCH)
    page.paint(painter)
    painter.end()
    return bytes(content.data())
