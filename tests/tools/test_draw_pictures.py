"""The pictures that ship are there, small, and can be drawn again."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.shipped import shipped_pictures
from tools.draw_pictures import MAX_BYTES, SCENES, SIZE
from tools.ray_marching import ball, block, limb, noise, render, wheel

ORIGIN = np.zeros((1, 3), np.float32)


def test_every_scene_ships_as_a_small_picture() -> None:
    assert [path.stem for path in shipped_pictures()] == sorted(SCENES)
    for path in shipped_pictures():
        assert path.stat().st_size < MAX_BYTES
        with Image.open(path) as image:
            image.load()
            assert (image.size, image.mode) == (SIZE, "RGB")


@pytest.mark.parametrize("name", ["airplane", "truck"])
def test_a_scene_is_drawn_the_same_again(name: str) -> None:
    first, again = (render(SCENES[name](), 48, 36, seed=3) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.std() > 20, "there is something to see"


def test_a_drawn_scene_looks_like_the_picture_that_ships() -> None:
    drawn = render(SCENES["airplane"](), 64, 48).astype(float)
    path = next(path for path in shipped_pictures() if path.stem == "airplane")
    with Image.open(path) as image:
        shipped = np.asarray(image.resize((64, 48), Image.Resampling.BOX)).astype(float)
    assert np.abs(drawn - shipped).mean() < 12


@pytest.mark.parametrize(
    ("solid", "expected"),
    [
        (ball((0, 0, 2), 0.5), 1.5),
        (limb((-1, 1, 0), (1, 1, 0), 0.25, 0.25), 0.75),
        (block((3, 0, 0), (1, 1, 1), 0.1), 2.0),
        (wheel((0, 0, 2), 1.0, 0.5), 1.5),
        (block((0, 0, 0), (1, 2, 3), 0.1), -1.0),
    ],
)
def test_solids_know_their_distance(solid, expected: float) -> None:  # type: ignore[no-untyped-def]
    assert solid(ORIGIN)[0] == pytest.approx(expected, abs=1e-4)


def test_noise_stays_between_nothing_and_one_and_is_smooth() -> None:
    points = np.random.default_rng(0).uniform(-50, 50, (2000, 3)).astype(np.float32)
    values = noise(points)
    assert values.min() >= 0 and values.max() <= 1 and values.std() > 0.1
    assert np.abs(noise(points + np.float32(0.001)) - values).max() < 0.05
