"""What several runs say together: networks with two columns against networks with one, halved arbitrarily."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reproduction.analysis.comparison import q_values
from reproduction.analysis.findings import Halves, Judgement, Specialisation
from reproduction.analysis.runs import RunComparison, compare_runs


@dataclass(frozen=True)
class MeasureAcrossRuns:
    """T7 of one measure; `q` after all measures of this table, NaN where there is no p."""

    name: str
    comparison: RunComparison
    q: float


@dataclass(frozen=True)
class AcrossRuns:
    """The runs in the order in which they were given, and one row a measure that all of them have."""

    halves: tuple[Halves, ...]
    judgements: tuple[Judgement, ...]
    rows: tuple[MeasureAcrossRuns, ...]


def across_runs(found: Sequence[Specialisation]) -> AcrossRuns:
    """T7 over several networks' answers; columns are not aligned between runs."""
    shared = (
        [row.name for row in found[0].rows if all(other.row(row.name) for other in found)] if found else []
    )
    rows = []
    for name in shared:
        separations: dict[Halves, list[float]] = {halves: [] for halves in Halves}
        for one in found:
            row = one.row(name)
            separations[one.halves].append(row.difference.separation if row else float("nan"))
        runs, controls = (np.array(separations[halves]) for halves in (Halves.COLUMNS, Halves.ARBITRARY))
        if np.isfinite([*runs, *controls]).any():
            rows.append((name, compare_runs(runs, controls)))
    q = q_values(np.array([comparison.p for _, comparison in rows]))
    return AcrossRuns(
        halves=tuple(one.halves for one in found),
        judgements=tuple(one.judgement for one in found),
        rows=tuple(
            MeasureAcrossRuns(name, comparison, float(one))
            for (name, comparison), one in zip(rows, q, strict=True)
        ),
    )
