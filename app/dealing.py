"""Random teams: the same filters dealt anew, and how far apart the teams are in one measure."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reproduction.analysis.comparison import Difference, Labels, compare, deal_teams
from reproduction.analysis.patterns import Values


def apart(difference: Difference) -> float:
    """How far apart two groups are: max(AUC, 1 - AUC), 0.5 to 1; for angles the distance, 0 to 2."""
    circular = difference.auc != difference.auc
    return difference.statistic if circular else difference.separation


@dataclass
class Dealing:
    """Deals in one measure. Arrays (F,) run over the filters; labels are -1 for filters in no team."""

    values: Values
    labels: Labels
    circular: bool
    teams: Labels | None = None
    """The newest deal; None before the first, and after `undeal`."""
    deals: list[float] = field(default_factory=list)
    """How far apart the teams were in each deal."""

    def compare(self, labels: Labels) -> Difference:
        """Effect sizes between the groups of `labels`, in an instant: no interval, no p."""
        chosen = labels >= 0
        return compare(self.values[chosen], labels[chosen], circular=self.circular, draws=0)

    @property
    def true(self) -> float:
        """How far apart the true halves are."""
        return apart(self.compare(self.labels))

    @property
    def as_far(self) -> int:
        """Deals that set the teams as far apart as the true halves are."""
        return int((np.array(self.deals) >= self.true * (1 - 1e-9)).sum()) if self.deals else 0

    def deal(self) -> None:
        """Deals once more; the same deals in the same order whenever it is begun anew."""
        teams = self.labels.copy()
        teams[self.labels >= 0] = deal_teams(self.labels[self.labels >= 0], len(self.deals))
        self.teams = teams
        self.deals.append(apart(self.compare(teams)))

    def undeal(self) -> None:
        """Back to the true halves; what was dealt stays counted."""
        self.teams = None
