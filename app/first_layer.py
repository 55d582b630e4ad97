"""The filters that read the pictures, in blocks as the network has them, and each one in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.colour import colour_names, colourfulness
from reproduction.analysis.first_layers import kernels_of
from reproduction.analysis.patterns import norms

Kernels = NDArray[np.float32]

ORDERS = ("number", "norm", "colour")


@dataclass(frozen=True)
class FilterBlock:
    """The filters of one layer: kernels (F, C, K, K); `start` is the first one's number in the sheet."""

    layer: str
    column: int | None
    kernels: Kernels
    start: int

    @property
    def stop(self) -> int:
        """One more than the number of the last filter."""
        return self.start + len(self.kernels)

    @property
    def has_colour(self) -> bool:
        """Whether the filters read red, green and blue."""
        return bool(self.kernels.shape[1] == 3)

    def order(self, by: str) -> list[int]:
        """Places of the filters within the block, by `number`, or strongest or most colourful first."""
        if by == "norm":
            measure = norms(self.kernels)
        elif by == "colour" and self.has_colour:
            measure = np.nan_to_num(colourfulness(self.kernels), nan=-1.0)
        else:
            return list(range(len(self.kernels)))
        return [int(place) for place in np.argsort(-measure, kind="stable")]


@dataclass(frozen=True)
class FilterFacts:
    """One filter in numbers. `number` counts through all columns from 0, `index` within its layer."""

    number: int
    layer: str
    index: int
    column: int | None
    shape: tuple[int, ...]
    norm: float
    low: float
    high: float
    colourfulness: float | None
    colours: str | None

    @property
    def largest(self) -> float:
        """The largest absolute weight."""
        return max(abs(self.low), abs(self.high))


def blocks_of(network: Mapping[str, Any], weights: Mapping[str, Kernels]) -> list[FilterBlock]:
    """The first layers as blocks, in file order; `weights` maps layer names to arrays."""
    columns = {layer["name"]: layer.get("column") for layer in network["layers"]}
    channels, height, width = network["image_shape"]
    blocks: list[FilterBlock] = []
    for name in network["first_layers"]:
        column = columns[name] if network["columns"] > 1 else None
        start = blocks[-1].stop if blocks else 0
        blocks.append(FilterBlock(name, column, kernels_of(weights[name], (channels, height, width)), start))
    return blocks


def facts_of(blocks: list[FilterBlock], number: int) -> FilterFacts:
    """What can be said of the filter of that number."""
    block = next(block for block in blocks if block.start <= number < block.stop)
    kernel = block.kernels[number - block.start]
    return FilterFacts(
        number=number,
        layer=block.layer,
        index=number - block.start,
        column=block.column,
        shape=kernel.shape,
        norm=float(norms(kernel[None])[0]),
        low=float(kernel.min()),
        high=float(kernel.max()),
        colourfulness=float(colourfulness(kernel[None])[0]) if block.has_colour else None,
        colours=colour_names(kernel[None])[0] if block.has_colour else None,
    )


def table_of(blocks: list[FilterBlock]) -> list[list[str]]:
    """All filters as rows of a table, headings first: measures, then the weights by channel, row, column."""
    largest = max(blocks, key=lambda block: block.kernels[0].size)
    positions = np.ndindex(*largest.kernels.shape[1:])
    names = ["number", "layer", "index", "column", "norm", "minimum", "maximum", "colourfulness", "colours"]
    rows = [names + [f"channel {c} row {y} column {x}" for c, y, x in positions]]
    for block in blocks:
        for number in range(block.start, block.stop):
            fact = facts_of(blocks, number)
            measures = [fact.norm, fact.low, fact.high, fact.colourfulness]
            words = ["" if value is None else f"{value:.7g}" for value in measures]
            column = "" if fact.column is None else str(fact.column)
            weights = [f"{value:.7g}" for value in block.kernels[fact.index].ravel()]
            rows.append(
                [str(number), fact.layer, str(fact.index), column, *words, fact.colours or "", *weights]
            )
    return rows
