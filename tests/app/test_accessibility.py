"""Without a mouse and without eyes: every control of every room has a name and is reached by key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from accessibility_walk import walk
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sample_runs import ONE_COLUMN, TWO_COLUMNS, document_on, sample_run

from app.main_window import MainWindow
from app.room import DEPTHS
from app.room_list import ROOMS
from app.theme import Appearance
from app.worker import Worker


@pytest.fixture(params=["two columns", "one column", "nothing open"])
def window(
    request: pytest.FixtureRequest, tmp_path: Path, qtbot: QtBot, qapp: QApplication
) -> Iterator[MainWindow]:
    run = {
        "two columns": sample_run(TWO_COLUMNS, (0, 1)),
        "one column": sample_run(ONE_COLUMN),
        "nothing open": None,
    }[request.param]
    made = MainWindow(document_on(tmp_path, run), Worker(), Appearance(qapp))
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    yield made
    made.worker.shut_down()
    made.researcher.shut_down()


@pytest.mark.parametrize("room", [entry.name for entry in ROOMS])
def test_every_control_has_a_name_and_is_reached_by_key(window: MainWindow, room: str, qtbot: QtBot) -> None:
    window.visit(room)
    for depth in DEPTHS:
        window.choose_depth(depth)
        qtbot.wait(30)
        stops = walk(window)
        assert len(stops) > 5
        for stop in stops:
            assert stop.name, f"{stop.widget} has no name"
            assert stop.keys, f"{stop.name} ({stop.role}) is not reached by any key"


@pytest.mark.parametrize("room", [entry.name for entry in ROOMS])
def test_every_figure_has_words_and_numbers_behind_it(window: MainWindow, room: str) -> None:
    for figure in window.visit(room).figures():
        assert figure.title and figure.description, figure.name
        assert figure.widget is not None and figure.widget.accessibleName(), figure.name
        table = figure.table()
        assert table.columns and all(len(row) == len(table.columns) for row in table.rows)
