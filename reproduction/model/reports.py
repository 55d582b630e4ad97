"""What the costs of a network say of a minibatch beside the main cost's three numbers, in sums over images.

Original: the numbers that cost.bce and cost.dce printed, costs with coefficient 0, which only report, and
2014's `children`, costs whose numbers are added to those of their parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reproduction.definition.layers import BinaryCrossEntropy, Cost
from reproduction.definition.parameters import CostParameters
from reproduction.model.costs import measured_sums, reported_top_k
from reproduction.model.losses import Judged, judges_classes, log_answers, losses

Report = dict[str, float]  # what is reported -> sum over the images


def report(cost: Cost, settings: CostParameters, judged: Judged) -> Report:
    """The numbers of one cost: its value, errors where it judges classes, and what its type adds."""
    found = {"value": losses(cost, settings, judged).double().sum().item()}
    if judges_classes(cost):
        logs = log_answers(cost, settings, judged)
        k = reported_top_k(settings.top_k, logs.shape[1])
        sums = measured_sums(cost, settings, logs, judged.labels, k)
        found |= {"top-1 error": sums.top1, f"top-{k} error": sums.topk}
    if isinstance(cost, BinaryCrossEntropy):
        found |= _declarations(cost, judged)
    return found


def _declarations(cost: BinaryCrossEntropy, judged: Judged) -> Report:
    """What an answer above one half declares to be there, against what is there (2014)."""
    declared, there = judged.answers.flatten(1) > 0.5, judged.given > 0.5
    if cost.kind == "cost.bce":
        return {"wrong outputs": (declared != there).double().mean(dim=1).sum().item()}
    if cost.kind == "cost.dce":
        counted = {"declared": declared, "there": there, "right": declared & there}
        return {name: float(places.sum().item()) for name, places in counted.items()}
    return {}


def with_children(costs: Iterable[Cost], reports: Mapping[str, Report]) -> dict[str, Report]:
    """Every report with those of its cost's children added; children come before their parents."""
    found: dict[str, Report] = {}
    for cost in costs:
        found[cost.name] = dict(reports[cost.name])
        for child in cost.children:
            found[cost.name] = added(found[cost.name], found[child])
    return found


def added(first: Mapping[str, float], second: Mapping[str, float], share: float = 1.0) -> Report:
    """`first` and a `share` of `second`, number by number."""
    return {name: first.get(name, 0.0) + share * second.get(name, 0.0) for name in {**first, **second}}
