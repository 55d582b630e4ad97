"""Hands out a split of packed data in minibatches: consecutive slices, the last of an epoch may be short.

Nothing is shuffled at run time; the order was drawn when the data were packed, as in the original.
"""

from __future__ import annotations

import torch

from reproduction.data.packed import PackedData
from reproduction.errors import DataError

# A split up to this size is read into memory once; CIFAR-10's training pictures are 154 MB.
MAX_BYTES_IN_MEMORY = 512 * 2**20


class Batches:
    """The `count` minibatches of one split: `pictures` uint8 (n, C, H, W), `labels` int64 (n,)."""

    def __init__(self, data: PackedData, split: str, size: int) -> None:
        if not data.counts.get(split):
            raise DataError(f"{data.path} has no {split} pictures; pack it again with some")
        self.size = size
        self._images = data.images(split)
        self._labels = torch.from_numpy(data.targets(split))
        self.images = len(self._labels)
        self.count = -(-self.images // size)
        self._whole: torch.Tensor | None = None
        channels, height, width = data.image_shape
        if self.images * channels * height * width <= MAX_BYTES_IN_MEMORY:
            self._whole = torch.from_numpy(self._images[0 : self.images])

    def pictures(self, index: int) -> torch.Tensor:
        """Pictures of minibatch `index`."""
        part = self._slice(index)
        return torch.from_numpy(self._images[part]) if self._whole is None else self._whole[part]

    def labels(self, index: int) -> torch.Tensor:
        """Their class indices."""
        return self._labels[self._slice(index)]

    def _slice(self, index: int) -> slice:
        if not 0 <= index < self.count:
            raise IndexError(f"there is no minibatch {index} among {self.count}")
        return slice(index * self.size, min((index + 1) * self.size, self.images))
