"""Several archives side by side."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_filters import halves_as_weights, random_kernels, two_column_network

from reproduction.analysis.across_runs import across_runs
from reproduction.analysis.findings import Halves, Verdict
from reproduction.analysis.specialisation import specialise


def split_run(seed: int) -> object:
    """Two columns, one of them grey; which one differs from run to run."""
    kernels = random_kernels(seed, 40, side=7)
    grey = kernels[: 20 if seed % 2 else None, :][-20:]
    grey += 3 * grey.mean(axis=1, keepdims=True)
    return specialise(two_column_network(20, 7), halves_as_weights(kernels))


def control(seed: int) -> object:
    """One column of as many filters."""
    network = two_column_network(40, 7) | {"columns": 1, "first_layers": ["conv1a"]}
    return specialise(network, {"conv1a/weights_0": random_kernels(100 + seed, 40, side=7)})


@pytest.fixture(scope="module")
def runs() -> tuple[list[object], list[object]]:
    return [split_run(seed) for seed in range(4)], [control(seed) for seed in range(4)]


def test_four_runs_against_four_controls(runs) -> None:
    found = across_runs([*runs[0], *runs[1]])
    assert found.halves == (Halves.COLUMNS,) * 4 + (Halves.ARBITRARY,) * 4
    assert [one.verdict for one in found.judgements[:4]] == [Verdict.DIFFER] * 4
    rows = {row.name: row for row in found.rows}
    assert rows["colour"].comparison.auc == 1 and rows["colour"].comparison.p == pytest.approx(2 / 70)
    assert len(rows["colour"].comparison.separations) == 4 and len(rows["colour"].comparison.controls) == 4
    assert all(row.q >= row.comparison.p for row in found.rows)
    assert "hue" not in rows, "angles have no separation"


def test_three_runs_are_only_described(runs) -> None:
    found = across_runs([*runs[0][:3], *runs[1]])
    assert all(np.isnan(row.comparison.p) and np.isnan(row.q) for row in found.rows)


def test_no_runs_say_nothing() -> None:
    assert across_runs([]).rows == ()
