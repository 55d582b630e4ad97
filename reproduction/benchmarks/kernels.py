"""Subject `kernels`: what lies between the layers with weights, chain by chain, and the other operators.

A relu that begins a stock chain is not in place, since what it is given here is the start of a graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reproduction.benchmarks import augmenting, compiling, machine, stock, updating
from reproduction.benchmarks.columns import Rank, ranks
from reproduction.benchmarks.measuring import Clock, Contender, Stopwatch
from reproduction.benchmarks.results import OURS, Row, Work
from reproduction.benchmarks.setting import Setting
from reproduction.definition import Experiment
from reproduction.definition.layers import Data, LocallyConnected, Pool, ResponseNorm
from reproduction.kernels.chain import chain
from reproduction.kernels.stages import RELU, Stage
from reproduction.model.layer_module import LayerModule
from reproduction.model.layers import NormModule
from reproduction.model.network_module import NetworkModule

FORWARD, BOTH = "forward", "forward + backward"
SAID = (
    "A chain is what lies between two layers with weights; ours computes it in one pass.",
    "2 x 48x55x55: our network runs two columns of 48 maps; stock runs its layers on the same two tensors.",
    "stock reads maps one after the other, channels_last pixels; ours reads the latter, as in training.",
    "of floor: the least bytes (forward reads x, writes y; backward reads x and the gradient at y, writes "
    "that at x) at the rate of a plain copy of x in the same round, divided by the time of ours; of layers "
    "with weights also their operations at that of a matrix product, if this takes longer.",
)
LAYOUTS = {"stock": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(frozen=True)
class Operation:
    """Something that both sides compute of the same tensors, one for each column."""

    title: str
    shape: tuple[int, ...]
    columns: int
    multiply_adds: int
    """Of the layer's weights, for one picture."""
    ours: Callable[[Tensor], Tensor]
    stock: nn.Module
    key: object


def rows(setting: Setting, stopwatch: Stopwatch) -> Iterator[Row]:
    """The operators of all the networks that are asked for; what several networks share, once."""
    seen: set[object] = set()
    for name in setting.networks:
        experiment = setting.experiment(name)
        module = NetworkModule(experiment.network, experiment.parameters, setting.seed).on(setting.device)
        for operation in operations(experiment, module):
            if operation.key not in seen:
                seen.add(operation.key)
                for both in (False, True):
                    yield measured(operation, experiment, both, setting, stopwatch)
        yield updating.row(experiment, module, setting, stopwatch)
        yield augmenting.row(experiment, setting, stopwatch)


def operations(experiment: Experiment, module: NetworkModule) -> Iterator[Operation]:
    """Every normalisation across maps alone, every chain of pools and norms, every local layer."""
    parameters = experiment.parameters
    for before, links in chains(ranks(experiment.network)):
        for rank in links:
            if isinstance(rank.layer, ResponseNorm) and rank.layer.scope == "across_maps":
                yield _alone(rank, experiment, module)
        stages = _stages(before, links, module)
        if stages is not None and len(stages) > 1:
            parts = [part for rank in links for part in stock.parts(_one_column(rank), parameters)]
            parts = [*([nn.ReLU()] if stages[0] == RELU else []), *parts]
            names = [*(["relu"] if stages[0] == RELU else []), *(_named(rank) for rank in links)]
            yield _chain(experiment, " + ".join(names), links[0], stages, parts)
    for layer in experiment.network.layers:
        if isinstance(layer, LocallyConnected):
            rank = next(rank for rank in ranks(experiment.network) if layer in rank.layers)
            yield _local(experiment, rank, module)


def chains(in_order: Sequence[Rank]) -> Iterator[tuple[Rank, list[Rank]]]:
    """Runs of pools and response norms, each with the rank before it."""
    links: list[Rank] = []
    for place, rank in enumerate(in_order):
        if isinstance(rank.layer, Pool | ResponseNorm):
            links.append(rank)
        elif links:
            yield in_order[place - len(links) - 1], links
            links = []
    if links:
        yield in_order[-len(links) - 1], links


def _stages(before: Rank, links: Sequence[Rank], module: NetworkModule) -> list[Stage] | None:
    """The chain as our operator takes it, the relu of the layer before it included; None where it cannot."""
    stages: list[Stage] = []
    for rank in (before, *links):
        if isinstance(rank.layer, Data):
            continue
        own = module[rank.layer.name]
        more = own.stages() if isinstance(own, LayerModule) else None
        if more is None:
            return None
        stages += more
    return stages


def _alone(rank: Rank, experiment: Experiment, module: NetworkModule) -> Operation:
    own = module[rank.layer.name]
    assert isinstance(own, NormModule)
    stages = own.own_stages() or []
    parts = stock.parts(_one_column(rank), experiment.parameters)
    return _chain(experiment, f"{rank.layer.name} alone", rank, stages, parts[:1])


