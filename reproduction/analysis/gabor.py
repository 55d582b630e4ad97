"""The Gabor function that comes closest to each filter, and whether the filter may be called Gabor-like.

A good fit alone proves nothing: noise that is smooth enough is fitted well too. Hence the rule of four parts
in `gabor_like`, the last of which fits versions of the same filter with scrambled phases.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis import gabor_model as model
from reproduction.analysis.patterns import Values, decompose, finite, positions
from reproduction.analysis.spectrum import (
    FREQUENCIES,
    LARGEST_WINDOW,
    peak_places,
    polar_amplitudes,
    wave_angles,
)
from reproduction.analysis.symmetry import energy_centres, even_shares, folded_phases

PARAMETERS, COLOUR_PARAMETERS = 9, 12
LEAST_SIGMA, LARGEST_SIGMA = 0.8, 8.0  # pixels; the largest is that of 11x11 windows and grows with them
FREQUENCY_BOUNDS = (0.02, 0.5)
WIDTHS = (0.14, 0.22, 0.36)  # of the envelopes to start from, in window sides; two peaks each: six starts
APART_DEGREES = 30.0  # the second peak lies at least so far from the first
GOOD_FIT, LEAST_N_X, LEAST_CYCLES = 0.8, 0.25, 0.6
SCRAMBLES, SCRAMBLED_QUANTILE = 39, 0.95
NUMBERS_AT_ONCE = 500_000  # pixels of all problems in memory together, times some twenty arrays


@dataclass(frozen=True)
class GaborFits:
    """One value a filter, (F,) each; NaN throughout where a filter is silent or has too few or many pixels.

    Places are in pixels from the window's centre, x to the right and y upwards.
    """

    amplitude: Values
    x0: Values
    y0: Values
    theta: Values
    """Direction of the wave, radians in [0, pi), counter-clockwise from the x axis."""
    sigma_x: Values
    """Along the wave."""
    sigma_y: Values
    """Along the bars."""
    frequency: Values
    """Cycles per pixel."""
    phase: Values
    """Radians in (-pi, pi]; 0 is a bright bar at the centre."""
    offset: Values
    r2: Values
    """1 - SSE / SST."""
    adjusted_r2: Values
    """1 - (1 - r2) (N - 1) / (N - 9) for N pixels."""
    cycles: Values
    """Cycles within two sigma_x of the centre, as far as the window goes."""
    scrambled_r2: Values
    """r2 that 95 % of the scrambled versions stay below; NaN where the other parts of the rule failed."""
    even_share: Values
    """`symmetry.even_shares` about the fitted centre."""

    @property
    def n_x(self) -> Values:
        """sigma_x f: how many waves the envelope holds."""
        return self.sigma_x * self.frequency

    @property
    def n_y(self) -> Values:
        """sigma_y f."""
        return self.sigma_y * self.frequency

    @property
    def folded_phase(self) -> Values:
        """P2 in [0, pi/2]: 0 a bar, pi/2 an edge."""
        return folded_phases(self.phase)

    @property
    def bar_degrees(self) -> Values:
        """Orientation of the bars in [0, 180)."""
        return np.asarray((np.degrees(self.theta) + 90) % 180)

    @property
    def gabor_like(self) -> Values:
        """1 or 0: adjusted r2 >= 0.8, n_x >= 0.25, at least 0.6 cycles, and r2 above the scrambled ones."""
        passed = _promising(self.adjusted_r2, self.n_x, self.cycles) & (self.r2 > self.scrambled_r2)
        return np.where(np.isnan(self.r2), np.nan, passed.astype(float))

    def arrays(self) -> dict[str, Values]:
        """By name, as they travel and are kept."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def joined(cls, parts: list[GaborFits]) -> GaborFits:
        """The fits of several ranges of filters, in order."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def fit_gabors(kernels: Values, scrambles: int = SCRAMBLES, seed: int = 0) -> GaborFits:
    """Fits the spatial pattern of every kernel (F, C, H, W); about 5 ms a filter, 0.1 s for a promising one.

    `scrambles` versions with scrambled phases are fitted for filters that pass the rest of the rule, the same
    phases for each, so that ranges of filters can be fitted apart. Without any, none is called Gabor-like.
    """
    patterns = decompose(kernels).patterns
    fits = _fits_of(patterns, _fit_patterns(patterns))
    promising = np.flatnonzero(_promising(fits.adjusted_r2, fits.n_x, fits.cycles))
    limits = np.full(len(patterns), np.nan)
    for index in promising if scrambles else []:
        null = _fit_patterns(scrambled_phases(patterns[index], scrambles, seed))
        limits[index] = np.quantile(1 - null.error, SCRAMBLED_QUANTILE)
    return GaborFits(**{**fits.arrays(), "scrambled_r2": limits})


def gabor_patterns(fits: GaborFits, height: int, width: int) -> Values:
    """The fitted functions, offset included, as patterns (F, H, W) in the units of the filters' patterns."""
    x, y = (side.ravel() for side in positions(height, width))
    columns = (fits.x0, fits.y0, fits.theta, fits.sigma_x, fits.sigma_y, fits.frequency, fits.phase)
    x0, y0, theta, sigma_x, sigma_y, frequency, phase = (column[:, None] for column in columns)
    along = (x - x0) * np.cos(theta) + (y - y0) * np.sin(theta)
    across = -(x - x0) * np.sin(theta) + (y - y0) * np.cos(theta)
    envelope = np.exp(-0.5 * ((along / sigma_x) ** 2 + (across / sigma_y) ** 2))
    waves = fits.amplitude[:, None] * envelope * np.cos(2 * np.pi * frequency * along + phase)
    return (waves + fits.offset[:, None]).reshape(-1, height, width)


