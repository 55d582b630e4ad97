"""The answer of the whole network beside the answer of what is left of it."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from app.answers import Answer, Look
from app.theme import label
from app.widgets.bars import GuessBars
from app.widgets.pixel_view import PixelView

CROP_PX, ROWS = 128, 3


class AnswerPair(QFrame):
    """What the network sees, what it says as it is now, and what it said whole."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.crop, self.now, self.whole = PixelView(CROP_PX), GuessBars(ROWS), GuessBars(ROWS)
        self.crop.setAccessibleName(self.tr("What the network sees"))
        self.now_heading, whole_heading = label("", "heading"), label(self.tr("The whole network"), "heading")
        self.now.setAccessibleName(self.tr("Best guesses as the network is now"))
        self.whole.setAccessibleName(self.tr("Best guesses of the whole network"))
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(8)
        parts: tuple[QLabel | GuessBars | PixelView, ...] = (
            *(self.now_heading, self.now),
            *(whole_heading, self.whole, self.crop),
        )
        for part in parts:
            column.addWidget(part)
        column.addStretch(1)
        self.name_now("")

    def name_now(self, off: str) -> None:
        """Says above the bars what is off: "GPU 1 and colour"; nothing when nothing is."""
        text = self.tr("Without {0}").format(off) if off else self.tr("Nothing is switched off")
        self.now_heading.setText(text)

    def show_now(self, answer: Answer, look: Look) -> None:
        """Shows what the network says as it is now, and what it saw."""
        self.now.show_guesses(answer.guesses)
        self.crop.show_pixels(look.crop)

    def show_whole(self, answer: Answer) -> None:
        """Shows what the whole network says."""
        self.whole.show_guesses(answer.guesses)

    def fade(self, whole: bool) -> None:
        """Another answer is awaited: of what is left, and with `whole` of the whole network too."""
        self.now.fade()
        if whole:
            self.whole.fade()

    def clear(self) -> None:
        """Shows no answer."""
        self.now.show_guesses(())
        self.whole.show_guesses(())
        self.crop.show_pixels(None)
