"""Distances between features: held to plain sums in float64, and the edge cases of angles."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reproduction.analysis.neighbours import distances, nearest


def test_distances_are_what_plain_sums_say() -> None:
    random = np.random.default_rng(0)
    features, query = random.normal(size=(20, 7)).astype(np.float16), random.normal(size=7)
    one = [float(np.float32(value)) for value in query]
    for row, found, angle in zip(
        features,
        distances(query, features, "euclidean"),
        distances(query, features, "cosine"),
        strict=True,
    ):
        other = [float(value) for value in row]
        assert found == pytest.approx(math.dist(one, other), rel=1e-5)
        product = sum(a * b for a, b in zip(one, other, strict=True))
        assert angle == pytest.approx(1 - product / math.hypot(*one) / math.hypot(*other), abs=1e-5)


def test_a_picture_is_its_own_nearest_neighbour_at_distance_zero() -> None:
    features = (1000 + np.random.default_rng(1).normal(size=(50, 30))).astype(np.float32)
    for number in (0, 17, 49):
        found = distances(features[number], features, "euclidean")
        assert found[number] == 0 and nearest(found, 3)[0] == number


def test_a_vector_of_zeros_has_no_angle() -> None:
    features = np.array([[0, 0], [1, 0], [-1, 0]], np.float32)
    assert distances(np.array([2.0, 0]), features, "cosine").tolist() == [1, 0, 2]
    assert distances(np.zeros(2), features, "cosine").tolist() == [1, 1, 1]


def test_equal_distances_keep_their_order() -> None:
    assert nearest(np.array([2.0, 1, 1, 0]), 3).tolist() == [3, 1, 2]
    assert nearest(np.array([2.0]), 5).tolist() == [0]


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="no distance 'taxi'"):
        distances(np.zeros(2), np.zeros((3, 2)), "taxi")
    with pytest.raises(ValueError, match="cannot be compared"):
        distances(np.zeros(3), np.zeros((3, 2)), "cosine")
