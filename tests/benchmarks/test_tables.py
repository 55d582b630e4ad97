"""A report as text: a hundred columns, units that fit, and how far to trust it."""

from __future__ import annotations

import pytest

from reproduction.benchmarks.results import Report, Row, Timing, Work
from reproduction.benchmarks.tables import table

MACHINE = {
    "processor": "A processor with a rather long name @ 2.10GHz",
    "device": "cpu",
    "threads": 2,
    "torch": "2.13.0+cpu",
    "kernels": "chain: compiled for this processor by /usr/bin/c++",
    "rates": {"copy": 19.84e9, "matrix product": 276e9, "convolution": 301e9},
}
ROW = Row(
    name="forward + backward",
    meaning="What the row is about.",
    pictures=128,
    timings=(
        Timing("ours", ((0.0241,), (0.0262,))),
        Timing("channels_last", ((1.183,), (1.3,))),
        Timing("compiled", ((0.0003,), (0.0004,)), setup_s=31.2),
    ),
    yardsticks=(Timing("copy", ((0.01,), (0.01,)), work=Work(bytes=1e8)),),
    work=Work(bytes=2e8),
    disturbance=(1.0, 1.07),
    repeated=3,
    group="a network: layers",
    facts=("a fact about it",),
)


def shown(subject: str, quick: bool = False) -> str:
    settings = {"rounds": 2, "quick": quick, "memory": "as-run"}
    return table(Report(subject, settings, MACHINE, (ROW,), ("what the columns mean",)))


@pytest.mark.parametrize("subject", ["kernels", "step"])
def test_no_line_is_wider_than_a_hundred_columns(subject: str) -> None:
    assert max(len(line) for line in shown(subject).splitlines()) <= 100


@pytest.mark.parametrize("subject", ["kernels", "step"])
def test_machine_meaning_facts_and_noise_are_said(subject: str) -> None:
    text = shown(subject)
    assert "kernels of our own: chain: compiled for this processor" in text
    assert "copy 19.8 GB/s, matrix product 276 GFLOP/s" in text
    assert "memory: ours keeps what it frees, as in training" in text
    for part in ("what the columns mean", "What the row is about.", "a fact about it"):
        assert part in text
    assert "rounds run again because the machine was busy: 3" in text
    assert "at most 7 % slower than at its best" in text.replace("\n  ", " ")


def test_kernels_are_one_line_each_with_what_the_others_took_in_units_of_ours() -> None:
    (line,) = (line for line in shown("kernels").splitlines() if line.startswith("  forward + backward"))
    figures = "25.1 ms 24.1 to 26.2 80 % channels_last 49.4 compiled 0.01"
    assert line.split() == ["forward", "+", "backward", *figures.split()]


def test_a_step_is_a_line_for_each_contender_with_units_speed_and_the_first_call() -> None:
    lines = shown("step").splitlines()
    (slow,) = (line for line in lines if line.startswith("  channels_last "))
    assert slow.split()[1:7] == ["1.24", "s", "1.18", "s", "1.3", "s"]
    assert "103.1" in slow and "49.4 (49.1 to 49.6)" in slow
    assert any(line.startswith("  compiled                   350 us") for line in lines)
    assert "  compiled: the first call, which compiles, took 31 s" in lines
    assert "  ours reaches 80 % (76 % to 83 %) of the floor, which the copy sets" in lines


def test_a_quick_run_says_that_its_figures_mean_nothing() -> None:
    assert "no figure means anything" in shown("step", quick=True)
    assert "no figure means anything" not in shown("step")
