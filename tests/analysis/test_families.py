"""Families are sorted as drawn, and negatives find each other."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_filters import coloured, gabor, noise, random_kernels

from reproduction.analysis.families import (
    CENTRE_SURROUND,
    COLOUR_CONTRAST,
    DEAD,
    GABOR_LIKE,
    OTHER,
    families,
    negative_partners,
    partners_among,
)


def centre_surround() -> np.ndarray:
    """A bright middle in a dark ring."""
    inner, outer = gabor(frequency=0, sigma=(1.5, 1.5)), gabor(frequency=0, sigma=(3, 3))
    return np.asarray(inner - outer * inner.sum() / outer.sum())


def test_each_family_is_known_by_its_picture() -> None:
    edge = gabor(frequency=0.05, sigma=(4, 4), phase=np.pi / 2)
    kernels = np.concatenate(
        [
            coloured(gabor(frequency=0.2), 1, 1, 1),
            coloured(edge, 1, -1, 0),
            coloured(centre_surround(), 1, 1, 1),
            coloured(noise(1, 1)[0], 1, 1, 1),
            coloured(1e-6 * edge, 1, -1, 0),
            coloured(edge, 1, 1, 1),
        ]
    )
    like = np.array([1.0, 0, 0, 0, np.nan, 0])
    assert families(kernels, like).tolist() == [
        GABOR_LIKE, COLOUR_CONTRAST, CENTRE_SURROUND, OTHER, DEAD, OTHER,
    ]  # fmt: skip
    assert families(kernels)[0] == OTHER, "without fits nothing is called Gabor-like"


def test_filters_without_colour_have_families_too() -> None:
    kernels = np.stack([centre_surround(), noise(2, 1)[0]])[:, None]
    assert families(kernels).tolist() == [CENTRE_SURROUND, OTHER]


def test_a_bank_of_filters_and_their_negatives_is_all_pairs() -> None:
    kernels = random_kernels(1, 6)
    partners = negative_partners(np.concatenate([kernels, -kernels]))
    assert partners.likeness == pytest.approx(np.ones(12))
    assert partners.partner.tolist() == [6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]
    assert partners.pairs().tolist() == [[number, number + 6] for number in range(6)]


def test_a_negative_may_be_moved_by_two_pixels_but_not_by_three() -> None:
    drawn = [
        coloured(sign * gabor(sigma=(1.2, 1.2), centre=(across, 0)), 1, 1, 1)
        for sign, across in ((1, -1), (-1, 1), (-1, 2))
    ]
    near = negative_partners(np.concatenate(drawn[:2]))
    far = negative_partners(np.concatenate([drawn[0], drawn[2]]))
    assert near.likeness[0] > 0.98 and far.likeness[0] < 0.95


def test_random_filters_are_rarely_called_partners() -> None:
    found = [negative_partners(random_kernels(seed, 32)) for seed in range(6)]
    above = np.concatenate([one.likeness > one.limit for one in found])
    assert above.mean() <= 0.12


def test_silent_filters_have_no_partner_and_are_none() -> None:
    kernels = random_kernels(3, 4)
    kernels[2] = 0
    partners = negative_partners(kernels)
    assert partners.partner[2] == -1 and np.isnan(partners.likeness[2])
    assert 2 not in partners.partner
    assert negative_partners(kernels[:1]).partner.tolist() == [-1]


def test_partners_are_sought_among_layers_of_one_shape_and_counted_through() -> None:
    small, large = random_kernels(4, 3, side=5), random_kernels(5, 3)
    partners = partners_among([large, small, -large])
    assert partners.partner.tolist()[:3] == [6, 7, 8]
    assert set(partners.partner[3:6]) <= {3, 4, 5}
