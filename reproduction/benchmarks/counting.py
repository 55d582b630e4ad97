"""Operations and bytes of a training step, counted from the shapes of a network.

Operations: a product for the output, one for the gradient of the weights, one for that of the input unless
the input is the pictures; activations, pools and norms are not counted. Bytes are those of a step in which
what lies between two layers with weights is one pass. A layer with weights reads its input for the output and
again for the gradient of its weights, writes the output, reads the gradient at it and writes that at the
input. A chain of norms and pools reads its input forward and backward, writes its output, reads the gradient
at it and writes that at its input; a relu alone costs nothing, nor does dropout. A weight is read forward and
backward, its gradient is written, and the update reads three numbers and writes two.
"""

from __future__ import annotations

import math

from reproduction.benchmarks.results import Work
from reproduction.definition.layers import Data, Layer, Pool, ResponseNorm, WeightedLayer
from reproduction.definition.network import Network

FLOAT_BYTES = 4
TOUCHES_OF_A_WEIGHT = 8


def step_work(network: Network, pictures: int) -> Work:
    """What one training step on `pictures` pictures has to do at the least, in float32."""
    products = {layer.name: 2 if _reads_pictures(layer, network) else 3 for layer in _weighted(network)}
    operations = sum(2 * layer.multiply_adds * products[layer.name] for layer in _weighted(network))
    outputs = sum(2 * _size(layer) for layer in _weighted(network))
    inputs = sum((2 if isinstance(layer, Data) else 3) * _size(layer) for layer in _read(network))
    chained = sum(_chained(layer, network) for layer in network.layers)
    weights = TOUCHES_OF_A_WEIGHT * network.parameter_count
    values = pictures * (outputs + inputs + chained) + weights
    return Work(FLOAT_BYTES * values, operations * pictures)


def forward_work(network: Network, pictures: int) -> Work:
    """The same of the answers alone: every weight is read once."""
    moved = sum(_size(layer) for layer in (*_weighted(network), *_read(network)))
    values = pictures * moved + network.parameter_count
    return Work(FLOAT_BYTES * values, 2 * network.multiply_adds * pictures)


def _weighted(network: Network) -> list[WeightedLayer]:
    return [layer for layer in network.layers if isinstance(layer, WeightedLayer)]


def _read(network: Network) -> list[Layer]:
    """What layers with weights read, once even where two columns do."""
    names = dict.fromkeys(name for layer in _weighted(network) for name in layer.inputs)
    return [network[name] for name in names]


def _reads_pictures(layer: Layer, network: Network) -> bool:
    return all(isinstance(network[name], Data) for name in layer.inputs)


def _chained(layer: Layer, network: Network) -> int:
    """Numbers of one picture that a chain touches at the layer: where it begins and where it ends."""
    if not isinstance(layer, Pool | ResponseNorm):
        return 0
    begins = not any(isinstance(network[name], Pool | ResponseNorm) for name in layer.inputs)
    readers = [other for other in network.layers if layer.name in other.inputs]
    ends = not any(isinstance(other, Pool | ResponseNorm) for other in readers)
    return 3 * math.prod(layer.input_shapes[0]) * begins + 2 * _size(layer) * ends


def _size(layer: Layer) -> int:
    return math.prod(layer.output_shape)
