"""The room where pictures are tried: all that is handed over ends in guesses or in a sentence."""

from __future__ import annotations

import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from sample_runs import ONE_COLUMN, document_on, museum_on, sample_run

from app.answers import answer_of
from app.camera import Camera
from app.document import picture_of, pictures_of
from app.rooms.try_it import TryItRoom
from app.selected import Lesions
from app.shipped import shipped_pictures
from app.worker import Worker
from archive import write_archive

SERVICE = Path(__file__).with_name("small_service.py")
RED, GREEN, BLUE = (200, 30, 40), (30, 200, 40), (30, 40, 200)


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TryItRoom]:
    """The room on a small archive, with a real worker process that answers at once."""
    yield from _room(qtbot, tmp_path, monkeypatch, "0")


@pytest.fixture
def slow_room(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TryItRoom]:
    """The same, but every prediction takes 0.3 s."""
    yield from _room(qtbot, tmp_path, monkeypatch, "0.3")


def _room(qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: str) -> Iterator[TryItRoom]:
    monkeypatch.setenv("PYTHONPATH", str(SERVICE.parent.parent.parent))
    worker = Worker(command=[sys.executable, str(SERVICE), seconds])
    made = TryItRoom(museum_on(document_on(folder, sample_run(ONE_COLUMN)), worker))
    qtbot.addWidget(made)
    made.resize(1080, 740)
    made.show()
    yield made
    worker.shut_down()


def picture(folder: Path, name: str, color: tuple[int, int, int], size: tuple[int, int] = (80, 60)) -> Path:
    path = folder / name
    Image.new("RGB", size, color).save(path)
    return path


def drop(target: QWidget, mime: QMimeData) -> bool:
    """A drop as Qt delivers it; False when the target does not want it."""
    point, actions = target.rect().center(), Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(point), actions, mime, buttons, keys)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(target, QDragMoveEvent(QPoint(point), actions, mime, buttons, keys))
    QApplication.sendEvent(target, QDropEvent(QPointF(point), actions, mime, buttons, keys))
    return True


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def best(room: TryItRoom) -> str:
    return room.bars.guesses[0].short if room.bars.guesses else ""


def test_a_dropped_picture_is_guessed_and_its_square_is_shown(
    qtbot: QtBot, room: TryItRoom, tmp_path: Path
) -> None:
    assert drop(room.stage, files(picture(tmp_path, "sea.png", BLUE, (96, 64))))
    qtbot.waitUntil(lambda: best(room) == "blue", timeout=20_000)
    assert room.stage.look is not None and room.stage.look.box == (16, 0, 64)
    shown, seen = room.stage.picture_rectangle(), room.stage.box_rectangle()
    assert shown.contains(seen) and seen.width() == pytest.approx(seen.height())
    assert room.ready()
    assert shown.width() / 96 * 64 == pytest.approx(seen.width())
    assert room.stage.look.crop.shape == (32, 32, 3)
    assert "One look" in room.card.status.text()


def test_what_is_outside_of_the_square_is_dimmed(qtbot: QtBot, room: TryItRoom, tmp_path: Path) -> None:
    drop(room.stage, files(picture(tmp_path, "wide.png", RED, (160, 60))))
    qtbot.waitUntil(lambda: best(room) == "red", timeout=20_000)
    shot = room.stage.grab().toImage()
    center = room.stage.rect().center()
    left = round(room.stage.picture_rectangle().left()) + 6
    assert shot.pixelColor(center).red() == 200
    assert shot.pixelColor(left, center.y()).red() < 100


def test_pixels_from_a_browser_and_from_the_clipboard_are_taken(qtbot: QtBot, room: TryItRoom) -> None:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(0xFF1EC828)
    mime = QMimeData()
    mime.setImageData(image)
    assert drop(room.stage, mime)
    qtbot.waitUntil(lambda: best(room) == "green", timeout=20_000)
    image.fill(0xFFC81E28)
    QGuiApplication.clipboard().setImage(image)
    qtbot.mouseClick(room.paste_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: best(room) == "red", timeout=20_000)


