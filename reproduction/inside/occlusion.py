"""Occlusion: what a unit still answers when a square of the picture is hidden (Zeiler and Fergus, 2013).

What hides is the mean picture, nothing to the network. A map is made in parts, any run of places at a time:
places are numbered row by row, place (r, c) hides the square from (r * stride, c * stride) on, cut at the
right and bottom edge so that every pixel is hidden at some place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reproduction.errors import UserError
from reproduction.inside.lesions import Lesions, Means, applied
from reproduction.inside.looking import noise
from reproduction.model.archived import ArchivedModel

AT_ONCE = 32


@dataclass(frozen=True)
class Grid:
    """The places of a hidden square of `size` pixels, every `stride` pixels, in a picture of `side`."""

    side: int
    size: int
    stride: int

    def __post_init__(self) -> None:
        if not (1 <= self.size <= self.side and 1 <= self.stride <= self.size):
            raise UserError(
                f"a hidden square has 1 to {self.side} pixels and moves by 1 to its own size, "
                f"not {self.size} and {self.stride}"
            )

    @property
    def places(self) -> int:
        """Places along one axis."""
        return -(-(self.side - self.size) // self.stride) + 1

    def square(self, number: int) -> tuple[slice, slice]:
        """Rows and columns that are hidden at place `number`."""
        row, column = divmod(number, self.places)
        top, left = row * self.stride, column * self.stride
        return slice(top, top + self.size), slice(left, left + self.size)


def hidden_answers(
    model: ArchivedModel,
    view: Tensor,
    grid: Grid,
    target: tuple[str, tuple[int, ...]],
    places: range,
    lesions: Lesions,
    means: Means,
) -> NDArray[np.float32]:
    """What the unit `target` (layer, place) answers to `view` (1, C, S, S) at each of `places`."""
    name, place = target
    answers = []
    with torch.no_grad(), applied(model.module, lesions, means):
        for first in range(places.start, places.stop, AT_ONCE):
            numbers = range(first, min(places.stop, first + AT_ONCE))
            views = view.repeat(len(numbers), 1, 1, 1)
            for index, number in enumerate(numbers):
                views[(index, slice(None), *grid.square(number))] = 0
            found = model.module(views, noise(model))[name]
            answers.append(found[(slice(None), *place)].float().cpu().numpy())
    return np.concatenate(answers) if answers else np.zeros(0, np.float32)
