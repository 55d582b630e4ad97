"""The costs: what is minimised, each times its coefficient. Their output has no shape.

Values are sums over images; t are labels given as one number for each class, y what the network says.
"""

from __future__ import annotations

from dataclasses import dataclass

from reproduction.definition.layers.base import Layer


@dataclass(frozen=True, kw_only=True)
class Cost(Layer):
    """What all costs have. `children` are costs whose values are printed with this one's (2014)."""

    children: tuple[str, ...] = ()

    @property
    def answers(self) -> str:
        """The layer that the cost judges: the last input."""
        return self.inputs[-1]


@dataclass(frozen=True, kw_only=True)
class LabelledCost(Cost):
    """A cost with two inputs, the labels (or gates) first."""

    @property
    def labels(self) -> str:
        return self.inputs[0]


@dataclass(frozen=True, kw_only=True)
class CrossEntropy(LabelledCost):
    """-log of the probability of the label (cost.logreg); inputs are (labels, softmax)."""

    word = "cost.logreg"

    @property
    def probabilities(self) -> str:
        return self.inputs[1]


@dataclass(frozen=True, kw_only=True)
class ClassCrossEntropy(LabelledCost):
    """-sum of t·log p over the classes (cost.crossent); inputs are (t, softmax)."""

    word = "cost.crossent"


@dataclass(frozen=True, kw_only=True)
class BinaryCrossEntropy(LabelledCost):
    """-sum of t·log y + (1-t)·log(1-y), each class for itself; inputs are (t, mostly a logistic layer).

    cost.crossent2 (2012) and cost.bce (2014) are the same, cost.dce (2014) also counts declared, true and
    right positives. `CostParameters.positive_weight` weighs the first term.
    """

    kind: str  # "cost.crossent2", "cost.bce" or "cost.dce"

    @property
    def type(self) -> str:
        return self.kind


@dataclass(frozen=True, kw_only=True)
class MultiSoftmax(LabelledCost):
    """-log of the probability that the label is in a set of `CostParameters.set_size` classes (cost.msm);
    a set has probability in proportion to exp(sum of its energies). Inputs are (labels, energies)."""

    word = "cost.msm"


@dataclass(frozen=True, kw_only=True)
class SumOfSquares(Cost):
    """Sum of x² (cost.sum2)."""

    word = "cost.sum2"


@dataclass(frozen=True, kw_only=True)
class GatedSumOfSquares(LabelledCost):
    """Sum of gate·x², the gate being one number an image (cost.gsum2); inputs are (gate, x)."""

    word = "cost.gsum2"


@dataclass(frozen=True, kw_only=True)
class RobustSquares(LabelledCost):
    """Sum of log(1 + (y-t)²) (cost.rflickr); inputs are (t, y)."""

    word = "cost.rflickr"


@dataclass(frozen=True, kw_only=True)
class TopographicCost(Cost):
    """Sum over pixels of 1/(0.001 + root of the sum of x² over the `size` x `size` window) (cost.tica)."""

    word = "cost.tica"
    size: int
