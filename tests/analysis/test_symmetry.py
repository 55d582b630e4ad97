"""Even patterns are told from odd ones wherever they stand in the window."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_filters import gabor

from reproduction.analysis.symmetry import energy_centres, even_shares, folded_phases, phase_clustering


def test_a_bar_is_even_and_an_edge_is_odd() -> None:
    drawn = np.stack([gabor(phase=0), gabor(phase=np.pi / 2), gabor(phase=np.pi / 4)])
    shares = even_shares(drawn)
    assert shares[0] == pytest.approx(1, abs=1e-12)
    assert shares[1] < 1e-30
    assert 0.3 < shares[2] < 0.7


@pytest.mark.parametrize("centre", [(1.0, 0.0), (-1.5, 2.0), (2.0, -2.5)])
def test_the_centre_is_where_the_pattern_is(centre: tuple[float, float]) -> None:
    drawn = np.stack(
        [gabor(21, phase=phase, centre=centre, sigma=(2, 2), angle=0.6) for phase in (0, np.pi / 2)]
    )
    np.testing.assert_allclose(energy_centres(drawn), [centre, centre], atol=0.02)
    assert even_shares(drawn)[0] > 0.999 and even_shares(drawn)[1] < 0.001
    assert even_shares(drawn, np.array([centre, centre])) == pytest.approx([1, 0], abs=1e-3)


def test_half_of_what_has_no_counterpart_is_even() -> None:
    corner = np.zeros((1, 5, 5))
    corner[0, 0, 0] = 3.0
    assert even_shares(corner, np.array([[0.0, 0.0]]))[0] == pytest.approx(0.5)
    assert even_shares(corner, np.array([[40.0, 40.0]]))[0] == pytest.approx(0.5)


def test_silent_patterns_have_no_symmetry() -> None:
    assert np.isnan(even_shares(np.full((1, 5, 5), np.nan))[0])
    assert np.isnan(even_shares(np.zeros((1, 5, 5)))[0])


def test_folding_forgets_what_the_same_filter_can_be_called() -> None:
    phase = np.linspace(-3, 3, 13)
    folded = folded_phases(phase)
    assert (folded >= 0).all() and (folded <= np.pi / 2).all()
    for alias in (phase + np.pi, -phase, np.pi - phase, phase + 2 * np.pi):
        np.testing.assert_allclose(folded_phases(alias), folded, atol=1e-12)
    assert folded_phases(np.array([0, np.pi / 2])) == pytest.approx([0, np.pi / 2])


def test_phases_that_gather_at_bars_and_edges_are_noticed() -> None:
    random = np.random.default_rng(1)
    gathered = np.abs(random.choice([0, np.pi / 2], 40) - np.abs(random.normal(0, 0.1, 40)))
    statistic, p = phase_clustering(gathered)
    assert statistic > 0.8 and p == 1e-4
    small = [phase_clustering(random.uniform(0, np.pi / 2, 40), draws=199)[1] <= 0.05 for _ in range(400)]
    assert np.mean(small) == pytest.approx(0.05, abs=0.035)
    assert np.isnan(phase_clustering(np.array([np.nan]))).all()
