"""What the battery of tests finds about two halves of a network: numbers and enums, no sentences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.comparison import Difference, Labels
from reproduction.analysis.joint import Joint
from reproduction.analysis.patterns import Values
from reproduction.analysis.runs import Onset
from reproduction.analysis.wiring import Factor, Wiring


class Halves(Enum):
    """What is compared."""

    COLUMNS = "columns"
    ARBITRARY = "arbitrary"
    """First half against second half of the filters of a network that has one column: a control."""


class Verdict(Enum):
    """What the battery says."""

    DIFFER = "differ"
    """At least one question has q <= 0.01."""
    PERHAPS = "perhaps"
    """The smallest q is above 0.01 and at most 0.05."""
    DO_NOT_DIFFER = "do not differ"
    CANNOT_TELL = "cannot tell"
    """Too few filters for any question."""


@dataclass(frozen=True)
class Row:
    """T2 and T3: one measure compared between the halves."""

    name: str
    difference: Difference
    q: float


@dataclass(frozen=True)
class Count:
    """T1: coloured filters (C1 above `cut`) in each half, of `counts` filters."""

    cut: float
    counts: tuple[int, int]
    zero: int
    one: int
    p: float
    q: float

    @property
    def coloured(self) -> int:
        """Coloured filters in both halves."""
        return self.zero + self.one


@dataclass(frozen=True)
class Information:
    """T4: bits that the half tells about grey, mixed or coloured, above what random teams tell."""

    bits: float
    p: float
    q: float


@dataclass(frozen=True)
class JointRow:
    """T5: whether the half can be told from these measures together."""

    features: tuple[str, ...]
    result: Joint
    q: float


@dataclass(frozen=True)
class Evenness:
    """O4 in one half: Rayleigh's z of its oriented filters; with a small p they are not spread evenly."""

    z: float
    p: float


@dataclass(frozen=True)
class Clustering:
    """P2 in one half: |mean e^(4 i phase)| of Gabor-like filters; with a small p, bars and edges prevail."""

    strength: float
    p: float


@dataclass(frozen=True)
class Pairs:
    """Filters that are each other's negatives, more alike than scrambled filters are."""

    pairs: NDArray[np.int64]
    """(P, 2), numbers through all first layers."""
    together: int
    """Pairs that lie in one half."""
    p: float


@dataclass(frozen=True)
class Past:
    """T8: when the halves came apart, one curve a measure (that varies) over the snapshots."""

    epochs: Values
    curves: dict[str, Onset]


@dataclass(frozen=True)
class Judgement:
    """The verdict, and the question with the smallest q: a measure, "count", "information" or "joint"."""

    verdict: Verdict
    strongest: str
    """"" where no question could be asked; of equal q, the one with the largest effect."""
    smallest_q: float
    questions: int
    """How many questions the q values are corrected for."""


@dataclass(frozen=True)
class Specialisation:
    """The whole answer. Arrays (F,) run over the filters of the first layers in file order."""

    halves: Halves
    columns: tuple[int, int]
    """Which columns of the network are called 0 and 1 here."""
    labels: Labels
    """(F,): 0 or 1; -1 for a filter in neither half."""
    values: dict[str, Values]
    """(F,) of every measure, see `measures.MEASURES`."""
    rows: tuple[Row, ...]
    """In the order of MEASURES, then of GABOR_MEASURES; measures that do not vary have none."""
    count: Count | None
    """None without colour."""
    information: Information | None
    joint: JointRow
    judgement: Judgement
    evenness: tuple[Evenness, Evenness]
    clustering: tuple[Clustering, Clustering] | None
    """None without Gabor fits."""
    pairs: Pairs
    initial: tuple[Row, ...]
    """The same rows before training, a control; () without snapshots."""
    surrogate: dict[str, tuple[float, float]]
    """Means of each measure in both halves when every filter's pixels are in random places: what is left of a
    difference there is not one of shape. Angles left out."""
    past: Past | None
    """None without snapshots."""
    wiring: Wiring | None
    """T6 where the columns first meet; None where they do not, or those weights were not given."""
    factors: tuple[Factor, ...]
    """T6 of the second layer in a network of one column: leading factor beside colour, second beside
    frequency; () otherwise."""

    def row(self, name: str) -> Row | None:
        """The row of that measure."""
        return next((row for row in self.rows if row.name == name), None)
