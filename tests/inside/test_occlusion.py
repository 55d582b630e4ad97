"""Occlusion: every pixel is hidden at some place, parts add up to the whole, and what is hidden is told."""

from __future__ import annotations

import numpy as np
import pytest
import small_networks
import torch

from reproduction.errors import UserError
from reproduction.inside.lesions import WHOLE
from reproduction.inside.occlusion import Grid, hidden_answers


def test_the_answer_at_a_place_is_that_to_the_picture_with_the_square_hidden() -> None:
    model = small_networks.archived(small_networks.experiment())
    view, grid = small_networks.pictures(1, 18), Grid(18, 5, 3)
    found = hidden_answers(model, view, grid, ("fc", (2,)), range(grid.places**2), WHOLE, {})
    assert found.shape == (36,)
    for number in (0, 7, 35):
        row, column = divmod(number, 6)
        hidden = view.clone()
        hidden[:, :, 3 * row : 3 * row + 5, 3 * column : 3 * column + 5] = 0
        with torch.no_grad():
            assert found[number] == pytest.approx(float(model.module(hidden)["fc"][0, 2]), abs=1e-6)


def test_parts_are_the_whole() -> None:
    model = small_networks.archived(small_networks.experiment())
    view, grid = small_networks.pictures(1, 18), Grid(18, 6, 2)
    arguments = (model, view, grid, ("conv2", (0, 1, 1)))
    whole = hidden_answers(*arguments, range(49), WHOLE, {})
    parts = [hidden_answers(*arguments, range(a, b), WHOLE, {}) for a, b in ((0, 10), (10, 40), (40, 49))]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)
    assert len(hidden_answers(*arguments, range(0), WHOLE, {})) == 0


@pytest.mark.parametrize(("side", "size", "stride"), [(18, 5, 3), (10, 4, 4), (7, 7, 1), (9, 2, 2)])
def test_every_pixel_is_hidden_at_some_place(side, size, stride) -> None:
    grid, hidden = Grid(side, size, stride), np.zeros((side, side), int)
    for number in range(grid.places**2):
        hidden[grid.square(number)] += 1
    assert hidden.min() >= 1


@pytest.mark.parametrize(("size", "stride"), [(0, 1), (19, 1), (4, 5), (4, 0)])
def test_squares_that_leave_gaps_or_do_not_fit_are_refused(size, stride) -> None:
    with pytest.raises(UserError):
        Grid(18, size, stride)
