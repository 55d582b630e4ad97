"""Contenders are called in turn as often as was asked for, and again where the machine was busy."""

from __future__ import annotations

import pytest
import torch

from reproduction.benchmarks import measuring
from reproduction.benchmarks.measuring import Contender, Effort, LatencyClock, Stopwatch
from reproduction.benchmarks.results import Work

CPU = torch.device("cpu")


class Callers:
    """Contenders that write down when they are called."""

    def __init__(self, *names: str) -> None:
        self.calls: list[str] = []
        self.contenders = [Contender(name, lambda name=name: self.calls.append(name)) for name in names]


def stopwatch(rounds: int, least_calls: int = 1, said: list[str] | None = None) -> Stopwatch:
    say = (lambda line: None) if said is None else said.append
    return Stopwatch(CPU, Effort(rounds, 0.0, least_calls), say)


def test_every_contender_is_called_in_every_round_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "TOLERATED_DISTURBANCE", float("inf"))
    callers = Callers("a", "b")
    found = stopwatch(rounds=3, least_calls=2).measure("a race", callers.contenders)
    warming = 2 * 4
    assert callers.calls[warming:] == [*"aabb", *"bbaa", *"aabb"]
    assert [timing.name for timing in found.timings] == ["a", "b"]
    assert [len(calls) for calls in found.timings[0].rounds] == [2, 2, 2]
    assert found.repeated == 0


def test_rounds_of_a_busy_machine_are_repeated_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "TOLERATED_DISTURBANCE", 0.0)  # never quiet enough
    callers, said = Callers("a"), list[str]()
    found = stopwatch(rounds=2, said=said).measure("a race", callers.contenders)
    assert found.repeated == 2
    assert len(found.timings[0].rounds) == len(found.disturbance) == 2
    assert said[-1] == "a race: round 2 of 2, 2 again"


def test_the_quietest_rounds_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "TOLERATED_DISTURBANCE", 0.0)
    found = stopwatch(rounds=3).measure("a race", Callers("a").contenders)
    assert list(found.disturbance) == sorted(found.disturbance)
    assert min(found.disturbance) >= 1.0


def test_short_work_is_called_often_and_long_work_once() -> None:
    effort = Effort(rounds=5, seconds=0.3)
    assert [effort.calls(seconds) for seconds in (10.0, 0.1, 0.01, 1e-6, 0.0)] == [1, 3, 30, 50, 50]


def test_times_are_those_of_single_calls() -> None:
    for clock in (measuring.Clock(CPU, cold=True), LatencyClock(CPU)):
        taken = clock.seconds(lambda: torch.ones(10).sum(), 4)
        assert len(taken) == 4 and all(seconds > 0 for seconds in taken)


def test_what_has_work_of_its_own_is_a_yardstick() -> None:
    racing = [Contender("ours", lambda: None), Contender("copy", lambda: None, work=Work(bytes=8))]
    row = stopwatch(rounds=1).measure("a race", racing).row("a race", pictures=3, facts=["x"])
    assert [timing.name for timing in row.timings] == ["ours"]
    assert [stick.name for stick in row.yardsticks] == ["copy"]
    assert (row.pictures, row.facts) == (3, ("x",))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_on_a_gpu_times_are_those_of_its_events() -> None:
    device = torch.device("cuda")
    values = torch.ones(2**20, device=device)
    for clock in (measuring.Clock(device), measuring.Clock(device, cold=True), LatencyClock(device)):
        taken = clock.seconds(lambda: values.add_(1), 3)
        assert len(taken) == 3 and all(seconds > 0 for seconds in taken)
