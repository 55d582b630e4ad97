"""Random connections between channels and groups of filters (original: randSparse).

The list of channels that the groups read is one random permutation of all channels after another; group g
reads as many entries in a row as its filters have channels. The original kept the list in its checkpoints.
Here it is a function of the run's seed, the layer's name and the input's number, so an archive, which holds
the seed, need not hold the list. numpy never changes the two generators it comes from (NEP 19).
"""

from __future__ import annotations

import numpy as np

from reproduction.definition.layers import RandomConnections, WindowedLayer
from reproduction.training.randomness import Purpose


def connected_channels(layer: WindowedLayer, index: int, seed: int) -> tuple[int, ...]:
    """Channels of input `index` as the groups read them, one group after the other.

    () where they are not drawn. A shared matrix has the list of its owner.
    """
    drawn = layer.connections[index] if layer.connections else None
    if drawn is None:
        return ()
    owner = (layer.name, index) if drawn.source is None else (drawn.source.layer, drawn.source.index)
    return _permutations(drawn, layer.input_shapes[index][0], *owner, seed)


def _permutations(
    drawn: RandomConnections, channels: int, name: str, index: int, seed: int
) -> tuple[int, ...]:
    sequence = np.random.SeedSequence([seed, int(Purpose.CONNECTIONS), index, *name.encode()])
    random = np.random.RandomState(sequence.generate_state(4))
    lists = [random.permutation(channels) for _ in range(drawn.permutations)]
    return tuple(int(channel) for channel in np.concatenate(lists))