def test_an_address_alone_is_answered_with_what_to_do(room: TryItRoom) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.jpg")])
    assert drop(room.stage, mime)
    assert "save it first" in room.stage.sentence


def test_text_is_not_wanted_and_an_empty_clipboard_is_said(qtbot: QtBot, room: TryItRoom) -> None:
    mime = QMimeData()
    mime.setText("a cat")
    assert not drop(room.stage, mime)
    QGuiApplication.clipboard().setText("a cat")
    qtbot.mouseClick(room.paste_button, Qt.MouseButton.LeftButton)
    assert "no picture" in room.stage.sentence


@pytest.mark.parametrize("kind", ["truncated", "empty", "text", "gone", "folder"])
def test_whatever_cannot_be_read_is_one_sentence_in_its_place(
    qtbot: QtBot, room: TryItRoom, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"{kind}.jpg"
    if kind == "truncated":
        whole = picture(tmp_path, "whole.jpg", RED, (300, 300)).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "text":
        path.write_text("this is no picture, whatever its name says", encoding="utf-8")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    drop(room.stage, files(path))
    qtbot.waitUntil(lambda: kind in room.stage.sentence, timeout=20_000)
    assert room.stage.sentence.count(".") <= 3 and "\n" not in room.stage.sentence
    assert room.bars.guesses == () and "Traceback" not in room.stage.sentence
    drop(room.stage, files(picture(tmp_path, "good.png", GREEN)))
    qtbot.waitUntil(lambda: best(room) == "green", timeout=20_000)


def test_an_archive_that_is_dropped_is_opened(room: TryItRoom, tmp_path: Path) -> None:
    write_archive(tmp_path / "other.h5", sample_run(ONE_COLUMN, seed=4))
    drop(room.stage, files(tmp_path / "other.h5"))
    assert room._document.current is not None and room._document.current.path.name == "other.h5"


def test_without_an_archive_the_picture_waits_for_one(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SERVICE.parent.parent.parent))
    worker = Worker(command=[sys.executable, str(SERVICE)])
    document = document_on(tmp_path, None)
    room = TryItRoom(museum_on(document, worker))
    qtbot.addWidget(room)
    room.show()
    document.show_pictures([picture_of(picture(tmp_path, "sky.png", BLUE))])
    assert "archive" in room.stage.sentence
    write_archive(tmp_path / "late.h5", sample_run(ONE_COLUMN))
    document.open(tmp_path / "late.h5", remember=False)
    qtbot.waitUntil(lambda: best(room) == "blue", timeout=20_000)
    worker.shut_down()


def test_the_latest_picture_wins_and_the_window_never_waits(
    qtbot: QtBot, slow_room: TryItRoom, tmp_path: Path
) -> None:
    room = slow_room
    with qtbot.waitSignal(room._worker.available, timeout=20_000):
        room._worker.start()
    slowest_s, began = 0.0, time.perf_counter()
    for place, color in enumerate([RED, GREEN] * 10 + [BLUE]):
        mime = files(picture(tmp_path, f"{place}.png", color))
        started = time.perf_counter()
        drop(room.stage, mime)
        slowest_s = max(slowest_s, time.perf_counter() - started)
        qtbot.wait(10)
    qtbot.waitUntil(lambda: best(room) == "blue", timeout=20_000)
    assert time.perf_counter() - began < 21 * 0.3, "pictures that were overtaken must not be computed"
    assert slowest_s < 0.15, "handing over a picture must not wait for an answer"
    qtbot.wait(400)
    assert best(room) == "blue"


