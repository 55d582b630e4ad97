"""What every layer does around its own formula: dropout of its output (2011), then its activation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reproduction.definition.layers import Layer
from reproduction.definition.parameters import Parameters
from reproduction.kernels.stages import RELU, Stage
from reproduction.model.activations import apply_activation


@dataclass(frozen=True)
class Pass:
    """What one pass through a network brings beside the pictures.

    `generator` draws the random numbers, layer by layer in file order; None where nothing is drawn.
    `multi_view` says that the pictures are one view of several of a test.
    """

    generator: torch.Generator | None = None
    multi_view: bool = False

    def draws_for(self, layer: Layer) -> torch.Generator:
        """The generator, which `layer` needs. ValueError where there is none."""
        if self.generator is None:
            raise ValueError(f"layer '{layer.name}' of type {layer.type} needs a generator")
        return self.generator


PLAIN_PASS = Pass()


class LayerModule(nn.Module, ABC):
    """One layer of a network: inputs (N, *input_shape), output (N, *output_shape), activation included."""

    has_weights = False
    makes_its_output = False  # True where `compute` gives a tensor that the activation may write over

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        self.output_dropout = 0.0

    def use(self, parameters: Parameters) -> None:
        """Takes the layer's numbers of the parameter file."""
        self.output_dropout = parameters.output_dropout.get(self.layer.name, 0.0)

    def forward(self, *inputs: Tensor, given: Pass = PLAIN_PASS) -> Tensor:
        values = self.compute(*inputs, given=given)
        if self.output_dropout:
            values = self._thinned(values, given)
        return apply_activation(values, self.layer.activation, self.makes_its_output, given.generator)

    def stages(self) -> list[Stage] | None:
        """What the layer does, after its sums if it has weights, as stages of a chain; None if none can."""
        own = self.own_stages()
        activation = self.layer.activation
        if own is None or self.output_dropout or (activation and activation.name != "relu"):
            return None
        return [*own, RELU] if activation else own

    def own_stages(self) -> list[Stage] | None:
        """The layer's formula without its activation as stages; None if it is no chain."""
        return None

    @abstractmethod
    def compute(self, *inputs: Tensor, given: Pass) -> Tensor:
        """The layer's own formula, before its activation."""

    def _thinned(self, values: Tensor, given: Pass) -> Tensor:
        """2011's key dropout=d: times 1[u > d] in training, times 1 - d in a test."""
        if not self.training:
            return values * (1 - self.output_dropout)
        drawn = torch.rand(values.shape, generator=given.draws_for(self.layer), device=values.device)
        return values * (drawn > self.output_dropout)
