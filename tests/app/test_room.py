"""What the window and a room owe each other: depths, figures, actions, undo, a shared selection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QLabel, QMenuBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from sample_runs import ONE_COLUMN, TWO_COLUMNS, document_on, museum_on, sample_run

from app.figure import Figure, Table
from app.room import Museum, Room
from app.room_list import ROOMS
from app.rooms.entrance import EntranceRoom
from app.rooms.filters import FiltersRoom
from app.rooms.training import TrainingRoom
from app.selected import Lesions
from app.widgets.icons import FOLDER
from archive import write_archive


class SmallRoom(Room):
    """A picture at every depth, a control from "try" on, a table at "study"."""

    NAME = "small"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self.picture, self.control, self.table = QLabel("picture"), QLabel("control"), QLabel("table")
        column = QVBoxLayout(self)
        for part in (self.picture, self.control, self.table):
            column.addWidget(part)
        self.from_depth("try", self.control)
        self.from_depth("study", self.table)
        self.pressed = 0
        self.add_action("press", "&Press", self.press, "Ctrl+P")

    def press(self) -> None:
        self.pressed += 1

    def figures(self) -> list[Figure]:
        return [Figure("one", "One", "It is one.", lambda painter, box: None, (10, 10), table, self.picture)]


def table() -> Table:
    return Table(("number",), [(1,)])


def test_a_depth_shows_what_belongs_to_it_and_to_those_above(qtbot: QtBot, tmp_path: Path) -> None:
    room = SmallRoom(museum_on(document_on(tmp_path, None)))
    qtbot.addWidget(room)
    room.show()
    parts = (room.picture, room.control, room.table)
    for depth, shown in (("look", 1), ("try", 2), ("study", 3)):
        room.set_depth(depth)
        assert [part.isVisible() for part in parts] == [place < shown for place in range(3)]


def test_what_is_not_wanted_stays_away_at_every_depth(qtbot: QtBot, tmp_path: Path) -> None:
    room = SmallRoom(museum_on(document_on(tmp_path, None)))
    qtbot.addWidget(room)
    room.show()
    room.want(room.control, False)
    room.set_depth("study")
    assert not room.control.isVisible() and room.table.isVisible()
    room.set_depth("look")
    room.want(room.control, True)
    assert not room.control.isVisible()
    room.set_depth("try")
    assert room.control.isVisible()


def test_a_figure_is_found_by_the_widget_that_shows_it(qtbot: QtBot, tmp_path: Path) -> None:
    room = SmallRoom(museum_on(document_on(tmp_path, None)))
    qtbot.addWidget(room)
    inside = QWidget(room.picture)
    found = room.figure_of(inside)
    assert found is not None and found.name == "one"
    assert room.figure_of(room.control) is None
    with qtbot.waitSignal(room.figureMenuWanted) as asked:
        room.figure_button("one").click()
    assert asked.args[0].name == "one"


def test_the_actions_of_a_room_are_offered_while_it_is_visited(qtbot: QtBot, tmp_path: Path) -> None:
    museum, bar = museum_on(document_on(tmp_path, None)), QMenuBar()
    qtbot.addWidget(bar)
    museum.actions.add("quit", "&File", "&Quit", lambda: None)
    menus = museum.actions.fill(bar)
    room = SmallRoom(museum)
    qtbot.addWidget(room)
    action = museum.actions["small-press"]
    assert not action.isVisible()
    museum.actions.show_room("small")
    assert action.isVisible() and action in menus["&Here"].actions()
    button = room.button("press")
    qtbot.addWidget(button)
    assert button.text() == "Press"
    button.click()
    assert room.pressed == 1
    action.setEnabled(False)
    assert not button.isEnabled()
    museum.actions.show_room("other")
    assert not action.isVisible() and museum.actions["quit"].isVisible()


def test_every_room_of_the_list_has_a_module_and_an_icon() -> None:
    for entry in ROOMS:
        assert (FOLDER / f"{entry.name}.svg").exists()
        assert Path(*entry.module.split(".")).with_suffix(".py").exists()


@pytest.mark.parametrize("room_class", [EntranceRoom, FiltersRoom, TrainingRoom])
def test_a_figure_of_a_room_is_drawn_inside_its_rectangle_and_has_numbers(
    qtbot: QtBot, tmp_path: Path, room_class: Callable[[Museum], Room]
) -> None:
    room = room_class(museum_on(document_on(tmp_path, sample_run(TWO_COLUMNS, (0, 1)))))
    qtbot.addWidget(room)
    room.resize(1000, 700)
    (figure,) = room.figures()
    assert figure.title and figure.description and figure.widget is not None
    numbers = figure.table()
    assert all(len(row) == len(numbers.columns) for row in numbers.rows)
    image = QImage(500, 400, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    figure.paint(painter, QRectF(100, 50, 350, 300))
    painter.end()
    assert image.copy(0, 0, 95, 400) == image.copy(0, 0, 95, 1).scaled(95, 400)
    inside = image.copy(100, 50, 350, 300)
    assert inside != inside.copy(0, 0, 1, 1).scaled(350, 300)


def test_without_an_archive_there_is_no_figure(qtbot: QtBot, tmp_path: Path) -> None:
    for room_class in (EntranceRoom, FiltersRoom, TrainingRoom):
        room = room_class(museum_on(document_on(tmp_path, None)))
        qtbot.addWidget(room)
        assert room.figures() == []


# What the document holds for all rooms


def test_a_shown_archive_begins_with_its_first_layer_selected(qtbot: QtBot, tmp_path: Path) -> None:
    document = document_on(tmp_path, sample_run(ONE_COLUMN))
    assert (document.layer, document.unit, document.moment) == ("conv1", None, None)
    document.select_unit("conv1", 7)
    document.set_lesions(Lesions(grey=True), "no colour")
    write_archive(tmp_path / "other.h5", sample_run(TWO_COLUMNS))
    with qtbot.waitSignals([document.layerChanged, document.unitChanged, document.lesionsChanged]):
        document.open(tmp_path / "other.h5", remember=False)
    assert (document.layer, document.unit, document.lesions) == ("conv1a", None, Lesions())
    assert not document.undo.canUndo()


def test_a_selection_is_told_once_and_only_when_it_changes(tmp_path: Path) -> None:
    document = document_on(tmp_path, sample_run(TWO_COLUMNS, (0, 1)))
    told: list[str] = []
    for name in ("layer", "unit", "moment"):
        getattr(document, f"{name}Changed").connect(lambda name=name: told.append(name))
    document.select_unit("conv1b", 3)
    document.select_unit("conv1b", 3)
    document.select_unit("conv1b", 4)
    document.select_layer("conv1b")
    document.select_moment(1)
    document.select_moment(1)
    assert told == ["layer", "unit", "unit", "unit", "moment"]


def test_lesions_are_taken_back_and_made_again(tmp_path: Path) -> None:
    document = document_on(tmp_path, sample_run(TWO_COLUMNS))
    first, second = Lesions(columns=frozenset({1})), Lesions(frozenset({1}), frozenset({("conv1a", 5)}))
    document.set_lesions(first, "column 1 off")
    document.set_lesions(second, "filter 5 off")
    document.undo.undo()
    assert document.lesions == first
    document.undo.redo()
    assert document.lesions == second
    document.restore_trained("back")
    assert not document.lesions
    document.undo.undo()
    assert document.lesions == second


def test_lesions_survive_the_way_through_a_session() -> None:
    lesions = Lesions(frozenset({0}), frozenset({("conv2", 3), ("conv1", 9)}), grey=True, cut=True)
    assert Lesions.from_json(lesions.to_json()) == lesions
    with pytest.raises((KeyError, TypeError, ValueError)):
        Lesions.from_json({"columns": 3})


def test_a_drag_of_a_slider_is_one_change(tmp_path: Path) -> None:
    document, values = document_on(tmp_path, None), [0]
    for old, new in ((0, 1), (1, 2), (2, 3)):
        document.change("brightness", lambda value: values.append(value), old, new, key="brightness")
    document.change("sorting", lambda value: None, "a", "b")
    assert document.undo.count() == 2
    document.undo.undo()
    document.undo.undo()
    assert values == [0, 1, 2, 3, 0]
