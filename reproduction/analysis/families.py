"""What kind of filter each one is, and which filters come in pairs of opposite sign.

The families are a rule of thumb for badges and sorting. They have not been compared with people's judgement
and do not enter any test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.colour import colour_classes
from reproduction.analysis.patterns import Values, dead, decompose, finite, positions
from reproduction.analysis.spectrum import LARGEST_WINDOW, peak_frequencies, polar_amplitudes

FAMILIES = ("gabor-like", "colour contrast", "centre-surround", "other", "dead")
GABOR_LIKE, COLOUR_CONTRAST, CENTRE_SURROUND, OTHER, DEAD = range(len(FAMILIES))
LEAST_OPPOSITE = 0.15  # of a pattern that its weaker sign must hold for two sides to oppose
MOST_WAVES = 1.5  # waves across the window; colour contrast has two sides, not stripes
LEAST_RINGED = 0.5  # of a pattern's energy that its mean over rings must explain
SHIFTS = 2  # pixels by which partners may be moved against each other
BANKS = 40  # scrambled banks that partners are compared with
NULL_QUANTILE = 0.95


def families(kernels: Values, gabor_like: Values | None = None) -> NDArray[np.int64]:
    """Family of each kernel (F, C, H, W), as places in FAMILIES: (F,).

    `gabor_like` are the verdicts of `GaborFits.gabor_like`; without them none is Gabor-like. Centre-surround:
    rings about the centre explain half of the pattern and change their sign. Colour contrast: coloured by C1,
    with opposite colours on two sides, not in stripes.
    """
    patterns = decompose(kernels).patterns
    silent = dead(kernels) | np.isnan(patterns).any(axis=(1, 2))
    found = np.full(len(kernels), OTHER)
    if kernels.shape[1] == 3:
        coloured = np.nan_to_num(colour_classes(kernels)) == 2
        found[coloured & _two_sided(patterns)] = COLOUR_CONTRAST
    found[_ringed(patterns)] = CENTRE_SURROUND
    if gabor_like is not None:
        found[np.nan_to_num(gabor_like) == 1] = GABOR_LIKE
    found[silent] = DEAD
    return found


def _two_sided(patterns: Values) -> NDArray[np.bool_]:
    """Which patterns have both signs and at most one and a half waves across the window."""
    if max(patterns.shape[1:]) > LARGEST_WINDOW:
        return np.zeros(len(patterns), bool)
    positive = (np.maximum(patterns, 0) ** 2).sum(axis=(1, 2))
    weaker = np.minimum(positive, 1 - positive)
    waves = peak_frequencies(polar_amplitudes(patterns)) * max(patterns.shape[1:])
    return np.asarray((weaker >= LEAST_OPPOSITE) & (waves <= MOST_WAVES))


def _ringed(patterns: Values) -> NDArray[np.bool_]:
    """Which patterns are rings about the window's centre, those inside against those outside."""
    x, y = positions(*patterns.shape[1:])
    ring = np.rint(np.hypot(x, y)).astype(int).ravel()
    counts = np.bincount(ring)
    belongs = np.eye(len(counts))[ring]
    means = patterns.reshape(len(patterns), -1) @ belongs / counts
    explained = (means**2 @ counts) / np.maximum((patterns**2).sum(axis=(1, 2)), 1e-300)
    # By weight, not energy: a faint wide surround balances a strong small centre.
    positive = np.maximum(means, 0) @ counts / np.maximum(np.abs(means) @ counts, 1e-300)
    opposite = np.minimum(positive, 1 - positive) >= LEAST_OPPOSITE
    return np.asarray((explained >= LEAST_RINGED) & opposite)


@dataclass(frozen=True)
class Partners:
    """The filter that is most nearly the negative of each, one value a filter (F,)."""

    partner: NDArray[np.int64]
    """-1 where there is none."""
    likeness: Values
    """1 for an exact negative."""
    limit: Values
    """The likeness that 95 % of scrambled filters of the same shape stay below."""

    def pairs(self) -> NDArray[np.int64]:
        """Pairs (P, 2) of filters that choose each other and are more alike than the limit."""
        numbers = np.arange(len(self.partner))
        mutual = (self.partner >= 0) & (self.partner[self.partner] == numbers) & (numbers < self.partner)
        kept = numbers[mutual & (self.likeness > self.limit)]
        return np.column_stack([kept, self.partner[kept]])


