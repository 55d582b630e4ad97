"""What the battery of tests found about two halves of a network, in sentences of the numbers alone."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

from app.archive_words import count, decimal
from app.dealing import Dealing
from app.measure_words import measure_name
from app.theme import column_name
from reproduction.analysis.comparison import DRAWS, Difference
from reproduction.analysis.findings import Halves, Row, Specialisation, Verdict
from reproduction.analysis.specialisation import SURE

RAREST = 1e-6  # what is rarer is said to be "less than once in a million deals" and no more
UNUSUAL = 0.1  # p above which a difference is nothing that needs to be counted in deals


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("halves", text)


def half_names(halves: Halves, columns: tuple[int, int] = (0, 1)) -> tuple[str, str]:
    """How the two halves are called in sentences."""
    if halves is Halves.ARBITRARY:
        return tr("the first half"), tr("the second half")
    return column_name(columns[0]), column_name(columns[1])


def team_names() -> tuple[str, str]:
    """How two random teams are called."""
    return tr("random team A"), tr("random team B")


def of_hundred(share: float) -> int:
    """A probability as cases out of a hundred; only what is certain is 100."""
    return round(100 * share) if share == 1 else min(99, round(100 * share))


def verdict_sentence(found: Specialisation) -> str:
    """The one sentence for somebody who came half a minute ago; at most 25 words."""
    verdict, questions = found.judgement.verdict, count(found.judgement.questions)
    strongest = question_name(found.judgement.strongest)
    if verdict is Verdict.CANNOT_TELL:
        return tr("There are too few filters to tell whether the halves of this network differ.")
    if found.halves is Halves.ARBITRARY:
        return _control_sentence(verdict).format(questions, strongest)
    if verdict is Verdict.DO_NOT_DIFFER:
        sentence = tr(
            "In this archive the two halves do not differ: none of {0} questions tells them from"
            " random teams."
        )
        return sentence.format(questions)
    if verdict is Verdict.PERHAPS:
        sentence = tr(
            "The two halves may differ in one thing, {0}; asked {1} questions, chance could do that."
        )
        return sentence.format(strongest, questions)
    return _difference_sentence(found)


def _control_sentence(verdict: Verdict) -> str:
    if verdict is Verdict.DO_NOT_DIFFER:
        return tr(
            "This network has one column, halved arbitrarily; as they should, the halves do not differ"
            " in any of {0} questions."
        )
    return tr(
        "This network has one column; even so, its arbitrary halves seem to differ, most of all in: {1}."
    )


def _difference_sentence(found: Specialisation) -> str:
    names = half_names(found.halves, found.columns)
    coloured = found.count
    if coloured is not None and coloured.q <= SURE:
        most = int(coloured.one > coloured.zero)
        numbers = count(coloured.coloured), count(max(coloured.zero, coloured.one)), names[most]
        if coloured.p <= RAREST:
            sentence = tr(
                "Of {0} colourful filters, {1} sit on {2}; random teams are so lopsided"
                " less than once in a million deals."
            )
            return sentence.format(*numbers)
        sentence = tr(
            "Of {0} colourful filters, {1} sit on {2}; random teams are so lopsided about once in {3} deals."
        )
        return sentence.format(*numbers, once_in(coloured.p))
    row = found.row(found.judgement.strongest)
    if row is not None:
        return difference_sentence(row.name, row.difference, names)
    if found.judgement.strongest == "joint":
        result = found.joint.result
        sentence = tr(
            "From all its measures, a filter's half is guessed right {0} times in 100; chance gives {1}."
        )
        return sentence.format(of_hundred(result.accuracy), of_hundred(result.chance))
    bits = found.information.bits if found.information else 0.0
    sentence = tr("The half that a filter sits on says {0} bits about its colour, more than random teams do.")
    return sentence.format(decimal(bits, 2))


def difference_sentence(name: str, difference: Difference, names: tuple[str, str]) -> str:
    """How far apart two groups are in one measure, as a game that anybody can play."""
    if difference.statistic != difference.statistic:
        return tr("Too few filters have a value of this measure ({0}).").format(measure_name(name))
    if difference.auc != difference.auc:
        sentence = tr("Of this measure ({0}), the mean directions are {1}° in {2} and {3}° in {4}.")
        zero, one = (decimal(mean, 0) for mean in difference.means)
        return sentence.format(measure_name(name), zero, names[0], one, names[1])
    cases, winner = of_hundred(difference.separation), names[int(difference.auc >= 0.5)]
    return game(name).format(cases, winner, measure_name(name))


def game(name: str) -> str:
    """The sentence with places for cases of a hundred, the group that wins, and the measure's name."""
    games = {
        "colour": tr("Take a filter from each side: in {0} of 100 cases the more colourful one is from {1}."),
        "mean_frequency": tr("Take a filter from each side: in {0} of 100 cases the finer one is from {1}."),
        "norm": tr("Take a filter from each side: in {0} of 100 cases the stronger one is from {1}."),
        "orientation_amplitude": tr(
            "Take a filter from each side: in {0} of 100 cases the more clearly oriented one is from {1}."
        ),
        "even_share": tr("Take a filter from each side: in {0} of 100 cases the more even one is from {1}."),
    }
    usual = tr(
        "Take a filter from each side: in {0} of 100 cases the one with more of this ({2}) is from {1}."
    )
    return games.get(name, usual)


