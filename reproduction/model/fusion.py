"""Which layers of a network are computed at once, when nobody wants to see what lies between them.

A run is a layer with weights and the small layers after it, or small layers alone: relu, normalisation,
pooling, dropout. Each is read by the next alone, so the whole run is one chain of stages (`kernels.chain`)
and its intermediate values never exist as tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reproduction.definition.layers import Layer
from reproduction.definition.network import Network
from reproduction.kernels.chain import chain
from reproduction.kernels.stages import Kind, Stage, output_shape
from reproduction.model.layer_module import LayerModule, Pass


@dataclass(frozen=True)
class Run:
    """`layers`, of which the first may have weights, and the stages of what is done after its sums."""

    layers: tuple[Layer, ...]
    first: LayerModule
    stages: tuple[Stage, ...]

    @property
    def tail(self) -> Layer:
        """The layer whose activation the run gives."""
        return self.layers[-1]

    def __call__(self, *inputs: Tensor, given: Pass) -> Tensor:
        """The activation of the tail from the inputs of the first layer."""
        values = self.first.compute(*inputs, given=given) if self.first.has_weights else inputs[0]
        uniform = None
        if self.stages[-1].kind is Kind.DROPOUT:
            drawn = output_shape(values.shape, self.stages)
            uniform = torch.rand(drawn, generator=given.draws_for(self.tail), device=values.device)
        return chain(values, self.stages, uniform=uniform)


def runs(network: Network, modules: Mapping[str, LayerModule]) -> dict[str, Run]:
    """The runs of a network as its modules are set now, by the name of the tail."""
    found: dict[str, Run] = {}
    taken: set[str] = set()
    for layer in network.layers:
        if layer.name in modules and layer.name not in taken:
            run = _from(layer, network, modules)
            if len(run.stages) > 1:
                found[run.tail.name] = run
                taken |= {member.name for member in run.layers}
    return found


def _from(layer: Layer, network: Network, modules: Mapping[str, LayerModule]) -> Run:
    """The longest run that begins with `layer`; without stages where it begins none."""
    first = modules[layer.name]
    layers, stages = [layer], first.stages()
    if stages is None:
        return Run((layer,), first, ())
    for following in _followers(layer, network):
        more = modules[following.name].stages() if following.name in modules else None
        ended = bool(stages) and stages[-1].kind is Kind.DROPOUT
        if more is None or modules[following.name].has_weights or ended:
            break
        layers.append(following)
        stages = [*stages, *more]
    return Run(tuple(layers), first, tuple(stages))


def _followers(layer: Layer, network: Network) -> Iterator[Layer]:
    """The layer that alone reads `layer` and reads nothing else, the one that alone reads that, and so on."""
    while True:
        readers = [other for other in network.layers if layer.name in other.inputs]
        if len(readers) != 1 or readers[0].inputs != (layer.name,):
            return
        (reader,) = readers
        if reader.input_shapes != (layer.output_shape,):
            return
        yield reader
        layer = reader
