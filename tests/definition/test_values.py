"""Schedules of all generations, rates of 2014, names of functions: what they say, and what is refused."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduction.definition.schedule import Schedule
from reproduction.definition.values import (
    parse_function,
    parse_rate,
    parse_schedule,
    split_outside_brackets,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("default", None),
        ("", None),
        ("exp[1000]", Schedule("exp", 1000)),
        ("linear[1000]", Schedule("linear", 1000)),
        ("linear[1,0.5]", Schedule("linear", 1, noise=0.5)),
        ("exp[20,1]", Schedule("exp", 20, noise=1)),
        ("dexp[1000,4]", Schedule("dexp", 1000, 4)),
        ("jdexp[500,0,4]", Schedule("jdexp", 500, 4)),
        ("dexp[250,0.1,4]", Schedule("dexp", 250, 4, 0.1)),
        ("dexp[tgtFactor=250,noiseStdev=0,numSteps=4]", Schedule("dexp", 250, 4)),
        (" DEXP [ TGTFACTOR = 250 , numsteps=4, noisestdev=.5 ] ", Schedule("dexp", 250, 4, 0.5)),
    ],
)
def test_every_generation_of_schedules_is_read(text: str, expected: Schedule | None) -> None:
    schedule = parse_schedule(text)
    assert schedule == expected
    assert schedule is None or parse_schedule(str(schedule)) == schedule


@pytest.mark.parametrize(
    "text",
    [
        "cosine[1]",
        "exp",
        "exp[]",
        "exp[0]",
        "exp[-3]",
        "exp[nan]",
        "dexp[10]",
        "dexp[10,0]",
        "dexp[10,2.5]",
        "dexp[10,0,1e9]",
        "exp[1,2,3,4]",
        "exp[tgtFactor=1,tgtFactor=2]",
        "exp[tgtFactor=1,4]",
        "exp[factor=1]",
        "exp[10,-1]",
        "dexp[10,0,4",
    ],
)
def test_other_schedules_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse_schedule(text)


def test_strictly_only_the_names_and_the_order_of_the_released_program_are_read() -> None:
    assert parse_schedule("dexp[tgtFactor=250,noiseStdev=0,numSteps=4]", strict=True)
    assert parse_schedule("linear[TGTFACTOR=2,noisestdev=0]", strict=True)
    for text in ("dexp[250,0,4]", "dexp[noiseStdev=0,tgtFactor=250,numSteps=4]", "exp[1000]"):
        with pytest.raises(ValueError, match=r"as the released program read them: d?exp\[tgtFactor=\.\.\."):
            parse_schedule(text, strict=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.01", (0.01, None)),
        ("1e-3", (0.001, None)),
        ("const[base=0.5]", (0.5, None)),
        ("exp[base=1;tgtFactor=10]", (1, Schedule("exp", 10))),
        ("linear[base=1;tgtFactor=10]", (1, Schedule("linear", 10))),
        ("dexp[base=0.02;tgtFactor=250;numSteps=4]", (0.02, Schedule("dexp", 250, 4))),
    ],
)
def test_rates_of_2014_hold_base_and_schedule(text: str, expected: tuple[float, Schedule | None]) -> None:
    assert parse_rate(text) == expected


NO_RATES = (
    "",
    "-1",
    "nan",
    "a",
    "1_0",
    "dexp[base=1;tgtFactor=2]",
    "dexp[tgtFactor=2;numSteps=2]",
    "const[base=1;tgtFactor=2]",
    "const[base=-1]",
    "step[base=1]",
    "dexp[base=1,tgtFactor=2,numSteps=2]",
)


@pytest.mark.parametrize("text", NO_RATES)
def test_other_rates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse_rate(text)


def test_the_program_of_2014_took_no_exponents() -> None:
    assert parse_rate("0.001", strict=True) == (0.001, None)
    with pytest.raises(ValueError, match="digits and a point"):
        parse_rate("1e-3", strict=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("initw.makew(conv1a)", ("initw.makew", ("conv1a",))),
        ("initw.makewcat( path , a,b )", ("initw.makewcat", ("path", "a", "b"))),
        ("initw.makeb", ("initw.makeb", ())),
        ("initw.makeb()", ("initw.makeb", ())),
        ("os.system('x')(y)", ("os.system('x')(y)", ())),
    ],
)
def test_functions_are_names_with_texts(text: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert parse_function(text) == expected


def test_commas_in_brackets_belong_to_their_word() -> None:
    assert split_outside_brackets("a[1,2], b ,c(3,[4,5]),") == ["a[1,2]", "b", "c(3,[4,5])", ""]


def test_a_stepped_rate_has_the_reference_levels() -> None:
    schedule = Schedule("dexp", 250, 4)
    levels = [0.01 * schedule.factor_at(p) for p in (0, 0.25, 0.2500001, 0.5, 0.6, 0.75, 0.76, 1)]
    first, second, third, last = 0.01, 0.0015874011, 0.00025198421, 0.00004
    assert levels == pytest.approx([first, first, second, second, third, third, last, last], rel=1e-7)


def test_the_other_schedules_follow_their_formulas() -> None:
    assert Schedule("linear", 4).factor_at(0.25) == pytest.approx(0.75 + 0.25 / 4)
    assert Schedule("exp", 1000).factor_at(0.3) == pytest.approx(1000**-0.3)
    jumping = Schedule("jdexp", 16, 4)
    level = [16 ** (-i / 3) for i in range(4)]
    middle = [math.sqrt(level[i] * level[i - 1]) for i in range(1, 4)]
    found = [jumping.factor_at(p) for p in (0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.89, 0.95)]
    assert found == pytest.approx(
        [level[0], level[1], middle[0], level[2], middle[1], level[3], middle[2], level[3]]
    )
    assert Schedule("dexp", 10, 1).factor_at(0.7) == 1


@given(st.floats(0, 1), st.sampled_from(["linear", "exp", "dexp", "jdexp"]), st.integers(1, 50))
def test_rates_stay_between_the_base_and_the_last(progress: float, kind: str, steps: int) -> None:
    factor = Schedule(kind, 100, steps).factor_at(progress)
    assert 0.01 * (1 - 1e-9) <= factor <= 1 + 1e-9


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_any_text_is_read_or_refused_with_a_value_error(text: str) -> None:
    for read in (parse_schedule, parse_rate):
        try:
            read(text)
        except ValueError as caught:
            assert str(caught)
    parse_function(text)


def test_long_texts_take_no_time() -> None:
    begun = time.monotonic()
    for text in ("[" * 90_000, "a" * 90_000 + "(", "dexp[" + "base=1;" * 12_000 + "]", "," * 90_000):
        for read in (parse_schedule, parse_rate):
            with pytest.raises(ValueError, match="."):
                read(text)
        parse_function(text)
        split_outside_brackets(text)
    assert time.monotonic() - begun < 2
