"""Halves that differ are found with the difference put in; halves that do not are said not to differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_filters import coloured, gabor, halves_as_weights, random_kernels, two_column_network

from archive import Archive
from reproduction.analysis.comparison import auc
from reproduction.analysis.findings import Halves, Specialisation, Verdict
from reproduction.analysis.gabor import fit_gabors
from reproduction.analysis.specialisation import dealt, specialise, wiring_arrays
from reproduction.analysis.travelling import pack, unpack

SHIPPED = Path(__file__).parents[2] / "assets" / "archives" / "cuda-convnet-80sec.h5"
HALVES = np.repeat([0, 1], 48)
NETWORK = two_column_network()


def of_colourfulness(shares: np.ndarray, seed: int) -> np.ndarray:
    """Random filters (F, 3, 11, 11) whose chromatic energy fractions are exactly `shares`."""
    drawn = random_kernels(seed, len(shares)).astype(np.float64)
    grey = np.broadcast_to(drawn.mean(axis=1, keepdims=True), drawn.shape)
    parts = []
    for part in (grey, drawn - grey):
        parts.append(part / np.sqrt((part**2).sum(axis=(1, 2, 3), keepdims=True)))
    share = shares[:, None, None, None]
    return np.sqrt(1 - share) * parts[0] + np.sqrt(share) * parts[1]


def battery(kernels: np.ndarray, **more: Any) -> Specialisation:
    return specialise(NETWORK, halves_as_weights(kernels), **more)


@pytest.fixture(scope="module")
def shipped() -> tuple[dict[str, Any], dict[str, np.ndarray], list[dict[str, np.ndarray]], list[float]]:
    """Network, weights, snapshots and epochs of a trained archive of one column."""
    with Archive(SHIPPED) as archive:
        names = ["conv1/weights_0", *wiring_arrays(archive.network)]
        return (
            archive.network,
            {name: archive.weights(name) for name in names},
            [archive.snapshot(index) for index in range(0, len(archive.snapshots), 4)],
            [info.epoch for info in archive.snapshots[::4]],
        )


def test_a_difference_in_colour_is_found_with_the_size_put_in() -> None:
    shares = np.random.default_rng(1).normal(0.6, 0.03, 96) + 0.03 * HALVES
    found = battery(of_colourfulness(shares, 2))
    assert found.judgement.verdict is Verdict.DIFFER and found.halves is Halves.COLUMNS
    row = found.row("colour")
    assert row is not None
    means = [shares[HALVES == half].mean() for half in (0, 1)]
    assert row.difference.means == pytest.approx(means, abs=1e-9)
    assert row.difference.auc == pytest.approx(auc(shares, HALVES))
    # One standard deviation apart: an AUC of 0.76, within two standard errors.
    assert row.difference.auc == pytest.approx(0.76, abs=0.1)
    assert row.difference.p <= 2e-4 and row.q <= 0.01
    of_colour = ("colour", "grey_angle", "equiluminant", "separability")
    others = [other for other in found.rows if other.name not in of_colour]
    assert len(others) > 10 and sum(other.q <= 0.01 for other in others) == 0


def test_coloured_filters_on_one_column_are_counted() -> None:
    shares = np.where(np.arange(96) % 48 < 40, 0.3, 0.9)
    shares[48:] = np.where(np.arange(48) < 40, 0.9, 0.3)
    found = battery(of_colourfulness(shares, 3))
    assert found.count is not None and found.information is not None
    assert (found.count.zero, found.count.one, found.count.coloured) == (8, 40, 48)
    assert found.count.p == pytest.approx(4.6e-11, rel=0.03) and found.count.cut == 0.75
    assert found.judgement.strongest in ("count", "colour") and found.judgement.smallest_q < 1e-8
    assert found.information.bits == pytest.approx(0.34, abs=0.02)


def test_coarse_filters_on_one_column_are_found() -> None:
    random = np.random.default_rng(4)
    drawn = [
        gabor(angle=random.uniform(0, 3), frequency=frequency, phase=random.uniform(0, 6))
        + 0.02 * random.standard_normal((11, 11))
        for frequency in np.repeat([0.1, 0.25], 48)
    ]
    kernels = np.concatenate([coloured(pattern, 1, 1, 1) for pattern in drawn])
    found = battery(kernels, fits=fit_gabors(kernels, scrambles=0))
    row = found.row("mean_frequency")
    assert row is not None and row.difference.auc == 1.0 and row.difference.delta == 1.0
    assert found.judgement.verdict is Verdict.DIFFER
    assert found.row("gabor_r2") is not None and found.clustering is not None
    assert found.row("colour") is None, "all are grey: nothing to compare"
    assert found.joint.result.accuracy > 0.9


def test_untrained_halves_do_not_differ() -> None:
    found = battery(random_kernels(5), snapshots=[halves_as_weights(random_kernels(5))], epochs=[0.0])
    assert found.judgement.verdict is Verdict.DO_NOT_DIFFER
    asked = [row for row in found.rows if np.isfinite(row.difference.p)]
    assert found.judgement.smallest_q > 0.05 and found.judgement.questions == len(asked) + 3
    assert repr([row.difference for row in found.initial]) == repr([row.difference for row in found.rows])


def test_the_same_weights_always_have_the_same_answer_whatever_the_columns_are_called() -> None:
    kernels = random_kernels(6)
    kernels[:48, 0] *= 1.3
    first, again = battery(kernels), battery(kernels)
    assert json.dumps(pack(first)[0]) == json.dumps(pack(again)[0])
    swapped = battery(np.concatenate([kernels[48:], kernels[:48]]))
    assert swapped.judgement.verdict is first.judgement.verdict
    for row, other in zip(first.rows, swapped.rows, strict=True):
        assert row.difference.means == pytest.approx(other.difference.means[::-1])
        assert row.difference.p == pytest.approx(other.difference.p, abs=0.025)


def test_a_trained_network_of_one_column_is_its_own_control(shipped) -> None:
    network, weights, snapshots, epochs = shipped
    found = specialise(network, weights, snapshots=snapshots, epochs=epochs)
    assert found.halves is Halves.ARBITRARY and found.wiring is None
    assert found.judgement.verdict is Verdict.DO_NOT_DIFFER
    assert found.labels.tolist() == [0] * 16 + [1] * 16
    # Its second layer tells coloured maps from grey ones all the same.
    assert abs(found.factors[0].correlation) > 0.4 and found.factors[0].p < 0.01
    assert found.past is not None and found.past.epochs.tolist() == epochs
    assert found.past.curves["colour"].split == -1
    assert set(found.surrogate) >= {"colour", "mean_frequency"}
    message, arrays = pack(found)
    assert repr(unpack(Specialisation, json.loads(json.dumps(message)), arrays)) == repr(found)


def test_grey_networks_are_compared_without_colour() -> None:
    network = {
        "columns": 1,
        "image_shape": [1, 28, 28],
        "first_layers": ["conv1"],
        "layers": [
            {
                "name": "conv1",
                "type": "conv",
                "inputs": ["data"],
                "column": 0,
                "output_shape": [20, 24, 24],
                "weights": {"conv1/weights_0": [20, 1, 5, 5]},
                "stride": [1],
            }
        ],
    }
    found = specialise(network, {"conv1/weights_0": random_kernels(7, 20, 1, 5)})
    assert found.count is None and found.information is None and found.row("colour") is None
    assert found.row("mean_frequency") is not None and found.row("aliasing") is None
    assert found.judgement.verdict is Verdict.DO_NOT_DIFFER


def test_too_few_filters_cannot_be_told_apart() -> None:
    found = specialise(two_column_network(1), halves_as_weights(random_kernels(8, 2)))
    assert found.judgement.verdict is Verdict.DO_NOT_DIFFER or found.judgement.questions <= 2
    silent = specialise(two_column_network(4), halves_as_weights(np.zeros((8, 3, 11, 11), np.float32)))
    assert silent.judgement.verdict is Verdict.CANNOT_TELL and silent.judgement.strongest == ""
    assert silent.rows == () and silent.count is None


def test_two_columns_of_more_are_chosen() -> None:
    network = two_column_network(16)
    third = {
        **network["layers"][2],
        "name": "conv1c",
        "column": 2,
        "weights": {"conv1c/weights_0": [16, 3, 11, 11]},
    }
    network |= {
        "columns": 3,
        "layers": [*network["layers"], third],
        "first_layers": ["conv1a", "conv1b", "conv1c"],
    }
    kernels = random_kernels(9, 48)
    weights = {f"conv1{letter}/weights_0": kernels[16 * k : 16 * k + 16] for k, letter in enumerate("abc")}
    found = specialise(network, weights, pair=(2, 0))
    assert found.labels.tolist() == [1] * 16 + [-1] * 16 + [0] * 16 and found.columns == (2, 0)
    straight = specialise(
        two_column_network(16), halves_as_weights(np.concatenate([kernels[32:], kernels[:16]]))
    )
    for row, other in zip(found.rows, straight.rows, strict=True):
        assert row.difference.means == pytest.approx(other.difference.means)


def test_dealt_teams_show_what_chance_looks_like_in_an_instant() -> None:
    shares = np.where(HALVES == 1, 0.9, 0.3) + np.random.default_rng(1).normal(0, 0.01, 96)
    found = battery(of_colourfulness(shares, 10))
    deals = [dealt(found.values, found.labels, seed) for seed in (1, 2, 1)]
    assert (deals[0][0] == deals[2][0]).all() and (deals[0][0] != deals[1][0]).any()
    assert [row.name for row in deals[0][1]] == [row.name for row in found.rows]
    separations = [row.difference.separation for _, rows in deals for row in rows if row.name == "colour"]
    assert max(separations) < 0.7 and deals[0][1][0].difference.p == 1
