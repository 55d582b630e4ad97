"""When a network should say that it has no good word for a picture: a threshold on its largest probability.

The rule is calibrated on pictures that it was not trained on. The threshold is taken from one half of them,
as low as it may be so that the pictures above it are named rightly at the rate asked for; the figures that go
with it are counted on the other half, so that they promise nothing that was fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

RIGHT_RATE = 0.9
FEWEST = 20
"""Pictures above the threshold, in the half it is taken from; a rate over fewer says little."""


def calibrated(
    probabilities: NDArray[np.floating], right: NDArray[np.bool_], target: float = RIGHT_RATE
) -> dict[str, Any]:
    """The rule and its figures, as an archive keeps them, from N pictures' largest probabilities and whether
    the class was right; "threshold" None where no threshold gives the rate."""
    threshold = _threshold(probabilities[0::2], right[0::2], target)
    checked, hits = probabilities[1::2], right[1::2]
    accepted = checked >= threshold if threshold is not None else np.zeros(len(checked), bool)
    return {
        "rule": "probability",
        "threshold": threshold,
        "target": target,
        "calibrated_on": len(probabilities[0::2]),
        "checked_on": len(checked),
        "accepted": float(accepted.mean()) if len(checked) else None,
        "right": float(hits[accepted].mean()) if accepted.any() else None,
        "right_of_all": float(hits.mean()) if len(checked) else None,
    }


def _threshold(probabilities: NDArray[np.floating], right: NDArray[np.bool_], target: float) -> float | None:
    """The lowest probability p such that of the pictures at or above p the share `target` is right."""
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    rates = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Equal probabilities stand or fall together: only the last of them can be a threshold.
    ends = np.append(ranked[1:] < ranked[:-1], True)[: len(ranked)]
    good = np.flatnonzero((rates >= target) & ends)
    good = good[good + 1 >= FEWEST]
    return float(ranked[good[-1]]) if len(good) else None


def abstains(rule: Mapping[str, Any] | None, probability: float) -> bool | None:
    """Whether the network should not answer; None where there is no rule that could say so."""
    if not rule or rule.get("rule") != "probability" or not isinstance(rule.get("threshold"), int | float):
        return None
    return bool(probability < rule["threshold"])
