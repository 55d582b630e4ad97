"""Bars say what they show: by length, by number, and to those who hear."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from app.answers import Guess
from app.theme import current
from app.widgets.bars import GuessBars

GUESSES = (Guess("tench, Tinca tinca", 0.75), Guess("eel", 0.2), Guess("ship", 0.0004))


def bars_of(qtbot: QtBot) -> GuessBars:
    bars = GuessBars()
    qtbot.addWidget(bars)
    bars.resize(300, bars.sizeHint().height())
    bars.show_guesses(GUESSES)
    bars.show()
    return bars


def test_a_bar_is_as_long_as_the_guess_is_sure(qtbot: QtBot) -> None:
    bars = bars_of(qtbot)
    shot = bars.grab().toImage()
    middle = round(bars._track(0).center().y())
    accent = QColor(current().accent)
    painted = [x for x in range(300) if shot.pixelColor(x, middle) == accent]
    assert abs(len(painted) - 225) <= 4


def test_bars_are_spoken_with_whole_labels(qtbot: QtBot) -> None:
    text = bars_of(qtbot).accessibleDescription()
    assert text == "tench, Tinca tinca, 75 %; eel, 20 %; ship, < 0.1 %"


def test_a_tip_has_the_whole_label(qtbot: QtBot) -> None:
    bars = bars_of(qtbot)
    point = QPoint(20, 5)
    QApplication.sendEvent(bars, QHelpEvent(QEvent.Type.ToolTip, point, bars.mapToGlobal(point)))
    assert QToolTip.text() == "tench, Tinca tinca"
    QToolTip.hideText()


def test_no_guesses_are_empty_tracks(qtbot: QtBot) -> None:
    bars = bars_of(qtbot)
    bars.show_guesses(())
    assert bars.row_at(5) is None and bars.accessibleDescription() == ""
    assert not bars.grab().isNull()
