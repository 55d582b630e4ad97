"""Two GPUs: the sentence is the answer's, chance is dealt before one's eyes, and any archive is compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from near_researcher import NearResearcher
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot
from sample_runs import ONE_CHANNEL, ONE_COLUMN, Layers, document_on, museum_on, sample_run

from app.archive_words import count
from app.document import Document
from app.rooms.two_gpus import TwoGpusRoom
from archive import Run, write_archive

HALVES: Layers = {"conv1a": (0, (16, 3, 5, 5)), "conv1b": (1, (16, 3, 5, 5))}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def coloured_run(epochs: tuple[float, ...] = ()) -> Run:
    """Column 0 sees shades of grey alone, column 1 nothing but differences of colour."""
    run = sample_run(HALVES, epochs)
    grey, coloured = (run.weights[f"{name}/weights_0"] for name in HALVES)
    grey[:] = grey[:, :1]
    coloured -= coloured.mean(axis=1, keepdims=True)
    return run


def room_on(qtbot: QtBot, document: Document, researcher: NearResearcher | None = None) -> TwoGpusRoom:
    room = TwoGpusRoom(museum_on(document, researcher=researcher or NearResearcher()))
    qtbot.addWidget(room)
    room.resize(1000, 700)
    room.show()
    return room


def words(text: str) -> int:
    return len([word for word in text.split() if any(letter.isalnum() for letter in word)])


def test_halves_that_differ_are_said_to_with_numbers_and_how_rare_that_is(
    qtbot: QtBot, tmp_path: Path
) -> None:
    room = room_on(qtbot, document_on(tmp_path, coloured_run()))
    assert "Of 16 colourful filters, 16 sit on GPU 1" in room.page.lead.text()
    # 2 C(16,16) C(16,0) / C(32,16) = 3.3e-9: rarer than is ever printed.
    assert "less than once in a million deals" in room.page.lead.text()
    assert words(room.page.lead.text()) <= 25


def test_halves_that_do_not_differ_are_said_not_to(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_on(qtbot, document_on(tmp_path, sample_run(HALVES, seed=3)))
    assert "the two halves do not differ" in room.page.lead.text()
    assert words(room.page.lead.text()) <= 25


@pytest.mark.parametrize("layers", [ONE_COLUMN, ONE_CHANNEL])
def test_the_halves_of_one_column_are_said_to_be_arbitrary(
    layers: Layers, qtbot: QtBot, tmp_path: Path
) -> None:
    room = room_on(qtbot, document_on(tmp_path, sample_run(layers)))
    assert "one column" in room.page.lead.text() and "arbitrar" in room.page.lead.text()
    assert "a control" in room.page.note.text() and words(room.page.lead.text()) <= 25
    assert [block.column for block in room.page.sheet.blocks] == [None, None]
    assert "GPU" not in "".join(block.title for block in room.page.sheet.blocks)


def test_a_network_without_colour_is_compared_in_what_it_has(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_on(qtbot, document_on(tmp_path, sample_run(ONE_CHANNEL)))
    room.set_depth("try")
    shown = [button.objectName() for button in room.page.measure.buttons if button.isVisible()]
    assert "colour" not in shown and "norm" in shown


def test_shuffling_deals_teams_of_the_same_sizes_that_chance_does_not_set_as_far_apart(
    qtbot: QtBot, tmp_path: Path
) -> None:
    room = room_on(qtbot, document_on(tmp_path, coloured_run()))
    room.compare_by("colour")
    true = [set(block.numbers) for block in room.page.sheet.blocks]
    room.museum.actions["two-gpus-shuffle"].trigger()
    dealt = [set(block.numbers) for block in room.page.sheet.blocks]
    assert (
        dealt != true and [len(team) for team in dealt] == [16, 16] and dealt[0] | dealt[1] == set(range(32))
    )
    assert "random team" in room.page.sheet.blocks[0].title.lower()
    assert all(block.column is None for block in room.page.sheet.blocks)
    assert "Random deal 1" in room.page.deal_words.text()
    room.museum.actions["two-gpus-shuffle"].trigger()
    assert [set(block.numbers) for block in room.page.sheet.blocks] != dealt
    assert "So far, 0 of 2 set the teams as far apart" in room.page.deal_words.text()
    room.museum.actions["two-gpus-back"].trigger()
    assert [set(block.numbers) for block in room.page.sheet.blocks] == true


def test_a_hundred_deals_of_halves_that_do_not_differ_are_often_as_far_apart(
    qtbot: QtBot, tmp_path: Path
) -> None:
    room = room_on(qtbot, document_on(tmp_path, sample_run(HALVES, seed=3)))
    room.compare_by("colour")
    room._dealer.setInterval(0)
    room.museum.actions["two-gpus-many"].trigger()
    qtbot.waitUntil(lambda: not room._dealer.isActive(), timeout=20_000)
    dealing, found = room._dealing, room._found
    assert dealing is not None and found is not None and len(dealing.deals) == 100
    row = found.row("colour")
    assert row is not None and dealing.as_far == pytest.approx(100 * row.difference.p, abs=15)


def test_the_measure_is_chosen_and_the_sentence_is_about_it(qtbot: QtBot, tmp_path: Path) -> None:
    run = sample_run(HALVES)
    run.weights["conv1b/weights_0"] *= 5
    room = room_on(qtbot, document_on(tmp_path, run))
    room.compare_by("norm")
    text = room.page.spread_words.text()
    assert "in 100 of 100 cases the stronger one is from GPU 1" in text
    assert f"None of {count(9999)} random deals" in text and "95 % interval" in text
    norms = np.linalg.norm(run.weights["conv1b/weights_0"].reshape(16, -1), axis=1)
    assert room.page.sheet.blocks[1].numbers[0] == 16 + int(norms.argmax())
    room.compare_by("even_share")
    assert "stronger" not in room.page.spread_words.text()


def test_a_row_of_the_table_chooses_its_measure(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_on(qtbot, document_on(tmp_path, coloured_run()))
    room.set_depth("study")
    names = [row.name for row in room._found.rows] if room._found else []
    room.page.tests.selectRow(names.index("aliasing") if "aliasing" in names else 1)
    chosen = names[room.page.tests.currentIndex().row()]
    assert room.state() == {"measure": chosen}
    assert room.page.spread.figure.title.startswith(room.page.spread.accessibleName())


def test_a_moment_of_the_past_is_measured_and_the_room_says_which(qtbot: QtBot, tmp_path: Path) -> None:
    document, researcher = document_on(tmp_path, coloured_run((0, 1, 2))), NearResearcher()
    room = room_on(qtbot, document, researcher)
    document.select_moment(0)
    assert researcher.asked[-1]["do"] == "measures" and researcher.asked[-1]["snapshot"] == 0
    assert "before training" in room.page.note.text() and room.page.film.place == 0
    room.page.film.slider.setValue(3)
    assert document.moment is None and room.page.note.text() == ""


def test_without_snapshots_there_is_neither_film_nor_onset(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_on(qtbot, document_on(tmp_path, coloured_run()))
    room.set_depth("study")
    assert not room.page.film.isVisible() and not room.page.onset.isVisible()
    assert room.page.tests.isVisible()


def test_without_an_archive_it_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    document = document_on(tmp_path, None)
    room = room_on(qtbot, document)
    assert not room.page.isVisible() and room.figures() == [] and room.ready()
    write_archive(tmp_path / "later.h5", coloured_run())
    document.open(tmp_path / "later.h5", remember=False)
    assert room.page.isVisible() and "colourful" in room.page.lead.text()


def test_while_it_is_measured_the_filters_are_there_and_the_room_says_so(
    qtbot: QtBot, tmp_path: Path
) -> None:
    room = room_on(qtbot, document_on(tmp_path, coloured_run()), NearResearcher(holding=True))
    assert "Measuring" in room.page.lead.text() and not room.ready()
    assert [len(block.numbers) for block in room.page.sheet.blocks] == [16, 16]
    assert not room.museum.actions["two-gpus-shuffle"].isEnabled()


def test_several_archives_are_described_and_nothing_is_proved_by_few(qtbot: QtBot, tmp_path: Path) -> None:
    document = document_on(tmp_path, coloured_run())
    write_archive(tmp_path / "control.h5", sample_run(ONE_COLUMN))
    document.open(tmp_path / "control.h5", remember=False)
    room = room_on(qtbot, document)
    room.set_depth("study")
    room.page.runs.compare_button.click()
    assert "1 networks with two columns, 1 controls" in room.page.runs.sentence
    assert "proves nothing" in room.page.runs.sentence
    numbers = room.page.runs.numbers()
    colour = {row[1]: row[2] for row in numbers.rows if row[0] == "colour"}
    assert colour["two columns"] == 1.0 and colour["arbitrary halves"] < 1.0


def test_gabor_functions_are_fitted_in_parts_and_enter_the_tests(qtbot: QtBot, tmp_path: Path) -> None:
    layers: Layers = {"conv1a": (0, (5, 1, 7, 7)), "conv1b": (1, (6, 1, 7, 7))}
    researcher = NearResearcher()
    room = room_on(qtbot, document_on(tmp_path, sample_run(layers)), researcher)
    before = room.page.tests.words.rowCount()
    room.museum.actions["two-gpus-fit"].trigger()
    parts = [(one["start"], one["stop"]) for one in researcher.asked if one["do"] == "gabor"]
    assert parts == [(0, 8), (8, 11)]
    assert room.page.tests.words.rowCount() > before and room._research.fitted is None


def test_every_figure_is_drawn_inside_its_rectangle_with_words_and_numbers(
    qtbot: QtBot, tmp_path: Path
) -> None:
    document = document_on(tmp_path, coloured_run((0, 1, 2)))
    write_archive(tmp_path / "control.h5", sample_run(ONE_COLUMN))
    document.open(tmp_path / "control.h5", remember=False)
    document.select(document.archives[0])
    room = room_on(qtbot, document)
    room.shuffle()
    room.compare_archives()
    figures = {figure.name.removeprefix("two-gpus-"): figure for figure in room.figures()}
    assert set(figures) == {"sheet", "measure", "chance", "tests", "onset", "runs"}
    for figure in figures.values():
        assert figure.title and figure.description and figure.widget is not None
        table = figure.table()
        assert table.rows and all(len(row) == len(table.columns) for row in table.rows), figure.name
        assert painted_outside(figure.paint) == 0, figure.name


def painted_outside(paint: Callable[[QPainter, QRectF], None]) -> int:
    image = QImage(700, 600, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint(painter, QRectF(100, 50, 550, 500))
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(600, 700, 4)[..., :3]
    assert (pixels[50:550, 100:650] < 255).any()
    outside = pixels.copy()
    outside[50:550, 95:655] = 255
    return int((outside < 255).sum())


def test_a_file_that_holds_another_network_all_at_once_is_shown_before_it_is_measured(
    qtbot: QtBot, tmp_path: Path
) -> None:
    few: Layers = {"conv1a": (0, (4, 3, 5, 5)), "conv1b": (1, (4, 3, 5, 5))}
    document = document_on(tmp_path, sample_run(few))
    room = room_on(qtbot, document)
    assert document.current is not None and room.figures()
    write_archive(document.current.path, coloured_run())
    document.look_again()
    assert "Of 16 colourful filters, 16 sit on GPU 1" in room.page.lead.text()
