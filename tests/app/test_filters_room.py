"""The filters room: any archive's first layer, as the choices say, and kept as figure and numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from sample_runs import (
    FIVE_CHANNELS,
    ONE_CHANNEL,
    ONE_COLUMN,
    TWO_COLUMNS,
    Layers,
    document_on,
    museum_on,
    sample_run,
)

from app.document import Document
from app.filter_figure import MARGIN, TITLE
from app.rooms.filters import FiltersRoom
from app.widgets.filter_card import COLOURS
from archive import write_archive
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
        limits.append(room._limit or 0)
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
