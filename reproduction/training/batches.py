"""Hands out a split of packed data in minibatches: consecutive slices, the last of an epoch may be short.

Nothing is shuffled at run time; the order was drawn when the data were packed, as in the original. Pictures
that do not fit into memory are read one minibatch ahead, while the network computes.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

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
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reading pictures")
        self._ahead: tuple[int, Future[torch.Tensor]] | None = None

    def pictures(self, index: int) -> torch.Tensor:
        """Pictures of minibatch `index`; DataError where the file turns out to be damaged."""
        if self._whole is not None:
            return self._whole[self._slice(index)]
        ahead, self._ahead = self._ahead, None
        pictures = ahead[1].result() if ahead is not None and ahead[0] == index else self._read(index)
        following = (index + 1) % self.count
        self._ahead = following, self._reader.submit(self._read, following)
        return pictures

    def _read(self, index: int) -> torch.Tensor:
        return torch.from_numpy(self._images[self._slice(index)])

    def labels(self, index: int) -> torch.Tensor:
        """Their class indices."""
        return self._labels[self._slice(index)]

    def _slice(self, index: int) -> slice:
        if not 0 <= index < self.count:
            raise IndexError(f"there is no minibatch {index} among {self.count}")
        return slice(index * self.size, min((index + 1) * self.size, self.images))
