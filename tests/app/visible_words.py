"""Every text that a visitor can see or hear in a window, with where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QTableView, QWidget


def visible_words(window: QWidget) -> Iterator[tuple[str, str]]:
    """(where, text) of the widgets that are shown, their hints, what is told to the ear, and the actions."""
    for widget in [window, *window.findChildren(QWidget)]:
        if widget is window or widget.isVisible():
            where = f"{type(widget).__name__} {widget.objectName()}"
            for text in _texts_of(widget):
                yield where, text
    for action in window.findChildren(QAction):
        yield f"action {action.objectName()}", action.text()


def _texts_of(widget: QWidget) -> Iterator[str]:
    yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    if isinstance(widget, QLineEdit):
        yield widget.placeholderText()
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(place) for place in range(widget.count()))
    if isinstance(widget, QTableView):
        model = widget.model()
        for column in range(model.columnCount()):
            yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
