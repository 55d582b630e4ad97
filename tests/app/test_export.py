"""Figures as files: what is on the screen, crisp at every size, with numbers and with where it comes from."""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPen
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QTableView
from pytestqt.qtbot import QtBot
from sample_runs import TWO_COLUMNS, document_on, sample_run

from app.export.drawing import pdf_of, svg_of
from app.export.numbers import csv_of, json_of, tabbed
from app.export.page import MARGIN, Page, card_of
from app.export.png import image_of, write_png
from app.figure import Figure, Table
from app.main_window import MainWindow
from app.pixels import draw_pixels
from app.theme import DARK, LIGHT, Appearance, current, drawn_in
from app.widgets.table_dialog import TableDialog
from app.worker import Worker

CARD = (("Archive", "run.h5"), ("Weights", "ab<12>"), ("Contrast", "one for all"))
NUMBERS = Table(
    ("name", "loss", "top1"), [("a, b", 0.1, 3), ("ü", float("nan"), None), ("c", np.float32(0.5), 2)]
)


def checks() -> QImage:
    """Four by three pixels of strong colours."""
    image = QImage(4, 3, QImage.Format.Format_RGB32)
    for place in range(12):
        image.setPixelColor(place % 4, place // 4, QColor.fromHsv(30 * place, 255, 200 + place))
    return image


def paint(painter: QPainter, box: QRectF) -> None:
    draw_pixels(painter, QRectF(box.left(), box.top(), 40, 30), checks())
    painter.setPen(QPen(QColor(current().text), 2))
    painter.drawLine(box.topRight(), box.bottomLeft())
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "words")


def page(width: float = 300, height: float = 120) -> Page:
    return Page(Figure("one", "One & all", "It is <one>.", paint, (width, height), lambda: NUMBERS), CARD)


def png(shown: Page, scale: int) -> bytes:
    file = io.BytesIO()
    done = list(write_png(shown, scale, file))
    assert done == sorted(done) and done[-1] == 1
    return file.getvalue()


def pixels(image: QImage) -> NDArray[np.uint8]:
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return lines[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_picture_written_in_strips_is_the_picture_drawn_at_once(qapp: QApplication, scale: int) -> None:
    written = np.asarray(Image.open(io.BytesIO(png(page(), scale))))
    difference = np.abs(written.astype(int) - pixels(image_of(page(), scale)))
    assert difference.max() <= 8, "only the soft edge of a line that a strip cuts may differ a little"
    assert written.shape[:2] == (round(page().height * scale + 0.49), page().width * scale)


def test_a_picture_wider_than_qt_can_draw_is_complete(qapp: QApplication) -> None:
    shown = page(4200, 40)
    Image.MAX_IMAGE_PIXELS = None
    written = np.asarray(Image.open(io.BytesIO(png(shown, 8))))
    assert written.shape[1] == 8 * (4200 + 2 * MARGIN) > 32_767
    small = np.asarray(Image.open(io.BytesIO(png(shown, 1))))
    for x in (MARGIN + 5, MARGIN + 15, MARGIN + 4180):
        column = written[int(8 * MARGIN) : int(8 * (MARGIN + 40)), int(8 * x)]
        assert (column != 255).any() == (small[int(MARGIN) : int(MARGIN + 40), int(x)] != 255).any()


def test_every_pixel_of_a_small_image_stays_one_square_in_a_picture(qapp: QApplication) -> None:
    written = pixels(image_of(page(), 4))
    left = round(4 * (page().width - 300) / 2)
    part = written[round(4 * MARGIN) : round(4 * MARGIN) + 120, left : left + 160]
    expected = pixels(checks()).repeat(40, axis=0).repeat(40, axis=1)
    assert (part == expected).all()


def test_a_picture_carries_title_description_card_and_its_size_on_paper(qapp: QApplication) -> None:
    opened = Image.open(io.BytesIO(png(page(), 2)))
    opened.load()
    assert opened.info["Title"] == "One & all" and opened.info["Description"] == "It is <one>."
    assert json.loads(opened.info["Provenance"]) == dict(CARD)
    assert opened.info["dpi"] == pytest.approx((144, 144), rel=1e-3)


def test_an_svg_is_whole_sized_in_points_and_keeps_pixels_square(qapp: QApplication) -> None:
    text = svg_of(page())
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert [root.find(space + name).text for name in ("title", "desc")] == ["One & all", "It is <one>."]  # type: ignore[union-attr]
    assert json.loads(root.find(space + "metadata").text or "") == dict(CARD)  # type: ignore[union-attr]
    assert [float(part) for part in root.attrib["viewBox"].split()] == pytest.approx(
        [0, 0, page().width, page().height], abs=0.01
    )
    (image,) = root.iter(space + "image")
    assert "pixelated" in image.attrib["style"]
    renderer = QSvgRenderer(QByteArray(text.encode()))
    drawn = QImage(round(4 * page().width), round(4 * page().height), QImage.Format.Format_RGB32)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, 4 * page().width, 4 * page().height))
    painter.end()
    left, top = 4 * (page().width - 300) / 2, 4 * MARGIN
    for place in range(12):
        x, y = left + 40 * (place % 4 + 0.5), top + 40 * (place // 4 + 0.5)
        for step in (-14, 0, 14):
            color = drawn.pixelColor(round(x + step), round(y + step))
            wanted = checks().pixelColor(place % 4, place // 4)
            assert abs(color.red() - wanted.red()) + abs(color.blue() - wanted.blue()) <= 4


def test_a_pdf_is_as_large_in_points_as_the_figure_and_holds_the_card(qapp: QApplication) -> None:
    content = pdf_of(page())
    (box,) = re.findall(rb"/MediaBox\s*\[\s*([\d. ]+)\]", content)
    assert [float(number) for number in box.split()] == pytest.approx(
        [0, 0, page().width, page().height], abs=0.6
    )
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    assert any(b'"Archive": "run.h5"' in _unpacked(stream) for stream in streams)


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def test_figures_go_on_paper_in_the_light_theme_whatever_is_on_the_screen(qapp: QApplication) -> None:
    light = image_of(page(), 1)
    with drawn_in(DARK):
        assert image_of(page(), 1) == light
        assert current() is DARK
    assert current() is LIGHT


def test_numbers_are_read_back_exactly(qapp: QApplication) -> None:
    lines = csv_of(page().figure, CARD).splitlines()
    assert lines[0] == "# One & all" and "# Weights: ab<12>" in lines
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))
    assert rows == [["name", "loss", "top1"], ["a, b", "0.1", "3"], ["ü", "nan", ""], ["c", "0.5", "2"]]
    words = json.loads(json_of(page().figure, CARD))
    assert words["rows"] == [["a, b", 0.1, 3], ["ü", None, None], ["c", 0.5, 2]]
    assert words["provenance"] == dict(CARD) and words["columns"] == ["name", "loss", "top1"]
    assert tabbed(page().figure).splitlines()[1] == "a, b\t0.1\t3"


