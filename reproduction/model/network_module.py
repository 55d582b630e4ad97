"""A network as a torch module: one submodule per layer, activations by layer name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reproduction.definition.layers import CrossEntropy, Data
from reproduction.definition.network import Network
from reproduction.definition.parameters import Parameters
from reproduction.model.costs import log_loss, log_probabilities
from reproduction.model.coverage import require_computable
from reproduction.model.layer_module import Pass
from reproduction.model.layers import as_read, build, has_module
from reproduction.model.weighted import TreeFullyConnectedModule, WeightedModule, WindowedModule


class NetworkModule(nn.Module):
    """The layers of `network`, with the numbers of `parameters`; weights are zero until they are loaded.

    `training` (nn.Module's) switches dropout on; nothing else differs between training and testing. `seed` is
    the run's, from which random connections are drawn; only a network that has some needs it.
    """

    def __init__(self, network: Network, parameters: Parameters, seed: int | None = None) -> None:
        super().__init__()
        require_computable(network, parameters)
        self.network = network
        # Layer names may hold dots, which torch forbids in names of submodules: a list, and a map beside it.
        computed = [layer for layer in network.layers if has_module(layer)]
        self._by_name = {layer.name: build(layer) for layer in computed}
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

    def forward(
        self, pictures: Tensor, generator: torch.Generator | None = None, *, multi_view: bool = False
    ) -> dict[str, Tensor]:
        """Activations by layer name for `pictures` (N, C, H, W), each after its layer's activation function.

        `generator` draws masks, noise and scales, layer by layer in file order; of all that is random, only
        noisy neurons draw outside training. `multi_view`: the pictures are one of several views in a test.
        Labels and costs have no activation here: `log_probabilities` and `objective` are about them.
        """
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        activations: dict[str, Tensor] = {}
        given = Pass(generator, multi_view)
        for layer in self.network.layers:
            if isinstance(layer, Data) and layer.data_index == 0:
                activations[layer.name] = pictures
            if layer.name not in self._by_name:
                continue
            inputs = as_read([activations[name] for name in layer.inputs], layer)
            activations[layer.name] = self._by_name[layer.name](*inputs, given=given)
        return activations

    def log_probabilities(self, activations: Mapping[str, Tensor], softmax: str | None = None) -> Tensor:
        """Log of the class probabilities (N, K) of `softmax`, by default the one the cost reads."""
        source = self.network[softmax or self.network.probabilities].inputs[0]
        return log_probabilities(activations[source].flatten(1))

    def objective(self, activations: Mapping[str, Tensor], labels: Tensor) -> tuple[Tensor, Tensor]:
        """Sum of the costs over the images, to be minimised, and the log probabilities (N, K)."""
        main = self.log_probabilities(activations)
        total = main.new_zeros(())
        for layer in self.network.layers:
            if not isinstance(layer, CrossEntropy):
                continue
            coefficient = self.settings.costs[layer.name].coefficient
            same = layer.probabilities == self.network.probabilities
            log_probs = main if same else self.log_probabilities(activations, layer.probabilities)
            if coefficient != 0:
                total = total + coefficient * log_loss(log_probs, labels)
        return total, main
