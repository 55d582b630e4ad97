"""Values with brackets: learning rates and schedules of all generations, and initialisation functions."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from reproduction.definition.schedule import KINDS, Schedule

MAX_STEPS = 100_000  # of a schedule
_CALL = re.compile(r"([A-Za-z]\w*)\s*(?:\[([^\[\]]*)\])?")
_FUNCTION = re.compile(r"([\w.]+)\s*(?:\(([^()]*)\))?")
_POSITIONS = {  # number of values without names -> what they are, for kinds with and without steps
    True: {1: ("tgtfactor",), 2: ("tgtfactor", "numsteps"), 3: ("tgtfactor", "noisestdev", "numsteps")},
    False: {1: ("tgtfactor",), 2: ("tgtfactor", "noisestdev"), 3: ("tgtfactor", "noisestdev", "numsteps")},
}
_RELEASED = {True: ("tgtfactor", "noisestdev", "numsteps"), False: ("tgtfactor", "noisestdev")}
SCHEDULE_FORM = "default or a schedule such as dexp[tgtFactor=250,noiseStdev=0,numSteps=4]"
RATE_FORM = "a number of at least 0 or a rate such as dexp[base=0.01;tgtFactor=250;numSteps=4]"


def split_outside_brackets(text: str) -> list[str]:
    """The words of a comma separated list; commas within brackets belong to the words."""
    words, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "[(") - (character in "])")
        if character == "," and depth <= 0:
            words.append(text[start:place].strip())
            start = place + 1
    return [*words, text[start:].strip()]


def parse_schedule(text: str, strict: bool = False) -> Schedule | None:
    """The schedule of `schedW`, `schedB`, `sched`; None is the constant rate (default, or nothing).

    `strict`: the one form that the released program of 2012 read, names and all. ValueError otherwise, with
    what was expected.
    """
    match = _CALL.fullmatch(text.strip())
    if text.strip().lower() in ("", "default"):
        return None
    if match is None or match[1].lower() not in KINDS or match[2] is None:
        raise ValueError(SCHEDULE_FORM)
    kind = match[1].lower()
    stepped = kind in ("dexp", "jdexp")
    words = [word.strip() for word in match[2].split(",")]
    named = all("=" in word for word in words)
    if named:
        values = _named(words, SCHEDULE_FORM)
    else:
        names = _POSITIONS[stepped].get(len(words), ())
        values = dict(zip(names, words, strict=True)) if names else {}
    if strict and (not named or tuple(values) != _RELEASED[stepped]):
        raise ValueError(f"names and values, as the released program read them: {_released_form(kind)}")
    return _schedule(kind, values, SCHEDULE_FORM)


def parse_rate(text: str, strict: bool = False) -> tuple[float, Schedule | None]:
    """A learning rate of 2014: a number, const[base=...], or base and schedule in one, `;` between them.

    `strict`: bare numbers are digits and a point, as the program of 2014 had it.
    """
    number = _number(text)
    if number is not None:
        if number < 0 or (strict and not re.fullmatch(r"\s*[\d.]+\s*", text)):
            raise ValueError("a number of at least 0" + (" of digits and a point (strict)" if strict else ""))
        return number, None
    if "[" not in text:
        raise ValueError("a number of at least 0")
    match = _CALL.fullmatch(text.strip())
    kind = match[1].lower() if match else ""
    if match is None or match[2] is None or kind not in ("const", *KINDS):
        raise ValueError(RATE_FORM)
    values = _named([word.strip() for word in match[2].split(";")], RATE_FORM)
    base = _number(values.pop("base", ""))
    if base is None or base < 0:
        raise ValueError(RATE_FORM)
    if kind == "const":
        if values:
            raise ValueError("const[base=NUMBER]")
        return base, None
    return base, _schedule(kind, values, RATE_FORM)


def parse_function(text: str) -> tuple[str, tuple[str, ...]]:
    """Name and arguments of `module.function(a,b)`; a name that is none is the whole text. Nothing is run."""
    match = _FUNCTION.fullmatch(text.strip())
    if match is None:
        return text.strip(), ()
    arguments = match[2] or ""
    return match[1], tuple(word.strip() for word in arguments.split(",")) if arguments.strip() else ()


def _released_form(kind: str) -> str:
    spelled = {"tgtfactor": "tgtFactor=...", "noisestdev": "noiseStdev=...", "numsteps": "numSteps=..."}
    names = _RELEASED[kind in ("dexp", "jdexp")]
    return f"{kind}[{','.join(spelled[name] for name in names)}]"


def _named(words: list[str], expected: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals or name.lower() in values:
            raise ValueError(expected)
        values[name.lower()] = value
    return values


def _schedule(kind: str, values: Mapping[str, str], expected: str) -> Schedule:
    if not set(values) <= {"tgtfactor", "noisestdev", "numsteps"} or "tgtfactor" not in values:
        raise ValueError(expected)
    factor = _number(values["tgtfactor"])
    noise = _number(values.get("noisestdev", "0"))
    steps = _number(values.get("numsteps", "1"))
    if factor is None or not 1e-9 <= factor <= 1e9:
        raise ValueError("a tgtFactor from 1e-9 to 1e9")
    if noise is None or not 0 <= noise <= 1000:
        raise ValueError("a noiseStdev from 0 to 1000")
    if steps is None or steps != int(steps) or not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"numSteps, a whole number from 1 to {MAX_STEPS}")
    if kind in ("dexp", "jdexp"):
        if "numsteps" not in values:
            raise ValueError(expected)
        return Schedule(kind, factor, int(steps), noise)
    return Schedule(kind, factor, noise=noise)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
