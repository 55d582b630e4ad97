"""Another language: every sentence is translated, nothing is cut off when it is longer, nothing stays left.

Two languages that nobody speaks are made from the source: one 40 % longer, one from right to left.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from sample_runs import TWO_COLUMNS, document_on, sample_run
from visible_words import visible_words

from app.language import OWN, chosen, languages, speak
from app.main_window import MainWindow
from app.museum import main
from app.room import DEPTHS
from app.room_list import ROOMS
from app.theme import Appearance
from app.training_plan import nets
from app.worker import Worker
from tools.translations import all_texts, pseudo

APP = Path(__file__).parents[2] / "app"
SAID = re.compile(r"⟦[^⟦⟧]*(?:⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧|<[^>]*>")  # in the test language, with data in it; marks
WORD = re.compile(r"[^\W\d_]{3,}")
KEYS = {"Ctrl", "Shift", "Alt", "Backspace", "Return"}


@pytest.fixture(scope="session")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("translations")
    pseudo(folder)
    return folder


@contextmanager
def spoken(application: QApplication, language: str, folder: Path) -> Iterator[None]:
    """The application in another language for a while."""
    application.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
    installed = speak(application, language, folder)
    assert installed
    try:
        yield
    finally:
        for translator in installed:
            application.removeTranslator(translator)


@pytest.fixture(params=["longer", "mirrored"])
def window(
    request: pytest.FixtureRequest, catalogues: Path, tmp_path: Path, qtbot: QtBot, qapp: QApplication
) -> Iterator[MainWindow]:
    with spoken(qapp, request.param, catalogues):
        made = MainWindow(document_on(tmp_path, sample_run(TWO_COLUMNS, (0, 1))), Worker(), Appearance(qapp))
        qtbot.addWidget(made)
        made.resize(1280, 800)
        made.show()
        yield made
        made.worker.shut_down()


def data_words(window: MainWindow) -> set[str]:
    """What is not language: names in the archive and files that ship."""
    archive = window.document.current
    assert archive is not None
    layers = [layer["name"] for layer in archive.network["layers"]]
    names = [archive.name, archive.path.stem, *archive.labels, *layers]
    names += [word for net in nets() for word in (net.name, net.description)]  # as the recipes have them
    shipped = [path for kind in ("archives", "pictures") for path in (APP.parent / "assets" / kind).iterdir()]
    names += [path.stem for path in shipped]
    return {word for name in names for word in WORD.findall(name)} | KEYS


@pytest.mark.parametrize("room", [entry.name for entry in ROOMS])
def test_every_text_of_a_room_is_translated(window: MainWindow, room: str, qtbot: QtBot) -> None:
    window.visit(room)
    known = data_words(window)
    for depth in DEPTHS:
        window.choose_depth(depth)
        qtbot.wait(20)
        for where, text in visible_words(window):
            left = [word for word in WORD.findall(SAID.sub(" ", text)) if word not in known]
            assert not left, f"{where} is not translated: {text}"


def test_longer_words_are_not_cut_off(window: MainWindow, qtbot: QtBot) -> None:
    for entry in ROOMS:
        window.visit(entry.name)
        qtbot.wait(20)
        for widget in window.findChildren(QWidget):
            if not widget.isVisible():
                continue
            if isinstance(widget, QAbstractButton) and widget.text() and "…t" not in widget.text():
                needed = widget.fontMetrics().horizontalAdvance(widget.text().strip())
                assert needed <= widget.width(), widget.text()
            if isinstance(widget, QLabel) and widget.wordWrap():
                assert widget.heightForWidth(widget.width()) <= widget.height() + 2, widget.text()


def test_a_language_from_right_to_left_puts_the_rail_at_the_right(
    catalogues: Path, tmp_path: Path, qtbot: QtBot, qapp: QApplication
) -> None:
    with spoken(qapp, "mirrored", catalogues):
        assert qapp.layoutDirection() is Qt.LayoutDirection.RightToLeft
        window = MainWindow(document_on(tmp_path, None), Worker(), Appearance(qapp))
        qtbot.addWidget(window)
        window.visit("entrance")
        window.resize(1280, 800)
        window.show()
        assert window.rail.mapTo(window, window.rail.rect().center()).x() > 640


def test_the_language_asked_for_is_spoken_and_one_that_is_not_there_is_refused(
    catalogues: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = languages(catalogues)
    assert known == [OWN, "longer", "mirrored"]
    assert chosen("longer", known) == "longer" and chosen("xx", known) is None
    assert chosen(None, known) == OWN
    with pytest.raises(SystemExit):
        main(["--language", "xx"])
    assert OWN in capsys.readouterr().err


def test_the_systems_language_is_spoken_where_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    class Swiss:
        def uiLanguages(self) -> list[str]:
            return ["gsw-CH", "de-Latn-CH", "de-CH", "de", "fr"]

    monkeypatch.setattr(QLocale, "system", Swiss)
    assert chosen(None, ["en", "fr", "de"]) == "de"
    assert chosen(None, ["en", "fr"]) == "fr"
    assert chosen(None, ["en"]) == "en"


# What the translators are given

SHOWN = set(
    "setText setToolTip setAccessibleName setAccessibleDescription setWindowTitle setPlaceholderText"
    " addAction QLabel QPushButton QCheckBox QToolButton QAction label show_message setTitle setStatusTip"
    " addItem addTab drawText say show_sentence".split()
)


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: str(path.relative_to(APP)))
def test_no_text_is_shown_that_was_not_given_to_the_translators(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            told = name in SHOWN or ast.unparse(node.func).endswith("problem.emit")
            if name == "setText" and len(node.args) == 2:
                continue  # a picture's own text, under an English keyword
            first = node.args[0] if told and node.args else None
            text = first.value if isinstance(first, ast.Constant) else None
            assert not (isinstance(text, str) and WORD.search(text)), (
                f"{path}:{node.lineno}: {text!r} is not translated"
            )


def test_translated_texts_are_whole_sentences_with_places_not_pieces() -> None:
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("self.tr", "tr"):
                assert not any(isinstance(argument, ast.JoinedStr) for argument in node.args), (
                    f"{path}:{node.lineno}: a text that is put together cannot be found by translators"
                )
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                for side in (node.left, node.right):
                    called = ast.unparse(side.func) if isinstance(side, ast.Call) else ""
                    assert called not in ("self.tr", "tr"), f"{path}:{node.lineno}: a sentence in pieces"


def test_the_translators_get_every_text_once() -> None:
    texts = all_texts()
    assert len(texts) == len(set(texts)) > 200
    assert ("rooms", "Entrance") in texts and ("Menus", "&File") in texts and ("archive", "Seed") in texts
