"""The room inside: the picture flows through any network, every map can be seen, every answer explained."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sample_probe import with_probe
from sample_runs import ONE_CHANNEL, ONE_COLUMN, TWO_COLUMNS, Layers, document_on, museum_on, sample_run

from app.document import VisitorPicture
from app.inside.blending import blend, hidden_strength
from app.inside.flow import Letters, flow_of, lay_out
from app.inside.flow_paint import fitted
from app.rooms.inside import InsideRoom
from app.theme import TARGET_PX
from app.worker import Worker

SERVICE = Path(__file__).with_name("inside_service.py")
PICTURE = VisitorPicture("dog.png", data=b"any bytes")
RoomOf = Callable[..., InsideRoom]


@pytest.fixture(scope="module")
def worker(qapp: QApplication) -> Iterator[Worker]:
    """One worker process for all tests: it keeps nothing of one archive for another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SERVICE.parent.parent.parent))
        made = Worker(command=[sys.executable, str(SERVICE)])
        yield made
        made.shut_down()


@pytest.fixture
def room_of(qtbot: QtBot, tmp_path: Path, worker: Worker) -> RoomOf:
    """Makes the room on a small archive; it looks at a picture already."""

    def make(layers: Layers = ONE_COLUMN, probe: bool = False, pictures: bool = True) -> InsideRoom:
        run = sample_run(layers)
        document = document_on(tmp_path, with_probe(run, pictures) if probe else run)
        document.show_pictures([PICTURE])
        room = InsideRoom(museum_on(document, worker))
        qtbot.addWidget(room)
        room.resize(1100, 720)
        room.show()
        settle(qtbot, room)
        return room

    return make


def settle(qtbot: QtBot, room: InsideRoom) -> None:
    qtbot.waitUntil(room.ready, timeout=20_000)


def show(qtbot: QtBot, room: InsideRoom, page: str) -> None:
    room.view.setCurrentIndex(room.view.findData(page))
    room.view.activated.emit(room.view.currentIndex())
    settle(qtbot, room)


