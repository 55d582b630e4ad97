"""What the room of the two GPUs is made of, and where it stands: one page that scrolls when it must."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.theme import label
from app.widgets.choice import Choice
from app.widgets.film_bar import FilmBar
from app.widgets.onset_card import OnsetCard
from app.widgets.runs_card import RunsCard
from app.widgets.strips import StripPlot
from app.widgets.tile_sheet import TileSheet
from app.widgets.word_table import WordTable

SIDE_WIDTH = 300
LOWEST_PX = 240  # of the filters
MARGIN_PX = 28


class HalvesPage(QWidget):
    """Holds the widgets; what they show and when is the room's."""

    def __init__(self, buttons: dict[str, QPushButton]) -> None:
        """`buttons`: shuffle, many, back, fit; of the figures sheet, measure, chance, tests, onset, runs."""
        super().__init__()
        self.lead, self.note = label("", "lead"), label("", "muted")
        self.sheet, self.film = TileSheet(), FilmBar()
        self.chance, self.spread = StripPlot(3.0), StripPlot(3.2)
        self.deal_words, self.spread_words = label("", "body"), label("", "body")
        self.measure = Choice(
            self.tr("Compare"),
            {
                "colour": self.tr("Colour"),
                "orientation_amplitude": self.tr("Orientation"),
                "mean_frequency": self.tr("Fineness"),
                "even_share": self.tr("Phase"),
                "norm": self.tr("Strength"),
            },
        )
        self.onset, self.runs = OnsetCard(), RunsCard()
        self.tests = WordTable(self.tr("All tests"))
        self.tests_words = label("", "muted")
        self.spread_part = QWidget()
        self._buttons = buttons
        self.tests_card = self._make_tests_card()
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, 18, MARGIN_PX, 20)
        column.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Two GPUs"), "title", wrap=False), 1)
        head.addWidget(self._buttons["sheet"])
        column.addLayout(head)
        column.addWidget(self.lead)
        column.addWidget(self.note)
        column.addWidget(self.measure)
        self.first_screen = QWidget()
        row = QHBoxLayout(self.first_screen)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(18)
        row.addWidget(self.sheet, 1)
        row.addWidget(self._make_side())
        column.addWidget(self.first_screen, 1)
        for part in (self.film, self.onset, self.tests_card, self.runs):
            column.addWidget(part)
        for card, name in ((self.onset, "onset"), (self.runs, "runs")):
            inside = card.layout()
            assert isinstance(inside, QVBoxLayout)
            inside.addWidget(self._buttons[name], 0, Qt.AlignmentFlag.AlignLeft)

    def _make_side(self) -> QFrame:
        self.side = QFrame()
        self.side.setProperty("role", "card")
        column = QVBoxLayout(self.side)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(self._buttons["shuffle"])
        more = QGridLayout()
        more.addWidget(self._buttons["many"], 0, 0)
        more.addWidget(self._buttons["back"], 0, 1)
        column.addLayout(more)
        column.addWidget(self.deal_words)
        column.addWidget(self.chance)
        inside = QVBoxLayout(self.spread_part)
        inside.setContentsMargins(0, 8, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(self.spread_words)
        inside.addWidget(self.spread, 1)
        figures = QGridLayout()
        figures.addWidget(self._buttons["measure"], 0, 0)
        figures.addWidget(self._buttons["chance"], 0, 1)
        inside.addLayout(figures)
        column.addWidget(self.spread_part, 1)
        column.addStretch(0)
        self.fit_side()
        return self.side

    def _make_tests_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        column.addWidget(label(self.tr("Every question, and the answer"), "heading"))
        column.addWidget(self.tests_words)
        column.addWidget(self.tests)
        row = QHBoxLayout()
        row.addWidget(self._buttons["fit"])
        row.addWidget(self._buttons["tests"])
        row.addStretch(1)
        column.addLayout(row)
        return card

    def fit_side(self) -> None:
        """The side is as wide as its buttons need: they grow with the text size."""
        self.side.setFixedWidth(max(SIDE_WIDTH, self.side.minimumSizeHint().width()))

    def fit_height(self, height: int) -> None:
        """The filters fill what the sentences leave of the first screen of that height."""
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        inside = self.width() - 2 * MARGIN_PX
        above = column.contentsMargins().top() + column.contentsMargins().bottom()
        for place in range(column.indexOf(self.first_screen)):
            item = column.itemAt(place)
            if item is not None and not item.isEmpty():  # what is hidden takes no room
                needed = item.heightForWidth(inside) if item.hasHeightForWidth() else item.sizeHint().height()
                above += needed + column.spacing()
        lowest = max(LOWEST_PX, height - above)
        self.sheet.setMinimumHeight(lowest)
        self.sheet.setMaximumHeight(max(lowest, self.side.sizeHint().height()))
