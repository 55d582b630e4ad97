"""A figure that can be taken home: copied, or saved as PNG or SVG, from its context menu or a button."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from app.theme import current

Painting = Callable[[QPainter, float, float], None]  # painter, width, height
PRINT_FACTOR = 3  # a saved picture has this many dots per pixel of the screen: sharp on paper


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("figure", text)


def as_image(painting: Painting, size: QSize, factor: int = PRINT_FACTOR) -> QImage:
    """The figure on the card's ground, `factor` dots per pixel."""
    image = QImage(size * factor, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(factor)
    image.fill(QColor(current().card))
    painter = QPainter(image)
    painter.setFont(QGuiApplication.font())
    painting(painter, size.width(), size.height())
    painter.end()
    return image


def save(painting: Painting, size: QSize, path: Path) -> bool:
    """Writes the figure as `path`'s suffix says; False when the file could not be written."""
    if path.suffix.lower() != ".svg":
        return as_image(painting, size).save(str(path))
    from PySide6.QtSvg import QSvgGenerator  # only for who asks for it

    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    painter = QPainter()
    if not painter.begin(generator):
        return False
    painter.setFont(QGuiApplication.font())
    painting(painter, size.width(), size.height())
    return painter.end()


class FigureActions:
    """What can be done with the figure of `widget`: in its context menu, and behind `button`."""

    def __init__(self, widget: QWidget, painting: Painting, name: str, failed: Callable[[str], None]) -> None:
        """`name` becomes the file's; `failed` is told the sentence when a file cannot be written."""
        self._widget, self._painting, self._name, self._failed = widget, painting, name, failed
        copy, keep = QAction(tr("Copy the figure"), widget), QAction(tr("Save the figure…"), widget)
        copy.triggered.connect(self.copy)
        keep.triggered.connect(self.ask_and_save)
        self.actions = [copy, keep]
        widget.addActions(self.actions)
        widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def button(self) -> QPushButton:
        """A button with the same actions, for who has no second mouse button."""
        made = QPushButton(tr("Figure"))
        made.setProperty("role", "menu")
        menu = QMenu(made)
        menu.addActions(self.actions)
        made.setMenu(menu)
        return made

    def copy(self) -> None:
        """Puts the figure on the clipboard."""
        QGuiApplication.clipboard().setImage(as_image(self._painting, self._widget.size()))

    def ask_and_save(self) -> None:
        """The file dialog, then the file."""
        kinds = tr("Pictures ({0});;Drawings ({1})").format("*.png", "*.svg")
        name, _ = QFileDialog.getSaveFileName(self._widget, tr("Save the figure"), f"{self._name}.png", kinds)
        if name and not save(self._painting, self._widget.size(), Path(name)):
            self._failed(tr("{0} could not be written: choose another place.").format(Path(name).name))
