"""Maps of importance laid over the picture they are about. numpy alone.

Letters: C channels, s side of the crop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Values = NDArray[np.float32]

# Black over vermillion and yellow to white: brightness rises all the way, so it is read without colours too.
RAMP = np.array([(0, 0, 0), (213, 94, 0), (240, 228, 66), (255, 255, 255)], np.float32)
STOPS = np.array([0, 0.45, 0.8, 1], np.float32)


def ramp(strength: Values) -> Bytes:
    """Strengths 0..1 as colours (..., 3)."""
    channels = [np.interp(strength, STOPS, RAMP[:, channel]) for channel in range(3)]
    return np.asarray(np.stack(channels, axis=-1).round(), np.uint8)


def blend(crop: Bytes, strength: Values, share: float) -> Bytes:
    """The crop (s, s, 3) in grey under the strength (s, s); `share` 0 is the picture alone, 1 the map."""
    grey = crop.astype(np.float32).mean(axis=2, keepdims=True)
    if share == 0:
        return crop
    return np.asarray(np.clip((1 - share) * grey + share * ramp(strength), 0, 255).round(), np.uint8)


def signed(signal: Values) -> Bytes:
    """A signal (C, s, s) in -1..1 as a picture (s, s, 3): grey is zero."""
    levels = np.asarray(np.clip(127.5 + 127.5 * signal, 0, 255).round(), np.uint8)
    shown = levels if len(levels) == 3 else np.repeat(levels[:1], 3, axis=0)
    return np.ascontiguousarray(shown.transpose(1, 2, 0))


def hidden_strength(answers: Values, whole: float, side: int, size: int, stride: int) -> Values:
    """How much hiding each pixel costs, (s, s) in 0..1: the mean loss over the squares that covered it.

    `answers` are those while the squares were hidden, row by row, NaN where none is known yet; the corners
    of the squares lie every `stride` pixels; what would hang over the edge is cut.
    """
    places = round(len(answers) ** 0.5)
    total, covered = np.zeros((2, side, side), np.float32)
    for place in np.flatnonzero(~np.isnan(answers)):
        row, column = (at * stride for at in divmod(int(place), places))
        total[row : row + size, column : column + size] += whole - answers[place]
        covered[row : row + size, column : column + size] += 1
    loss = np.maximum(total / np.maximum(covered, 1), 0)
    largest = float(loss.max())
    return np.asarray(loss / largest if largest > 0 else loss, np.float32)
