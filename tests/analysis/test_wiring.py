"""Later layers: own columns are found where the wiring prefers them, and not where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from reproduction.analysis.wiring import (
    crossing_strengths,
    find_crossing,
    spearman_test,
    strengths,
    wiring_factors,
    wiring_test,
)
from reproduction.definition.experiment import assemble, find_texts

UNITS, MAPS = np.repeat([0, 1], 30), np.repeat([0, 1], 20)


def random_weights(seed: int, own: float = 1.0) -> np.ndarray:
    """(60, 40, 3, 3), those of the own column `own` times as large."""
    drawn = np.random.default_rng(seed).standard_normal((60, 40, 3, 3))
    return drawn * np.where(UNITS[:, None] == MAPS, own, 1)[:, :, None, None]


def test_strength_is_the_sum_of_sizes() -> None:
    weights = random_weights(1)
    assert strengths(weights)[4, 7] == pytest.approx(np.abs(weights[4, 7]).sum())


def test_a_preference_for_the_own_column_is_found_with_its_size() -> None:
    found = wiring_test(strengths(random_weights(2, own=1.5)), UNITS, MAPS)
    assert found.block_index == pytest.approx(1.5 / 2.5 - 0.5, abs=0.01)
    assert found.p == 1e-4 and found.own_shares.mean() == pytest.approx(0.6, abs=0.01)
    other = wiring_test(strengths(random_weights(2, own=1 / 1.5)), UNITS, MAPS)
    assert other.block_index == pytest.approx(-0.1, abs=0.01) and other.p == 1e-4


def test_without_a_preference_p_is_small_as_rarely_as_it_says() -> None:
    small = [
        wiring_test(strengths(random_weights(seed)), UNITS, MAPS, draws=199).p <= 0.05 for seed in range(200)
    ]
    assert np.mean(small) == pytest.approx(0.05, abs=0.045)


def test_units_without_weights_and_uneven_columns_are_no_preference() -> None:
    weights = np.abs(np.random.default_rng(3).standard_normal((60, 40)))
    weights[5] = 0
    uneven = np.repeat([0, 1], [30, 10])
    found = wiring_test(weights, np.repeat([0, 1], [50, 10]), uneven)
    assert np.isnan(found.own_shares[5]) and found.block_index > 0.1 and found.p > 0.05


def test_the_columns_of_the_network_of_2012_first_meet_in_its_third_convolution() -> None:
    network = assemble(find_texts("alexnet-2012")).to_json()
    crossing = find_crossing(network)
    assert crossing is not None and crossing.layers == ("conv3a", "conv3b")
    shapes = {name: shape for layer in network["layers"] for name, shape in layer.get("weights", {}).items()}
    random = np.random.default_rng(4)
    weights = {name: random.standard_normal(shapes[name]) for name in crossing.arrays}
    weights["conv3b/weights_0"] *= 3  # column 1 listens to column 0
    strength, units, maps = crossing_strengths(crossing, weights)
    assert strength.shape == (384, 256)
    assert units.tolist() == [0] * 192 + [1] * 192 and maps.tolist() == [0] * 128 + [1] * 128
    found = wiring_test(strength, units, maps, draws=199)
    assert found.own_shares[:192].mean() == pytest.approx(0.5, abs=0.01)
    assert found.own_shares[192:].mean() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("name", ["alexnet-2012-ungrouped", "cuda-convnet-80sec"])
def test_one_column_meets_nobody(name: str) -> None:
    assert find_crossing(assemble(find_texts(name)).to_json()) is None


def test_a_factor_that_follows_colour_is_found() -> None:
    random = np.random.default_rng(5)
    colour = random.uniform(0, 1, 40)
    # Some units listen to coloured maps, others to grey ones: the second factor; all listen to strong ones.
    taste = random.uniform(-1, 1, 60)
    strength = 1 + 0.5 * np.outer(taste, colour - colour.mean()) + 0.01 * random.uniform(size=(60, 40))
    first, second = wiring_factors(strength, colour)
    assert abs(second.correlation) > 0.95 and second.p == 1e-4
    assert (first.loadings > 0).all()


def test_rank_correlation_against_its_formula() -> None:
    x, y = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 4, 3, 5])
    correlation, p = spearman_test(x, y)
    assert correlation == pytest.approx(1 - 6 * 4 / (5 * 24))
    assert p == pytest.approx(16 / 120, abs=0.02)  # orders of five with |rho| of at least 0.8
    assert np.isnan(spearman_test(x, np.ones(5))).all()
