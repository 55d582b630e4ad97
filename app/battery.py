"""The battery of tests as a table: one row a question, in numbers for files and in words for the screen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from app.archive_words import count, decimal
from app.figure import Cell, Table
from app.halves_words import half_names, p_words, question_name
from reproduction.analysis.findings import Row, Specialisation

NONE = float("nan")

AUC, DISTANCE, BITS, ACCURACY = "AUC", "distance of mean directions", "bits", "accuracy"
SHARE, TOGETHER, CORRELATION = "share in 1", "pairs together", "correlation"
OWN_SHARE, RAYLEIGH, CLUSTERED = "own share - 1/2", "Rayleigh z", "clustering"


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("battery", text)


@dataclass(frozen=True)
class Question:
    """One question and its answer; NaN for what it does not have. `kind` says what the effect is."""

    key: str
    kind: str
    effect: float
    p: float
    q: float = NONE
    values: tuple[float, float] = (NONE, NONE)
    filters: tuple[int, int] | None = None
    interval: tuple[float, float] = (NONE, NONE)
    before: float = NONE
    """The same effect before training."""
    shuffled: tuple[float, float] = (NONE, NONE)
    """The values when every filter's pixels are in random places."""


def questions(found: Specialisation) -> list[Question]:
    """All questions: the measures, then counts, information, joint test, pairs, directions, wiring."""
    before = {row.name: row for row in found.initial}
    rows = [_of_measure(row, before.get(row.name), found) for row in found.rows]
    if found.count:
        one = found.count
        share = one.one / one.coloured if one.coloured else NONE
        rows.append(Question("count", SHARE, share, one.p, one.q, (one.zero, one.one), filters=one.counts))
    if found.information:
        rows.append(
            Question("information", BITS, found.information.bits, found.information.p, found.information.q)
        )
    rows.append(Question("joint", ACCURACY, found.joint.result.accuracy, found.joint.result.p, found.joint.q))
    rows.append(Question("pairs", TOGETHER, found.pairs.together, found.pairs.p))
    rows += [
        Question("evenness", RAYLEIGH, NONE, one.p, values=_at(half, one.z))
        for half, one in enumerate(found.evenness)
    ]
    rows += [
        Question("clustering", CLUSTERED, NONE, one.p, values=_at(half, one.strength))
        for half, one in enumerate(found.clustering or ())
    ]
    if found.wiring:
        rows.append(Question("wiring", OWN_SHARE, found.wiring.block_index, found.wiring.p))
    rows += [
        Question(f"factor {place}", CORRELATION, factor.correlation, factor.p)
        for place, factor in enumerate(found.factors)
    ]
    return rows


def _of_measure(row: Row, before: Row | None, found: Specialisation) -> Question:
    one, circular = row.difference, row.difference.auc != row.difference.auc
    return Question(
        row.name,
        DISTANCE if circular else AUC,
        _effect(row),
        one.p,
        row.q,
        one.means,
        one.counts,
        (one.low, one.high),
        _effect(before) if before else NONE,
        found.surrogate.get(row.name, (NONE, NONE)),
    )


def _effect(row: Row) -> float:
    one = row.difference
    return one.statistic if one.auc != one.auc else one.auc


def _at(half: int, value: float) -> tuple[float, float]:
    return (value, NONE) if half == 0 else (NONE, value)


def table(found: Specialisation) -> Table:
    """All numbers of the battery."""
    headings = ("question", "effect is", "effect", "low", "high", "p", "q", "value 0", "value 1")
    more = ("filters 0", "filters 1", "effect before training", "shuffled 0", "shuffled 1")
    rows: list[tuple[Cell, ...]] = [
        _known(
            *(one.key, one.kind, one.effect, *one.interval, one.p, one.q, *one.values),
            *(one.filters or (None, None)),
            *(one.before, *one.shuffled),
        )
        for one in questions(found)
    ]
    return Table((*headings, *more), rows)


def _known(*cells: Cell) -> tuple[Cell, ...]:
    return tuple(None if cell != cell else cell for cell in cells)


def headings(found: Specialisation) -> tuple[str, ...]:
    """Headings of `words`."""
    zero, one = half_names(found.halves, found.columns)
    return (
        tr("Question"),
        tr("Mean, {0}").format(zero),
        tr("Mean, {0}").format(one),
        tr("Effect"),
        tr("95 % interval"),
        tr("p"),
        tr("q"),
        tr("Before training"),
    )


def words(found: Specialisation) -> list[tuple[str, ...]]:
    """The rows for the screen, in the order of `questions`."""
    return [
        (
            question_name(one.key),
            *(_number(value, 0 if one.key == "count" else 3) for value in one.values),
            _effect_words(one, one.effect),
            _interval(*one.interval),
            p_words(one.p),
            p_words(one.q),
            _effect_words(one, one.before),
        )
        for one in questions(found)
    ]


def _number(value: float, digits: int) -> str:
    return "" if value != value else decimal(value, digits)


def _interval(low: float, high: float) -> str:
    return "" if low != low else tr("{0} to {1}").format(decimal(low, 2), decimal(high, 2))


def _effect_words(one: Question, effect: float) -> str:
    if effect != effect:
        return ""
    kinds = {
        AUC: tr("AUC {0}"),
        DISTANCE: tr("{0} apart"),
        BITS: tr("{0} bits"),
        ACCURACY: tr("{0} right"),
        CORRELATION: tr("correlation {0}"),
        SHARE: tr("share {0}"),
        OWN_SHARE: tr("own share {0} over ½"),
    }
    if one.kind == TOGETHER:
        return tr("pairs: {0}").format(count(effect))
    return kinds.get(one.kind, "{0}").format(decimal(round(effect, 2) + 0.0, 2))
