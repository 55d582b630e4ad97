"""The resolved network as JSON: what every archive stores, and all that the museum needs to draw it."""

from __future__ import annotations

from typing import Any

from reproduction.definition.layers import (
    Blur,
    ContrastNorm,
    Convolution,
    Cost,
    Crop,
    Data,
    Dropout,
    ElementwiseSum,
    Layer,
    MapPool,
    Nailbed,
    Pool,
    RandomScale,
    Resize,
    ResponseNorm,
    RunSum,
    SplitFullyConnected,
    ToLab,
    TopographicCost,
    WeightedLayer,
    WindowedLayer,
)
from reproduction.definition.network import Network
from reproduction.definition.parameters import Parameters, UpdateRule


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
    copies = {"replicas": list(layer.replicas)} if layer.replicas else {}
    return {
        **common,
        **copies,
        **_weights(layer, parameters),
        **_details(layer),
        **_numbers(layer, parameters),
    }


def _weights(layer: Layer, parameters: Parameters) -> dict[str, Any]:
    if not isinstance(layer, WeightedLayer):
        return {}
    shapes = dict(zip(layer.weight_names, layer.weight_shapes, strict=True))
    described: dict[str, Any] = {
        "weights": {name: list(shape) for name, shape in shapes.items()},
        "biases": list(layer.bias_shape or ()),
        "weight_std": list(layer.weight_std),
        "bias_value": layer.bias_value,
    }
    if any(layer.weight_copies) or layer.bias_copy:
        first = next(copy for copy in (*layer.weight_copies, layer.bias_copy) if copy)
        described["copied_from"] = {"layers": list(first.layers), "checkpoint": first.source}
    rules = [parameters.rules[name] for name in shapes if name in parameters.rules]
    biases = parameters.rules.get(f"{layer.name}/biases")
    if biases is not None:
        described["rate"] = [rule.rate for rule in rules]
        described["momentum"] = [rule.momentum for rule in rules]
        described["decay"] = [rule.decay for rule in rules]
        described["bias_rate"] = biases.rate
        described["bias_momentum"] = biases.momentum
        described.update(_unusual(rules, biases))
    return described


def _unusual(rules: list[UpdateRule], biases: UpdateRule) -> dict[str, Any]:
    """Schedules and constraints, where there are any."""
    found: dict[str, Any] = {}
    if any(rule.schedule for rule in rules):
        found["schedule"] = [str(rule.schedule or "constant") for rule in rules]
    if biases.schedule:
        found["bias_schedule"] = str(biases.schedule)
    if any(rule.ball_radius for rule in rules):
        found["ball_radius"] = [rule.ball_radius for rule in rules]
    if any(rule.norm_limits[1] for rule in rules):
        found["norm_limits"] = [list(rule.norm_limits) for rule in rules]
    return found


_DETAILS: tuple[tuple[type[Layer], tuple[str, ...]], ...] = (  # type -> its fields, as the JSON has them
    (WindowedLayer, ("kernel_size", "stride", "padding", "groups")),
    (Convolution, ("shared_biases",)),
    (SplitFullyConnected, ("parts",)),
    (Pool, ("size", "stride", "start")),
    (MapPool, ("size", "stride", "start")),
    (ResponseNorm, ("size", "blocked")),
    (ContrastNorm, ("size",)),
    (Nailbed, ("stride", "start")),
    (Blur, ("kernel_size", "stdev")),
    (Resize, ("scale",)),
    (RandomScale, ("max_scale", "scales_in_tests")),
    (Crop, ("top", "left")),
    (ToLab, ("center",)),
    (ElementwiseSum, ("coefficients",)),
    (RunSum, ("stride",)),
    (Dropout, ("keep",)),
    (TopographicCost, ("size",)),
    (Data, ("data_index",)),
)


def _details(layer: Layer) -> dict[str, Any]:
    """What the definition file says of each type."""
    found: dict[str, Any] = {}
    for kind, names in _DETAILS:
        if isinstance(layer, kind):
            values = {name: getattr(layer, name) for name in names}
            found |= {
                name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
            }
    if isinstance(layer, Pool):
        found["pool"] = layer.kind
    if isinstance(layer, WindowedLayer) and any(layer.connections):
        found["random_connections"] = [bool(random) for random in layer.connections]
    if isinstance(layer, Cost) and layer.children:
        found["children"] = list(layer.children)
    return found


def _numbers(layer: Layer, parameters: Parameters) -> dict[str, Any]:
    """What the parameter file says of norms, costs and dropout."""
    found: dict[str, Any] = {}
    if norm := parameters.norms.get(layer.name):
        found = {"alpha": norm.alpha, "power": norm.power, "constant": norm.constant}
    if cost := parameters.costs.get(layer.name):
        found = {"coefficient": cost.coefficient, "top_k": cost.top_k}
        found |= {"positive_weight": cost.positive_weight} if cost.positive_weight != 1 else {}
        found |= {"set_size": cost.set_size} if cost.set_size else {}
    if layer.name in parameters.dropout:
        found["enabled"] = parameters.dropout[layer.name]
    if layer.name in parameters.pools:
        found["takes_maximum"] = parameters.pools[layer.name]
    if layer.name in parameters.output_dropout:
        found["output_dropout"] = parameters.output_dropout[layer.name]
    return found
