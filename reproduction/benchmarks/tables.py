"""A report as text, a hundred columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from reproduction.benchmarks.results import Report, Row, Timing

WIDTH = 100


def table(report: Report) -> str:
    """Where it was measured, what the columns mean, the rows, and how far to trust them."""
    lines = [*heading(report), "", *_wrapped(report.said), ""]
    lines += list(_grid(report.rows)) if report.subject == "kernels" else list(_blocks(report.rows))
    return "\n".join([*lines, "", *noise(report.rows)])


MEMORY = {
    "as-run": "ours keeps what it frees, as in training; others give it back, as the C library does",
    "kept": "both sides keep what they free",
    "returned": "both sides give large blocks back",
}


def heading(report: Report) -> list[str]:
    """The machine and its rates."""
    machine, settings = report.machine, report.settings
    threads, rounds = machine["threads"], settings["rounds"]
    where = machine["processor"] if machine["device"] == "cpu" else machine["device"]
    rates = ", ".join(f"{name} {_rate(name, rate)}" for name, rate in machine["rates"].items())
    return _wrapped(
        [
            f"{report.subject}: {_count(rounds, 'round')} on {where}, {_count(threads, 'thread')}, "
            f"torch {machine['torch']}",
            f"kernels of our own: {machine['kernels']}",
            f"rates measured here: {rates}",
            *([f"memory: {MEMORY[settings['memory']]}"] if machine["device"] == "cpu" else []),
            *(["--quick: everything is small, and no figure means anything"] if settings["quick"] else []),
        ]
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _rate(name: str, rate: float) -> str:
    return f"{rate / 1e9:.1f} GB/s" if name == "copy" else f"{rate / 1e9:.0f} GFLOP/s"


def _grid(rows: Sequence[Row]) -> Iterator[str]:
    """One line a row: ours, its share of the floor, and how many times as long the others took."""
    yield f"  {'':<19}{'ours':>8}{'best to p90':>15}{'of floor':>9}  times as long as ours"
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            yield from ("", group, *_indented(row.meaning))
        ours, unit = row.ours, _unit(row.ours.median_s)
        span = f"{_number(ours.best_s, unit)} to {_number(ours.p90_s, unit)}"
        floor = f"{100 * row.floor[0].median:.0f} %" if row.floor else ""
        line = f"  {row.name:<19}{_time(ours.median_s):>8}{span:>15}{floor:>9}"
        others = "  ".join(f"{other.name} {_times(row.ratio(other).median)}" for other in row.timings[1:])
        yield from [f"{line}  {others}"] if len(line) + len(others) + 2 <= WIDTH else [line, f"    {others}"]
        yield from (line for fact in row.facts for line in _indented(fact))


def _blocks(rows: Sequence[Row]) -> Iterator[str]:
    """One line a contender, under the title of the row."""
    for number, row in enumerate(rows):
        yield from ([] if number == 0 else [""])
        yield from (row.name, *_indented(row.meaning))
        figures = f"{'median':>9}{'best':>10}{'p90':>10}{'pictures/s':>13}"
        yield f"  {'':<24}{figures}   times as long as ours (range)"
        yield from (_line(row, timing) for timing in row.timings)
        if row.floor:
            part, bound = row.floor
            span = f"{_percent(part.median)} ({_percent(part.low)} to {_percent(part.high)})"
            yield f"  ours reaches {span} of the floor, which the {bound} sets"
        yield from (line for fact in row.facts for line in _indented(fact))
        for timing in row.timings:
            if timing.setup_s is not None:
                yield f"  {timing.name}: the first call, which compiles, took {timing.setup_s:.0f} s"


def _line(row: Row, timing: Timing) -> str:
    figures = "".join(f"{_time(s):>10}" for s in (timing.median_s, timing.best_s, timing.p90_s))
    line = f"  {timing.name:<23}{figures}{row.pictures / timing.median_s:>13,.4g}"
    if timing is row.ours:
        return line
    ratio = row.ratio(timing)
    return f"{line}   {_times(ratio.median)} ({_times(ratio.low)} to {_times(ratio.high)})"


def noise(rows: Sequence[Row]) -> list[str]:
    """How quiet the machine was and how far the ratios moved."""
    slower = max((value for row in rows for value in row.disturbance), default=1.0)
    again = sum(row.repeated for row in rows)
    widest = _widest(rows)
    said = (
        f"noise: rounds run again because the machine was busy: {again}; in the rounds kept it was at most "
        f"{100 * (slower - 1):.0f} % slower than at its best."
    )
    if widest is not None:
        relative, where = widest
        said += f" The ratio that moved most between rounds moved by {100 * relative:.0f} % ({where})."
    return _wrapped([said])


def _widest(rows: Sequence[Row]) -> tuple[float, str] | None:
    found = [
        (row.ratio(other).relative, f"{row.group or row.name}, {other.name}")
        for row in rows
        for other in row.timings[1:]
    ]
    return max(found, default=None)


def _wrapped(texts: Sequence[str]) -> list[str]:
    return [line for text in texts for line in textwrap.wrap(text, WIDTH, subsequent_indent="  ")]


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def _times(ratio: float) -> str:
    """Three figures, or two decimals where ours is the slower one."""
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"


_UNITS: tuple[tuple[float, str], ...] = ((1e-6, "us"), (1e-3, "ms"), (1.0, "s"))


def _unit(seconds: float) -> tuple[float, str]:
    """The largest unit of which there is one at least."""
    return next((unit for unit in reversed(_UNITS) if seconds >= unit[0]), _UNITS[0])


def _number(seconds: float, unit: tuple[float, str]) -> str:
    value = seconds / unit[0]
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _time(seconds: float) -> str:
    unit = _unit(seconds)
    return f"{_number(seconds, unit)} {unit[1]}"
