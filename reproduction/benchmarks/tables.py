"""A report as text, a hundred columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from reproduction.benchmarks.results import Report, Row, Spread, Timing

WIDTH = 100


def table(report: Report) -> str:
    """Where it was measured, what the columns mean, the rows, and how far to trust them."""
    lines = [*heading(report), "", *_wrapped(report.said), ""]
    lines += list(_grid(report.rows)) if report.subject == "kernels" else list(_blocks(report.rows))
    return "\n".join([*lines, "", *noise(report.rows)])


def heading(report: Report) -> list[str]:
    """The machine and its rates."""
    machine, settings = report.machine, report.settings
    threads = machine["threads"]
    where = machine["processor"] if machine["device"] == "cpu" else machine["device"]
    found = f"{where}, {threads} thread{'s' if threads > 1 else ''}, torch {machine['torch']}"
    rates = ", ".join(f"{name} {_rate(name, rate)}" for name, rate in machine["rates"].items())
    quick = "  --quick: everything is small, and no figure means anything" if settings["quick"] else ""
    return [
        f"{report.subject}: {settings['rounds']} rounds on {found}",
        f"measured here: {rates}",
        *([quick] if quick else []),
    ]


def _rate(name: str, rate: float) -> str:
    return f"{rate / 1e9:.1f} GB/s" if name == "copy" else f"{rate / 1e9:.0f} GFLOP/s"


def _grid(rows: Sequence[Row]) -> Iterator[str]:
    """One line a row: ours, its share of the floor, and how many times as long the others took."""
    yield f"  {'':<20}{'ours':>9}  {'best to p90':>13}  {'of copy':>7}   times as long as ours"
    group = ""
    for row in rows:
        if row.group != group:
            yield ""
            yield row.group
            yield from _indented(row.meaning)
            group = row.group
        ours = row.ours
        unit = _unit(ours.median_s)
        span = f"{_number(ours.best_s, unit)} to {_number(ours.p90_s, unit)}"
        floor = f"{100 * row.floor[0].median:.0f} %" if row.floor else ""
        others = "  ".join(f"{other.name} {_times(row.ratio(other))}" for other in row.timings[1:])
        yield f"  {row.name:<20}{_time(ours.median_s):>9}  {span:>13}  {floor:>7}   {others}".rstrip()
        yield from (line for fact in row.facts for line in _indented(fact))


def _blocks(rows: Sequence[Row]) -> Iterator[str]:
    """One line a contender, under the title of the row."""
    for number, row in enumerate(rows):
        if number:
            yield ""
        yield row.name
        yield from _indented(row.meaning)
        figures = f"{'median':>10}{'best':>10}{'p90':>10}{'pictures/s':>13}"
        yield f"  {'':<23}{figures}   times as long as ours (range)"
        for timing in row.timings:
            yield _line(row, timing)
        if row.floor:
            part, bound = row.floor
            yield f"  ours reaches {_percent(part)} of the floor, which the {bound} sets"
        yield from (line for fact in row.facts for line in _indented(fact))


def _line(row: Row, timing: Timing) -> str:
    if timing is row.ours:
        compared = ""
    else:
        ratio = row.ratio(timing)
        compared = f"{_times(ratio)} ({ratio.low:.3g} to {ratio.high:.3g})"
    if timing.setup_s is not None:
        compared += f", first call {timing.setup_s:.0f} s"
    figures = "".join(f"{_time(s):>10}" for s in (timing.median_s, timing.best_s, timing.p90_s))
    speed = f"{row.pictures / timing.median_s:,.4g}"
    return f"  {timing.name:<23}{figures}{speed:>13}   {compared}".rstrip()


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


def _percent(part: Spread) -> str:
    return f"{100 * part.median:.0f} % ({100 * part.low:.0f} to {100 * part.high:.0f} %)"


def _times(ratio: Spread) -> str:
    return f"{ratio.median:.3g}x" if ratio.median < 1000 else f"{ratio.median:.0f}x"


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
