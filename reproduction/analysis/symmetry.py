"""Phase of patterns: even like a bar, odd like an edge, or between."""

from __future__ import annotations

import numpy as np

from reproduction.analysis.patterns import Values


def even_shares(patterns: Values, centres: Values | None = None) -> Values:
    """P1, energy of the part that a half turn about the pattern's centre leaves alone, 0 to 1: (F,).

    p_e(x) = (p(x) + p(-x)) / 2 and the share is |p_e|^2 / |p|^2: 1 for a bar, 0 for an edge. `centres` (F, 2)
    are places (x, y) from the window's centre with y upwards, as a fit found them; without them the centre of
    energy is taken. They are rounded to half pixels, so that every pixel's counterpart is a pixel; outside of
    the window a pattern is 0.
    """
    height, width = patterns.shape[1:]
    if centres is None:
        centres = energy_centres(patterns)
    shares = np.full(len(patterns), np.nan)
    for index, (pattern, (x, y)) in enumerate(zip(patterns, centres, strict=True)):
        energy = float((pattern**2).sum())
        if energy > 0 and np.isfinite([x, y]).all():
            twice = (height - 1 - round(2 * float(y)), width - 1 + round(2 * float(x)))
            shares[index] = _even_energy(pattern, twice) / energy
    return shares


def energy_centres(patterns: Values) -> Values:
    """Centre of p^2 of each pattern: (F, 2) as x and y from the window's centre, y upwards."""
    height, width = patterns.shape[1:]
    energy = patterns**2
    total = energy.sum(axis=(1, 2))
    total = np.where(total > 0, total, np.nan)
    x = (energy.sum(axis=1) @ (np.arange(width) - (width - 1) / 2)) / total
    y = (energy.sum(axis=2) @ ((height - 1) / 2 - np.arange(height))) / total
    return np.stack([x, y], axis=1)


def _even_energy(pattern: Values, twice: tuple[int, int]) -> float:
    """Energy of the part that a half turn about `twice` / 2 leaves alone.

    A pixel whose counterpart lies outside of the window gives half of its energy.
    """
    rows, columns = (
        slice(max(0, total - side + 1), max(0, min(side, total + 1)))
        for total, side in zip(twice, pattern.shape, strict=True)
    )
    part = pattern[rows, columns]
    inside = float(((part + part[::-1, ::-1]) ** 2).sum()) / 4
    return inside + float((pattern**2).sum() - (part**2).sum()) / 2


def folded_phases(phases: Values) -> Values:
    """P2, atan2(|sin|, |cos|) in [0, pi/2]: 0 a bar, pi/2 an edge.

    (A, phi), (-A, phi + pi) and mirror images are the same filter; this does not tell them apart.
    """
    return np.asarray(np.arctan2(np.abs(np.sin(phases)), np.abs(np.cos(phases))))


def phase_clustering(folded: Values, draws: int = 9999, seed: int = 0) -> tuple[float, float]:
    """Whether folded phases gather at bars and edges: |mean e^(4 i phase)| and p against even phases.

    NaN phases are left out; without any, both are NaN.
    """
    phases = folded[np.isfinite(folded)]
    if not len(phases):
        return float("nan"), float("nan")
    statistic = abs(np.exp(4j * phases).mean())
    drawn = np.random.default_rng(seed).uniform(0, 2 * np.pi, (draws, len(phases)))
    null = np.abs(np.exp(1j * drawn).mean(axis=1))
    return float(statistic), float(((null >= statistic).sum() + 1) / (draws + 1))
