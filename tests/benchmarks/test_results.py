"""Medians, spreads, ratios by round, and the part of the floor that was reached."""

from __future__ import annotations

import json

import pytest

from reproduction.benchmarks.results import Row, Spread, Timing, Work

OURS = Timing("ours", ((2.0, 1.0, 3.0), (4.0, 4.0, 4.0)))
OTHER = Timing("stock", ((10.0,), (12.0,)), setup_s=5.0)


def test_a_timing_tells_its_best_its_middle_and_what_nine_in_ten_calls_keep_to() -> None:
    many = Timing("many", (tuple(float(n) for n in range(1, 11)),))
    assert (many.best_s, many.median_s, many.p90_s) == (1.0, 5.5, 9.0)
    assert OURS.by_round == (2.0, 4.0)


def test_ratios_are_taken_within_a_round() -> None:
    ratio = Row("work", "", 1, (OURS, OTHER)).ratio(OTHER)
    assert (ratio.low, ratio.high) == (3.0, 5.0)
    assert ratio.median == 4.0  # of 10/2 and 12/4, not 11/3


def test_a_spread_tells_how_far_its_farther_end_is() -> None:
    assert Spread.of([9.0, 10.0, 13.0]).relative == pytest.approx(0.3)


def test_the_floor_is_what_takes_longest_at_the_best_rate_of_the_same_round() -> None:
    copy = Timing("copy", ((1.0,), (2.0,)), work=Work(bytes=100))
    slow = Timing("convolution", ((1.0,), (1.0,)), work=Work(operations=10))
    fast = Timing("matrix product", ((1.0,), (1.0,)), work=Work(operations=50))
    row = Row("work", "", 1, (OURS,), (copy, slow, fast), work=Work(bytes=50, operations=80))
    assert row.floor is not None
    part, bound = row.floor
    # Round one: 0.5 s of copying, 1.6 s of products, ours took 2 s; round two: 1.0 and 1.6 of 4 s.
    assert (part.high, part.low) == (pytest.approx(0.8), pytest.approx(0.4))
    assert bound == "matrix rate"


def test_without_yardsticks_there_is_no_floor() -> None:
    assert Row("work", "", 1, (OURS,), work=Work(bytes=50)).floor is None


def test_what_programs_get_is_json_and_holds_every_call() -> None:
    told = json.loads(json.dumps(Row("work", "what", 2, (OURS, OTHER), facts=("a fact",)).to_json()))
    assert told["timings"][0]["rounds_s"] == [[2.0, 1.0, 3.0], [4.0, 4.0, 4.0]]
    assert told["timings"][1]["setup_s"] == 5.0
    assert told["ratios"] == {"stock": {"median": 4.0, "low": 3.0, "high": 5.0}}
    assert told["facts"] == ["a fact"]