def negative_partners(kernels: Values, banks: int = BANKS, seed: int = 0) -> Partners:
    """Index pi_i = max over j != i and shifts d of -r(W_i, shift_d W_j), r the normalised correlation.

    Shifts are up to 2 pixels; what is shifted out is lost and zeros come in. The limit is that of `banks`
    banks made of the same filters with scrambled phases (the same phases for all channels) and random signs.
    """
    unit = _unit(finite(kernels))
    likeness, partner = _most_opposite(unit)
    random = np.random.default_rng(seed)
    null = [_most_opposite(_unit(_scrambled(unit, random)))[0] for _ in range(banks)]
    values = np.concatenate(null) if null else np.zeros(0)
    values = values[np.isfinite(values)]
    limit = np.quantile(values, NULL_QUANTILE) if len(values) else np.nan
    return Partners(
        np.where(np.isnan(likeness), -1, partner), likeness, np.full(len(kernels), limit, np.float64)
    )


def partners_among(banks: Sequence[Values]) -> Partners:
    """Partners of all filters of several layers, counted through them; only filters of one shape can be
    partners."""
    starts = np.cumsum([0] + [len(kernels) for kernels in banks])
    whole = Partners(np.full(starts[-1], -1), np.full(starts[-1], np.nan), np.full(starts[-1], np.nan))
    for shape in dict.fromkeys(kernels.shape[1:] for kernels in banks):
        alike = [index for index, kernels in enumerate(banks) if kernels.shape[1:] == shape]
        numbers = np.concatenate([np.arange(starts[index], starts[index + 1]) for index in alike])
        found = negative_partners(np.concatenate([banks[index] for index in alike]))
        whole.partner[numbers] = np.where(found.partner < 0, -1, numbers[found.partner])
        whole.likeness[numbers], whole.limit[numbers] = found.likeness, found.limit
    return whole


def _unit(kernels: Values) -> Values:
    lengths = np.sqrt((kernels**2).sum(axis=(1, 2, 3), keepdims=True))
    return np.where(lengths > 0, kernels / np.where(lengths > 0, lengths, 1), 0.0)


def _most_opposite(unit: Values) -> tuple[Values, NDArray[np.int64]]:
    """The largest -r of each filter with another, and which that is; NaN where there is none."""
    count = len(unit)
    flat = unit.reshape(count, -1)
    best = np.full((count, count), -np.inf)
    for down in range(-SHIFTS, SHIFTS + 1):
        for across in range(-SHIFTS, SHIFTS + 1):
            best = np.maximum(best, -flat @ _shifted(unit, down, across).reshape(count, -1).T)
    np.fill_diagonal(best, -np.inf)
    silent = ~flat.any(axis=1)
    best[silent], best[:, silent] = -np.inf, -np.inf
    if not count:
        return np.zeros(0), np.zeros(0, np.int64)
    partner = best.argmax(axis=1)
    likeness = best[np.arange(count), partner]
    return np.where(np.isfinite(likeness), likeness, np.nan), partner


def _shifted(kernels: Values, down: int, across: int) -> Values:
    """Kernels moved by whole pixels, zeros coming in."""
    moved = np.zeros_like(kernels)
    (to_rows, from_rows), (to_columns, from_columns) = (
        (slice(max(0, by), side + min(0, by)), slice(max(0, -by), side + min(0, -by)))
        for by, side in ((down, kernels.shape[2]), (across, kernels.shape[3]))
    )
    moved[:, :, to_rows, to_columns] = kernels[:, :, from_rows, from_columns]
    return moved


def _scrambled(kernels: Values, random: np.random.Generator) -> Values:
    noise = np.fft.fft2(random.standard_normal((len(kernels), 1, *kernels.shape[2:])))
    turned = noise / np.where(np.abs(noise) > 0, np.abs(noise), 1)
    signs = random.choice([-1.0, 1.0], (len(kernels), 1, 1, 1))
    return np.asarray(signs * np.fft.ifft2(np.fft.fft2(kernels) * turned).real)
