"""A slider over moments with a play button: the moments are named, the last one is where it rests."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QWidget

from app.filter_mosaic import fraction_of
from app.theme import TARGET_PX, label

STEP_MS = 350  # slow enough to see what changed, and far from three flashes a second of anything

SLIDER = """
QSlider::groove:horizontal { height: 6px; border-radius: 3px; background: palette(midlight); }
QSlider::sub-page:horizontal { border-radius: 3px; background: palette(highlight); }
QSlider::handle:horizontal {
    width: 28px; height: 28px; margin: -11px 0; border-radius: 14px; background: palette(highlight);
}
QSlider::handle:horizontal:focus { border: 3px solid palette(text); width: 22px; height: 22px; }
"""


class FilmBar(QWidget):
    """Signals: moved(int): the place of the moment now shown."""

    moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self.play_button = QPushButton(self.tr("Play"))
        self.play_button.clicked.connect(self.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMinimumHeight(TARGET_PX)
        self.slider.setStyleSheet(SLIDER)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName(self.tr("Moment of the training"))
        self.slider.valueChanged.connect(self._on_move)
        self._moment = label("", "lead", wrap=False)
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._step)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addWidget(self.play_button)
        row.addWidget(self.slider, 1)
        row.addWidget(self._moment)

    @property
    def place(self) -> int:
        """The place of the moment shown."""
        return self.slider.value()

    @property
    def at_end(self) -> bool:
        """Whether the last moment is shown."""
        return self.slider.value() == self.slider.maximum()

    @property
    def playing(self) -> bool:
        """Whether the film runs."""
        return self._timer.isActive()

    def set_moments(self, names: Sequence[str]) -> None:
        """Other moments; stays at the end if it was there, else at the same place. Tells nobody."""
        place = len(names) - 1 if self.at_end else min(self.slider.value(), len(names) - 1)
        self._names = tuple(names)
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(names) - 1)
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        widest = max((self._moment.fontMetrics().horizontalAdvance(name) for name in names), default=0)
        self._moment.setMinimumWidth(round(1.3 * widest))
        self._say()

    def set_epochs(self, epochs: Sequence[float]) -> None:
        """The moments of snapshots at these epochs, and last the weights as they are now."""
        self.set_moments([*map(self._epoch_words, epochs), self.tr("now")])

    def show_place(self, place: int) -> None:
        """Goes to a place and tells nobody."""
        self.slider.blockSignals(True)
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        self._say()

    @property
    def moment(self) -> str:
        """What the moment shown is called."""
        return self._names[self.place] if self._names else ""

    def _epoch_words(self, epoch: float) -> str:
        if epoch == 0:
            return self.tr("before training")
        if epoch < 1:
            return self.tr("after {0} epoch").format(fraction_of(epoch))
        return self.tr("epoch {0}").format(fraction_of(epoch))

    def toggle(self) -> None:
        """Plays from here (from the start when at the end), or stops."""
        if self.playing:
            self._stop()
        else:
            if self.at_end:
                self.slider.setValue(0)
            self._timer.start()
            self.play_button.setText(self.tr("Pause"))

    def _stop(self) -> None:
        self._timer.stop()
        self.play_button.setText(self.tr("Play"))

    def _step(self) -> None:
        self.slider.setValue(self.slider.value() + 1)
        if self.at_end:
            self._stop()

    def _on_move(self, place: int) -> None:
        self._say()
        self.moved.emit(place)

    def _say(self) -> None:
        self._moment.setText(self.moment)
        self.slider.setAccessibleDescription(self.moment)
