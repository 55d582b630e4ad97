"""The entrance: a picture flows through the drawing, parts of it are doors, earlier archives are at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from sample_runs import ONE_COLUMN, TWO_COLUMNS, document_on, museum_on, sample_run

from app.document import picture_of, shipped_archives
from app.rooms.entrance import EntranceRoom
from app.settings import Settings
from app.start import FIRST_SHOWN, open_all
from app.widgets.flow_paint import inked
from app.widgets.recent_card import RecentCard
from app.worker import Worker
from archive import write_archive

PATIENCE_MS = 120_000  # torch may have to be read from a slow disk


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> EntranceRoom:
    """The entrance on two columns; nothing is computed, since nobody starts the worker."""
    made = EntranceRoom(museum_on(document_on(tmp_path, sample_run(TWO_COLUMNS))))
    qtbot.addWidget(made)
    made.resize(1000, 800)
    made.show()
    return made


@pytest.fixture
def flowing_room(qtbot: QtBot, tmp_path: Path) -> Iterator[EntranceRoom]:
    """The entrance on a shipped network, with the real worker."""
    path = next(path for path in shipped_archives() if path.stem == "cuda-convnet-80sec")
    document, worker = document_on(tmp_path, None), Worker()
    document.open(path, remember=False)
    made = EntranceRoom(museum_on(document, worker))
    qtbot.addWidget(made)
    made.resize(1000, 800)
    made.show()
    worker.start()
    yield made
    worker.shut_down()


def colour(folder: Path, rgb: tuple[int, int, int]) -> Path:
    path = folder / f"{rgb[0]}.png"
    Image.new("RGB", (40, 40), rgb).save(path)
    return path


def test_the_picture_flows_through_every_box(
    qtbot: QtBot, flowing_room: EntranceRoom, tmp_path: Path
) -> None:
    room, flow = flowing_room, flowing_room.flow
    plain = room.drawing.grab().toImage()
    qtbot.waitUntil(lambda: flow.crop is not None and room.ready(), timeout=PATIENCE_MS)
    layers = {layer["name"]: layer for layer in room.museum.document.current.network["layers"]}  # type: ignore[union-attr]
    assert {"data", *flow.maps} == set(room.drawing.layers)
    for name, maps in flow.maps.items():
        assert maps.shape[1:] == tuple(layers[name]["output_shape"][1:])
    assert "flows through it" in room._flowing.text()
    assert room.drawing.grab().toImage() != plain
    before = flow.maps["conv1"].copy()
    room.museum.document.show_pictures([picture_of(colour(tmp_path, (250, 20, 20)))])
    qtbot.waitUntil(room.ready, timeout=PATIENCE_MS)
    assert flow.crop is not None and abs(int(flow.crop[16, 16, 0]) - 250) < 3
    assert not np.array_equal(flow.maps["conv1"], before)


def test_a_picture_that_cannot_be_read_is_said_and_the_drawing_stays(
    qtbot: QtBot, flowing_room: EntranceRoom, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"\x89PNG but no more")
    flowing_room.museum.document.show_pictures([picture_of(damaged)])
    qtbot.waitUntil(lambda: "damaged.png" in flowing_room._flowing.text(), timeout=PATIENCE_MS)
    assert flowing_room.drawing.layers and flowing_room.ready()


def test_small_answers_have_the_ground_s_colour_and_large_ones_the_column_s(qtbot: QtBot) -> None:
    from app.theme import LIGHT

    image = inked(np.array([[0, 255]], np.uint8), LIGHT, 1)
    assert [image.pixelColor(x, 0).name() for x in (0, 1)] == [LIGHT.card, LIGHT.columns[1]]


@pytest.mark.parametrize(("layer", "wanted"), [("data", "try-it"), ("conv1b", "filters")])
def test_a_part_of_the_drawing_leads_to_the_room_where_it_is_looked_at(
    qtbot: QtBot, room: EntranceRoom, layer: str, wanted: str
) -> None:
    visited: list[str] = []
    room.visitWanted.connect(visited.append)
    spot = next(spot for spot in room.drawing._spots if spot.layer == layer)
    spot.click()
    assert visited == [] and f"<b>{layer}</b>" in room._facts.text(), "a finger's first tap only points"
    spot.click()
    assert visited == [wanted] and room.museum.document.layer == layer
    qtbot.keyClick(spot, Qt.Key.Key_Space)
    assert visited == [wanted, wanted]


def test_layers_of_the_network_before_lead_nowhere(qtbot: QtBot, room: EntranceRoom, tmp_path: Path) -> None:
    visited: list[str] = []
    room.visitWanted.connect(visited.append)
    spot = next(spot for spot in room.drawing._spots if spot.layer == "conv1b")
    write_archive(tmp_path / "other.h5", sample_run(ONE_COLUMN))
    room.museum.document.open(tmp_path / "other.h5")
    words = room._facts.text()
    spot.setFocus()
    qtbot.keyClick(spot, Qt.Key.Key_Right)
    spot.click()
    spot.click()
    room.drawing.layerShown.emit("conv1b")
    room.drawing.layerOpened.emit("conv1b")
    assert visited == [] and room._facts.text() == words


def test_archives_opened_before_are_greyed_when_gone_and_kept_when_pinned(
    qtbot: QtBot, tmp_path: Path
) -> None:
    settings = Settings(tmp_path / "museum.ini")
    there, gone = tmp_path / "there.h5", tmp_path / "gone.h5"
    write_archive(there, sample_run(ONE_COLUMN))
    for path in (there, gone):
        settings.remember(path)
    card = RecentCard(settings)
    qtbot.addWidget(card)
    card.follow()
    opened: list[Path] = []
    card.chosen.connect(opened.append)
    assert not card.rows[gone][0].isEnabled() and "gone" in card.rows[gone][0].text()
    card.rows[there][0].click()
    assert opened == [there]
    card.rows[there][1].click()
    card.clear_button.click()
    assert list(card.rows) == [there] == settings.recent and not card.clear_button.isEnabled()
    card.rows[there][1].click()
    card.clear_button.click()
    assert settings.recent == []


def test_with_nothing_open_there_is_a_place_to_drop_and_there_are_networks_to_begin_with(
    qtbot: QtBot, tmp_path: Path
) -> None:
    room = EntranceRoom(museum_on(document_on(tmp_path, None)))
    qtbot.addWidget(room)
    room.show()
    asked: list[bool] = []
    room.openWanted.connect(lambda: asked.append(True))
    assert room.drop_zone.isVisible() and not room.drawing.isVisible()
    room.drop_zone.open_button.click()
    assert asked == [True]
    path, button = next(iter(room.shipped.buttons.items()))
    button.click()
    assert room.museum.document.current is not None and room.museum.document.current.path == path
    assert room.drawing.isVisible() and not room.shipped.isVisible()


@pytest.mark.parametrize(("named", "first"), [(False, FIRST_SHOWN), (True, "aardvark")])
def test_of_the_shipped_archives_the_museum_s_own_is_shown_first(
    tmp_path: Path, named: bool, first: str
) -> None:
    paths = [tmp_path / f"{stem}.h5" for stem in ("aardvark", f"{FIRST_SHOWN}-early", FIRST_SHOWN)]
    for path in paths:
        write_archive(path, sample_run(ONE_COLUMN))
    document = document_on(tmp_path, None)
    open_all(document, paths, remember=named)
    assert document.current is not None and document.current.path.stem == first
