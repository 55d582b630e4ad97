"""The palette: everything that can be done, found and done with the keyboard alone, and told to the ear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sample_runs import TWO_COLUMNS, document_on, sample_run

from app.main_window import MainWindow
from app.theme import Appearance
from app.worker import Worker

BOTH = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot, qapp: QApplication) -> Iterator[MainWindow]:
    document = document_on(tmp_path, sample_run(TWO_COLUMNS))
    made = MainWindow(document, Worker(), Appearance(qapp))
    qtbot.addWidget(made)
    made.visit("filters")
    made.resize(1100, 760)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.worker.shut_down()


def opened(window: MainWindow, qtbot: QtBot, letters: str) -> None:
    qtbot.keyClick(window, Qt.Key.Key_P, BOTH)
    qtbot.keyClicks(window.menus.palette.field, letters)


def test_a_few_letters_and_enter_do_it(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot, "rtrain")
    palette = window.menus.palette
    assert palette.isVisible() and palette.lines[0].startswith("Rooms: Training")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert not palette.isVisible()
    assert window.room is window.rooms["training"]


def test_every_action_that_can_be_done_is_offered(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot, "")
    actions = [entry.action for entry in window.menus.actions.offered() if entry.name != "palette"]
    assert len(window.menus.palette.lines) == len(actions) > 15
    assert not any("Undo" in line for line in window.menus.palette.lines), "there is nothing to undo"


def test_the_arrow_keys_choose_and_the_ear_is_told(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot, "room")
    palette = window.menus.palette
    told = [palette.field.accessibleDescription()]
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    told.append(palette.field.accessibleDescription())
    assert told == palette.lines[:2]
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    qtbot.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.field.accessibleDescription() == palette.lines[0]


def test_letters_that_fit_nothing_are_answered_in_words(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot, "qqqq")
    palette = window.menus.palette
    assert palette.lines == [] and palette._nothing.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_a_click_does_it_too(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot, "entrance")
    palette = window.menus.palette
    place = palette.list.visualRect(palette.list.model().index(0, 0)).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.room is window.rooms["entrance"]
