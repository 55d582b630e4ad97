"""The room of levers: they change the network, answers belong to their question, all can be taken back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot
from sample_runs import ONE_CHANNEL, ONE_COLUMN, TWO_COLUMNS, document_on, layer_json, museum_on, sample_run

from app.document import picture_of
from app.plugs import plugs_of
from app.rooms.pull_the_plug import PullThePlugRoom
from app.selected import Lesions
from app.worker import Worker
from archive import Run, write_archive
from reproduction.definition import assemble, built_in_names, find_texts

SERVICE = Path(__file__).with_name("small_service.py")
RED, GREEN, BLUE = (200, 30, 40), (30, 200, 40), (30, 40, 200)


def cabled() -> Run:
    """Two columns whose second layers read both: a network with a cable between them."""
    run = sample_run(TWO_COLUMNS)
    layers = run.network["layers"]
    head = layers.pop()
    for letter, column in (("a", 0), ("b", 1)):
        name, shape = f"conv2{letter}", (8, 96, 3, 3)
        layers.append(layer_json(name, "conv", column, ["conv1a", "conv1b"], (8, 32, 32)))
        layers[-1] |= {"weights": {f"{name}/weights_0": list(shape)}, "biases": [8]}
        run.weights |= {
            f"{name}/weights_0": np.zeros(shape, np.float32),
            f"{name}/biases": np.zeros(8, np.float32),
        }
    layers.append(head | {"inputs": ["conv2a", "conv2b"]})
    return run


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PullThePlugRoom]:
    """The room on two columns and a red picture, with a real worker process that answers at once."""
    yield from _room(qtbot, tmp_path, monkeypatch, cabled(), "0")


@pytest.fixture
def slow_room(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PullThePlugRoom]:
    """The same, but every answer takes 0.2 s."""
    yield from _room(qtbot, tmp_path, monkeypatch, cabled(), "0.2")


def _room(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch, run: Run, seconds: str
) -> Iterator[PullThePlugRoom]:
    monkeypatch.setenv("PYTHONPATH", str(SERVICE.parent.parent.parent))
    command = [sys.executable, str(SERVICE), seconds]
    museum = museum_on(document_on(folder, run), Worker(command=command), Worker(command=command))
    museum.document.show_pictures([picture_of(picture(folder, "red.png", RED))])
    made = PullThePlugRoom(museum)
    qtbot.addWidget(made)
    made.resize(1080, 740)
    made.show()
    yield made
    museum.worker.shut_down()
    museum.researcher.shut_down()


def picture(folder: Path, name: str, color: tuple[int, int, int]) -> Path:
    Image.new("RGB", (40, 40), color).save(folder / name)
    return folder / name


def press(qtbot: QtBot, room: PullThePlugRoom, name: str) -> None:
    qtbot.mouseClick(room.levers.levers[name], Qt.MouseButton.LeftButton)


def said(room: PullThePlugRoom) -> tuple[str, str]:
    """The best guess as the network is now, and when whole."""
    now, whole = room.answers.now.guesses, room.answers.whole.guesses
    return now[0].short if now else "", whole[0].short if whole else ""


def test_a_lever_changes_the_answer_beside_that_of_the_whole_network(
    qtbot: QtBot, room: PullThePlugRoom
) -> None:
    qtbot.waitUntil(lambda: said(room) == ("red", "red") and room.ready(), timeout=20_000)
    press(qtbot, room, "column-0")
    qtbot.waitUntil(lambda: said(room) == ("blue", "red"), timeout=20_000)
    assert room.sentence.text().startswith("Without GPU 0 it says blue")
    assert not room.levers.levers["column-0"].isChecked()
    assert room.levers.levers["column-0"].accessibleName() == "GPU 0: off"
    assert room.drawing.off.layers == {"conv1a", "conv2a"} and room.drawing.off.columns == {0}


def test_every_lever_can_be_taken_back_one_by_one_and_all_at_once(
    qtbot: QtBot, room: PullThePlugRoom
) -> None:
    document = room.museum.document
    for name in ("column-1", "cable", "colour"):
        press(qtbot, room, name)
    room.switches.activated.emit(3)
    everything = Lesions(frozenset({1}), frozenset({("conv1a", 3)}), grey=True, cut=True)
    assert document.lesions == everything
    document.undo.undo()
    assert document.lesions.units == frozenset() and document.lesions.grey
    document.undo.undo()
    assert not document.lesions.grey and room.levers.levers["colour"].isChecked()
    document.undo.redo()
    document.undo.redo()
    qtbot.mouseClick(room.back_button, Qt.MouseButton.LeftButton)
    assert document.lesions == Lesions()
    assert all(lever.isChecked() for lever in room.levers.levers.values())
    document.undo.undo()
    assert document.lesions == everything


def test_an_answer_belongs_to_the_picture_and_the_levers_it_was_asked_with(
    qtbot: QtBot, slow_room: PullThePlugRoom, tmp_path: Path
) -> None:
    room, document = slow_room, slow_room.museum.document
    qtbot.waitUntil(lambda: said(room) == ("red", "red"), timeout=20_000)
    blue = picture_of(picture(tmp_path, "blue.png", BLUE))
    press(qtbot, room, "column-1")
    qtbot.wait(50)  # the question about red without column 1 is on its way
    document.show_pictures([blue])
    press(qtbot, room, "column-1")
    press(qtbot, room, "column-0")
    seen: list[tuple[str, str]] = []
    qtbot.waitUntil(
        lambda: seen.append(said(room)) is None and said(room) == ("blue", "blue"), timeout=20_000
    )
    assert ("green", "red") not in seen, "what was overtaken is not shown"
    assert room.ready() and "Without GPU 0" in room.sentence.text()


def test_the_network_is_shown_what_it_sees_without_colour(qtbot: QtBot, room: PullThePlugRoom) -> None:
    qtbot.waitUntil(room.ready, timeout=20_000)
    assert room.answers.crop.grab().toImage().pixelColor(20, 20) == QColor(*RED)
    press(qtbot, room, "colour")
    qtbot.waitUntil(room.ready, timeout=20_000)
    seen = room.answers.crop.grab().toImage().pixelColor(20, 20)
    assert seen.red() == seen.green() == seen.blue()


def test_what_means_nothing_in_a_network_is_disabled_with_the_reason(
    qtbot: QtBot, room: PullThePlugRoom, tmp_path: Path
) -> None:
    document = room.museum.document
    assert all(lever.isEnabled() for lever in room.levers.levers.values())
    write_archive(tmp_path / "one.h5", sample_run(ONE_COLUMN))
    document.open(tmp_path / "one.h5", remember=False)
    enabled = [name for name, lever in room.levers.levers.items() if lever.isEnabled()]
    assert enabled == ["colour"]
    assert "one column" in room.levers.levers["column-0"].accessibleDescription()
    assert "no cable" in room.levers._reasons.text()
    assert not room.museum.actions["pull-the-plug-cable"].isEnabled()
    write_archive(tmp_path / "grey.h5", sample_run(ONE_CHANNEL))
    document.open(tmp_path / "grey.h5", remember=False)
    assert not room.levers.levers["colour"].isEnabled()
    write_archive(tmp_path / "apart.h5", sample_run(TWO_COLUMNS))
    document.open(tmp_path / "apart.h5", remember=False)
    assert not room.levers.levers["cable"].isEnabled() and room.levers.levers["column-1"].isEnabled()


def test_a_filter_is_switched_by_a_press_and_by_the_space_bar(qtbot: QtBot, room: PullThePlugRoom) -> None:
    document, sheet = room.museum.document, room.switches
    room.set_depth("try")
    before = sheet.grab().toImage().copy(sheet.rectangle(50))
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=sheet.rectangle(50).center())
    assert document.lesions.units == {("conv1b", 2)}
    assert "switched off" in sheet.accessibleDescription()
    assert sheet.grab().toImage().copy(sheet.rectangle(50)) != before
    qtbot.keyClick(sheet, Qt.Key.Key_Space)
    assert document.lesions == Lesions()


def test_damage_is_counted_in_parts_over_all_pictures(qtbot: QtBot, room: PullThePlugRoom) -> None:
    study = room.damage
    study.use_data(Path("pictures.h5"))
    press(qtbot, room, "column-1")
    qtbot.mouseClick(study.card.now_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not study.test.running and bool(study.test.results), timeout=20_000)
    (found,) = study.test.results
    assert (found.images, found.whole.top1, found.lesioned.top1, found.changed) == (100, 10, 50, 40)
    assert "100 of 100 pictures of drawn (test)" in study._about() and "its mean" in study._about()
    damage, by_class = room.figures()[1:]
    row = dict(zip(damage.table().columns, damage.table().rows[0], strict=True))
    assert row["switched off"] == "GPU 1" and row["top-1 error without"] == 0.5
    assert (row["loss without (nats)"], row["KL divergence (nats)"]) == (1.5, 0.25)
    assert [tuple(cells[1:]) for cells in by_class.table().rows] == [
        (10, 0 if place == 9 else 10, 0 if place % 2 else 10) for place in range(10)
    ]


def test_each_lever_is_measured_alone(qtbot: QtBot, room: PullThePlugRoom) -> None:
    study = room.damage
    study.use_data(Path("pictures.h5"))
    study.measure(each=True)
    qtbot.waitUntil(lambda: not study.test.running, timeout=20_000)
    assert study._names() == ["GPU 0", "GPU 1", "the cable", "colour"]
    assert all(found.complete for found in study.test.results)


def test_a_measurement_can_be_stopped_and_says_over_how_many_pictures(
    qtbot: QtBot, slow_room: PullThePlugRoom
) -> None:
    study = slow_room.damage
    study.use_data(Path("pictures.h5"))
    study.measure(each=True)
    qtbot.waitUntil(lambda: bool(study.test.results) and study.test.results[0].images == 64, timeout=20_000)
    study.test.stop()
    qtbot.wait(500)
    assert [found.images for found in study.test.results] == [64]
    assert "64 of 100" in study._about()


def test_without_the_pictures_it_says_what_to_do(qtbot: QtBot, room: PullThePlugRoom) -> None:
    room.damage.measure(each=True)
    qtbot.waitUntil(lambda: not room.damage.test.running, timeout=20_000)
    assert "is not here. “alexnet data”" in room.damage.card._notice.text()


def test_other_weights_forget_what_was_measured(qtbot: QtBot, room: PullThePlugRoom, tmp_path: Path) -> None:
    room.damage.use_data(Path("pictures.h5"))
    room.damage.measure(each=True)
    qtbot.waitUntil(lambda: not room.damage.test.running, timeout=20_000)
    run = cabled()
    run.weights["conv1a/weights_0"] = run.weights["conv1a/weights_0"] * 2
    write_archive(tmp_path / "sample.h5", run)
    room.museum.document.look_again()
    assert room.damage.test.results == []


@pytest.mark.parametrize("name", ["alexnet-2012", "alexnet-200", "cuda-convnet-18pct", "lenet-5"])
def test_the_levers_switch_what_the_service_switches(name: str) -> None:
    from reproduction.inside.lesions import column_layers, crossings

    experiment = assemble(find_texts(name))
    network = experiment.network
    plugs = plugs_of(experiment.to_json())
    assert {reader for _, reader in plugs.cable} == {layer for layer, _ in crossings(network)}
    assert len(plugs.cable) == len(crossings(network))
    assert plugs.columns == (tuple(range(network.columns)) if network.columns > 1 else ())
    for column in plugs.columns:
        assert list(plugs.layers[column]) == column_layers(network, column)
    assert name in built_in_names()