def _chain(
    experiment: Experiment, names: str, first: Rank, stages: list[Stage], parts: list[nn.Module]
) -> Operation:
    shape = first.layer.input_shapes[0]
    return Operation(
        title=f"{experiment.name}: {names}",
        shape=shape,
        columns=first.columns,
        multiply_adds=0,
        ours=lambda x: chain(x, stages),
        stock=nn.Sequential(*parts),
        key=(tuple(stages), shape, first.columns, experiment.recipe.batch_size),
    )


def _local(experiment: Experiment, rank: Rank, module: NetworkModule) -> Operation:
    layer = rank.layer
    parts = stock.parts(rank, experiment.parameters)
    own = module[layer.name]
    return Operation(
        title=f"{experiment.name}: {_named(rank)}",
        shape=layer.input_shapes[0],
        columns=1,
        multiply_adds=layer.multiply_adds,
        ours=own,
        stock=nn.Sequential(*parts),
        key=(layer.input_shapes, layer.weight_shapes, experiment.recipe.batch_size),
    )


def _one_column(rank: Rank) -> Rank:
    return Rank(rank.layers[:1], rank.sources[:1])


def _named(rank: Rank) -> str:
    function = rank.layer.activation
    return f"{rank.layer.name} ({function})" if function else rank.layer.name


def measured(
    operation: Operation, experiment: Experiment, both: bool, setting: Setting, stopwatch: Stopwatch
) -> Row:
    """One pass of `operation`, ours beside stock in both layouts and compiled."""
    images = experiment.recipe.batch_size
    count = f"{operation.columns} x " if operation.columns > 1 else ""
    title = f"{operation.title}, {count}{'x'.join(str(length) for length in operation.shape)}"
    facts: list[str] = []
    given = {layout: _inputs(operation, images, layout, setting) for layout in LAYOUTS.values()}
    contenders = _contenders(operation, given, both, setting, facts)
    xs = given[torch.channels_last]
    with torch.no_grad(), setting.arithmetic():
        work = _work(operation, xs, [operation.ours(x) for x in xs], both)
    sticks = [machine.copying(setting.device, _bytes(xs))]
    sticks += machine.multiplying(setting) if operation.multiply_adds else []
    clock = Clock(setting.device, cold=True)
    found = stopwatch.measure(title, [*contenders, *sticks], clock=clock)
    name = BOTH if both else FORWARD
    return found.row(name, pictures=images, work=work, group=title, facts=facts)


def _inputs(operation: Operation, images: int, layout: torch.memory_format, setting: Setting) -> list[Tensor]:
    generator = setting.generator()
    drawn = [
        torch.randn(images, *operation.shape, generator=generator, device=setting.device)
        for _ in range(operation.columns)
    ]
    return [x.to(setting.dtype, memory_format=layout).requires_grad_() for x in drawn]


def _contenders(
    operation: Operation,
    given: dict[torch.memory_format, list[Tensor]],
    both: bool,
    setting: Setting,
    facts: list[str],
) -> list[Contender]:
    twin = operation.stock.to(setting.device)
    last = given[torch.channels_last]
    racing = [Contender(OURS, _running(operation.ours, last, both, setting), ours=True)]
    for name, layout in LAYOUTS.items():
        racing += compiling.tried(name, _running(twin, given[layout], both, setting), facts)
    if setting.compiles:
        compiling.forget()
        fast = _running(compiling.compiled(twin), last, both, setting)
        racing += compiling.tried("compiled", fast, facts, timed=True)
    return racing


def _running(
    compute: Callable[[Tensor], Tensor], xs: list[Tensor], both: bool, setting: Setting
) -> Callable[[], object]:
    """One pass over the tensors of all columns; backward with one gradient that stays the same."""
    if not both:

        def forward() -> object:
            with torch.no_grad(), setting.arithmetic():
                return [compute(x) for x in xs]

        return forward
    weights = list(compute.parameters()) if isinstance(compute, nn.Module) else []
    gradients: list[Tensor] = []

    def forward_and_backward() -> object:
        with setting.arithmetic():
            ys = [compute(x) for x in xs]
            if not gradients:
                gradients.extend(torch.randn_like(y) for y in ys)
            return torch.autograd.grad(ys, [*xs, *weights], gradients)

    return forward_and_backward


def _work(operation: Operation, xs: Sequence[Tensor], ys: Sequence[Tensor], both: bool) -> Work:
    """What one pass has to read and write, weights and their gradients included, and to multiply and add."""
    read, written = _bytes(xs), _bytes(ys)
    weights = _bytes(list(operation.stock.parameters()))
    operations = 2 * operation.multiply_adds * len(xs[0])
    if both:
        return Work(3 * read + 2 * written + 3 * weights, 3 * operations)
    return Work(read + written + weights, operations)


def _bytes(tensors: Sequence[Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)
