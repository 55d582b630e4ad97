"""Which pictures of a set are alike: distances between features, or between pixels.

Letters: N pictures of the set, D numbers of each.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]
METRICS = ("euclidean", "cosine")


def distances(query: Values, features: Values, metric: str) -> NDArray[np.float64]:
    """Distances (N,) of `query` (D,) to the rows of `features` (N, D).

    euclidean: the length of the difference; cosine: 1 - cosine of the angle, 0 to 2. Where one of two vectors
    is zero there is no angle: 1, as if they had nothing in common. ValueError for another metric or shape.
    """
    if metric not in METRICS:
        raise ValueError(f"there is no distance '{metric}'; choose one of {', '.join(METRICS)}")
    if query.shape != features.shape[1:]:
        raise ValueError(f"{query.size} numbers cannot be compared with {features.shape[1:]}")
    one = query.astype(np.float32)
    many = np.asarray(features, np.float32)
    if metric == "euclidean":
        difference = many - one  # not by |a|^2 + |b|^2 - 2ab, which loses the small distances
        squares = np.asarray(np.einsum("nd,nd->n", difference, difference), np.float64)
        return np.asarray(np.sqrt(squares))
    lengths = np.linalg.norm(many, axis=1).astype(np.float64) * float(np.linalg.norm(one))
    products = (many @ one).astype(np.float64)
    return np.where(lengths > 0, 1 - products / np.where(lengths > 0, lengths, 1), 1.0)


def nearest(found: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Numbers of the `count` smallest distances, the smallest first; of equals the lower number first."""
    return np.argsort(found, kind="stable")[: max(0, count)]