def test_one_look_is_answered_first_and_ten_refine_it(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sample_run(ONE_COLUMN)
    run.mean = np.full((3, 40, 40), 120, np.float32)  # the network sees 32 of 40 pixels: there are corners
    monkeypatch.setenv("PYTHONPATH", str(SERVICE.parent.parent.parent))
    worker = Worker(command=[sys.executable, str(SERVICE), "0.1"])
    room = TryItRoom(museum_on(document_on(tmp_path, run), worker))
    qtbot.addWidget(room)
    room.show()
    assert room.ten_views.isVisible() and room.ten_views.isChecked()
    room._document.show_pictures([picture_of(picture(tmp_path, "sea.png", BLUE))])
    qtbot.waitUntil(lambda: "One look" in room.card.status.text(), timeout=20_000)
    first = room.bars.guesses[0].probability
    qtbot.waitUntil(lambda: "10 looks" in room.card.status.text(), timeout=20_000)
    assert room.bars.guesses[0].probability > first
    qtbot.mouseClick(room.ten_views, Qt.MouseButton.LeftButton, pos=QPoint(10, room.ten_views.height() // 2))
    qtbot.waitUntil(lambda: "One look" in room.card.status.text(), timeout=20_000)
    worker.shut_down()


def test_ten_looks_are_not_offered_where_the_whole_picture_is_seen(room: TryItRoom) -> None:
    assert not room.ten_views.isVisible()


def test_new_weights_of_a_run_in_progress_are_shown_the_same_picture(
    qtbot: QtBot, room: TryItRoom, tmp_path: Path
) -> None:
    drop(room.stage, files(picture(tmp_path, "sea.png", BLUE)))
    qtbot.waitUntil(lambda: best(room) == "blue", timeout=20_000)
    document = room._document
    room.bars.show_guesses(())
    assert document.current is not None
    document.archiveUpdated.emit(document.current)  # only the log grew
    qtbot.wait(300)
    assert best(room) == ""
    write_archive(tmp_path / "sample.h5", sample_run(ONE_COLUMN, seed=8))
    document.look_again()
    qtbot.waitUntil(lambda: best(room) == "blue", timeout=20_000)


# Pictures to tap


def test_shipped_pictures_can_be_tapped_and_get_their_guess(qtbot: QtBot, room: TryItRoom) -> None:
    shipped = [str(path) for path in shipped_pictures()]
    qtbot.waitUntil(lambda: len(room.strip.keys) == len(shipped))
    button = room.strip.findChildren(QToolButton)[0]
    name = button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "%" in button.toolTip(), timeout=20_000)
    assert button.toolTip().startswith(f"{name}: ")
    assert room.strip.keys == shipped, "a shipped picture stays where it is"


def test_own_pictures_come_to_the_front_of_the_strip(qtbot: QtBot, room: TryItRoom, tmp_path: Path) -> None:
    for name, color in (("one.png", RED), ("two.png", GREEN)):
        drop(room.stage, files(picture(tmp_path, name, color)))
        qtbot.waitUntil(lambda name=name: str(tmp_path / name) in room.strip.keys, timeout=20_000)
    assert room.strip.keys[:2] == [str(tmp_path / "two.png"), str(tmp_path / "one.png")]
    assert room.strip.text(str(tmp_path / "two.png")).startswith("two.png: green ")
    room.strip.chosen.emit(str(tmp_path / "one.png"))
    qtbot.waitUntil(lambda: best(room) == "red", timeout=20_000)


# Many at once


def many(folder: Path, count: int) -> list[Path]:
    inside = folder / "many"
    inside.mkdir()
    paths = [picture(inside, f"{place:03}.png", (RED, GREEN, BLUE)[place % 3]) for place in range(count)]
    (inside / "001.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    return paths


def test_a_folder_is_a_queue_in_which_the_broken_one_is_noted(
    qtbot: QtBot, room: TryItRoom, tmp_path: Path
) -> None:
    many(tmp_path, 12)
    drop(room.stage, files(tmp_path / "many"))
    assert room.table.isVisible() and not room.strip.isVisible()
    qtbot.waitUntil(lambda: len(room.batch.rows) == 12 and not room.batch.running, timeout=30_000)
    assert room.table.progress.text() == "12 of 12, 1 could not be read"
    answers = [row.answer.guesses[0].short if row.answer else "-" for row in room.batch.rows]
    assert answers == ["red", "-", "blue"] + ["red", "green", "blue"] * 3
    room.table.save(tmp_path / "guesses.csv")
    assert len((tmp_path / "guesses.csv").read_text(encoding="utf-8").splitlines()) == 13


def test_a_row_shows_its_picture(qtbot: QtBot, room: TryItRoom, tmp_path: Path) -> None:
    drop(room.stage, files(*many(tmp_path, 6)))
    qtbot.waitUntil(lambda: len(room.batch.rows) == 6, timeout=30_000)
    room.table.table.selectRow(4)
    qtbot.waitUntil(lambda: best(room) == "green", timeout=20_000)
    assert room._document.picture is not None and room._document.picture.name == "004.png"
    assert len(room.batch.rows) == 6, "looking at one does not begin anew"


def test_a_queue_can_be_stopped_and_keeps_what_it_has(
    qtbot: QtBot, slow_room: TryItRoom, tmp_path: Path
) -> None:
    room = slow_room
    room._document.show_pictures(pictures_of(many(tmp_path, 40)))
    qtbot.waitUntil(lambda: len(room.batch.rows) >= 2, timeout=30_000)
    qtbot.mouseClick(room.table.cancel_button, Qt.MouseButton.LeftButton)
    done = len(room.batch.rows)
    qtbot.wait(700)
    assert len(room.batch.rows) == done < 40 and not room.batch.running
    assert not room.table.cancel_button.isVisible() and room.table.keep_button.isEnabled()
    qtbot.mouseClick(room.table.close_button, Qt.MouseButton.LeftButton)
    assert room.strip.isVisible() and not room.table.isVisible()


def test_a_picture_is_answered_though_the_worker_dies_over_it_and_so_is_the_next(
    qtbot: QtBot, slow_room: TryItRoom, tmp_path: Path
) -> None:
    room = slow_room
    drop(room.stage, files(picture(tmp_path, "first.png", RED)))
    qtbot.waitUntil(lambda: room.stage.look is not None, timeout=20_000)
    process = room._worker._process
    assert process is not None
    process.kill()
    qtbot.waitUntil(lambda: best(room) == "red", timeout=20_000)
    drop(room.stage, files(picture(tmp_path, "second.png", BLUE)))
    qtbot.waitUntil(lambda: best(room) == "blue", timeout=20_000)


# What is not said, and by which network


def test_no_good_word_is_said_with_the_rule_that_says_so(
    qtbot: QtBot, room: TryItRoom, tmp_path: Path
) -> None:
    drop(room.stage, files(picture(tmp_path, "grey.png", (90, 90, 90))))
    qtbot.waitUntil(lambda: room.card.verdict.isVisible(), timeout=20_000)
    assert room.card.verdict.text() == "No good word for this"
    assert "less than 40 % sure" in room.card.reason.text() and "90 %" in room.card.reason.text()
    assert room.strip.text(str(tmp_path / "grey.png")) == "grey.png: no good word"
    drop(room.stage, files(picture(tmp_path, "sea.png", BLUE)))
    qtbot.waitUntil(lambda: best(room) == "blue", timeout=20_000)
    assert not room.card.verdict.isVisible() and "40 %" in room.card.rule.text()


def test_names_that_are_not_for_school_groups_are_left_unsaid() -> None:
    said = {"label": "n02395406, pig", "label_id": "n02395406", "probability": 0.7}
    message = {"guesses": [said], "views": 1, "seconds": 0.1}
    assert answer_of(message).guesses[0].label == "pig"
    assert answer_of(message, "not named here").guesses[0].label == "not named here"
    plane = {"label": "airplane", "label_id": "", "probability": 0.7}
    assert answer_of({**message, "guesses": [plane]}, "-").guesses[0].label == "airplane"


def test_an_answer_is_that_of_the_network_with_what_is_switched_off(
    qtbot: QtBot, room: TryItRoom, tmp_path: Path
) -> None:
    drop(room.stage, files(picture(tmp_path, "rose.png", (200, 30, 90))))
    qtbot.waitUntil(lambda: best(room) == "red" and room.ready(), timeout=20_000)
    room._document.set_lesions(Lesions(columns=frozenset({0})), "without column 0")
    assert room.lesion_notice.isVisible() and "%" not in room.strip.text(str(tmp_path / "rose.png"))
    qtbot.waitUntil(lambda: best(room) == "blue", timeout=20_000)
    assert not room.card.verdict.isVisible(), "the rule is about the whole network"
    qtbot.mouseClick(room.lesion_notice.back_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: best(room) == "red", timeout=20_000)
    assert not room.lesion_notice.isVisible()


def test_a_table_is_of_one_network(qtbot: QtBot, slow_room: TryItRoom, tmp_path: Path) -> None:
    room = slow_room
    paths = [picture(tmp_path, f"{place}.png", (200, 30, 90)) for place in range(4)]
    drop(room.stage, files(*paths))
    qtbot.waitUntil(lambda: len(room.batch.rows) == 2, timeout=20_000)
    room._document.set_lesions(Lesions(columns=frozenset({0})), "without column 0")
    qtbot.waitUntil(lambda: len(room.batch.rows) == 4 and not room.batch.running, timeout=20_000)
    assert {row.answer.guesses[0].short for row in room.batch.rows if row.answer} == {"blue"}


def test_two_thousand_files_at_once_begin_a_queue(qtbot: QtBot, room: TryItRoom, tmp_path: Path) -> None:
    first = picture(tmp_path, "0000.png", RED)
    paths = [first, *(tmp_path / f"{place:04}.png" for place in range(1, 2000))]
    for path in paths[1:]:
        path.hardlink_to(first)
    drop(room.stage, files(*paths))
    qtbot.waitUntil(lambda: len(room.batch.rows) >= 3, timeout=20_000)
    assert room.batch.total == 2000 and room.table.progress.text().endswith("of 2000")
    room.batch.cancel()


def odd_pictures(folder: Path) -> list[Path]:
    """Pictures of every odd kind that can still be looked at."""
    blue = Image.new("RGB", (64, 64), BLUE)
    blue.convert("CMYK").save(folder / "cmyk.jpg")
    Image.fromarray(np.full((40, 40), 40_000, np.uint16)).save(folder / "deep.png")
    red = Image.new("RGB", (64, 64), RED)
    blue.save(folder / "animated.gif", save_all=True, append_images=[red])
    blue.save(folder / "wrong suffix.jpg", "PNG")
    Image.new("1", (8000, 6300), 1).save(folder / "50 megapixels.png")
    Image.new("RGB", (3, 2000), BLUE).save(folder / "tall.png")
    names = ("cmyk.jpg", "deep.png", "animated.gif", "wrong suffix.jpg", "50 megapixels.png", "tall.png")
    return [folder / name for name in names]


def test_odd_pictures_are_answered(qtbot: QtBot, room: TryItRoom, tmp_path: Path) -> None:
    for path in odd_pictures(tmp_path):
        drop(room.stage, files(path))
        qtbot.waitUntil(lambda path=path: str(path) in room.strip.keys, timeout=30_000)
        assert room.ready() and room.bars.guesses, path.name


def test_a_picture_in_its_own_address_is_taken(qtbot: QtBot, room: TryItRoom) -> None:
    content = BytesIO()
    Image.new("RGB", (20, 20), GREEN).save(content, "PNG")
    mime = QMimeData()
    mime.setUrls([QUrl(f"data:image/png;base64,{b64encode(content.getvalue()).decode()}")])
    assert drop(room.stage, mime)
    qtbot.waitUntil(lambda: best(room) == "green", timeout=20_000)


# The camera


def frame(color: tuple[int, int, int]) -> QImage:
    image = QImage(1280, 720, QImage.Format.Format_RGB32)
    image.fill(QColor(*color))
    return image


def test_of_a_cameras_frames_the_latest_is_taken_and_the_others_are_forgotten(qtbot: QtBot) -> None:
    camera = Camera()
    for color in (RED, GREEN, BLUE):
        camera.keep(frame(color))
    taken = camera.take()
    assert taken is not None and (taken.width(), taken.height()) == (640, 360)
    assert taken.pixelColor(5, 5) == QColor(*BLUE) and camera.take() is None


def test_without_a_camera_it_says_why(qtbot: QtBot, room: TryItRoom) -> None:
    button = room.camera
    room.set_depth("try")
    reason = button.camera.why_not()
    if reason:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert room._notes.isVisible() and room._notes.text() == reason
    button.failed.emit("The camera was unplugged.")
    assert room._notes.text() == "The camera was unplugged."