def colour_fits(kernels: Values) -> dict[str, Values]:
    """The colour version: one geometry for all channels, an amplitude and a phase for each, no offset.

    `x0`, `y0`, `theta`, `sigma_x`, `sigma_y`, `frequency`, `r2`, `adjusted_r2` (F,), `amplitude` and `phase`
    (F, C) of kernels (F, C, H, W). r2 is the share of the filter's energy that is explained.
    """
    weights = finite(kernels)
    count, channels, height, width = weights.shape
    energy = (weights**2).sum(axis=(1, 2, 3))
    usable = np.flatnonzero(energy > 0)
    numbers = channels * height * width
    names = ("x0", "y0", "theta", "sigma_x", "sigma_y", "frequency")
    found = {name: np.full(count, np.nan) for name in (*names, "r2", "adjusted_r2")}
    found |= {name: np.full((count, channels), np.nan) for name in ("amplitude", "phase")}
    free = 6 + 2 * channels
    if not len(usable) or numbers <= free or max(height, width) > LARGEST_WINDOW:
        return found
    scaled = weights[usable].reshape(len(usable), channels, -1) / np.sqrt(energy[usable])[:, None, None]
    best = _best_fits(scaled, decompose(kernels).patterns[usable], offset=False)
    amplitude, phase, theta = _wave_of(best)
    for index, name in enumerate(names):
        found[name][usable] = theta if name == "theta" else best.geometry[:, index]
    found["amplitude"][usable] = amplitude * np.sqrt(energy[usable])[:, None]
    found["phase"][usable] = phase
    found["r2"] = np.where(energy > 0, 1.0, np.nan)
    found["r2"][usable] -= best.error
    found["adjusted_r2"] = 1 - (1 - found["r2"]) * numbers / (numbers - free)
    return found


def scrambled_phases(pattern: Values, count: int, seed: int = 0) -> Values:
    """Versions (count, H, W) of a pattern with its power spectrum and random phases, its mean kept."""
    noise = np.fft.fft2(np.random.default_rng(seed).standard_normal((count, *pattern.shape)))
    turned = noise / np.where(np.abs(noise) > 0, np.abs(noise), 1)
    turned[:, 0, 0] = 1
    return np.asarray(np.fft.ifft2(np.fft.fft2(pattern) * turned).real)


def _promising(adjusted_r2: Values, n_x: Values, cycles: Values) -> NDArray[np.bool_]:
    return np.asarray((adjusted_r2 >= GOOD_FIT) & (n_x >= LEAST_N_X) & (cycles >= LEAST_CYCLES))


