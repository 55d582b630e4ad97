"""The levers of a run: pause, go on, other rates, an end; and how far it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.theme import label
from app.widgets.select import Select

FACTORS = (0.1, 0.5, 2.0, 10.0)
LETTERS = 22  # of the choice of rates
STEPS = 1000  # of the progress bar


class RunControls(QWidget):
    """Signals: pauseWanted, goOnWanted, endWanted; rateWanted(float): multiply all learning rates by that."""

    pauseWanted = Signal()
    goOnWanted = Signal()
    endWanted = Signal()
    rateWanted = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("How far the training is"))
        self.words = label("", "muted")
        self.pause_button = QPushButton(self.tr("Pause"))
        self.go_on_button = QPushButton(self.tr("Go on"))
        self.end_button = QPushButton(self.tr("End with this epoch"))
        self.rate_box = Select(self.tr("Learning rates from now on"), LETTERS)
        words = (
            self.tr("a tenth of the rates"),
            self.tr("half the rates"),
            self.tr("twice the rates"),
            self.tr("ten times the rates"),
        )
        self.rate_box.addItems(words)
        self.rate_button = QPushButton(self.tr("Change the rates"))
        self.pause_button.clicked.connect(self.pauseWanted)
        self.go_on_button.clicked.connect(self.goOnWanted)
        self.end_button.clicked.connect(self.endWanted)
        self.rate_button.clicked.connect(lambda: self.rateWanted.emit(FACTORS[self.rate_box.currentIndex()]))
        self._lay_out()

    def _lay_out(self) -> None:
        grid = QGridLayout()  # two beside each other: there is room for that at any size of text
        grid.setColumnStretch(2, 1)
        controls = (
            self.pause_button,
            self.go_on_button,
            self.rate_box,
            self.rate_button,
            self.end_button,
        )
        for place, control in enumerate(controls):
            grid.addWidget(control, *divmod(place, 2))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.words)
        column.addWidget(self.bar)
        column.addLayout(grid)

    def show_state(self, sentence: str, part: float, running: bool, can_go_on: bool) -> None:
        """What is said, how much of the run is over (0 to 1), and which levers mean something now."""
        self.words.setText(sentence)
        self.bar.setValue(round(STEPS * part))
        self.bar.setAccessibleDescription(sentence)
        self.pause_button.setEnabled(running)
        self.end_button.setEnabled(running or can_go_on)
        self.go_on_button.setEnabled(can_go_on)
        for control in (self.rate_box, self.rate_button):
            control.setEnabled(running or can_go_on)
