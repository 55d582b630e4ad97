"""The functions applied to a layer's output (original: `neuron`), by name and parameters."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

ACTIVATIONS = {  # name -> its parameters' names
    "ident": (),
    "logistic": (),
    "abs": (),
    "relu": (),
    "nrelu": (),
    "softrelu": (),
    "square": (),
    "sqrt": (),
    "tanh": ("a", "b"),
    "brelu": ("a",),
    "linear": ("a", "b"),
    "drelu": ("a",),
    "log": ("a",),
}


@dataclass(frozen=True)
class Activation:
    """The function applied to a layer's output; the original split it off as a layer of type neuron.

    logistic: 1/(1+e^-x) · abs: |x| · relu: max(0, x) · nrelu: relu(r + r·n) with r = relu(x) and n drawn from
    the standard normal distribution in every pass · softrelu: log(1+e^x), x beyond 4 · square: x² · sqrt: √x
    tanh[a,b]: a·tanh(b·x) · brelu[a]: min(a, max(0, x)) · linear[a,b]: a·x + b · drelu[a]: x - a·tanh(x/a)
    log[a]: log(a + x)
    """

    name: str
    parameters: tuple[float, ...] = ()

    def __str__(self) -> str:
        numbers = ",".join(f"{value:.12g}" for value in self.parameters)
        return f"{self.name}[{numbers}]" if numbers else self.name


def parse_activation(text: str) -> Activation | None:
    """The activation of a value of the key `neuron`; ident and nothing are None. Raises ValueError otherwise,
    with what was expected."""
    match = re.fullmatch(r"(\w*)\s*(?:\[([^\]]*)\])?", text)
    name, arguments = (match[1] or "ident", match[2]) if match else ("?", None)
    if name not in ACTIVATIONS:
        raise ValueError(f"one of {', '.join(_spelled(known) for known in ACTIVATIONS)}")
    count = len(ACTIVATIONS[name])
    parameters = _numbers(arguments) if arguments is not None else ()
    if parameters is None or len(parameters) != count or (count == 0 and arguments is not None):
        numbers = {0: "", 1: " with a number", 2: " with two numbers"}[count]
        raise ValueError(f"{_spelled(name)}{numbers}")
    if name == "drelu" and parameters[0] == 0 or name == "tanh" and parameters[0] == 0:
        raise ValueError(f"{_spelled(name)} with an a that is not 0")  # x/a, and the derivative divides by it
    return None if name == "ident" else Activation(name, parameters)


def _spelled(name: str) -> str:
    return f"{name}[{','.join(ACTIVATIONS[name])}]" if ACTIVATIONS[name] else name


def _numbers(text: str) -> tuple[float, ...] | None:
    try:
        values = tuple(float(word) for word in text.split(","))
    except ValueError:
        return None
    return values if all(math.isfinite(value) for value in values) else None
