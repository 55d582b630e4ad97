"""Pull the plug: a network with a column, single filters, colour or the connections between columns off.

What is switched off keeps answering, but always the same: the mean of its answers to the probe set, where the
archive holds it (`alexnet activations`), else zero. The mean is the fairer replacement: zeros would change
what a normalisation divides its neighbours by. A connection between columns is cut by taking the other
column's numbers for zeros, which is what weights of zero would do.

The last layer with weights gathers the votes of the columns, wherever the original computed it: it stays
connected to all of them, and it belongs to no column that could be switched off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reproduction.definition.layers import Cost, Data, Layer
from reproduction.definition.network import Network
from reproduction.errors import UserError
from reproduction.model.archived import ArchivedModel
from reproduction.model.network_module import NetworkModule

Means = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True)
class Lesions:
    """What is switched off: whole columns, units by layer, colour, the connections between columns."""

    columns: frozenset[int] = frozenset()
    units: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    grey: bool = False
    cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.columns or any(self.units.values()) or self.grey or self.cut)


WHOLE = Lesions()


def read_lesions(asked: Any, network: Network) -> Lesions:
    """The lesions of a question ({"columns", "units", "grey", "cut"}); UserError for what is not there."""
    if not asked:
        return WHOLE
    if not isinstance(asked, Mapping) or set(asked) - {"columns", "units", "grey", "cut"}:
        raise UserError("lesions are given as columns, units, grey and cut")
    columns = frozenset(int(column) for column in asked.get("columns") or ())
    if columns and network.columns < 2:
        raise UserError(f"{network.name} has one column, which cannot be switched off")
    if not columns <= set(range(network.columns)):
        raise UserError(f"{network.name} has the columns 0 to {network.columns - 1}")
    units = {
        str(name): tuple(sorted({int(unit) for unit in numbers}))
        for name, numbers in dict(asked.get("units") or {}).items()
    }
    for name, numbers in units.items():
        if name not in network or isinstance(network[name], Cost | Data):
            raise UserError(f"{network.name} has no layer '{name}' whose units could be switched off")
        if numbers and not 0 <= numbers[0] <= numbers[-1] < network[name].output_shape[0]:
            raise UserError(f"layer '{name}' has the units 0 to {network[name].output_shape[0] - 1}")
    return Lesions(columns, units, bool(asked.get("grey")), bool(asked.get("cut")))


def gathering_layer(network: Network) -> Layer:
    """The last layer with weights before the probabilities: its numbers are the scores of the classes."""
    layer = network[network.probabilities]
    while not layer.weight_shapes and len(layer.inputs) == 1:
        layer = network[layer.inputs[0]]
    return layer


def _after_columns(network: Network) -> set[str]:
    """The layer that gathers the votes, and all that read it."""
    names = {gathering_layer(network).name}
    for layer in network.layers:
        if names.intersection(layer.inputs):
            names.add(layer.name)
    return names


def column_layers(network: Network, column: int) -> list[str]:
    """Layers that fall silent with `column`, in file order."""
    after = _after_columns(network)
    return [
        layer.name
        for layer in network.layers
        if layer.column == column and layer.name not in after and not isinstance(layer, Cost | Data)
    ]


def crossings(network: Network) -> list[tuple[str, int]]:
    """Layers with weights that read another column, and the number of the input that comes from there."""
    after = _after_columns(network)
    return [
        (layer.name, index)
        for layer in network.layers
        if layer.weight_shapes and layer.name not in after and layer.column is not None
        for index, name in enumerate(layer.inputs)
        if network[name].column not in (None, layer.column)
    ]


def greyed(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (N, C, H, W) without colour: every channel the mean of all, the axis that measures call grey."""
    mean = np.rint(pictures.mean(axis=1, keepdims=True)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(mean, pictures.shape))


@contextmanager
def applied(module: NetworkModule, lesions: Lesions, means: Means) -> Iterator[None]:
    """While entered, `module` computes with the lesions (all but `grey`, which is the picture's matter).

    `means` (units,) by layer name replace what is switched off; a layer without is replaced by zeros. The
    module must compute every layer (`everything`): none of a chain that is computed at once is replaced.
    """
    off: dict[str, slice | list[int]] = {name: list(numbers) for name, numbers in lesions.units.items()}
    for column in lesions.columns:
        off |= dict.fromkeys(column_layers(module.network, column), slice(None))
    with ExitStack() as stack:
        for name, units in off.items():
            hook = partial(_silenced, units=units, means=means.get(name))
            stack.callback(module[name].register_forward_hook(hook, with_kwargs=True).remove)
        for name, index in crossings(module.network) if lesions.cut else ():
            before = partial(_cut, index=index)
            stack.callback(module[name].register_forward_pre_hook(before).remove)
        yield


def _silenced(
    module: nn.Module,
    inputs: Any,
    given: Any,
    answers: Tensor,
    *,
    units: slice | list[int],
    means: NDArray[np.floating] | None,
) -> Tensor:
    """`answers` (N, units, ...) with those of `units` replaced."""
    replaced = answers.clone()
    values = torch.zeros(answers.shape[1]) if means is None else torch.from_numpy(means.astype(np.float32))
    values = values.to(answers).view(1, -1, *[1] * (answers.dim() - 2))
    replaced[:, units] = values[:, units].expand_as(replaced[:, units])
    return replaced


def _cut(module: nn.Module, inputs: tuple[Tensor, ...], *, index: int) -> tuple[Tensor, ...]:
    """`inputs` with number `index` silent."""
    return tuple(torch.zeros_like(x) if number == index else x for number, x in enumerate(inputs))


def probabilities(
    model: ArchivedModel,
    pictures: NDArray[np.uint8],
    views: int,
    lesions: Lesions,
    means: Means,
    only: int | None = None,
) -> NDArray[np.float32]:
    """Class probabilities (N, K) of uint8 (N, C, S, S) with `lesions`, averaged over `views`, or of one of
    them `only`."""
    if not lesions:
        return model.probabilities(pictures, views, only=only)
    seen = greyed(pictures) if lesions.grey else pictures
    with applied(model.module, lesions, means):
        return model.probabilities(seen, views, everything=True, only=only)


def done(lesions: Lesions, network: Network, means: Means) -> dict[str, Any]:
    """What `lesions` do to `network`, for whoever asked: plain JSON.

    `replaced_by`: "mean", "zero", "both" of them, or "" where no unit is silenced; `silenced`: the layers of
    the columns that are off; `cut`: the connections, each [layer, number of its input].
    """
    silenced = [name for column in sorted(lesions.columns) for name in column_layers(network, column)]
    names = {*silenced, *(name for name, numbers in lesions.units.items() if numbers)}
    kinds = {"mean" if name in means else "zero" for name in names}
    return {
        "replaced_by": "both" if len(kinds) > 1 else next(iter(kinds), ""),
        "silenced": silenced,
        "cut": [list(crossing) for crossing in crossings(network)] if lesions.cut else [],
    }
