"""The mean picture and the colour PCA of training pictures, gathered block by block.

Convention of the original's meta files: the covariance of R, G, B over all pixels of all training pictures on
the 0-255 scale; kept are the standard deviations along its eigenvectors (square roots of the eigenvalues,
ascending) and the eigenvectors as columns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class PictureStatistics:
    """Sums over pictures (C, H, W); exact, since whole numbers below 2^53 are exact in float64."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.count = 0
        self._sum = np.zeros(shape, np.float64)
        self._products = np.zeros((shape[0], shape[0]), np.float64)

    def add(self, pictures: npt.NDArray[np.uint8]) -> None:
        """Takes in a block of pictures, uint8 (N, C, H, W)."""
        self.count += len(pictures)
        self._sum += pictures.sum(axis=0, dtype=np.uint64)
        values = pictures.transpose(1, 0, 2, 3).reshape(pictures.shape[1], -1).astype(np.float64)
        self._products += values @ values.T

    def mean(self) -> npt.NDArray[np.float32]:
        """The mean picture (C, H, W), 0…255."""
        return (self._sum / max(1, self.count)).astype(np.float32)

    def color_pca(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
        """Standard deviations (3,), ascending, and eigenvectors as columns (3, 3); None for grey pictures.

        An eigenvector's sign is free: its largest component is made positive, so that it is always the same.
        """
        channels = len(self._sum)
        if channels != 3 or self.count == 0:
            return None
        pixels = self.count * self._sum[0].size
        mean = self._sum.reshape(channels, -1).sum(axis=1) / pixels
        eigenvalues, vectors = np.linalg.eigh(self._products / pixels - np.outer(mean, mean))
        largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(channels)]
        return np.sqrt(np.maximum(eigenvalues, 0)), vectors * np.where(largest < 0, -1, 1)