# In the window


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot, qapp: QApplication) -> Iterator[MainWindow]:
    document = document_on(tmp_path, sample_run(TWO_COLUMNS, (0, 1)))
    made = MainWindow(document, Worker(), Appearance(qapp))
    qtbot.addWidget(made)
    made.visit("filters")
    made.resize(1100, 760)
    made.show()
    yield made
    made.worker.shut_down()


def test_the_card_names_archive_weights_layer_contrast_epoch_and_program(window: MainWindow) -> None:
    archive, figure = window.document.current, window.figure_desk.current()
    assert archive is not None and figure is not None
    card = dict(card_of(figure, archive, archive.fingerprint))
    assert card["Archive"] == "sample.h5" and card["Weights (SHA-256)"] == archive.fingerprint
    assert "conv1a" in card["Layer"] and "grey is zero" in card["Contrast"] and card["Epoch"]
    assert "AlexNet Archive 0." in card["Figure made by"]


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".csv", ".json"])
def test_a_figure_is_saved_as_its_suffix_says(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, suffix: str
) -> None:
    figure = window.figure_desk.current()
    assert figure is not None
    path = tmp_path / f"figure{suffix}"
    window.figure_desk.save(figure, path)
    qtbot.waitUntil(lambda: not window.figure_desk.writing, timeout=30_000)
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".csv": b"# ", ".json": b"{"}[suffix]
    assert path.read_bytes().startswith(start)
    assert window.messages.text == ""
    assert [found.name for found in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_figure_that_cannot_be_written_is_one_sentence_and_the_old_file_stays(
    window: MainWindow, tmp_path: Path, qtbot: QtBot, suffix: str
) -> None:
    figure = window.figure_desk.current()
    assert figure is not None
    window.figure_desk.save(figure, tmp_path / "nowhere" / f"figure{suffix}")
    qtbot.waitUntil(lambda: not window.figure_desk.writing)
    assert f"figure{suffix}" in window.messages.text
    (tmp_path / "here").mkdir()
    window.figure_desk.save(figure, tmp_path / "here")
    assert "here" in window.messages.text and ".pdf" in window.messages.text


def test_copying_gives_a_picture_and_numbers_that_spreadsheets_take(window: MainWindow) -> None:
    actions, clipboard = window.menus.actions, QGuiApplication.clipboard()
    actions["copy-figure"].trigger()
    figure = window.figure_desk.current()
    assert figure is not None and clipboard.image().width() >= 2 * figure.size[0]
    actions["copy-numbers"].trigger()
    assert clipboard.text().startswith("number\tlayer")


def test_the_numbers_are_shown_as_a_table(window: MainWindow, qtbot: QtBot) -> None:
    window.menus.actions["figure-table"].trigger()
    (dialog,) = window.findChildren(TableDialog)
    view = dialog.findChild(QTableView)
    assert view is not None and view.model().rowCount() == 96
    assert view.accessibleName() and view.accessibleDescription()
    assert view.model().index(0, 1).data() == "conv1a"
    dialog.copy()
    assert QGuiApplication.clipboard().text().count("\n") == 97
    dialog.close()


def test_the_menu_of_a_figure_offers_every_way_to_take_it_home(window: MainWindow, qtbot: QtBot) -> None:
    figure = window.figure_desk.current()
    assert figure is not None and window.room is not None
    window.room.figureMenuWanted.emit(figure, window.pos())
    words = " ".join(action.text() for action in window.figure_desk.menu.actions())
    for kind in ("Copy the figure", "numbers", "table", "1×", "8×", "SVG", "PDF", "CSV", "JSON"):
        assert kind in words
    window.figure_desk.menu.close()


def test_without_a_figure_the_visitor_is_told_so(window: MainWindow) -> None:
    archive = window.document.current
    assert archive is not None
    window.document.close(archive)
    window.menus.actions["copy-figure"].trigger()
    assert "no figure" in window.messages.text