def _fit_patterns(patterns: Values) -> model.Fitted:
    """The best of six fits to each pattern, scaled to a variation of 1, so that the error is 1 - r2.

    NaN for patterns that do not vary or have no more pixels than the function has numbers.
    """
    count, height, width = patterns.shape
    deviation = _deviations(patterns)
    fitting = height * width > PARAMETERS and max(height, width) <= LARGEST_WINDOW
    usable = np.flatnonzero(deviation > 1e-12) if fitting else np.zeros(0, int)
    whole = model.Fitted(np.full((count, 6), np.nan), np.full((count, 1, 3), np.nan), np.full(count, np.nan))
    most = max(1, NUMBERS_AT_ONCE // (2 * len(WIDTHS) * height * width))
    for start in range(0, len(usable), most):
        part = usable[start : start + most]
        scaled = patterns[part] / deviation[part, None, None]
        best = _best_fits(scaled.reshape(len(part), 1, -1), patterns[part], offset=True)
        whole.geometry[part], whole.weights[part], whole.error[part] = best.geometry, best.weights, best.error
    return whole


def _deviations(patterns: Values) -> Values:
    """sqrt(SST) of each pattern."""
    return np.asarray(np.sqrt(((patterns - patterns.mean(axis=(1, 2), keepdims=True)) ** 2).sum(axis=(1, 2))))


def _best_fits(targets: Values, patterns: Values, offset: bool) -> model.Fitted:
    """The best of six fits to targets (P, C, N) whose peaks are read off patterns (P, H, W)."""
    height, width = patterns.shape[1:]
    starts = _starts(patterns)
    x, y = (side.ravel() for side in positions(height, width))
    largest = LARGEST_SIGMA * max(1.0, max(height, width) / 11)
    lowest = np.array([-width / 2, -height / 2, -np.inf, LEAST_SIGMA, LEAST_SIGMA, FREQUENCY_BOUNDS[0]])
    highest = np.array([width / 2, height / 2, np.inf, largest, largest, FREQUENCY_BOUNDS[1]])
    each = starts.shape[1]
    problem = model.Problem(x, y, np.repeat(targets, each, axis=0), lowest, highest, offset)
    tried = model.fit(problem, starts.reshape(-1, 6))
    best = np.arange(len(targets)) * each + tried.error.reshape(-1, each).argmin(axis=1)
    return model.Fitted(tried.geometry[best], tried.weights[best], tried.error[best])


def _starts(patterns: Values) -> Values:
    """Six geometries (P, 6, 6): three envelopes at each of the two highest peaks of the spectrum."""
    amplitudes = polar_amplitudes(patterns)
    centres = energy_centres(patterns)
    angles, side = wave_angles(), min(patterns.shape[1:])
    first, f_first = peak_places(amplitudes)
    turn = np.abs(np.degrees(angles)[None, :] - np.degrees(angles)[first][:, None])
    near = np.minimum(turn, 180 - turn) < APART_DEGREES
    second, f_second = peak_places(np.where(near[:, :, None], 0.0, amplitudes))
    rows = [
        np.column_stack([centres, angles[place], width, width, FREQUENCIES[frequency]])
        for place, frequency in ((first, f_first), (second, f_second))
        for width in (np.full(len(patterns), share * side) for share in WIDTHS)
    ]
    return np.stack(rows, axis=1)


def _wave_of(fitted: model.Fitted) -> tuple[Values, Values, Values]:
    """Amplitude and phase (P, C) and theta in [0, pi) (P,): half a turn of the axes flips phases."""
    cosine, sine = fitted.weights[:, :, 0], fitted.weights[:, :, 1]
    theta = fitted.geometry[:, model.THETA]
    half_turns = np.floor(theta / np.pi)
    phase = np.arctan2(-sine, cosine)
    flipped = np.where((half_turns % 2 == 1)[:, None], -phase, phase)
    return np.hypot(cosine, sine), flipped, theta - half_turns * np.pi


def _fits_of(patterns: Values, fitted: model.Fitted) -> GaborFits:
    """The fits in the patterns' own units."""
    scale = _deviations(patterns)
    pixels = patterns[0].size if len(patterns) else 0
    amplitude, phase, theta = _wave_of(fitted)
    x0, y0, _, sigma_x, sigma_y, frequency = fitted.geometry.T
    r2 = 1 - fitted.error
    spared = (pixels - 1) / (pixels - PARAMETERS) if pixels > PARAMETERS else np.nan
    return GaborFits(
        amplitude=amplitude[:, 0] * scale,
        x0=x0,
        y0=y0,
        theta=theta,
        sigma_x=sigma_x,
        sigma_y=sigma_y,
        frequency=frequency,
        phase=phase[:, 0],
        offset=fitted.weights[:, 0, 2] * scale,
        r2=r2,
        adjusted_r2=1 - (1 - r2) * spared,
        cycles=frequency * _visible_lengths(x0, y0, theta, sigma_x, patterns.shape[1:]),
        scrambled_r2=np.full(len(patterns), np.nan),
        even_share=even_shares(patterns, np.column_stack([x0, y0])),
    )


def _visible_lengths(
    x0: Values, y0: Values, theta: Values, sigma_x: Values, window: tuple[int, ...]
) -> Values:
    """Length of the line from -2 to 2 sigma_x through the centre, along the wave, that lies in the window."""
    low, high = -2 * sigma_x, 2 * sigma_x
    for centre, slope, side in ((x0, np.cos(theta), window[1]), (y0, np.sin(theta), window[0])):
        steep = np.where(np.abs(slope) > 1e-9, slope, np.nan)
        ends = np.sort(np.stack([(-side / 2 - centre) / steep, (side / 2 - centre) / steep]), axis=0)
        low, high = np.fmax(low, ends[0]), np.fmin(high, ends[1])
    return np.maximum(high - low, 0)
