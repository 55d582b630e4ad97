"""A network as a torch module: one submodule per layer, activations by layer name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reproduction.definition.layers import (
    BinaryCrossEntropy,
    Cost,
    CrossEntropy,
    Data,
    LabelledCost,
    Layer,
    Softmax,
)
from reproduction.definition.network import Network
from reproduction.definition.parameters import Parameters
from reproduction.model import fusion
from reproduction.model.costs import CostSums, measured_sums
from reproduction.model.labels import delivered
from reproduction.model.layer_module import Pass
from reproduction.model.layers import as_read, build, has_module
from reproduction.model.losses import Judged, judges_classes, log_answers, losses
from reproduction.model.reports import Report, report, with_children
from reproduction.model.weighted import (
    FullyConnectedModule,
    TreeFullyConnectedModule,
    WeightedModule,
    WindowedModule,
)


class NetworkModule(nn.Module):
    """The layers of `network`, with the numbers of `parameters`; weights are zero until they are loaded.

    `training` (nn.Module's) switches dropout on; nothing else differs between training and testing. `seed` is
    the run's, from which random connections are drawn; only a network that has some needs it.
    """

    def __init__(self, network: Network, parameters: Parameters, seed: int | None = None) -> None:
        super().__init__()
        self.network = network
        # Layer names may hold dots, which torch forbids in names of submodules: a list, and a map beside it.
        computed = [layer for layer in network.layers if has_module(layer)]
        self._fused = _logistic_answers(network)
        self._by_name = {
            layer.name: build(replace(layer, activation=None) if layer.name in self._fused else layer)
            for layer in computed
        }
        self.layers = nn.ModuleList(self._by_name.values())
        for module in self.layers:
            if isinstance(module, WindowedModule):
                module.connect(seed)
        self._share()
        self.use(parameters)

    def _share(self) -> None:
        """Lets the arrays of their owners serve the inputs whose weights are shared."""
        arrays = self.arrays()
        for module in self._weighted():
            for index, name in enumerate(module.layer.weight_names):
                module.weights[index] = arrays[name]

    def _weighted(self) -> list[WeightedModule]:
        return [module for module in self._by_name.values() if isinstance(module, WeightedModule)]

    def __getitem__(self, name: str) -> nn.Module:
        """The submodule of the layer called `name`."""
        return self._by_name[name]

    def use(self, parameters: Parameters) -> None:
        """Takes the numbers that a schedule may change; arrays whose rate is 0 need no gradient."""
        self.settings = parameters
        self._known_runs: dict[bool, dict[str, fusion.Run]] = {}
        for module in self._by_name.values():
            module.use(parameters)
        for name, array in self.arrays().items():
            array.requires_grad_(parameters.rules[name].rate != 0)

    def arrays(self) -> dict[str, nn.Parameter]:
        """Weights and biases by array name, in file order: the parameters themselves, not copies."""
        return {name: array for module in self._weighted() for name, array in module.own_arrays().items()}

    def row_divisors(self) -> dict[str, Tensor]:
        """By what the update of each row of an array is divided, of the arrays where it is (class trees)."""
        trees = [module for module in self._weighted() if isinstance(module, TreeFullyConnectedModule)]
        return {name: counts for module in trees for name, counts in module.row_divisors().items()}

    def on(self, device: torch.device) -> NetworkModule:
        """Moves itself to `device`, filters in the layout of the pictures: channels next to each other."""
        self.to(device)
        for array in self.parameters():
            if array.dim() == 4:
                array.data = array.data.contiguous(memory_format=torch.channels_last)
        return self

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Copies `arrays` in; ValueError unless names and shapes are exactly those of the network."""
        own = self.arrays()
        if own.keys() != arrays.keys():
            raise ValueError(f"arrays {sorted(own.keys() ^ arrays.keys())} are on one side only")
        with torch.no_grad():
            for name, array in own.items():
                if array.shape != arrays[name].shape:
                    raise ValueError(f"{name} is {arrays[name].shape}, the network's {tuple(array.shape)}")
                array.copy_(torch.from_numpy(np.ascontiguousarray(arrays[name], np.float32)))

    def narrow(self) -> NetworkModule:
        """Keeps the weights of fully connected layers in one byte each, to look at pictures only."""
        for module in self._weighted():
            if isinstance(module, FullyConnectedModule):
                module.narrow()
        return self

    def forward(
        self,
        pictures: Tensor,
        generator: torch.Generator | None = None,
        *,
        labels: Tensor | None = None,
        multi_view: bool = False,
        everything: bool = True,
    ) -> Activations:
        """Activations by layer name for `pictures` (N, C, H, W), each after its layer's activation function.

        `generator` draws masks, noise and scales, layer by layer in file order; of all that is random, only
        noisy neurons draw outside training. `multi_view`: the pictures are one of several views in a test.
        `labels` (N,) are class numbers; without them, what depends on them is left out. Costs have no
        activation: `log_probabilities`, `measured` and `objective` are about them. Without `everything`,
        layers that nobody but the next one reads may be computed at once and left out.
        """
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        activations = Activations()
        given = Pass(generator, multi_view)
        runs = {} if everything else self._runs()
        inner = {layer.name for run in runs.values() for layer in run.layers[:-1]}
        for layer in self.network.layers:
            if isinstance(layer, Data):
                activations.put(layer.name, delivered(layer, pictures, labels))
            if layer.name not in self._by_name or layer.name in inner:
                continue
            run = runs.get(layer.name)
            reader = run.layers[0] if run else layer
            if not activations.keys() >= set(reader.inputs):
                continue
            inputs = as_read([activations[name] for name in reader.inputs], reader)
            values = (run or self._by_name[layer.name])(*inputs, given=given)
            if layer.name in self._fused:
                activations.scores[layer.name] = values
                values = values.sigmoid()
            activations.put(layer.name, values)
        return activations

    def _runs(self) -> dict[str, fusion.Run]:
        """What is computed at once in training or in tests, as the layers are set now."""
        if self.training not in self._known_runs:
            self._known_runs[self.training] = fusion.runs(self.network, self._by_name)
        return self._known_runs[self.training]

    def log_probabilities(self, activations: Activations) -> Tensor:
        """Log of the probabilities of the classes (N, K) that the main cost judges."""
        cost = self.network.cost
        return log_answers(cost, self.settings.costs[cost.name], self._judged(cost, activations))

    def measured(self, activations: Activations, labels: Tensor) -> Tensor:
        """What of a pass is averaged over views and counted: `log_probabilities`, or where the main cost
        knows no classes its value for each image (N,)."""
        cost = self.network.cost
        if judges_classes(cost):
            return self.log_probabilities(activations)
        return losses(cost, self.settings.costs[cost.name], self._judged(cost, activations, labels))

    def objective(self, activations: Activations, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Sum of the costs over the images, to be minimised, and `measured`."""
        measured = self.measured(activations, labels)
        total = measured.new_zeros(())
        for cost in self.costs:
            settings = self.settings.costs[cost.name]
            if settings.coefficient != 0:
                values = losses(cost, settings, self._judged(cost, activations, labels))
                total = total + settings.coefficient * values.sum()
        return total, measured

    def sums(self, measured: Tensor, labels: Tensor, top_k: int) -> CostSums:
        """Value and errors of the main cost, counted from `measured`, summed over the images."""
        cost = self.network.cost
        return measured_sums(cost, self.settings.costs[cost.name], measured, labels, top_k)

    def reports(self, activations: Activations, labels: Tensor) -> dict[str, Report]:
        """What every cost says, by its name; nothing where there is but one cross-entropy: see `sums`."""
        if self.costs == [self.network.cost] and isinstance(self.network.cost, CrossEntropy):
            return {}
        said = {
            cost.name: report(cost, self.settings.costs[cost.name], self._judged(cost, activations, labels))
            for cost in self.costs
        }
        return with_children(self.costs, said)

    @property
    def costs(self) -> list[Cost]:
        """The costs in file order."""
        return [layer for layer in self.network.layers if isinstance(layer, Cost)]

    def _judged(self, cost: Cost, activations: Activations, labels: Tensor | None = None) -> Judged:
        """What `cost` sees; without labels, what it says about answers alone."""
        answers = activations[cost.answers]
        source = self.network[cost.answers]
        scores = activations.scores.get(source.name)
        if isinstance(source, Softmax) and source.activation is None and not self._is_thinned(source):
            scores = activations[source.inputs[0]]
        numbers = torch.zeros(len(answers), dtype=torch.int64) if labels is None else labels
        return Judged(answers, scores, numbers, self._given(cost, activations, numbers))

    def _given(self, cost: Cost, activations: Activations, labels: Tensor) -> Tensor | None:
        """The first input of a cost of two."""
        if not isinstance(cost, LabelledCost):
            return None
        layer = self.network[cost.labels]
        if isinstance(layer, Data) and layer.data_index > 0:
            return delivered(layer, activations[cost.answers].flatten(1), labels)
        return activations[layer.name]

    def _is_thinned(self, layer: Layer) -> bool:
        return layer.name in self.settings.output_dropout


class Activations(dict[str, Tensor]):
    """Activations by layer name. `scores` holds, for layers with a logistic function that a cost judges, what
    the function was applied to: the two are differentiated together."""

    def __init__(self) -> None:
        super().__init__()
        self.scores: dict[str, Tensor] = {}

    def put(self, name: str, values: Tensor | None) -> None:
        """Keeps what there is."""
        if values is not None:
            self[name] = values


def _logistic_answers(network: Network) -> set[str]:
    """Layers with a logistic function that a binary cross-entropy judges."""
    costs = [layer for layer in network.layers if isinstance(layer, BinaryCrossEntropy)]
    judged = [network[cost.answers] for cost in costs]
    return {layer.name for layer in judged if layer.activation and layer.activation.name == "logistic"}
