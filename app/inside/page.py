"""What every page of the room inside owes the room."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from app.figure import Figure
from app.inside.inquiry import Inquiry


class Page(QWidget):
    """One way of looking inside; it asks through the inquiry while it is on the screen."""

    def __init__(self, inquiry: Inquiry) -> None:
        super().__init__()
        self.inquiry = inquiry

    def refresh(self) -> None:
        """Something else is looked at, or the page is shown now: asks and draws anew, if it is visible."""

    def sentence(self) -> str:
        """What is seen here, for the line above the page."""
        return ""

    def figures(self) -> list[Figure]:
        """What can be taken home from here."""
        return []


class Pages(QWidget):
    """What holds the pages: content with the least height, and takes all that there is room for."""

    def sizeHint(self) -> QSize:
        return self.minimumSize()