def test_the_largest_maps_of_every_layer_stand_in_their_lane(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(TWO_COLUMNS)
    maps = room.flow.content.maps
    assert maps["conv1a"].channels == (47, 46, 45, 44, 43)
    assert [layer.lane for layer in room.inquiry.flow] == [0, 1, 0]
    upper, lower = room.flow.rectangle("conv1a", 0), room.flow.rectangle("conv1b", 0)
    assert upper.left() == lower.left() and upper.bottom() < lower.top()
    assert min(upper.width(), upper.height()) >= TARGET_PX


def test_the_last_block_says_the_classes_with_their_probabilities(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    content = room.flow.content
    assert content.layers[-1].words and content.maps["probs"].channels[0] == 3
    assert content.label(3) == "class 3"


def test_a_tapped_map_is_the_selected_unit_and_its_field_is_drawn_on_the_picture(
    qtbot: QtBot, room_of: RoomOf
) -> None:
    room = room_of()
    place = room.flow.rectangle("conv1", 1).center().toPoint()
    qtbot.mouseClick(room.flow, Qt.MouseButton.LeftButton, pos=QPoint(place))
    settle(qtbot, room)
    assert (room._document.layer, room._document.unit) == ("conv1", 30)
    unit = room.inquiry.seen.unit if room.inquiry.seen else None
    assert unit is not None and (unit.row, unit.column, unit.answer) == (30, 1, 40)
    assert room.flow.content.box == unit.box == (30, 1, 32, 6)
    assert "At row 30, column 1 it answers 40" in room._below.text()


def test_the_arrow_keys_walk_from_map_to_map(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(TWO_COLUMNS)
    for key, expected in (
        (Qt.Key.Key_Down, ("conv1a", 47)),
        (Qt.Key.Key_Down, ("conv1a", 46)),
        (Qt.Key.Key_Right, ("probs", 0)),
        (Qt.Key.Key_Left, ("conv1a", 46)),
    ):
        qtbot.keyClick(room.flow, key)
        settle(qtbot, room)
        assert (room._document.layer, room._document.unit) == expected


def test_every_map_of_a_layer_can_be_chosen_and_seen_at_full_size(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    show(qtbot, room, "maps")
    assert room.maps.sheet._blocks[0].numbers == tuple(range(31, -1, -1))
    room.maps.sheet.select(4)
    settle(qtbot, room)
    assert room._document.unit == 4
    assert room.card.map._place == (4, 1) and room.card.heading.text() == "conv1, unit 4"
    qtbot.keyClick(room.card.map, Qt.Key.Key_Right)
    settle(qtbot, room)
    assert "At row 4, column 2 it answers 0" in room.card.sentence.text()


def test_a_layer_is_chosen_by_name(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(TWO_COLUMNS)
    show(qtbot, room, "maps")
    room.layers.setCurrentIndex(room.layers.findText("conv1b"))
    room.layers.activated.emit(room.layers.currentIndex())
    settle(qtbot, room)
    assert room._document.layer == "conv1b"
    assert room.maps.sheet._blocks[0].column == 1


def test_the_pixels_that_count_are_bright_over_the_picture(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    show(qtbot, room, "why")
    assert [room.why.target.itemData(place) for place in range(5)] == [3, 0, 1, 2, 4]
    pixels = room.why.laid_over.pixels
    assert pixels is not None
    brightness = pixels.astype(int).sum(axis=2)
    assert np.unravel_index(brightness.argmax(), brightness.shape) == (5, 7)
    room.why.blending.setValue(0)
    assert (room.why.laid_over.pixels == 200).all()


def test_hiding_parts_of_the_picture_grows_to_the_whole_map(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    show(qtbot, room, "why")
    room.why.rule.setCurrentIndex(room.why.rule.findData("occlusion"))
    room.why.rule.activated.emit(room.why.rule.currentIndex())
    settle(qtbot, room)
    assert room.why._said.text().startswith("49 of 49 squares")
    strength = room.why._strength
    assert strength is not None and strength[9, 13] == 1 and strength[30, 30] == 0


def test_the_selected_unit_can_be_asked_about_instead_of_a_class(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    room._document.select_unit("conv1", 9)
    settle(qtbot, room)
    show(qtbot, room, "why")
    place = room.why.target.count() - 1
    assert room.why.target.itemText(place) == "conv1, unit 9"
    room.why.target.setCurrentIndex(place)
    assert room.why._about() == {"layer": "conv1", "channel": 9, "row": 9, "column": 1}


def test_the_arithmetic_adds_up_and_the_largest_terms_come_first(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    room._document.select_unit("conv1", 9)
    show(qtbot, room, "sums")
    assert [(term.channel, term.total) for term in room.sums.terms] == [(1, 24.0), (0, -8.0)]
    assert "8 products add up to 16.000; the bias 0.500 makes it 16.500" in room.sums.steps.text()
    rows = room.figures()[0].table().rows
    assert sum(float(str(row[-1])) for row in rows) == 16


def test_patches_and_statistics_come_from_the_archive(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(probe=True)
    room._document.select_unit("conv1", 2)
    show(qtbot, room, "excites")
    assert not room.excites.missing.isVisible() and len(room.excites.sheet._blocks[0].tiles) == 3
    assert ("Largest answer", "7.00") in room.excites.rows.rows
    assert "class 1" in room.excites._said.text()


def test_what_an_archive_lacks_is_said_with_the_command_that_adds_it(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    room._document.select_unit("conv1", 2)
    show(qtbot, room, "excites")
    assert room.excites.missing.isVisible()
    assert room.excites.missing._command.text() == "alexnet activations sample.h5 --data DATA"


def test_without_stored_pictures_it_says_which_they_were(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(probe=True, pictures=False)
    room._document.select_unit("conv1", 2)
    show(qtbot, room, "excites")
    assert room.excites.missing._command.text().endswith("--store-pictures")
    assert "in probe picture" in room.excites._said.text()
    assert ("Largest answer", "7.00") in room.excites.rows.rows


def test_a_grey_network_is_shown_too(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(ONE_CHANNEL)
    assert len(room.flow.content.images["conv1"]) == 5
    assert not room.grab().isNull()


def test_without_a_picture_it_says_what_to_do(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    room._document.show_pictures([])
    assert "no picture" in room._why_nothing.text() and room._help.isVisible()
    with qtbot.waitSignal(room.visitWanted) as asked:
        room._help.click()
    assert asked.args == ["try-it"] and room.figures() == []


def test_the_depths_offer_more_and_more(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    counts = {}
    for depth in ("study", "try", "look"):
        room.set_depth(depth)
        counts[depth] = room.view.count()
    assert counts == {"look": 1, "try": 2, "study": 5}
    assert not room._side_area.isVisible() and room.page == "flow"


def test_a_room_that_is_not_visited_asks_nothing(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of()
    room.hide()
    room._document.show_pictures([VisitorPicture("other.png", data=b"others")])
    assert room.ready() and not room.inquiry.worker.busy
    room.show()
    assert not room.ready()
    settle(qtbot, room)


def test_every_page_has_a_figure_with_numbers(qtbot: QtBot, room_of: RoomOf) -> None:
    room = room_of(probe=True)
    room._document.select_unit("conv1", 2)
    for page in ("flow", "maps", "why", "excites", "sums"):
        show(qtbot, room, page)
        (figure,) = room.figures()
        table = figure.table()
        assert figure.name == page and figure.description and table.rows
        assert all(len(row) == len(table.columns) for row in table.rows)


# What needs no room


def test_layers_that_read_both_columns_are_joined_to_both() -> None:
    from reproduction.definition import assemble, find_texts

    network = assemble(find_texts("alexnet-2012")).to_json()
    flow = {layer.name: layer for layer in flow_of(network)}
    assert set(flow["conv3a"].reads) == {"conv2a", "conv2b"} and flow["conv2a"].reads == ("conv1a",)
    assert flow["conv1b"].reads == ("",) and flow["probs"].words
    plan = lay_out(tuple(flow.values()), 1000, 600, Letters(16, lambda text: 7.0 * len(text), 100))
    assert sum(link.crossing for link in plan.links) == 7
    tiles = list(plan.tiles.values())
    assert not any(a.intersects(b) for i, a in enumerate(tiles) for b in tiles[i + 1 :])


def test_hidden_squares_share_what_they_cost() -> None:
    answers = np.array([1, 0, 1, 1], np.float32)
    found = hidden_strength(answers, 1.0, side=6, size=4, stride=2)
    assert found[0, 5] == 1 and found[0, 3] == 0.5 and found[5, 5] == 0.0
    assert (hidden_strength(np.full(4, np.nan, np.float32), 1.0, 6, 4, 2) == 0).all()


def test_a_map_alone_keeps_its_order_of_brightness() -> None:
    strength = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    pixels = blend(np.zeros((8, 8, 3), np.uint8), strength, 1.0).astype(float)
    luminance = (pixels @ np.array([0.2126, 0.7152, 0.0722])).reshape(-1)
    assert (np.diff(luminance) >= 0).all()


@pytest.mark.parametrize("name", ["pomegranate", "sewing machine", "German short-haired pointer", "W" * 30])
def test_the_name_of_a_class_is_never_cut_nor_over_its_number(qapp: QApplication, name: str) -> None:
    inner, taken = QRectF(10, 20, 82, 31), QRectF(56, 36, 36, 15)
    font = QFont(qapp.font())
    font.setPointSizeF(9.0)  # whatever size other tests have left behind
    layout = fitted(name, font, inner, taken)
    boxes = [layout.lineAt(place).naturalTextRect() for place in range(layout.lineCount())]
    assert max(box.width() for box in boxes) <= inner.width()
    assert sum(layout.lineAt(place).textLength() for place in range(layout.lineCount())) == len(name)
    if " " in name:
        clear = taken.adjusted(0, 3, 0, 0)
        assert not any(box.translated(inner.topLeft()).intersects(clear) for box in boxes)
