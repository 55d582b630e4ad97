"""Training from the museum, in real processes: begun, paused, gone on with at other rates, killed, closed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot
from sample_runs import document_on, museum_on

from app.rooms.training import TrainingRoom
from app.training_process import IDLE, TRAINING
from archive import Archive, verify

PATIENCE_MS = 120_000
COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200))
PER_CLASS = 50


def draw(folder: Path) -> Path:
    """A folder of small noisy pictures for each of three colours."""
    random = np.random.default_rng(0)
    for name, colour in zip(("red", "green", "blue"), COLOURS, strict=True):
        (folder / name).mkdir(parents=True)
        for number in range(PER_CLASS):
            pixels = np.clip(random.normal(colour, 40, (32, 32, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Iterator[TrainingRoom]:
    document = document_on(tmp_path, None)
    document.follow()
    made = TrainingRoom(museum_on(document))
    qtbot.addWidget(made)
    made.resize(1000, 800)
    made.show()
    made.desk.folder = tmp_path / "runs"
    made.desk.form.net_box.setCurrentText("cuda-convnet-80sec")
    made.desk.form.epochs_box.setText("1000")
    yield made
    made.closing()


def begin(qtbot: QtBot, room: TrainingRoom, pictures: Path) -> Path:
    """Begins a run and waits until the room shows its first report."""
    room.desk.form.choose(pictures)
    room.desk.form.begin_button.click()
    wait_for_reports(qtbot, room, 1)
    archive = room.museum.document.current
    assert archive is not None
    return archive.path


def reports(room: TrainingRoom) -> int:
    archive = room.museum.document.current
    return 0 if archive is None else len(archive.history.train)


def wait_for_reports(qtbot: QtBot, room: TrainingRoom, more: int) -> None:
    wanted = reports(room) + more

    def there() -> None:
        said = room.banner.text(), room.happened.text(), room.desk.process.state
        assert reports(room) >= wanted, f"{reports(room)} reports of {wanted}: {said}"

    qtbot.waitUntil(there, timeout=PATIENCE_MS)


@pytest.mark.slow
def test_a_run_on_a_folder_of_pictures_is_followed_paused_and_gone_on_with_at_another_rate(
    qtbot: QtBot, room: TrainingRoom, tmp_path: Path
) -> None:
    controls, process = room.desk.controls, room.desk.process
    path = begin(qtbot, room, draw(tmp_path / "colours"))
    assert path == tmp_path / "runs" / "cuda-convnet-80sec.h5"
    assert room.banner.text().startswith("Training in progress")
    assert len(room.plot.figure.panels[0].curves[0].x) == reports(room)
    controls.pause_button.click()
    qtbot.waitUntil(lambda: process.state == IDLE, timeout=PATIENCE_MS)
    assert verify(path) == [] and "paused" in room.banner.text()
    with Archive(path) as archive:
        paused_at, labels = archive.state["step"], archive.labels
    assert sorted(labels) == ["blue", "green", "red"] and paused_at > 0
    controls.rate_box.setCurrentIndex(0)
    controls.rate_button.click()
    wait_for_reports(qtbot, room, 1)
    assert "rate 0.0001; bias rate 0.0002" in room.happened.text()
    with Archive(path) as archive:
        assert archive.state["step"] >= paused_at
        assert archive.notebook[-1].text == "Changed: *.epsW=0.0001, *.epsB=0.0002"


@pytest.mark.slow
def test_a_run_that_is_killed_is_told_can_go_on_and_is_complete_when_the_museum_closes(
    qtbot: QtBot, room: TrainingRoom, tmp_path: Path
) -> None:
    controls, process = room.desk.controls, room.desk.process
    problems: list[str] = []
    room.museum.document.problem.connect(problems.append)
    path = begin(qtbot, room, draw(tmp_path / "colours"))
    assert process._process is not None
    os.kill(process._process.processId(), signal.SIGKILL)
    qtbot.waitUntil(lambda: process.state == IDLE, timeout=PATIENCE_MS)
    assert "ended from outside" in problems[-1] and verify(path) == []
    assert controls.go_on_button.isEnabled() and not controls.pause_button.isEnabled()
    controls.go_on_button.click()
    wait_for_reports(qtbot, room, 1)
    assert process.state == TRAINING
    room.closing()
    assert not process.running and verify(path) == []
    assert sorted(child.name for child in path.parent.iterdir()) == ["colours.h5", path.name]


def test_what_cannot_be_trained_on_is_said_in_one_sentence(
    qtbot: QtBot, room: TrainingRoom, tmp_path: Path
) -> None:
    problems: list[str] = []
    room.museum.document.problem.connect(problems.append)
    empty = tmp_path / "nothing"
    empty.mkdir()
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(b"no data")
    for pictures in (empty, damaged, tmp_path / "gone.h5"):
        room.desk.form.choose(pictures)
        room.desk.form.begin_button.click()
    assert len(problems) == 3 and not room.desk.process.running
    assert all(sentence and "\n" not in sentence for sentence in problems)


def test_a_training_program_that_cannot_be_started_is_told(qtbot: QtBot, room: TrainingRoom) -> None:
    problems: list[str] = []
    room.museum.document.problem.connect(problems.append)
    room.desk.process._command = ["/nonexistent/program"]
    room.desk.process.resume(Path("run.h5"))
    qtbot.waitUntil(lambda: bool(problems))
    assert problems == ["The training could not be started."] and room.desk.process.state == IDLE
