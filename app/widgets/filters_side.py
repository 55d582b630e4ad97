"""Beside the sheet of filters: the filter that is pointed at, and every choice of how the sheet is shown."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from app.theme import TARGET_PX, label
from app.widgets.choice import Choice
from app.widgets.filter_answer import FilterAnswer
from app.widgets.filter_card import FilterCard
from app.widgets.filter_study import FilterStudy
from app.widgets.picker import Picker

SIDE_WIDTH = 340


class FiltersSide(QScrollArea):
    """Holds the widgets; what they show and when is the room's."""

    def __init__(self, figure_button: QPushButton) -> None:
        super().__init__()
        self.card, self.answer, self.study = FilterCard(), FilterAnswer(), FilterStudy()
        self._make_choices()
        self.unit_part = QWidget()
        unit = QVBoxLayout(self.unit_part)
        unit.setContentsMargins(0, 0, 0, 0)
        unit.addWidget(label(self.tr("Filter of that layer, counted from 0"), "small"))
        row = QHBoxLayout()
        for button in self._make_steps():
            row.addWidget(button)
        row.insertWidget(1, self.unit, 1)
        unit.addLayout(row)
        self._card = QFrame()
        self._card.setProperty("role", "card")
        column = QVBoxLayout(self._card)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(12)
        parts: tuple[QWidget, ...] = (self.card, self.answer, self.contrast, self.channel, self.sorting)
        parts += (self.measure, self.family, self.layer, self.unit_part, self.beside, self.study)
        for widget in (*parts, figure_button):
            column.addWidget(widget)
        column.addStretch()
        self.setWidget(self._card)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its contents take the focus and are scrolled to
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.fit()

    def _make_choices(self) -> None:
        self.contrast = Choice(
            self.tr("Contrast"), {"common": self.tr("One for all"), "tile": self.tr("Each its own")}
        )
        self.channel = Choice(
            self.tr("Channels"),
            {"all": self.tr("Colour"), "red": self.tr("R"), "green": self.tr("G"), "blue": self.tr("B")},
        )
        self.sorting = Choice(
            self.tr("Order"),
            {"number": self.tr("Number"), "norm": self.tr("Strength"), "colour": self.tr("Colour")},
        )
        self.measure = Picker(self.tr("Order by any measure"))
        self.family = Picker(self.tr("Show"))
        self.layer = Picker(self.tr("Layer"))
        self.beside = Picker(self.tr("Beside it"))
        self.unit = QSpinBox()
        self.unit.setMinimumHeight(TARGET_PX)
        self.unit.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)  # they are too small to touch
        self.unit.setAccessibleName(self.tr("Filter of that layer, counted from 0"))

    def _make_steps(self) -> tuple[QPushButton, QPushButton]:
        """Buttons to the filter before and to the next one."""
        before, after = QPushButton("−"), QPushButton("+")
        before.setAccessibleName(self.tr("Filter before"))
        after.setAccessibleName(self.tr("Next filter"))
        before.clicked.connect(self.unit.stepDown)
        after.clicked.connect(self.unit.stepUp)
        return before, after

    def fit(self) -> None:
        """The side is as wide as its words need: they grow with the text size."""
        bar = self.verticalScrollBar().sizeHint().width()
        self.setFixedWidth(max(SIDE_WIDTH, self._card.minimumSizeHint().width() + bar))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.fit()
