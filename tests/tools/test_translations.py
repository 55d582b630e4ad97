"""Catalogues for translators: complete, kept up to date, and readable by Qt."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator

from tools.translations import longer, mirrored, pseudo, release, texts_in, translations_in, update, write

SOURCE = """
def tr(text):
    return QCoreApplication.translate("here", text)

TITLES = (QT_TRANSLATE_NOOP("rooms", "Entrance"),)

class Room:
    def words(self):
        self.tr("One" " and the same")
        return tr("Two"), QCoreApplication.translate("elsewhere", "Three"), self.tr(variable)
"""


def test_texts_are_found_under_the_name_by_which_they_are_looked_up() -> None:
    found = set(texts_in(SOURCE))
    assert found == {
        ("Room", "One and the same"),
        ("here", "Two"),
        ("elsewhere", "Three"),
        ("rooms", "Entrance"),
    }


def test_what_was_translated_is_kept_and_what_is_gone_is_left_out(tmp_path: Path) -> None:
    write({("Menus", "&File"): "&Datei", ("Gone", "Old"): "Alt"}, "de", tmp_path)
    known = translations_in(update("de", tmp_path))
    assert known["Menus", "&File"] == "&Datei"
    assert ("Gone", "Old") not in known and known["Menus", "&View"] == ""


def test_qt_reads_what_was_released(tmp_path: Path) -> None:
    path = write({("Menus", "&File"): "&Datei", ("Menus", "&View"): ""}, "de", tmp_path)
    translator = QTranslator()
    assert translator.load(str(release(path)))
    assert translator.translate("Menus", "&File") == "&Datei"
    assert not translator.translate("Menus", "&View")


TEXTS = ["{0} of {1} filters", "<b>{0}</b>, {1}", "&Open an archive…", "Tables (*.csv)"]


@pytest.mark.parametrize("text", TEXTS)
def test_test_languages_keep_places_marks_and_keys(text: str) -> None:
    for said in (longer(text), mirrored(text)):
        for kept in ("{0}", "{1}", "<b>", "</b>", "&O", "*.csv"):
            assert (kept in said) == (kept in text)
    assert len(longer(text)) >= 1.25 * len(text)


def test_both_test_languages_are_made(tmp_path: Path) -> None:
    assert [path.name for path in pseudo(tmp_path)] == ["museum_longer.qm", "museum_mirrored.qm"]