def rarity_sentence(p: float, draws: int = DRAWS) -> str:
    """How surprising a difference is; `draws` deals were made to find out, 0 for a p that is exact."""
    if p != p:
        return tr("Whether that is unusual cannot be told.")
    if draws and p * (draws + 1) < 1.5:
        return tr("None of {0} random deals set the teams so far apart.").format(count(draws))
    if p <= RAREST:
        return tr("Random teams are so far apart less than once in a million deals.")
    if p <= UNUSUAL:
        return tr("Random teams are so far apart about once in {0} deals.").format(once_in(p))
    return tr("That is nothing unusual: {0} of 100 random teams are as far apart.").format(of_hundred(p))


def once_in(p: float) -> str:
    """1 / p to two digits, never more than p can bear out."""
    tries = 1 / max(p, RAREST)
    step = 10 ** max(0, math.floor(math.log10(tries)) - 1)
    return count(round(tries / step) * step)


def p_words(p: float) -> str:
    """A p or q value for a table."""
    if p != p:
        return ""
    return tr("< {0}").format(decimal(RAREST, 6)) if p < RAREST else decimal(p, 4 if p >= 0.0001 else 6)


def question_name(key: str) -> str:
    """What a question of the battery is about."""
    others = {
        "count": tr("number of colourful filters"),
        "information": tr("what a half says about colour"),
        "joint": tr("all measures together"),
        "wiring": tr("wiring of the layer where columns meet"),
        "pairs": tr("pairs of opposite filters in one half"),
        "evenness": tr("directions spread evenly"),
        "clustering": tr("bars and edges prevail"),
        "factor 0": tr("wiring beside colour"),
        "factor 1": tr("wiring beside fineness"),
    }
    return others.get(key) or measure_name(key)


def deal_sentence(dealing: Dealing) -> str:
    """What the shuffle button has shown so far: the newest deal beside the true halves, and all deals."""
    made, apart, true = count(len(dealing.deals)), dealing.deals[-1], dealing.true
    if dealing.circular:
        first = tr("Random deal {0}: the mean directions are {1} apart; those of the true halves {2}.")
        first = first.format(made, decimal(apart, 2), decimal(true, 2))
    else:
        first = tr("Random deal {0}: one team wins in {1} of 100 cases; of the true halves one in {2}.")
        first = first.format(made, of_hundred(apart), of_hundred(true))
    second = tr("So far, {0} of {1} set the teams as far apart as the true halves.")
    return " ".join([first, second.format(count(dealing.as_far), made)])


def half_title(name: str, filters: int) -> str:
    """Above the filters of a half or a team."""
    return tr("{0} · {1} filters").format(name[:1].upper() + name[1:], count(filters))


def note_sentence(halves: Halves, moment: str) -> str:
    """What is compared, where that needs to be said, and when; `moment` is "" for now."""
    said = []
    if halves is Halves.ARBITRARY:
        said.append(tr("The first half of the filters is compared with the second: a control."))
    if moment:
        said.append(
            tr("The filters are shown as they were then ({0}); the sentence is about now.").format(moment)
        )
    return " ".join(said)


def measure_sentences(name: str, dealing: Dealing, names: tuple[str, str], row: Row | None) -> str:
    """How far apart the true halves are in one measure; with `row`, the test's answer, how unusual it is."""
    if row is None:
        return difference_sentence(name, dealing.compare(dealing.labels), names)
    said = [difference_sentence(name, row.difference, names), rarity_sentence(row.difference.p)]
    if row.difference.low == row.difference.low:
        low, high = sorted((row.difference.low, row.difference.high), reverse=row.difference.auc < 0.5)
        ends = (low, high) if row.difference.auc >= 0.5 else (1 - low, 1 - high)
        interval = tr("With other filters of the same kind it would be {0} to {1} of 100 (95 % interval).")
        said.insert(1, interval.format(*(of_hundred(end) for end in ends)))
    return " ".join(said)


def tests_sentence(found: Specialisation, fitted: int | None) -> str:
    """How to read the table of tests, and how far the fits have come."""
    if fitted is not None:
        filters = count(len(found.labels))
        return tr("Fitting Gabor functions: {0} of {1} filters …").format(count(fitted), filters)
    sentence = tr(
        "{0} questions are corrected for being many: q is the share of false alarms to expect among all that"
        " are at least so clear. Halves are said to differ from q {1} down."
    )
    return sentence.format(count(found.judgement.questions), decimal(SURE, 2))
