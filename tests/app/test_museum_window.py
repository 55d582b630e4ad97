"""The window: rooms by key, files dropped anywhere, messages in words, every control within reach."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from sample_archives import small_run

from app.document import Document
from app.main_window import MainWindow
from app.room_list import ROOMS
from app.selected import Lesions
from app.settings import Settings
from app.theme import DARK, LIGHT, TARGET_PX, Appearance, Theme
from app.worker import Worker
from archive import write_archive

SERVICE = [sys.executable, str(Path(__file__).parent / "small_service.py")]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def window(tmp_path: Path, qtbot: Any, qapp: QApplication) -> Iterator[MainWindow]:
    appearance = Appearance(qapp)
    appearance.choose("light", 100)
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); exec(open({SERVICE[1]!r}).read())"
    worker = Worker([sys.executable, "-c", start])
    made = MainWindow(Document(Settings(tmp_path / "museum.ini")), worker, appearance)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.visit("entrance")
    made.show()
    yield made
    worker.shut_down()
    appearance.choose("light", 100)


def saved(folder: Path, name: str = "run.h5") -> Path:
    write_archive(folder / name, small_run())
    return folder / name


def drop(window: MainWindow, mime: QMimeData) -> bool:
    """As the platform does it: enter, and, only when that was accepted, drop."""
    place, action = QPointF(600, 400), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place.toPoint(), action, mime, left, none)
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    dropped = QDropEvent(place, action, mime, left, none)
    QApplication.sendEvent(window, dropped)
    return dropped.isAccepted()


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_the_rooms_are_reached_by_key_and_built_on_the_first_visit(window: MainWindow, qtbot: Any) -> None:
    assert len(window.rooms) == 1
    for number, entry in enumerate(ROOMS, start=1):
        qtbot.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
        assert window.room is window.rooms[entry.name]
        assert window.rail.button(entry.name).isChecked()
    assert len(window.rooms) == len(ROOMS)


def test_a_dropped_archive_is_opened(window: MainWindow, tmp_path: Path) -> None:
    assert drop(window, files(saved(tmp_path)))
    assert window.document.current is not None
    assert window.rail.archive_button.text() == "run"
    assert "two-columns" in window.windowTitle()


def test_a_dropped_picture_goes_to_where_it_is_tried(window: MainWindow, tmp_path: Path) -> None:
    window.document.open(saved(tmp_path))
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(str(tmp_path / "red.png"))
    assert drop(window, files(tmp_path / "red.png"))
    assert window.room is window.rooms["try-it"]
    assert window.document.picture is not None and window.document.picture.name == "red.png"


def test_pixels_dropped_by_another_program_become_a_picture(window: MainWindow) -> None:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    mime = QMimeData()
    mime.setImageData(image)
    assert drop(window, mime)
    assert window.document.picture is not None
    assert QImage.fromData(window.document.picture.data or b"").size() == image.size()


def test_a_dropped_file_that_is_neither_is_refused_by_name(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("words")
    drop(window, files(tmp_path / "notes.txt"))
    assert "notes.txt" in window.messages.text


def test_text_is_not_accepted_as_a_drop(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setText("words")
    assert not drop(window, mime)


def test_a_broken_archive_is_a_message_that_can_be_closed(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "broken.h5").write_bytes(b"no")
    drop(window, files(tmp_path / "broken.h5"))
    assert "broken.h5" in window.messages.text
    window.messages._close.click()
    assert window.messages.text == ""


def test_pasting_nothing_is_answered(window: MainWindow) -> None:
    QGuiApplication.clipboard().clear()
    window.menus.actions["paste"].trigger()
    assert "no picture" in window.messages.text


def test_the_archive_menu_greys_what_has_vanished(window: MainWindow, tmp_path: Path) -> None:
    gone = saved(tmp_path, "gone.h5")
    window.document.open(saved(tmp_path))
    window.document.settings.remember(gone)
    gone.unlink()
    entries = {action.text(): action for action in window.menus.archive_actions()}
    assert entries["run"].isEnabled() and entries["run"].isChecked()
    assert not entries["gone"].isEnabled()


def test_without_an_archive_the_entrance_says_so(window: MainWindow) -> None:
    words = " ".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())
    assert "Nothing is open yet" in words
    for entry in ROOMS:
        window.visit(entry.name)


@pytest.mark.parametrize("room", [entry.name for entry in ROOMS])
def test_the_tab_key_reaches_every_control_and_gets_out_again(
    window: MainWindow, tmp_path: Path, qtbot: Any, room: str
) -> None:
    window.document.open(saved(tmp_path))
    window.visit(room)
    qtbot.wait(50)
    reached: list[QWidget] = []
    for _ in range(200):
        widget = QApplication.focusWidget()
        if widget is not None and reached and widget is reached[0]:
            break
        if widget is not None and widget is not window:
            reached.append(widget)
        qtbot.keyClick(widget or window, Qt.Key.Key_Tab)
    else:
        pytest.fail("the Tab key never came round again")
    for button in window.findChildren(QAbstractButton):
        by_tab = Qt.FocusPolicy.TabFocus.value & button.focusPolicy().value
        if button.isVisible() and button.isEnabled() and by_tab:
            group = button.group()
            # Of buttons that exclude each other the Tab key stops at one, the arrow keys go on.
            alone = group is None or not group.exclusive()
            assert button in reached or not alone, button.accessibleName() or button.text()


@pytest.mark.parametrize("room", [entry.name for entry in ROOMS])
def test_every_control_has_a_name_for_the_ear(window: MainWindow, tmp_path: Path, room: str) -> None:
    window.document.open(saved(tmp_path))
    window.visit(room)
    for button in window.findChildren(QAbstractButton):
        if button.isVisible() and button.focusPolicy() is not Qt.FocusPolicy.NoFocus:
            assert button.accessibleName() or button.text().strip(), button


@pytest.mark.parametrize("room", [entry.name for entry in ROOMS])
def test_buttons_are_large_enough_for_a_finger(window: MainWindow, tmp_path: Path, room: str) -> None:
    window.document.open(saved(tmp_path))
    window.visit(room)
    QApplication.processEvents()
    for button in window.findChildren(QAbstractButton):
        if button.isVisible() and button.text().strip():
            assert button.height() >= TARGET_PX, (button.text(), button.height())


def test_text_at_twice_its_size_is_not_cut_off(window: MainWindow, tmp_path: Path, qtbot: Any) -> None:
    window.document.open(saved(tmp_path))
    window.appearance.choose("light", 200)
    for room in ("entrance", "training"):
        window.visit(room)
        qtbot.wait(50)
        for button in window.findChildren(QAbstractButton):
            if button.isVisible() and button.text():
                needed = button.fontMetrics().horizontalAdvance(button.text().strip())
                assert needed <= button.width(), button.text()
        for label in window.findChildren(QLabel):
            if label.isVisible() and label.wordWrap():
                assert label.heightForWidth(label.width()) <= label.height() + 2, label.text()


def test_text_size_theme_and_full_screen_are_actions(window: MainWindow) -> None:
    actions, settings = window.menus.actions, window.document.settings
    actions["larger"].trigger()
    assert settings.text_size == 115 and window.appearance.text_size == 115
    actions["normal-size"].trigger()
    actions["theme-dark"].trigger()
    assert settings.theme == "dark" and window.appearance.theme is DARK
    actions["full-screen"].trigger()
    assert window.isFullScreen()
    actions["full-screen"].trigger()
    assert not window.isFullScreen()


def luminance(color: QColor) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (color.redF(), color.greenF(), color.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor | str, other: QColor | str) -> float:
    light, dark = sorted((luminance(QColor(one)), luminance(QColor(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_text_and_graphics_stand_out_as_wcag_asks(theme: Theme) -> None:
    for ground in (theme.window, theme.rail, theme.card, theme.selected, theme.warning):
        assert contrast(theme.text, ground) >= 4.5
    for ground in (theme.window, theme.rail, theme.card):
        assert contrast(theme.muted, ground) >= 4.5
        assert contrast(theme.edge, ground) >= 3
        assert contrast(theme.focus, ground) >= 3
    for column in (0, 1):
        assert contrast(theme.column_text(column), theme.card) >= 4.5
        assert contrast(theme.column(column), theme.card) >= 3
    for graphic in (theme.crossing, theme.shared, theme.test):
        assert contrast(graphic, theme.card) >= 3
    assert contrast(theme.on_accent, theme.accent) >= 4.5


def test_a_change_is_named_in_the_menu_and_taken_back_by_key(
    window: MainWindow, tmp_path: Path, qtbot: Any
) -> None:
    window.document.open(saved(tmp_path))
    actions, control = window.menus.actions, Qt.KeyboardModifier.ControlModifier
    assert not actions["undo"].isEnabled()
    window.document.set_lesions(Lesions(columns=frozenset({1})), "GPU 1 off")
    assert "GPU 1 off" in actions["undo"].text()
    qtbot.keyClick(window, Qt.Key.Key_Z, control)
    assert not window.document.lesions and "GPU 1 off" in actions["redo"].text()
    actions["redo"].trigger()
    assert window.document.lesions
    qtbot.keyClick(window, Qt.Key.Key_T, control)
    assert not window.document.lesions


def test_the_depth_is_chosen_above_the_room_or_by_key_and_kept_from_room_to_room(
    window: MainWindow, qtbot: Any
) -> None:
    window.header.findChildren(QAbstractButton)[0].click()
    assert window.chosen_depth == "look" and window.menus.actions["depth-look"].isChecked()
    assert window.visit("filters").shown_depth == "look"
    qtbot.keyClick(window, Qt.Key.Key_F3)
    assert window.chosen_depth == "try" and window.visit("entrance").shown_depth == "try"
