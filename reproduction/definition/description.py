"""The resolved network as JSON: what every archive stores, and all that the museum needs to draw it."""

from __future__ import annotations

from typing import Any

from reproduction.definition.layers import (
    Convolution,
    CrossEntropy,
    Data,
    Dropout,
    Layer,
    Pool,
    ResponseNorm,
    WeightedLayer,
    WindowedLayer,
)
from reproduction.definition.network import Network
from reproduction.definition.parameters import Parameters


def describe(name: str, network: Network, parameters: Parameters) -> dict[str, Any]:
    """Network totals and one entry per layer, in the words of the definition language; plain JSON."""
    return {
        "name": name,
        "dialect": network.dialect.name,
        "columns": network.columns,
        "image_shape": list(network.image_shape),
        "classes": network.classes,
        "parameters": network.parameter_count,
        "multiply_adds": network.multiply_adds,
        "by_column": [_column_totals(network, column) for column in range(network.columns)],
        "first_layers": list(network.first_layers),
        "probabilities": network.probabilities,
        "cost": network.cost.name,
        "layers": [_describe_layer(layer, parameters) for layer in network.layers],
    }


def _column_totals(network: Network, column: int) -> dict[str, int]:
    layers = network.on_column(column)
    return {
        "parameters": sum(layer.parameter_count for layer in layers),
        "multiply_adds": sum(layer.multiply_adds for layer in layers),
    }


def _describe_layer(layer: Layer, parameters: Parameters) -> dict[str, Any]:
    common = {
        "name": layer.name,
        "type": layer.type,
        "inputs": list(layer.inputs),
        "column": layer.column,
        "activation": None if layer.activation is None else str(layer.activation),
        "output_shape": list(layer.output_shape),
        "parameters": layer.parameter_count,
        "multiply_adds": layer.multiply_adds,
    }
    return {**common, **_weights(layer, parameters), **_details(layer), **_numbers(layer, parameters)}


def _weights(layer: Layer, parameters: Parameters) -> dict[str, Any]:
    if not isinstance(layer, WeightedLayer):
        return {}
    names = [name for name in layer.array_shapes if not name.endswith("/biases")]
    described: dict[str, Any] = {
        "weights": {name: list(layer.array_shapes[name]) for name in names},
        "biases": list(layer.bias_shape or ()),
        "weight_std": list(layer.weight_std),
        "bias_value": layer.bias_value,
    }
    rules = [parameters.rules[name] for name in names if name in parameters.rules]
    biases = parameters.rules.get(f"{layer.name}/biases")
    if biases is not None:
        described["rate"] = [rule.rate for rule in rules]
        described["momentum"] = [rule.momentum for rule in rules]
        described["decay"] = [rule.decay for rule in rules]
        described["bias_rate"] = biases.rate
        described["bias_momentum"] = biases.momentum
    return described


def _details(layer: Layer) -> dict[str, Any]:
    """What the definition file says of each type."""
    if isinstance(layer, WindowedLayer):
        windows: dict[str, Any] = {
            "kernel_size": list(layer.kernel_size),
            "stride": list(layer.stride),
            "padding": list(layer.padding),
            "groups": list(layer.groups),
        }
        shared = {"shared_biases": layer.shared_biases} if isinstance(layer, Convolution) else {}
        return {**windows, **shared}
    if isinstance(layer, Pool):
        return {"pool": layer.kind, "size": layer.size, "stride": layer.stride, "start": layer.start}
    if isinstance(layer, ResponseNorm):
        return {"size": layer.size, "blocked": layer.blocked}
    if isinstance(layer, Dropout):
        return {"keep": layer.keep}
    if isinstance(layer, Data):
        return {"data_index": layer.data_index}
    return {}


def _numbers(layer: Layer, parameters: Parameters) -> dict[str, Any]:
    """What the parameter file says of norms, costs and dropout."""
    if isinstance(layer, ResponseNorm) and layer.name in parameters.norms:
        norm = parameters.norms[layer.name]
        return {"alpha": norm.alpha, "power": norm.power, "constant": norm.constant}
    if isinstance(layer, CrossEntropy) and layer.name in parameters.costs:
        cost = parameters.costs[layer.name]
        return {"coefficient": cost.coefficient, "top_k": cost.top_k}
    if isinstance(layer, Dropout) and layer.name in parameters.dropout:
        return {"enabled": parameters.dropout[layer.name]}
    return {}
