"""The process that computes is killed while a visitor waits: the visitor gets the answer, and the next."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from kill_the_worker import Killer
from pytestqt.qtbot import QtBot
from sample_runs import TWO_COLUMNS, sample_run

from app.document import Document
from app.main_window import MainWindow
from app.settings import Settings
from app.theme import Appearance
from app.worker import Worker
from archive import write_archive

HERE = Path(__file__).parent
ANSWER_S = 0.4


def test_three_kills_cost_no_answer_and_each_is_said(
    qtbot: QtBot, qapp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HERE.parents[1]))
    write_archive(tmp_path / "two.h5", sample_run(TWO_COLUMNS, (0, 1)))
    service = [sys.executable, str(HERE / "small_service.py"), str(ANSWER_S)]
    window = MainWindow(
        Document(Settings(tmp_path / "museum.ini")), Worker(service, (50,) * 4), Appearance(qapp)
    )
    qtbot.addWidget(window)
    window.document.open(tmp_path / "two.h5", remember=False)
    window.show()
    killer = Killer(window, 1, tmp_path, rooms=["try-it"])
    killer.play(3, latest_ms=round(1000 * ANSWER_S))
    assert killer.troubles == [] and killer.done["try-it"] == 3
    assert len(killer.said) == 3 and all("stopped unexpectedly" in said for said in killer.said)
    assert window.messages.text == ""  # it runs again
