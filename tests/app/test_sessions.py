"""A visit goes on where it ended: in the same room, on the same weights, whatever became of the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sample_runs import ONE_COLUMN, TWO_COLUMNS, sample_run

from app.document import Document, OpenArchive
from app.main_window import MainWindow
from app.selected import Lesions
from app.session import Session, SessionError, read_session, session_of
from app.settings import Settings
from app.start import go_on
from app.theme import Appearance
from app.worker import Worker
from archive import write_archive

Opener = Callable[[], MainWindow]
LESIONS = Lesions(frozenset({1}), frozenset({("conv1a", 5)}), grey=True, cut=True)
SESSION = Session(
    "filters", "try", "run.h5", "0" * 64, "conv1b", 7, 1, LESIONS, {"filters": {"order": "norm"}}
)


@pytest.fixture
def museum(tmp_path: Path, qtbot: QtBot, qapp: QApplication) -> Iterator[Opener]:
    """Opens windows that share one settings file, as one start after another."""
    opened: list[MainWindow] = []

    def start() -> MainWindow:
        window = MainWindow(Document(Settings(tmp_path / "museum.ini")), Worker(), Appearance(qapp))
        qtbot.addWidget(window)
        opened.append(window)
        return window

    yield start
    for window in opened:
        window.worker.shut_down()


def begin(window: MainWindow) -> None:
    go_on(window, window.document.settings, archives_named=False)


def test_a_session_is_read_as_it_was_written() -> None:
    assert session_of(SESSION.to_json()) == SESSION
    assert session_of(Session().to_json()) == Session()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "something"},
        {"version": 2},
        {"version": None},
        {"room": 3},
        {"depth": None},
        {"archive": {}},
        {"archive": "run.h5"},
        {"selected": {"layer": "conv1", "unit": -1, "moment": None}},
        {"selected": {"layer": "conv1", "unit": "7", "moment": None}},
        {"lesions": {"columns": 1}},
        {"lesions": None},
        {"rooms": {"filters": 3}},
        {"rooms": []},
    ],
)
def test_what_no_museum_wrote_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SessionError):
        session_of(json.dumps(json.loads(SESSION.to_json()) | change))


@pytest.mark.parametrize("text", ["", "[]", "{", "nul\0", "[" * 100_000, "null"])
def test_a_damaged_text_is_refused(text: str) -> None:
    with pytest.raises(SessionError):
        session_of(text)


def test_the_next_start_goes_on_where_the_last_ended(museum: Opener, tmp_path: Path) -> None:
    write_archive(tmp_path / "run.h5", sample_run(TWO_COLUMNS, (0, 1)))
    window = museum()
    begin(window)
    window.document.open(tmp_path / "run.h5")
    window.visit("filters")
    window.choose_depth("try")
    window.document.select_unit("conv1b", 9)
    window.document.select_moment(1)
    window.document.set_lesions(Lesions(frozenset({0})), "column 0 off")
    window.close()
    again = museum()
    begin(again)
    document = again.document
    assert document.current is not None and document.current.path == tmp_path / "run.h5"
    assert again.room is again.rooms["filters"] and again.chosen_depth == "try"
    assert (document.layer, document.unit, document.moment) == ("conv1b", 9, 1)
    assert document.lesions == Lesions(frozenset({0}))


def test_a_session_holds_no_path(museum: Opener, tmp_path: Path) -> None:
    write_archive(tmp_path / "run.h5", sample_run(TWO_COLUMNS))
    window = museum()
    window.document.open(tmp_path / "run.h5")
    for room in ("entrance", "filters", "try-it", "training"):
        window.visit(room)
    window.sessions.save(tmp_path / "mine.json")
    assert str(tmp_path) not in (tmp_path / "mine.json").read_text(encoding="utf-8")
    assert read_session(tmp_path / "mine.json").archive == "run.h5"


def test_a_missing_archive_is_asked_for_and_the_session_goes_on_when_it_comes(
    museum: Opener, tmp_path: Path
) -> None:
    write_archive(tmp_path / "run.h5", sample_run(TWO_COLUMNS, (0, 1)))
    window = museum()
    window.document.open(tmp_path / "run.h5", remember=False)
    window.document.select_unit("conv1b", 9)
    window.sessions.save(tmp_path / "mine.json")
    fingerprint = read_session(tmp_path / "mine.json").fingerprint
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run.h5").rename(tmp_path / "elsewhere" / "renamed.h5")
    write_archive(tmp_path / "other.h5", sample_run(ONE_COLUMN))
    other = museum()
    other.sessions.open(tmp_path / "mine.json")
    assert "run.h5" in other.messages.text and fingerprint[:12] in other.messages.text
    other.document.open(tmp_path / "other.h5", remember=False)
    assert other.document.unit is None
    other.document.open(tmp_path / "elsewhere" / "renamed.h5", remember=False)
    assert (other.document.layer, other.document.unit) == ("conv1b", 9)


def test_of_two_archives_of_one_name_the_one_with_the_same_weights_is_shown(
    museum: Opener, tmp_path: Path
) -> None:
    paths = [tmp_path / folder / "run.h5" for folder in ("a", "b")]
    for seed, path in enumerate(paths):
        path.parent.mkdir()
        write_archive(path, sample_run(TWO_COLUMNS, seed=seed))
    window = museum()
    window.document.open(paths[0])
    window.sessions.save(tmp_path / "mine.json")
    window.document.open(paths[1])
    other = museum()
    other.sessions.open(tmp_path / "mine.json")
    assert other.document.current is not None and other.document.current.path == paths[0]


def test_what_the_archive_does_not_have_is_left_out(museum: Opener, tmp_path: Path) -> None:
    write_archive(tmp_path / "run.h5", sample_run(ONE_COLUMN))
    window = museum()
    window.document.open(tmp_path / "run.h5")
    window.sessions.restore(SESSION)
    document = window.document
    assert (document.layer, document.unit, document.moment) == ("conv1", None, None)
    assert not document.lesions
    assert window.room is window.rooms["filters"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"{}", SESSION.to_json().replace('"version": 1', '"version": 9').encode()]
)
def test_a_session_that_cannot_be_used_never_stops_the_start(
    museum: Opener, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "session.json").write_bytes(content)
    window = museum()
    begin(window)
    assert "session" in window.messages.text
    assert (tmp_path / "session.unreadable.json").read_bytes() == content
    window.close()
    assert read_session(tmp_path / "session.json").room == ""


def test_a_session_that_cannot_be_opened_or_written_is_one_sentence(museum: Opener, tmp_path: Path) -> None:
    window = museum()
    (tmp_path / "notes.json").write_text("{}")
    window.sessions.open(tmp_path / "notes.json")
    assert "notes.json" in window.messages.text
    window.sessions.save(tmp_path / "nowhere" / "mine.json")
    assert "mine.json" in window.messages.text and not list(tmp_path.glob(".mine*"))


def test_the_fingerprint_is_that_of_the_weights_alone(tmp_path: Path) -> None:
    run = sample_run(TWO_COLUMNS, (0, 1))
    write_archive(tmp_path / "one.h5", run)
    run.provenance["command"] = "another"
    write_archive(tmp_path / "two.h5", run)
    run.weights["conv1a/weights_0"] = run.weights["conv1a/weights_0"] * np.float32(1.5)
    write_archive(tmp_path / "three.h5", run)
    one, two, three = (OpenArchive(tmp_path / f"{name}.h5").fingerprint for name in ("one", "two", "three"))
    assert one == two != three
    assert len(one) == 64
