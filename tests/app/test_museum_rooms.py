"""Entrance and Training: what they say of an archive, and how they follow a run that goes on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel
from sample_archives import small_run
from sample_runs import document_on, museum_on

from app.archive_words import duration, moment, summary
from app.document import OpenArchive
from app.rooms.entrance import EntranceRoom
from app.rooms.training import TrainingRoom
from app.run_progress import changes, planned_epochs, rate_changes, setting_words, standing
from archive import TEST_DTYPE, History, Note, Run, RunLog, log_path, write_archive

RECIPE = """
epochs = 4
schedule = [
    { epoch = 2, set = { "*.epsW" = 0.00001, "conv1a.epsB" = 0 } },
    { epoch = 3, set = { color-noise = 0 } },
]
"""
REPORT = {"images": 1000, "loss": 0.5, "top1": 0.25, "topk": 0.125}


def run(**changes: Any) -> Run:
    """The small run with a schedule."""
    made = small_run()
    made.texts |= {"recipe": RECIPE, "overrides": "[]"}
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def archive_of(folder: Path, made: Run) -> OpenArchive:
    write_archive(folder / "run.h5", made)
    return OpenArchive(folder / "run.h5")


def words_of(widget: Any) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if not label.isHidden())


def test_the_summary_says_how_large_how_long_and_how_good(tmp_path: Path, qtbot: Any) -> None:
    made = run()
    made.provenance |= {"data_counts": {"train": 50000, "test": 40}}
    sentence = summary(archive_of(tmp_path, made))
    assert (
        "372 weights" in sentence
        and "up to epoch 2;" in sentence
        and "50.0 % of 40 test pictures" in sentence
    )


def test_the_summary_of_an_untested_and_of_an_untrained_run(tmp_path: Path, qtbot: Any) -> None:
    made = run(history=History(train=small_run().history.train))
    assert "not tested yet" in summary(archive_of(tmp_path, made))
    assert "nothing has been learnt" in summary(archive_of(tmp_path, run(history=History())))


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0, ""), (42, "42 s"), (312.4, "5 min 12 s"), (7300, "2 h 1 min")]
)
def test_durations_have_two_units(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_a_time_that_is_none_is_left_out() -> None:
    assert moment("yesterday") == "" and moment(None) == "" and moment("2012-12-03T09:00:00Z") != ""


@pytest.mark.parametrize(
    ("locale", "day"),
    [
        ("en_GB", "3 December 2012, "),
        ("en_US", "December 3, 2012, "),
        ("de_DE", "3. Dezember 2012, "),
        ("hu_HU", "2012. december 3., "),
    ],
)
def test_a_time_has_its_month_as_a_word_and_neither_seconds_nor_zone(
    locale: str, day: str, qapp: Any
) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(locale))
    try:
        shown = moment("2012-12-03T12:34:56Z")
    finally:
        QLocale.setDefault(before)
    assert shown.startswith(day) and shown.removeprefix(day).count(":") == 1 and "56" not in shown


def test_pointing_at_a_layer_shows_its_numbers(tmp_path: Path, qtbot: Any) -> None:
    room = EntranceRoom(museum_on(document_on(tmp_path, run())))
    qtbot.addWidget(room)
    room.resize(1000, 800)
    room.show()
    spots = {spot.layer: spot for spot in room.drawing._spots}
    assert set(spots) == {"data", "conv1a", "conv1b", "fc"}
    spots["conv1b"].entered.emit("conv1b")
    words = words_of(room)
    assert "<b>conv1b</b>, convolution" in words and "2 maps of 4 × 4" in words and "GPU 1" in words
    assert "conv1b" in spots["conv1b"].accessibleName()


def test_the_arrow_keys_go_from_layer_to_layer(tmp_path: Path, qtbot: Any) -> None:
    room = EntranceRoom(museum_on(document_on(tmp_path, run())))
    qtbot.addWidget(room)
    room.resize(1000, 800)
    with qtbot.waitActive(room):
        room.show()
        room.activateWindow()
    spots = room.drawing._spots
    spots[0].setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(room.focusWidget(), key)
    assert room.focusWidget() is spots[1]
    assert f"<b>{spots[1].layer}</b>" in words_of(room)


def test_the_doors_lead_to_the_other_rooms(tmp_path: Path, qtbot: Any) -> None:
    room = EntranceRoom(museum_on(document_on(tmp_path, run())))
    qtbot.addWidget(room)
    wanted: list[str] = []
    room.visitWanted.connect(wanted.append)
    for door in room.doors.values():
        door.click()
    assert wanted == ["filters", "try-it", "training"]


def test_the_entrance_follows_another_archive_and_the_last_one_closed(tmp_path: Path, qtbot: Any) -> None:
    document = document_on(tmp_path, run())
    room = EntranceRoom(museum_on(document))
    qtbot.addWidget(room)
    assert "sample (two-columns)" in words_of(room) and "学習" in words_of(room)
    assert document.current is not None
    document.close(document.current)
    assert "Nothing is open yet" in words_of(room)


# Training


def test_the_schedule_is_read_from_the_recipe_in_words(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, run())
    assert [(change.epoch, change.words) for change in rate_changes(archive)] == [
        (2.0, "rate 0.00001; conv1a: bias rate 0"),
        (3.0, "colour noise 0"),
    ]
    assert planned_epochs(archive) == 4


def test_what_the_command_line_set_counts_more_than_the_recipe(tmp_path: Path) -> None:
    made = run()
    made.texts["overrides"] = '["epochs=7", "conv1a.epsW=0.5"]'
    assert planned_epochs(archive_of(tmp_path, made)) == 7


@pytest.mark.parametrize(
    "recipe", ["", "epochs = [", "epochs = 'many'\nschedule = 3", "schedule = [{epoch = 1}]"]
)
def test_a_recipe_of_another_kind_means_no_schedule(tmp_path: Path, recipe: str) -> None:
    made = run()
    made.texts["recipe"] = recipe
    archive = archive_of(tmp_path, made)
    assert rate_changes(archive) == [] and planned_epochs(archive) == 0


def test_what_is_noted_stands_among_what_was_planned(tmp_path: Path) -> None:
    notes = [Note("2012-12-03T09:00:00Z", 0.0, "begin"), Note("2012-12-03T10:00:00Z", 1.5, "rates by hand")]
    archive = archive_of(tmp_path, run(notebook=notes))
    assert [change.epoch for change in changes(archive)] == [0.0, 1.5, 2.0], "epoch 3 is still to come"


def test_settings_without_a_known_name_are_shown_as_they_are() -> None:
    assert setting_words("fc10.dropout", True) == "fc10: dropout True"
    assert setting_words("*.momW", 0.9) == "momentum 0.9"


def test_curves_banner_and_table_grow_with_the_log(tmp_path: Path, qtbot: Any) -> None:
    document = document_on(tmp_path, run())
    room = TrainingRoom(museum_on(document))
    qtbot.addWidget(room)
    room.show()
    document.follow()
    rows = room.model.rowCount()
    log = RunLog(tmp_path / "sample.h5")
    with qtbot.waitSignal(document.archiveUpdated, timeout=3000):
        log.append("train", epoch=3.4, step=34, seconds=9.0, **REPORT)
    assert room.model.rowCount() == rows + 1
    assert room.banner.text().startswith("Training in progress: epoch 3.4 of 4")
    assert room._banner_frame.isVisible()
    assert float(room.plot.figure.panels[0].curves[0].x[-1]) == 3.4


def test_between_two_reports_the_banner_shows_what_the_run_says(tmp_path: Path, qtbot: Any) -> None:
    archive = archive_of(tmp_path, run())
    RunLog(archive.path).append("status", epoch=2.5, step=50, time="now", pictures_per_second=820.4)
    archive.refresh()
    assert "epoch 2.5 of 4, 820 pictures a second; wrong on 50.0 %" in standing(archive)


def test_a_complete_run_has_no_banner(tmp_path: Path, qtbot: Any) -> None:
    made = run()
    made.texts["overrides"] = '["epochs=2"]'
    assert standing(archive_of(tmp_path, made)) == ""


def test_a_run_that_fell_silent_is_not_called_in_progress(tmp_path: Path, qtbot: Any) -> None:
    archive = archive_of(tmp_path, run())
    RunLog(archive.path).append("train", epoch=3.4, step=34, seconds=9.0, **REPORT)
    for path in (log_path(archive.path), archive.path):
        os.utime(path, (1, 1))
    archive.refresh()
    assert "has reported nothing for" in standing(archive)


def test_the_table_and_the_csv_hold_every_report(tmp_path: Path, qtbot: Any) -> None:
    document = document_on(tmp_path, run())
    room = TrainingRoom(museum_on(document))
    qtbot.addWidget(room)
    assert document.current is not None
    table = room.figures()[0].table()
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert len(rows) == room.model.rowCount() == len(document.current.history.train) + 1
    assert rows[-1]["kind"] == "test" and rows[-1]["loss"] == 1.25
    model = room.model
    shown = [model.data(model.index(0, column), Qt.ItemDataRole.DisplayRole) for column in range(6)]
    assert shown == ["1.00", "test", "40", "1.250", "50.0", "25.0"]


def test_the_pointer_reads_out_every_curve(tmp_path: Path, qtbot: Any) -> None:
    room = TrainingRoom(museum_on(document_on(tmp_path, run())))
    qtbot.addWidget(room)
    room.resize(900, 700)
    room.show()
    qtbot.mouseMove(room.plot, QPoint(300, 200))
    qtbot.waitUntil(lambda: room.read_out.text().startswith("Epoch "))
    assert (
        "Loss, test: 1.250" in room.read_out.text() and "Wrong answers, test: 50.0 %" in room.read_out.text()
    )


def test_errors_can_be_counted_among_the_first_guesses(tmp_path: Path, qtbot: Any) -> None:
    room = TrainingRoom(museum_on(document_on(tmp_path, run())))
    qtbot.addWidget(room)
    room._error.choose("topk")
    room._error.chosen.emit("topk")
    panel = room.plot.figure.panels[1]
    assert panel.title == "Right answer not among the first 2" and panel.curves[1].y[0] == 25.0


def test_tests_through_several_views_do_not_bend_the_curve_of_the_others(tmp_path: Path, qtbot: Any) -> None:
    rows = [
        (1.0, 20, 40, 1, 1.2, 0.5, 0.25, 2, 0.5, b"test"),
        (1.0, 20, 40, 10, 1.1, 0.4, 0.2, 2, 0.5, b"test"),
    ]
    tests = np.array([*rows, rows[0]], TEST_DTYPE)
    room = TrainingRoom(museum_on(document_on(tmp_path, run(history=History(test=tests)))))
    qtbot.addWidget(room)
    assert list(room.plot.figure.panels[1].curves[0].y) == [50.0, 50.0]
    assert "best 50.0 %" in room.sentence.text()
    assert room.model.rowCount() == 3


def test_a_copy_of_a_run_under_way_does_not_pretend_to_have_fallen_silent(tmp_path: Path, qtbot: Any) -> None:
    made = run()
    made.provenance |= {"exhibited": "2012-12-03T09:00:00Z"}
    assert standing(archive_of(tmp_path, made)) == (
        "A copy of the run as it stood at epoch 2.0 of 4; it does not go on."
    )


def test_a_network_that_was_tested_before_its_first_step_has_learnt_nothing(tmp_path: Path) -> None:
    tests = np.array([(0.0, 0, 40, 1, 1.2, 0.9, 0.8, 2, 0.5, b"test")], TEST_DTYPE)
    assert "nothing has been learnt" in summary(archive_of(tmp_path, run(history=History(test=tests))))


def test_what_was_noted_after_the_last_step_is_told_but_marks_no_curve(tmp_path: Path, qtbot: Any) -> None:
    notes = [Note("2012-12-03T09:00:00Z", 0.5, "halfway"), Note("2012-12-03T09:10:00Z", 4.0, "looked at")]
    room = TrainingRoom(museum_on(document_on(tmp_path, run(notebook=notes))))
    qtbot.addWidget(room)
    marks = [moment.words for moment in room.plot.figure.moments]
    assert "halfway" in marks and "looked at" not in marks
    assert "looked at" in room.happened.text()


def test_a_run_whose_loss_is_no_number_can_be_watched(tmp_path: Path, qtbot: Any) -> None:
    test = np.array([(1.0, 20, 40, 1, np.nan, 1.0, 1.0, 2, 0.5, b"test")], TEST_DTYPE)
    room = TrainingRoom(museum_on(document_on(tmp_path, run(history=History(test=test)))))
    qtbot.addWidget(room)
    room.resize(900, 700)
    assert room.grab().toImage().pixelColor(5, 5) != QColor(Qt.GlobalColor.black)
