"""The layers that join or thin out what others made, number by number: sums, maxima, dropout, softmax."""

from __future__ import annotations

from dataclasses import dataclass

from reproduction.definition.layers.base import Layer


@dataclass(frozen=True, kw_only=True)
class ElementwiseSum(Layer):
    """Sum of coefficient_i · input_i (eltsum), in the shape of the first input.

    2014 kept the coefficients in the parameter file: see `Network.with_numbers`.
    """

    word = "eltsum"
    coefficients: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class ElementwiseMax(Layer):
    """The largest of its inputs, number by number; every input equal to it receives the gradient (eltmax)."""

    word = "eltmax"


@dataclass(frozen=True, kw_only=True)
class Concatenation(Layer):
    """Its inputs one after the other, flat or as maps of one side; `kind` "pass" (2014) only saved a copy."""

    kind: str  # "concat" or "pass"

    @property
    def type(self) -> str:
        return self.kind


@dataclass(frozen=True, kw_only=True)
class RunSum(Layer):
    """Sums of `stride` numbers that follow each other (sum of 2014, whose engine had none: our reading)."""

    word = "sum"
    stride: int


@dataclass(frozen=True, kw_only=True)
class Dropout(Layer):
    """Keeps each number with probability `keep` in training.

    hs (2012) and dropout2 (2014) multiply by `keep` at test time, dropout (2014) divides by it in training.
    """

    kind: str  # "hs", "dropout" or "dropout2"
    keep: float

    @property
    def type(self) -> str:
        return self.kind

    @property
    def scales_in_training(self) -> bool:
        """True: x·mask/keep in training, x at test. False: x·mask in training, x·keep at test or disabled."""
        return self.kind == "dropout"


@dataclass(frozen=True, kw_only=True)
class Softmax(Layer):
    """Probabilities of the classes."""

    word = "softmax"
