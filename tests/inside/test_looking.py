"""A look at a picture: the steps of a unit's arithmetic end at what the network answers, for every kind."""

from __future__ import annotations

import numpy as np
import pytest
import small_networks

from reproduction.errors import UserError
from reproduction.inside.looking import arithmetic, order


@pytest.fixture(scope="module")
def seen():
    model = small_networks.archived(small_networks.experiment())
    return small_networks.look_at(model, small_networks.pictures(1, 18))


@pytest.mark.parametrize(
    ("layer", "place"),
    [
        ("conv1a", (0, 0, 0)),
        ("conv1a", (3, 6, 6)),
        ("conv2", (0, 0, 3)),
        ("conv2", (5, 2, 1)),
        ("local", (2, 1, 1)),
        ("fc", (4, 0, 0)),
    ],
)
def test_numbers_times_weights_and_the_bias_are_the_answer(seen, layer, place) -> None:
    found = arithmetic(seen, layer, *place)
    sums = [float((part.numbers * part.weights).sum(dtype=np.float64)) for part in found.parts]
    total = sum(sums) + found.bias
    assert found.total == pytest.approx(total)
    expected = max(0.0, total) if found.activation == "relu" else total
    assert found.answer == pytest.approx(expected, abs=1e-5)
    assert found.kept == 1 and found.activation == ("" if layer == "fc" else "relu")


def test_a_group_of_filters_shows_the_channels_it_reads(seen) -> None:
    first, second = (arithmetic(seen, "conv2", unit, 1, 1).parts for unit in (0, 5))
    assert first[0].channels == (0, 1) and second[0].channels == (2, 3)
    assert first[1].channels == second[1].channels == (0, 1, 2, 3)
    assert [part.source for part in first] == ["norm1a", "norm1b"]
    top, left, side = first[0].box
    maps = seen.values("norm1a")[0:2, top : top + side, left : left + side]
    assert np.array_equal(first[0].numbers, maps)


def test_what_hangs_over_the_edge_is_zero(seen) -> None:
    part = arithmetic(seen, "conv1a", 0, 6, 6).parts[0]
    assert part.box == (17, 17, 4)
    assert np.count_nonzero(part.numbers[0]) == 1 and part.numbers[0, 0, 0] != 0


def test_the_largest_maps_come_first() -> None:
    values = np.array([[[0, 1]], [[5, -9]], [[1, 0]]], np.float32)
    assert order(values).tolist() == [1, 0, 2]


def test_layers_without_such_steps_and_units_that_are_not_there_are_refused(seen) -> None:
    with pytest.raises(UserError, match="only conv, local and fc"):
        arithmetic(seen, "pool1a", 0)
    with pytest.raises(UserError, match="no unit"):
        arithmetic(seen, "fc", 0, 1, 0)
    with pytest.raises(UserError, match="no layer 'nothing'"):
        arithmetic(seen, "nothing", 0)
