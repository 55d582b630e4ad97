"""Takes times: contenders in turn, round by round, with an eye on what else the machine is doing.

Before and after each round a canary runs, a small piece of work of always the same size. Where it takes 15 %
longer than at its best, somebody else was using the machine, and the round is run again; at most as many
rounds again as were asked for, of which the quietest are kept. On a GPU times are those of its own events.

The C library can keep freed memory or return it (`reproduction.kernels.memory`), which changes the times of
whatever makes large tensors. As run: ours with memory kept, as the trainer has it; others with it returned,
as a program runs that does not know of this.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from reproduction.benchmarks.results import NO_WORK, Row, Timing, Work
from reproduction.kernels.memory import keep_freed_memory, return_freed_memory

TOLERATED_DISTURBANCE = 1.15
CANARY_CALLS = 20
MOST_CALLS = 50  # of one contender in one round
AS_RUN, KEPT, RETURNED = MEMORY = ("as-run", "kept", "returned")
# Larger than the second-level cache of any card so far (H100: 50 MB, B200: 126 MB).
FLUSH_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Contender:
    """One way of doing a piece of work. `setup_s`: what it took to get ready. `work`: of yardsticks only.
    `ours`: a part of this program, not of another's.
    """

    name: str
    run: Callable[[], object]
    setup_s: float | None = None
    work: Work = NO_WORK
    ours: bool = False


@dataclass(frozen=True)
class Effort:
    """How much time goes into a measurement: rounds, and seconds of calls for each contender in a round."""

    rounds: int = 5
    seconds: float = 0.3
    least_calls: int = 1

    def calls(self, seconds: float) -> int:
        """How often a contender whose call takes `seconds` is called in a round."""
        return max(self.least_calls, min(MOST_CALLS, round(self.seconds / max(seconds, 1e-9))))


class Clock:
    """Seconds of single calls on `device`; `cold` empties a GPU's cache before each."""

    def __init__(self, device: torch.device, cold: bool = False) -> None:
        self.device = device
        self._scratch: torch.Tensor | None = None
        if device.type == "cuda" and cold:
            self._scratch = torch.empty(FLUSH_BYTES // 4, dtype=torch.int32, device=device)

    def seconds(self, run: Callable[[], object], calls: int) -> tuple[float, ...]:
        """How long each of `calls` calls took."""
        if self.device.type == "cuda":
            return self._by_events(run, calls)
        taken = []
        for _ in range(calls):
            began = time.perf_counter()
            run()
            taken.append(time.perf_counter() - began)
        return tuple(taken)

    def _by_events(self, run: Callable[[], object], calls: int) -> tuple[float, ...]:
        torch.cuda.synchronize(self.device)
        stream = torch.cuda.current_stream(self.device)
        pairs = []
        for _ in range(calls):
            if self._scratch is not None:
                self._scratch.zero_()
            began, ended = (_event() for _ in range(2))
            began.record(stream)
            run()
            ended.record(stream)
            pairs.append((began, ended))
        torch.cuda.synchronize(self.device)
        return tuple(began.elapsed_time(ended) / 1000 for began, ended in pairs)


def _event() -> Any:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


class LatencyClock(Clock):
    """Seconds until a call's answer is there, what the host does included: for one picture."""

    def _by_events(self, run: Callable[[], object], calls: int) -> tuple[float, ...]:
        taken = []
        for _ in range(calls):
            torch.cuda.synchronize(self.device)
            began = time.perf_counter()
            run()
            torch.cuda.synchronize(self.device)
            taken.append(time.perf_counter() - began)
        return tuple(taken)


class Canary:
    """A matrix product that fits the cache, on all threads; `best_s` is the fastest it has been."""

    def __init__(self, device: torch.device) -> None:
        side = 384 if device.type == "cpu" else 2048
        self._factor = torch.full((side, side), 1 / side, device=device)
        self._clock = Clock(device)
        self.best_s = float("inf")
        for _ in range(3):
            self.sing()

    def sing(self) -> float:
        """How long it takes now. The mean: a median would not notice who takes the core now and then."""
        seconds = statistics.fmean(self._clock.seconds(self._product, CANARY_CALLS))
        self.best_s = min(self.best_s, seconds)
        return seconds

    def _product(self) -> None:
        torch.mm(self._factor, self._factor)


@dataclass(frozen=True)
class Measured:
    """Timings in the order of the contenders, and how quiet the machine was in each round."""

    timings: tuple[Timing, ...]
    disturbance: tuple[float, ...]
    repeated: int

    def row(
        self,
        name: str,
        meaning: str = "",
        *,
        pictures: int,
        work: Work = NO_WORK,
        group: str = "",
        facts: Sequence[str] = (),
    ) -> Row:
        """The row of a report: contenders first, then what has work of its own, the yardsticks."""
        return Row(
            name=name,
            meaning=meaning,
            pictures=pictures,
            timings=tuple(timing for timing in self.timings if timing.work == NO_WORK),
            yardsticks=tuple(timing for timing in self.timings if timing.work != NO_WORK),
            work=work,
            disturbance=self.disturbance,
            repeated=self.repeated,
            group=group,
            facts=tuple(facts),
        )


@dataclass(frozen=True)
class _Round:
    seconds: tuple[tuple[float, ...], ...]
    canary_s: float


class Stopwatch:
    """Measures contenders against each other on one device, saying on `say` what it is at; `memory` is one
    of MEMORY.
    """

    def __init__(
        self, device: torch.device, effort: Effort, say: Callable[[str], None], memory: str = AS_RUN
    ) -> None:
        self.device = device
        self.effort = effort
        self.say = say
        self.memory = memory
        self._canary = Canary(device)

    def measure(
        self,
        title: str,
        contenders: Sequence[Contender],
        *,
        clock: Clock | None = None,
        effort: Effort | None = None,
    ) -> Measured:
        """Times of all contenders, in turn, in `effort.rounds` rounds."""
        clock, effort = clock or Clock(self.device), effort or self.effort
        self.say(f"{title}: getting warm")
        counts = [effort.calls(self._warm(contender, clock)) for contender in contenders]
        rounds: list[_Round] = []
        while len(rounds) < 2 * effort.rounds and self._quiet(rounds) < effort.rounds:
            number = min(len(rounds) + 1, effort.rounds)
            again = f", {len(rounds) + 1 - effort.rounds} again" if len(rounds) >= effort.rounds else ""
            self.say(f"{title}: round {number} of {effort.rounds}{again}")
            rounds.append(self._round(contenders, counts, clock, backwards=len(rounds) % 2 == 1))
        kept = sorted(rounds, key=lambda one: one.canary_s)[: effort.rounds]
        timings = tuple(
            Timing(who.name, tuple(one.seconds[index] for one in kept), who.setup_s, who.work)
            for index, who in enumerate(contenders)
        )
        disturbance = tuple(one.canary_s / self._canary.best_s for one in kept)
        return Measured(timings, disturbance, len(rounds) - len(kept))

    def _warm(self, contender: Contender, clock: Clock) -> float:
        """Calls it until memory and code are there; seconds of the last call."""
        self._choose_memory(contender)
        (seconds,) = clock.seconds(contender.run, 1)
        for _ in range(1 if seconds > 1 else 3):
            (seconds,) = clock.seconds(contender.run, 1)
        return seconds

    def _round(
        self, contenders: Sequence[Contender], counts: Sequence[int], clock: Clock, backwards: bool
    ) -> _Round:
        """Every contender once; in every other round in the opposite order, so that none always follows
        the same neighbour."""
        before_s = self._canary.sing()
        order = range(len(contenders))
        seconds: dict[int, tuple[float, ...]] = {}
        for index in reversed(order) if backwards else order:
            if self._choose_memory(contenders[index]) and self.memory == AS_RUN:
                contenders[index].run()  # others have returned what it had kept
            seconds[index] = clock.seconds(contenders[index].run, counts[index])
        return _Round(tuple(seconds[index] for index in order), max(before_s, self._canary.sing()))

    def _choose_memory(self, contender: Contender) -> bool:
        """Whether freed memory is kept from now on."""
        keeps = self.memory == KEPT or (self.memory == AS_RUN and contender.ours)
        (keep_freed_memory if keeps else return_freed_memory)()
        return keeps

    def _quiet(self, rounds: Sequence[_Round]) -> int:
        limit = TOLERATED_DISTURBANCE * self._canary.best_s
        return sum(one.canary_s <= limit for one in rounds)
