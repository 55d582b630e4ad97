"""Training: the film of the first layer beside the curves, and a second run drawn with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from sample_archives import small_run
from sample_runs import document_on, museum_on

from app.rooms.training import TrainingRoom
from archive import write_archive


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> TrainingRoom:
    made = TrainingRoom(museum_on(document_on(tmp_path, small_run())))
    qtbot.addWidget(made)
    made.resize(1000, 800)
    made.show()
    return made


def test_the_film_shows_each_snapshot_and_a_line_in_the_curves_shows_where_it_is(room: TrainingRoom) -> None:
    archive = room.museum.document.current
    assert archive is not None and len(archive.snapshots) > 0
    room.film_bar.slider.setValue(0)
    assert room.museum.document.moment == 0
    stored = np.concatenate([kernels.reshape(-1) for kernels in archive.snapshot(0).values()])
    shown = np.concatenate([block.kernels.reshape(-1) for block in room.film.blocks])
    assert np.array_equal(stored, shown)
    positions = room.plot.figure.positions
    nearest = positions[np.argmin(np.abs(positions - archive.snapshots[0].epoch))]
    assert room.plot.at == pytest.approx(nearest)
    room.film_bar.slider.setValue(room.film_bar.slider.maximum())
    assert room.museum.document.moment is None and room.plot.at is None


def test_a_moment_selected_in_another_room_is_shown_here(room: TrainingRoom) -> None:
    room.museum.document.select_moment(0)
    assert room.film_bar.place == 0


def test_the_film_plays_and_pauses(qtbot: QtBot, room: TrainingRoom) -> None:
    room.film_bar.play_button.click()
    assert room.film_bar.playing and room.film_bar.place == 0
    room.film_bar.play_button.click()
    assert not room.film_bar.playing


def test_a_second_run_is_drawn_beside_the_first_and_told(room: TrainingRoom, tmp_path: Path) -> None:
    other = small_run()
    other.history.test["top1"] = 0.25
    write_archive(tmp_path / "other.h5", other)
    room.museum.document.settings.remember(tmp_path / "other.h5")
    room.other.follow()
    room.other.box.setCurrentIndex(1 + room.other._paths.index(tmp_path / "other.h5"))
    room.other.box.activated.emit(room.other.box.currentIndex())
    roles = [curve.role for curve in room.plot.figure.panels[-1].curves]
    assert roles == ["train", "test", "other train", "other test"]
    assert room.plot.figure.panels[-1].curves[-1].y[-1] == 25.0
    assert "Dashed: other" in room.sentence.text() and "wrong on 25.0 %" in room.sentence.text()
    room.other.choose(None)
    assert len(room.plot.figure.panels[-1].curves) == 2


def test_look_shows_the_one_curve_that_matters(room: TrainingRoom) -> None:
    assert len(room.plot.figure.panels) == 2 and room.desk.isVisible()
    room.set_depth("look")
    assert len(room.plot.figure.panels) == 1 and not room.desk.isVisible()
    assert len(room.sentence.text().split()) <= 25
