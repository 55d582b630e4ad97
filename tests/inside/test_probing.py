"""Asking about a probe set: batches add up to all pictures at once, and work can be taken up again."""

from __future__ import annotations

import numpy as np
import pytest
import small_networks
import torch

from reproduction.analysis.responses import class_selectivity, sparseness
from reproduction.definition import assemble, find_texts
from reproduction.inside.probing import PATCHES_KEPT, Probing, feature_levels

COUNT = 23


@pytest.fixture(scope="module")
def model():
    found = small_networks.archived(small_networks.experiment())
    found.module.float()
    return found


@pytest.fixture(scope="module")
def asked():
    random = np.random.default_rng(3)
    return random.integers(0, 256, (COUNT, 3, 18, 18), np.uint8), random.integers(0, 5, COUNT)


def probed(model, asked, batches, pictures=False) -> Probing:
    probing = Probing(model, COUNT, pictures=pictures)
    for first, last in batches:
        probing.take(asked[0][first:last], asked[1][first:last], np.arange(first, last) * 2)
    return probing


def answers(model, asked) -> dict[str, np.ndarray]:
    """All answers at once; the mean picture is zero."""
    with torch.no_grad():
        seen = model.module(torch.from_numpy(asked[0]).float())
    return {name: values.numpy() for name, values in seen.items()}


PARTS = [(0, 10), (10, 20), (20, 23)]


def test_statistics_are_those_of_all_pictures_at_once(model, asked) -> None:
    found = probed(model, asked, PARTS).result({"split": "test"})
    for name, values in answers(model, asked).items():
        if name in ("data", "labels"):
            continue
        flat = values.reshape(COUNT, values.shape[1], -1).astype(np.float64)
        units, rectified = found.units[name], np.maximum(flat, 0).mean(axis=2)
        np.testing.assert_allclose(units["mean"], flat.mean(axis=(0, 2)), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(units["largest"], flat.max(axis=(0, 2)), rtol=1e-5)
        np.testing.assert_allclose(units["active"], (flat > 0).mean(axis=(0, 2)), rtol=1e-5)
        np.testing.assert_allclose(units["sparseness"], sparseness(rectified), rtol=1e-3, atol=1e-4)
        expected = class_selectivity(rectified, asked[1])
        np.testing.assert_allclose(units["selectivity"], expected, rtol=1e-3, atol=1e-4)
        means = np.stack([rectified[asked[1] == label].mean(axis=0) for label in range(5)])
        assert (units["best_class"] == np.where(means.max(axis=0) > 0, means.argmax(axis=0), -1)).all()


def test_the_patches_are_the_largest_answers_of_each_unit_one_a_picture(model, asked) -> None:
    found, all_answers = probed(model, asked, PARTS).result({}), answers(model, asked)
    assert set(found.patches) == {"conv1a", "conv1b", "conv2", "local", "fc"}
    for name, patches in found.patches.items():
        values = all_answers[name]
        maps = values.reshape(COUNT, values.shape[1], *(values.shape[2:] or (1, 1)))
        for unit in range(values.shape[1]):
            rows = patches[patches["unit"] == unit]
            peaks = maps[:, unit].reshape(COUNT, -1).max(axis=1)
            assert len(rows) == PATCHES_KEPT and len(set(rows["picture"])) == PATCHES_KEPT
            np.testing.assert_allclose(
                rows["value"], np.sort(peaks)[::-1][:PATCHES_KEPT], rtol=1e-4, atol=1e-6
            )
            for row in rows:
                value = maps[row["picture"], unit, row["row"], row["column"]]
                assert value == pytest.approx(row["value"], rel=1e-4, abs=1e-6)


def test_features_and_answers_are_those_of_each_picture(model, asked) -> None:
    found, all_answers = probed(model, asked, PARTS).result({}), answers(model, asked)
    assert found.probe["levels"] == [["local"]]
    expected = all_answers["local"].reshape(COUNT, -1)
    np.testing.assert_allclose(found.features["local"].astype(np.float32), expected, rtol=2e-3, atol=1e-4)
    chances = all_answers["probs"]
    assert (found.answers["guess"] == chances.argmax(axis=1)).all()
    np.testing.assert_allclose(found.answers["probability"], chances.max(axis=1), rtol=1e-4)
    np.testing.assert_allclose(found.answers["second"], np.sort(chances, axis=1)[:, -2], rtol=1e-4)
    assert (found.answers["label"] == asked[1]).all()
    assert (found.answers["picture"] == np.arange(COUNT) * 2).all()


def test_work_that_was_put_away_ends_like_work_that_was_not(model, asked) -> None:
    whole = probed(model, asked, PARTS, pictures=True)
    half = probed(model, asked, PARTS[:1], pictures=True)
    kept = {name: values.copy() for name, values in half.state().items()}
    other = Probing(model, COUNT, pictures=True)
    other.restore(kept)
    for first, last in PARTS[1:]:
        other.take(asked[0][first:last], asked[1][first:last], np.arange(first, last) * 2)
    one, two = whole.state(), other.state()
    assert one.keys() == two.keys()
    for name in one:
        assert one[name].tobytes() == two[name].tobytes(), name


def test_pixels_are_kept_only_where_they_may_be(model, asked) -> None:
    assert probed(model, asked, PARTS).result({}).thumbnails is None
    kept = probed(model, asked, PARTS, pictures=True).result({}).thumbnails
    assert np.array_equal(kept, asked[0])  # small enough to be kept as they are


def test_work_of_another_network_is_not_taken_up(model, asked) -> None:
    other = Probing(model, COUNT + 1, pictures=False)
    with pytest.raises(ValueError, match="another network"):
        other.restore(probed(model, asked, PARTS).state())


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("alexnet-2012", [["fc2048ba", "fc2048bb"], ["fc2048a", "fc2048b"]]),
        ("cuda-convnet-80sec", [["fc64"]]),
        ("cuda-convnet-18pct", [["pool3"]]),
        ("lenet-5", [["fc84"], ["fc120"]]),
    ],
)
def test_features_are_of_the_last_hidden_layers(name, levels) -> None:
    assert feature_levels(assemble(find_texts(name)).network) == levels
