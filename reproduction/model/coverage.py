"""What the definition language can say and the model cannot compute yet: refused before anything is built."""

from __future__ import annotations

from reproduction.definition.layers import (
    ContrastNorm,
    Convolution,
    Cost,
    Data,
    Dropout,
    FullyConnected,
    Layer,
    LocallyConnected,
    MapPool,
    Neuron,
    Pool,
    ResponseNorm,
    Softmax,
    SplitFullyConnected,
    TreeFullyConnected,
)
from reproduction.definition.network import Network
from reproduction.definition.parameters import Parameters
from reproduction.errors import DefinitionError

COMPUTED = (
    ContrastNorm,
    Convolution,
    Cost,
    Data,
    Dropout,
    FullyConnected,
    LocallyConnected,
    MapPool,
    Neuron,
    Pool,
    ResponseNorm,
    Softmax,
    SplitFullyConnected,
    TreeFullyConnected,
)


def require_computable(network: Network, parameters: Parameters) -> None:
    """Raises DefinitionError for the first layer that has a definition but no computation."""
    for layer in network.layers:
        if missing := _missing(layer) or _missing_numbers(layer, parameters):
            raise DefinitionError(
                f"{network.name}: layer '{layer.name}' (line {layer.line}) can be read and shown, "
                f"but {missing} cannot be computed yet"
            )


def _missing_numbers(layer: Layer, parameters: Parameters) -> str:
    """What of a layer's section in the parameter file has no computation, or nothing."""
    rules = [parameters.rules[name] for name in layer.array_shapes if name in parameters.rules]
    return "superEps" if any(rule.super_epsilon for rule in rules) else ""


def _missing(layer: Layer) -> str:
    """What of a layer has no computation, or nothing."""
    if not isinstance(layer, COMPUTED):
        return f"the type {layer.type}"
    return ""
