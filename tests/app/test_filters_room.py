"""The filters room: any archive's first layer, as the choices say, and kept as figure and numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from near_researcher import NearResearcher
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from sample_runs import (
    FIVE_CHANNELS,
    ONE_CHANNEL,
    ONE_COLUMN,
    TWO_COLUMNS,
    Layers,
    document_on,
    layer_json,
    museum_on,
    sample_run,
)

from app.document import Document, VisitorPicture
from app.filter_figure import MARGIN, TITLE
from app.rooms.filters import FiltersRoom
from app.widgets.filter_card import COLOURS
from app.widgets.picker import Picker
from archive import Run, write_archive
from reproduction.analysis.colour import HUE_NAMES

EPOCHS = (0, 1 / 16, 1, 2.5)


def room_on(qtbot: QtBot, document: Document) -> FiltersRoom:
    room = FiltersRoom(museum_on(document))
    qtbot.addWidget(room)
    room.resize(1080, 740)
    room.show()
    return room


def room_with(qtbot: QtBot, folder: Path, layers: Layers, epochs: tuple[float, ...] = ()) -> FiltersRoom:
    return room_on(qtbot, document_on(folder, sample_run(layers, epochs)))


def press(qtbot: QtBot, room: FiltersRoom, name: str) -> None:
    qtbot.mouseClick(room.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_two_columns_are_two_named_blocks_and_everything_is_counted(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, TWO_COLUMNS)
    titles = [(block.column, block.title) for block in room.sheet._blocks]
    assert [column for column, _ in titles] == [0, 1]
    assert titles[1][1].startswith("Column 1 (GPU 1)")
    assert room._counter.text() == "96 of 96 filters"


@pytest.mark.parametrize(
    ("layers", "count", "colour"),
    [(ONE_COLUMN, 32, True), (ONE_CHANNEL, 6, False), (FIVE_CHANNELS, 7, False)],
)
def test_any_archive_is_drawn(qtbot: QtBot, tmp_path: Path, layers: Layers, count: int, colour: bool) -> None:
    room = room_with(qtbot, tmp_path, layers)
    assert room._counter.text() == f"{count} of {count} filters"
    assert room.channel.isVisible() is colour
    assert not room.film.isVisible(), "without snapshots there is no film"
    assert not room.grab().isNull()


def test_without_an_archive_it_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    document = document_on(tmp_path, None)
    room = room_on(qtbot, document)
    assert not room.sheet.isVisible()
    write_archive(tmp_path / "later.h5", sample_run(ONE_COLUMN))
    document.open(tmp_path / "later.h5", remember=False)
    assert room.sheet.isVisible()


def test_contrast_is_said_with_its_range(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, TWO_COLUMNS)
    limit = max(float(np.abs(block.kernels).max()) for block in room._blocks)
    assert f"−{limit:.3g} to {limit:.3g}" in room.sheet.caption
    press(qtbot, room, "tile")
    assert "its own contrast" in room.sheet.caption
    assert all(block.tiles[0].min() == 0 or block.tiles[0].max() == 255 for block in room.sheet._blocks)


def test_one_channel_can_be_looked_at_alone(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, ONE_COLUMN)
    colour = room.sheet._blocks[0].tiles
    press(qtbot, room, "blue")
    assert np.array_equal(room.sheet._blocks[0].tiles[..., 0], colour[..., 2])
    assert "blue" in room.sheet.caption


def test_sorting_keeps_blocks_and_selection(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, TWO_COLUMNS)
    room.sheet.select(50)
    press(qtbot, room, "colour")
    assert room.sheet.selection == 50
    assert sorted(room.sheet._blocks[1].numbers) == list(range(48, 96))
    assert room.sheet._blocks[1].numbers != tuple(range(48, 96))


def test_the_slider_goes_through_the_training(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, ONE_COLUMN, EPOCHS)
    assert room.film.at_end
    texts, limits = [], []
    for place in range(5):
        room.film.slider.setValue(place)
        texts.append(room.film._moment.text())
        limits.append(room._view.limit(room._blocks) or 0)
    assert texts == ["before training", "after 1/16 epoch", "epoch 1", "epoch 2.5", "now"]
    assert limits == sorted(limits) and limits[0] == pytest.approx(limits[-1] / 100)


def test_the_film_plays_to_the_end_and_stops(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, ONE_COLUMN, EPOCHS)
    room.film._timer.setInterval(10)
    qtbot.mouseClick(room.film.play_button, Qt.MouseButton.LeftButton)
    assert room.film.place == 0 and room.film.playing
    qtbot.waitUntil(lambda: not room.film.playing)
    assert room.film.at_end and room.film.play_button.text() == "Play"


def test_a_replaced_archive_is_drawn_anew_at_its_end(qtbot: QtBot, tmp_path: Path) -> None:
    document = document_on(tmp_path, sample_run(ONE_COLUMN, EPOCHS[:2]))
    room = room_on(qtbot, document)
    write_archive(tmp_path / "sample.h5", sample_run(ONE_COLUMN, EPOCHS, seed=9))
    document.look_again()
    assert room.film.slider.maximum() == 4 and room.film.at_end
    weights = sample_run(ONE_COLUMN, seed=9).weights["conv1/weights_0"]
    assert np.array_equal(room._blocks[0].kernels, weights)


def test_a_replaced_archive_leaves_the_slider_where_it_was_put(qtbot: QtBot, tmp_path: Path) -> None:
    document = document_on(tmp_path, sample_run(ONE_COLUMN, EPOCHS[:3]))
    room = room_on(qtbot, document)
    room.film.slider.setValue(1)
    write_archive(tmp_path / "sample.h5", sample_run(ONE_COLUMN, EPOCHS))
    document.look_again()
    assert room.film.place == 1


def test_a_vanished_archive_is_one_sentence_and_the_picture_stays(qtbot: QtBot, tmp_path: Path) -> None:
    document = document_on(tmp_path, sample_run(ONE_COLUMN, EPOCHS))
    room = room_on(qtbot, document)
    (tmp_path / "sample.h5").unlink()
    with qtbot.waitSignal(document.problem) as problem:
        room.film.slider.setValue(0)
    assert "sample.h5" in problem.args[0]
    assert room.sheet._blocks


def test_each_tile_can_be_heard(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, TWO_COLUMNS)
    texts = set()
    for number in range(96):
        room.sheet.select(number)
        texts.add(room.sheet.accessibleDescription())
    assert len(texts) == 96
    assert "Filter 96: GPU 1, layer conv1b, number 47" in room.sheet.accessibleDescription()


def test_every_control_is_large_enough_to_touch(qtbot: QtBot, tmp_path: Path) -> None:
    from PySide6.QtWidgets import QApplication

    from app.theme import Appearance

    application = QApplication.instance()
    assert isinstance(application, QApplication)
    appearance = Appearance(application)
    appearance.choose("light", 100)
    room = room_with(qtbot, tmp_path, TWO_COLUMNS, EPOCHS)
    buttons = [button for button in room.findChildren(QPushButton) if button.isVisible()]
    assert len(buttons) == 11
    assert min(min(button.width(), button.height()) for button in buttons) >= 48
    application.setStyleSheet("")
    appearance.deleteLater()


# Keeping


def test_the_figure_holds_both_blocks_with_every_pixel_a_square(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, TWO_COLUMNS)
    (figure,) = room.figures()
    assert "grey is zero" in figure.description and "96 of 96 filters" in figure.description
    scale, (width, height) = 2, figure.size
    image = QImage(round(scale * width), round(scale * height), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    figure.paint(painter, QRectF(0, 0, scale * width, scale * height))
    painter.end()
    pixels = room.sheet._blocks[0].tiles[0]
    top, left, side = (1 + TITLE + 8) * scale, (1 + MARGIN) * scale, 4 * scale
    for y, x in ((0, 0), (5, 7), (10, 10)):
        corners = [
            image.pixelColor(left + x * side + dx, top + y * side + dy)
            for dx in (0, side - 1)
            for dy in (0, side - 1)
        ]
        assert {(c.red(), c.green(), c.blue()) for c in corners} == {tuple(int(v) for v in pixels[y, x])}


def test_numbers_are_kept_as_table_and_array(qtbot: QtBot, tmp_path: Path) -> None:
    room = room_with(qtbot, tmp_path, TWO_COLUMNS)
    room.save_weights(tmp_path / "kept.npy")
    kept = np.load(tmp_path / "kept.npy", allow_pickle=False)
    assert kept.shape == (96, 3, 11, 11) and kept.dtype == np.float32
    table = room.figures()[0].table()
    assert len(table.rows) == 96
    assert float(str(table.rows[0][9])) == pytest.approx(float(kept[0, 0, 0, 0]), rel=1e-6)


def test_every_name_of_a_colour_can_be_translated() -> None:
    assert set(HUE_NAMES) < set(COLOURS)


# What the workers add


def answered_room(qtbot: QtBot, folder: Path, layers: Layers, epochs: tuple[float, ...] = ()) -> FiltersRoom:
    return room_of(qtbot, folder, sample_run(layers, epochs))


def room_of(qtbot: QtBot, folder: Path, run: Run) -> FiltersRoom:
    room = FiltersRoom(museum_on(document_on(folder, run), researcher=NearResearcher()))
    qtbot.addWidget(room)
    room.resize(1080, 740)
    room.show()
    return room


def pick(picker: Picker, key: str) -> None:
    picker.choose(key)
    picker.chosen.emit(key)


def test_the_sheet_is_sorted_by_any_measure_and_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    room = answered_room(qtbot, tmp_path, ONE_COLUMN)
    offered = {room.side.measure.list.itemData(place) for place in range(room.side.measure.list.count())}
    assert {"colour", "mean_frequency", "coherence", "aliasing"} <= offered
    pick(room.side.measure, "coherence")
    values = room._table["coherence"][list(room.sheet.blocks[0].numbers)]
    assert (np.diff(values) <= 0).all()
    assert "coherence of edges" in room.sheet.caption
    press(qtbot, room, "number")
    assert room.sheet.blocks[0].numbers == tuple(range(32)) and room.side.measure.key == ""


def test_one_kind_of_filter_is_shown_and_the_counter_counts_what_is_shown(
    qtbot: QtBot, tmp_path: Path
) -> None:
    run = sample_run(ONE_COLUMN)
    run.weights["conv1/weights_0"][:3] = 0
    room = room_of(qtbot, tmp_path, run)
    pick(room.side.family, "dead")
    assert room._counter.text() == "3 of 32 filters"
    assert room.sheet.blocks[0].numbers == (0, 1, 2)
    pick(room.side.family, "centre-surround")
    assert room._counter.text() == f"{sum(len(b.numbers) for b in room.sheet.blocks)} of 32 filters"
    pick(room.side.family, "")
    assert room._counter.text() == "32 of 32 filters"


def test_the_magnifier_shows_a_gabor_function_its_rest_and_what_the_stride_cannot_carry(
    qtbot: QtBot, tmp_path: Path
) -> None:
    run = sample_run({"conv1": (0, (4, 1, 11, 11))})
    y, x = np.mgrid[-5:6, -5:6]
    run.weights["conv1/weights_0"][2, 0] = np.exp(-(x**2 + y**2) / 12.5) * np.cos(2 * np.pi * 0.2 * x)
    room = room_of(qtbot, tmp_path, run)
    room.sheet.select(2)
    words = {part.text() for part in room.side.study.findChildren(QLabel)}
    assert any(text.startswith("Like a Gabor function") and "bars at 90°" in text for text in words)
    assert any("finer than a stride of 1" in text for text in words)
    room.sheet.select(0)
    words = {part.text() for part in room.side.study.findChildren(QLabel)}
    assert any(text.startswith("Not a Gabor function") for text in words)


def test_a_moment_of_the_past_is_fitted_as_it_was(qtbot: QtBot, tmp_path: Path) -> None:
    researcher = NearResearcher()
    document = document_on(tmp_path, sample_run(ONE_COLUMN, EPOCHS))
    room = FiltersRoom(museum_on(document, researcher=researcher))
    qtbot.addWidget(room)
    room.show()
    room.film.slider.setValue(1)
    assert researcher.asked[-1]["do"] == "gabor" and researcher.asked[-1]["snapshot"] == 1


def test_another_archive_is_shown_beside_it_in_the_same_manner(qtbot: QtBot, tmp_path: Path) -> None:
    room = answered_room(qtbot, tmp_path, ONE_COLUMN)
    assert not room.side.beside.isVisible() and not room.beside.isVisible()
    write_archive(tmp_path / "other.h5", sample_run(TWO_COLUMNS))
    document = room._document
    document.open(tmp_path / "other.h5", remember=False)
    document.select(document.archives[0])
    pick(room.side.beside, str(tmp_path / "other.h5"))
    assert room.beside.isVisible() and [len(b.numbers) for b in room.beside.sheet.blocks] == [48, 48]
    press(qtbot, room, "tile")
    assert "its own contrast" in room.beside.sheet.caption
    document.close(document.archives[1])
    assert not room.beside.isVisible()


def test_a_later_layer_is_shown_map_by_map_for_each_of_its_filters(qtbot: QtBot, tmp_path: Path) -> None:
    run = sample_run({"conv1": (0, (6, 3, 5, 5))})
    kernels = np.random.default_rng(1).standard_normal((4, 6, 3, 3)).astype(np.float32)
    second = layer_json("conv2", "conv", 0, ["conv1"], (4, 30, 30))
    second |= {"weights": {"conv2/weights_0": [4, 6, 3, 3]}, "biases": [4], "stride": [1], "padding": [0]}
    run.network["layers"].insert(2, second)
    run.weights |= {"conv2/weights_0": kernels, "conv2/biases": np.zeros(4, np.float32)}
    room = room_of(qtbot, tmp_path, run)
    pick(room.side.layer, "conv2")
    room.side.unit.setValue(3)
    assert room._counter.text() == "6 of 6 kernels" and "filter 3 of conv2" in room._sentence.text()
    assert np.array_equal(room._blocks[0].kernels[:, 0], kernels[3])
    assert not room.side.study.isVisible() and room.side.unit.maximum() == 3
    pick(room.side.layer, "")
    assert room._counter.text() == "6 of 6 filters" and room.side.study.isVisible()


def test_the_answer_to_the_picture_is_asked_when_there_is_one(qtbot: QtBot, tmp_path: Path) -> None:
    worker = NearResearcher(holding=True)
    document = document_on(tmp_path, sample_run(ONE_COLUMN))
    room = FiltersRoom(museum_on(document, worker))
    qtbot.addWidget(room)
    room.show()
    assert not worker.asked and "Hand in a picture" in room.side.answer.words
    document.show_pictures([VisitorPicture("dog", tmp_path / "dog.png")])
    room.sheet.select(5)
    assert worker.asked[0]["do"] == "preview"
    assert worker.asked[-1]["do"] == "maps" and worker.asked[-1]["channels"] == [5]
    room.side.answer.show_map(np.eye(4, dtype=np.uint8), 5)
    assert "filter 5" in room.side.answer.map.accessibleName() and "White" in room.side.answer.words
    room.side.answer.show_map(np.zeros((4, 4), np.uint8), 5)
    assert "not at all" in room.side.answer.words


def test_a_selected_filter_is_selected_for_all_rooms_and_the_first_one_by_nobody(
    qtbot: QtBot, tmp_path: Path
) -> None:
    room = answered_room(qtbot, tmp_path, TWO_COLUMNS)
    assert room._document.unit is None
    room.sheet.select(50)
    assert (room._document.layer, room._document.unit) == ("conv1b", 2)
