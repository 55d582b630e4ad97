"""What a measurement found, as values: times of every contender, ratios by round, and the floor reached.

A round runs every contender once in turn, a few calls each. Ratios are taken within a round, where both sides
met the same machine, and then summed up; a ratio of medians over all rounds would mix quiet and busy moments.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

OURS = "ours"


@dataclass(frozen=True)
class Work:
    """The least that has to be done, counted from shapes: bytes moved through memory, operations of numbers.

    A multiplication and an addition are two operations.
    """

    bytes: float = 0.0
    operations: float = 0.0


NO_WORK = Work()


@dataclass(frozen=True)
class Timing:
    """Seconds of each call of one contender, by round. `setup_s`: what getting it ready took, apart."""

    name: str
    rounds: tuple[tuple[float, ...], ...]
    setup_s: float | None = None
    work: Work = NO_WORK
    """What one call does; of yardsticks only."""

    @cached_property
    def calls(self) -> tuple[float, ...]:
        """Seconds of all calls, shortest first."""
        return tuple(sorted(seconds for calls in self.rounds for seconds in calls))

    @cached_property
    def by_round(self) -> tuple[float, ...]:
        """Median seconds of each round."""
        return tuple(statistics.median(calls) for calls in self.rounds)

    @property
    def best_s(self) -> float:
        return self.calls[0]

    @property
    def median_s(self) -> float:
        return statistics.median(self.calls)

    @property
    def p90_s(self) -> float:
        """Nine in ten calls took no longer."""
        return self.calls[math.ceil(0.9 * len(self.calls)) - 1]

    def to_json(self) -> dict[str, Any]:
        """For programs; seconds."""
        return {
            "name": self.name,
            "best_s": self.best_s,
            "median_s": self.median_s,
            "p90_s": self.p90_s,
            "rounds_s": [list(calls) for calls in self.rounds],
            "setup_s": self.setup_s,
        }


@dataclass(frozen=True)
class Spread:
    """The middle and both ends of one number a round."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))

    @property
    def relative(self) -> float:
        """The farther end's distance from the middle, as a part of the middle."""
        return max(self.high - self.median, self.median - self.low) / self.median


@dataclass(frozen=True)
class Row:
    """One piece of work and how long each contender took over it; ours is the first.

    `pictures` of one call, `work` the least that one has to do. `yardsticks` ran in the same rounds: a copy,
    a matrix product. `disturbance`: how much slower the canary was in each round than at its best (1: as
    fast). `group`: what several rows are about. `facts`: what else a reader should know, one line each.
    """

    name: str
    meaning: str
    pictures: int
    timings: tuple[Timing, ...]
    yardsticks: tuple[Timing, ...] = ()
    work: Work = NO_WORK
    disturbance: tuple[float, ...] = ()
    repeated: int = 0
    group: str = ""
    facts: tuple[str, ...] = ()

    @property
    def ours(self) -> Timing:
        return self.timings[0]

    def ratio(self, other: Timing) -> Spread:
        """How many times as long as ours `other` took."""
        pairs = zip(other.by_round, self.ours.by_round, strict=True)
        return Spread.of([theirs / mine for theirs, mine in pairs])

    @cached_property
    def floor(self) -> tuple[Spread, str] | None:
        """The part of the machine's own rate that ours reached, and which rate; None without yardsticks."""
        copies = [stick for stick in self.yardsticks if stick.work.bytes]
        products = [stick for stick in self.yardsticks if stick.work.operations]
        parts, bounds = [], []
        for index, seconds in enumerate(self.ours.by_round):
            copy_s = _least(self.work.bytes, [(s.work.bytes, s.by_round[index]) for s in copies])
            product_s = _least(
                self.work.operations, [(s.work.operations, s.by_round[index]) for s in products]
            )
            parts.append(max(copy_s, product_s) / seconds)
            bounds.append("copy" if copy_s >= product_s else "matrix rate")
        if not parts or max(parts) == 0:
            return None
        return Spread.of(parts), statistics.mode(bounds)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        others = {timing.name: vars(self.ratio(timing)) for timing in self.timings[1:]}
        floor = None if self.floor is None else {**vars(self.floor[0]), "bound": self.floor[1]}
        return {
            "group": self.group,
            "name": self.name,
            "meaning": self.meaning,
            "pictures": self.pictures,
            "bytes": self.work.bytes,
            "operations": self.work.operations,
            "timings": [timing.to_json() for timing in self.timings],
            "ratios": others,
            "yardsticks": [
                {**stick.to_json(), "bytes": stick.work.bytes, "operations": stick.work.operations}
                for stick in self.yardsticks
            ],
            "floor": floor,
            "disturbance": list(self.disturbance),
            "repeated_rounds": self.repeated,
            "facts": list(self.facts),
        }


def _least(amount: float, rates: Sequence[tuple[float, float]]) -> float:
    """Seconds for `amount` at the best of the rates (amount, seconds); 0 where there is none."""
    return amount / max(done / seconds for done, seconds in rates) if rates else 0.0


@dataclass(frozen=True)
class Report:
    """All that one subject of the benchmark found. `said`: what the rows have in common, one line each."""

    subject: str
    settings: dict[str, Any]
    machine: dict[str, Any]
    rows: tuple[Row, ...]
    said: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "subject": self.subject,
            "settings": self.settings,
            "machine": self.machine,
            "rows": [row.to_json() for row in self.rows],
            "said": list(self.said),
        }
