"""Which filters of a block are shown, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.first_layer import ORDERS, FilterBlock
from reproduction.analysis.families import FAMILIES


@dataclass(frozen=True)
class Order:
    """`by` is one of `first_layer.ORDERS` or a measure of `table`; `family` is one of FAMILIES, "" for all.

    `table` holds the measures of all filters as they are now, (F,) by name; empty while they are not known.
    """

    by: str
    family: str
    table: Mapping[str, NDArray[Any]]

    def places(self, block: FilterBlock) -> list[int]:
        """Places of filters within a block of the weights as they are now; those without a value last."""
        rows = slice(block.start, block.stop)
        if self.by in ORDERS or self.by not in self.table:
            found = block.order(self.by)
        else:
            values = np.nan_to_num(self.table[self.by][rows], nan=-np.inf)
            found = [int(place) for place in np.argsort(-values, kind="stable")]
        if self.family and "family" in self.table:
            wanted = self.table["family"][rows] == FAMILIES.index(self.family)
            found = [place for place in found if wanted[place]]
        return found
