"""A network with its columns side by side: which layers together work on one tensor of all columns.

The network of 2012 stands on two cards, and its file lists most layers twice, once for each. Whoever writes
it in stock PyTorch takes one tensor with the maps of both columns, and convolutions of two groups where a
column reads itself alone. A rank is such layers that stand abreast.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from reproduction.definition.layers import Cost, CrossEntropy, Data, Layer, Softmax
from reproduction.definition.network import Network
from reproduction.errors import UserError


@dataclass(frozen=True)
class Rank:
    """Layers that are alike, one in each column; `sources` are those that the rank reads.

    `crosses`: every layer reads all of the sources, else each reads the one of its own column.
    """

    layers: tuple[Layer, ...]
    sources: tuple[Layer, ...] = ()
    crosses: bool = False

    @property
    def layer(self) -> Layer:
        """The first, which speaks for all."""
        return self.layers[0]

    @property
    def columns(self) -> int:
        return len(self.layers)


def ranks(network: Network) -> list[Rank]:
    """The ranks of `network` from the pictures to the scores that its softmax is taken of, in order.

    Raises UserError where the network is no chain of ranks that ends in a softmax and its cross-entropy.
    """
    _require_cross_entropy(network)
    found: list[list[Layer]] = []
    for layer in network.layers:
        if isinstance(layer, Cost) or (isinstance(layer, Data) and layer.data_index != 0):
            continue
        if found and _stands_beside(found[-1], layer):
            found[-1].append(layer)
        else:
            found.append([layer])
    in_order = [Rank(tuple(found[0]))]
    for layers in found[1:]:
        in_order.append(_connected(tuple(layers), in_order[-1].layers, network))
    return in_order[:-1]


def _require_cross_entropy(network: Network) -> None:
    answers = network[network.cost.answers]
    costs = [layer for layer in network.layers if isinstance(layer, Cost)]
    if costs != [network.cost] or not isinstance(network.cost, CrossEntropy):
        raise UserError(f"{network.name}: only networks with one cross-entropy have a stock twin to race")
    if not isinstance(answers, Softmax) or answers.activation or network.layers[-1] != network.cost:
        raise UserError(f"{network.name}: only networks that end in a softmax have a stock twin to race")


def _stands_beside(rank: list[Layer], layer: Layer) -> bool:
    """Whether `layer` is another of the same, in a column that has none yet."""
    columns = {other.column for other in rank}
    reads_it = {other.name for other in rank}.intersection(layer.inputs)
    alike = all(_stripped(other) == _stripped(layer) for other in rank)
    return alike and not reads_it and layer.column is not None and layer.column not in columns


def _stripped(layer: Layer) -> Layer:
    """A layer without what tells it from its neighbour in the other column."""
    return dataclasses.replace(layer, name="", inputs=(), column=None, replicas=(), line=0)


def _connected(layers: tuple[Layer, ...], sources: tuple[Layer, ...], network: Network) -> Rank:
    names = [source.name for source in sources]
    if all(sorted(layer.inputs) == sorted(names) for layer in layers):
        return Rank(layers, sources, crosses=max(len(layers), len(sources)) > 1)
    if [layer.inputs for layer in layers] == [(name,) for name in names]:
        return Rank(layers, sources)
    raise UserError(
        f"{network.name}: layer '{layers[0].name}' reads other layers than those just before it, "
        "and the stock twin is a plain sequence"
    )
