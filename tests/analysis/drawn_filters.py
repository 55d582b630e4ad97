"""Filters with known properties, drawn from their formulas: an independent hand for the measures' tests."""

from __future__ import annotations

import math

import numpy as np


def gabor(
    side: int = 11,
    *,
    angle: float = 0.0,
    frequency: float = 0.125,
    sigma: tuple[float, float] = (2.5, 2.5),
    phase: float = 0.0,
    centre: tuple[float, float] = (0.0, 0.0),
    amplitude: float = 1.0,
    offset: float = 0.0,
) -> np.ndarray:
    """One pattern (side, side); x to the right and y upwards from the window's centre."""
    middle = (side - 1) / 2
    drawn = np.zeros((side, side))
    for row in range(side):
        for column in range(side):
            x, y = column - middle - centre[0], middle - row - centre[1]
            along = x * math.cos(angle) + y * math.sin(angle)
            across = -x * math.sin(angle) + y * math.cos(angle)
            envelope = math.exp(-(along**2) / (2 * sigma[0] ** 2) - across**2 / (2 * sigma[1] ** 2))
            wave = math.cos(2 * math.pi * frequency * along + phase)
            drawn[row, column] = amplitude * envelope * wave + offset
    return drawn


def grating(cycles: float, angle: float = 0.0, side: int = 11, phase: float = 0.0) -> np.ndarray:
    """`cycles` waves across the whole window, without an envelope."""
    return gabor(side, angle=angle, frequency=cycles / side, sigma=(1e6, 1e6), phase=phase)


def coloured(pattern: np.ndarray, *weights: float) -> np.ndarray:
    """One filter (1, 3, H, W): the same pattern in each channel, times that channel's weight."""
    return np.stack([weight * pattern for weight in weights])[None].astype(np.float32)


def noise(seed: int, count: int = 600, side: int = 11, blur: float = 0.0) -> np.ndarray:
    """Gaussian noise (count, side, side), blurred with a Gaussian of `blur` pixels."""
    reach = int(4 * blur + 0.5)
    tiles = np.random.default_rng(seed).standard_normal((count, side + 2 * reach, side + 2 * reach))
    if not reach:
        return tiles
    weights = np.array([math.exp(-(step**2) / (2 * blur**2)) for step in range(-reach, reach + 1)])
    weights /= weights.sum()
    rows = sum(weight * tiles[:, start : start + side] for start, weight in enumerate(weights))
    return np.asarray(sum(weight * rows[:, :, start : start + side] for start, weight in enumerate(weights)))


def random_kernels(seed: int, filters: int = 96, channels: int = 3, side: int = 11) -> np.ndarray:
    """Untrained filters (F, C, K, K), as initW=0.01 draws them."""
    drawn = np.random.default_rng(seed).standard_normal((filters, channels, side, side))
    return (0.01 * drawn).astype(np.float32)


def two_column_network(filters: int = 48, side: int = 11, stride: int = 4) -> dict[str, object]:
    """The resolved network of two columns whose first layers read the pictures."""
    shape = [filters, 3, side, side]
    layers = [
        {"name": "data", "type": "data", "inputs": [], "column": None, "output_shape": [3, 35, 35]},
        *(
            {
                "name": f"conv1{letter}",
                "type": "conv",
                "inputs": ["data"],
                "column": column,
                "output_shape": [filters, 7, 7],
                "weights": {f"conv1{letter}/weights_0": shape},
                "stride": [stride],
            }
            for column, letter in enumerate("ab")
        ),
    ]
    return {
        "columns": 2,
        "image_shape": [3, 35, 35],
        "first_layers": ["conv1a", "conv1b"],
        "layers": layers,
    }


def halves_as_weights(kernels: np.ndarray) -> dict[str, np.ndarray]:
    """The first half of `kernels` on column 0, the second on column 1."""
    middle = len(kernels) // 2
    return {"conv1a/weights_0": kernels[:middle], "conv1b/weights_0": kernels[middle:]}
