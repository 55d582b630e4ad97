"""The room of neighbours: two rulers for what is alike, on any archive that was asked about a probe set."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sample_probe import IMAGES, with_probe
from sample_runs import ONE_CHANNEL, ONE_COLUMN, Layers, document_on, museum_on, sample_run

from app.document import VisitorPicture
from app.rooms.neighbours import NeighboursRoom
from app.worker import Worker

SERVICE = Path(__file__).with_name("inside_service.py")
RoomOf = Callable[..., NeighboursRoom]


@pytest.fixture(scope="module")
def worker(qapp: QApplication) -> Iterator[Worker]:
    """One worker process for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SERVICE.parent.parent.parent))
        made = Worker(command=[sys.executable, str(SERVICE)])
        yield made
        made.shut_down()


@pytest.fixture
def room_of(qtbot: QtBot, tmp_path: Path, worker: Worker) -> RoomOf:
    """Makes the room on a small archive; it looks at a picture already."""

    def make(layers: Layers = ONE_COLUMN, probe: bool = True, pictures: bool = True) -> NeighboursRoom:
        run = sample_run(layers)
        document = document_on(tmp_path, with_probe(run, pictures) if probe else run)
        document.show_pictures([VisitorPicture("dog.png", data=b"any bytes")])
        room = NeighboursRoom(museum_on(document, worker))
        qtbot.addWidget(room)
        room.resize(1100, 720)
        room.show()
        qtbot.waitUntil(room.ready, timeout=20_000)
        return room

    return make


def test_the_two_rulers_show_their_own_neighbours_nearest_first(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    assert [near.picture for near in room.features.found] == [0, 10, 20, 30, 40, 50]
    assert [near.picture for near in room.pixels.found] == [50, 40, 30, 20, 10, 0]
    assert room.features.block is not None and room.features.block.tiles[3].max() == 3
    assert room.features.sheet.isVisible() and room.pixels.sheet.isVisible()
    assert "Number 2: class 1, at distance 2.00; the network says class 0" in room.features.describe(1)


def test_how_many_and_by_which_distance_can_be_chosen(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    room.how_many.choose(3)
    room.distance.choose("cosine")
    room.how_many.activated.emit(room.how_many.currentIndex())
    qtbot.waitUntil(room.ready, timeout=20_000)
    assert len(room.features.found) == len(room.pixels.found) == 3
    state = room.state()
    room.how_many.choose(12)
    room.restore(state)
    assert room.how_many.currentData() == 3 and room.distance.currentData() == "cosine"


def test_the_lead_counts_how_far_the_neighbours_agree(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    assert "1 of 6 neighbours are of class class 0; by pixels, 1 of 6, class 5" in room._sentence.text()


def test_without_stored_pictures_there_are_words_and_the_command(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(pictures=False)
    assert not room.features.sheet.isVisible() and room.features._rows.isVisible()
    assert room.features._list.itemAtPosition(2, 0).widget().text() == "class 2"
    assert room.pixels.missing.isVisible()
    assert room.pixels.missing._command.text().endswith("--data DATA --store-pictures")
    assert len(room.figures()[0].table().rows) == IMAGES


def test_an_archive_without_a_probe_set_says_how_to_get_one(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(probe=False)
    assert room.missing.isVisible() and not room.features.isVisible()
    assert room.missing._command.text() == "alexnet activations sample.h5 --data DATA"
    assert room.figures() == []
    assert room.missing.y() < room.picture.geometry().bottom() + 40  # at the top, under the sentence
    assert not room.layer.isVisible() and not room.how_many.isVisible()


def test_grey_pictures_have_neighbours_too(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(ONE_CHANNEL)
    assert room.features.block is not None and room.features.block.tiles.shape[-1] == 3


def test_the_figure_holds_both_rulers_and_every_distance(qtbot: QtBot, room_of: RoomOf) -> None:
    (figure,) = room_of().figures()
    rows = figure.table().rows
    assert len(rows) == 2 * IMAGES and rows[1][1:] == (2, 10, "class 1", "class 0", 2.0)
    assert "class 5" in figure.description


def test_each_depth_adds_its_controls(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    shown = {}
    for depth in ("look", "try", "study"):
        room.set_depth(depth)
        shown[depth] = [pick.isVisible() for pick in (room.layer, room.distance, room.how_many)]
    assert shown == {"look": [False] * 3, "try": [True, False, False], "study": [True] * 3}


def test_without_a_picture_it_says_what_to_do(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    room._document.show_pictures([])
    with qtbot.waitSignal(room.visitWanted) as asked:
        room._help.click()
    assert asked.args == ["try-it"] and "no picture" in room._why_nothing.text()
