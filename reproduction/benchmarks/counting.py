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
    weighted = [layer for layer in network.layers if isinstance(layer, WeightedLayer)]
    products = {layer.name: 2 if _reads_pictures(layer, network) else 3 for layer in weighted}
    operations = sum(2 * layer.multiply_adds * products[layer.name] for layer in weighted)
    values = sum(_values_moved(layer, network) for layer in network.layers)
    weights = TOUCHES_OF_A_WEIGHT * network.parameter_count
    return Work(FLOAT_BYTES * (values * pictures + weights), operations * pictures)


def forward_work(network: Network, pictures: int) -> Work:
    """The same of the answers alone: every weight is read once."""
    weighted = [layer for layer in network.layers if isinstance(layer, WeightedLayer)]
    values = sum(_size(layer.input_shapes) + math.prod(layer.output_shape) for layer in weighted)
    return Work(
        FLOAT_BYTES * (values * pictures + network.parameter_count), 2 * network.multiply_adds * pictures
    )


def _reads_pictures(layer: Layer, network: Network) -> bool:
    return all(isinstance(network[name], Data) for name in layer.inputs)


def _values_moved(layer: Layer, network: Network) -> int:
    """Numbers of one picture that a layer's passes read and write."""
    inputs, outputs = _size(layer.input_shapes), math.prod(layer.output_shape)
    if isinstance(layer, WeightedLayer):
        return 2 * inputs + 2 * outputs + (0 if _reads_pictures(layer, network) else inputs)
    if not isinstance(layer, Pool | ResponseNorm):
        return 0
    begins = not any(isinstance(network[name], Pool | ResponseNorm) for name in layer.inputs)
    readers = [other for other in network.layers if layer.name in other.inputs]
    ends = not any(isinstance(other, Pool | ResponseNorm) for other in readers)
    return 3 * inputs * begins + 2 * outputs * ends


def _size(shapes: tuple[tuple[int, ...], ...]) -> int:
    return sum(math.prod(shape) for shape in shapes)
