"""Statistics of answers have the values of their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from reproduction.analysis.responses import (
    class_selectivity,
    colour_selectivity,
    linear_cka,
    opponency,
    sparseness,
    unbiased_cka,
)

RANDOM = np.random.default_rng(1)


def test_colour_selectivity_at_its_ends() -> None:
    strongest = RANDOM.uniform(1, 5, (2, 100))
    assert colour_selectivity(strongest, strongest) == pytest.approx([0, 0])
    assert colour_selectivity(strongest, np.zeros((2, 100))) == pytest.approx([1, 1])
    assert colour_selectivity(strongest, -strongest) == pytest.approx([1, 1]), "answers are rectified"


def test_colour_selectivity_does_not_depend_on_scale() -> None:
    strongest, grey = RANDOM.uniform(1, 5, (3, 100)), RANDOM.uniform(0, 3, (3, 100))
    np.testing.assert_allclose(
        colour_selectivity(7 * strongest, 7 * grey), colour_selectivity(strongest, grey)
    )


def test_a_unit_that_never_answers_has_no_colour_selectivity() -> None:
    assert np.isnan(colour_selectivity(np.zeros((1, 5)), np.ones((1, 5)))[0])
    with pytest.raises(ValueError, match="do not belong together"):
        colour_selectivity(np.zeros((1, 5)), np.zeros((1, 6)))


def test_sparseness_of_known_distributions() -> None:
    answers = np.zeros((20000, 4))
    answers[17, 0] = 3
    answers[:, 1] = 2
    answers[:, 2] = RANDOM.exponential(size=20000)
    found = sparseness(answers)
    assert found[0] == pytest.approx(1) and found[1] == pytest.approx(0, abs=1e-12)
    assert found[2] == pytest.approx(0.5, abs=0.02)
    assert np.isnan(found[3])


def test_class_selectivity_compares_the_best_class_with_the_others() -> None:
    labels = np.repeat([0, 1, 2], 4)
    answers = np.zeros((12, 3))
    answers[:4, 0] = 1
    answers[:, 1] = 5
    answers[:, 2] = [3] * 4 + [1] * 4 + [0] * 4
    assert class_selectivity(answers, labels) == pytest.approx([1, 0, (3 - 0.5) / 3.5])
    assert np.isnan(class_selectivity(answers, np.zeros(12, int))).all()


@pytest.mark.parametrize("features", [6, 300])
def test_alignment_is_one_for_what_is_only_turned(features: int) -> None:
    x = RANDOM.standard_normal((100, features))
    turn, _ = np.linalg.qr(RANDOM.standard_normal((features, features)))
    for measure in (linear_cka, unbiased_cka):
        assert measure(x, 3 * x @ turn + 5) == pytest.approx(1)
    assert unbiased_cka(x, RANDOM.standard_normal((100, features))) == pytest.approx(0, abs=0.1)


def test_alignment_of_unrelated_features_tends_to_nothing() -> None:
    x, y = RANDOM.standard_normal((4000, 10)), RANDOM.standard_normal((4000, 10))
    assert linear_cka(x, y) < 0.01
    few = [
        linear_cka(x[:40], y[:40]),
        np.mean([unbiased_cka(x[k : k + 40], y[k : k + 40]) for k in range(99)]),
    ]
    assert few[0] > 0.1 and abs(few[1]) < 0.05, "few pictures mislead the one and not, on average, the other"


def test_alignment_is_the_same_from_few_pictures_as_by_its_formula() -> None:
    x, y = RANDOM.standard_normal((8, 20)), RANDOM.standard_normal((8, 30))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    formula = np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))
    assert linear_cka(x, y) == pytest.approx(formula)
    with pytest.raises(ValueError, match="8 and 7"):
        linear_cka(x, y[:7])


def test_a_unit_is_opponent_when_gratings_push_it_both_ways() -> None:
    gratings = np.array([[3.0, 3.0, 1.0], [-1.0, 2.0, 1.0]])
    assert opponency(gratings, np.array([1.0, 1.0, 1.0])).tolist() == [2, 1, 0]
