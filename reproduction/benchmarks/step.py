"""Subject `step`: a training step, forward, cost, backward and update, of the trainer and the stock twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reproduction.benchmarks import augmenting, compiling, counting, machine, stock
from reproduction.benchmarks.measuring import Contender, Stopwatch
from reproduction.benchmarks.results import OURS, Row
from reproduction.benchmarks.setting import Setting
from reproduction.benchmarks.updating import sgd
from reproduction.definition import Experiment
from reproduction.definition.network import Network
from reproduction.definition.parameters import Parameters
from reproduction.model.network_module import NetworkModule
from reproduction.training.batches import Batches
from reproduction.training.initial_weights import initial_weights
from reproduction.training.trainer import Position, Preprocessing, Trainer

SAID = (
    "A step is forward, cost, backward and update, on one minibatch that is in memory already.",
    "ours is the trainer's own step: it draws its masks, counts errors and looks at the cost besides.",
    "stock is the same net in one tensor, 2 groups for 2 columns, one nn.LocalResponseNorm over the maps of "
    "both columns, torch.optim.SGD. Compiling is told apart, and is short where torch has kept its result.",
    "of floor: the operations counted from shapes at the rate of the matrix product or convolution of the "
    "same round (or the bytes of a fused step at that of the copy, if longer), divided by the time of ours.",
)
COMPARED_PICTURES = 4


class OneBatch(Batches):
    """The same minibatch over and over."""

    def __init__(self, pictures: Tensor, labels: Tensor) -> None:
        self.size = self.images = len(pictures)
        self.count = 10**9  # no epoch ends while we look
        self._one = pictures, labels

    def pictures(self, index: int) -> Tensor:
        return self._one[0]

    def labels(self, index: int) -> Tensor:
        return self._one[1]


class Repeating(Trainer):
    """The trainer with its pictures augmented once and for all: `pipeline` measures that part."""

    _ready: Tensor | None = None

    def _pictures(self, position: Position) -> Tensor:
        if self._ready is None:
            self._ready = super()._pictures(position)
        return self._ready

    @property
    def ready(self) -> Tensor:
        """The minibatch as the network is given it."""
        return self._pictures(self.position)


def rows(setting: Setting, stopwatch: Stopwatch) -> Iterator[Row]:
    """A step of each network that is asked for."""
    for name in setting.networks:
        yield row(setting.experiment(name), setting, stopwatch)


def row(experiment: Experiment, setting: Setting, stopwatch: Stopwatch) -> Row:
    """A step of one network: ours, stock in both layouts, both compiled."""
    network, device = experiment.network, setting.device
    trainer = repeating_trainer(experiment, setting)
    arrays = {name: array.detach().clone() for name, array in trainer.module.arrays().items()}
    facts = [agreement(experiment, trainer.module, trainer.ready[:COMPARED_PICTURES])]
    steps = trainer.steps()

    def ours() -> object:
        with setting.arithmetic():
            return next(steps)

    racing = [Contender(OURS, ours, ours=True)]
    labels = trainer.batches.labels(0)
    compiling.forget()
    for name, layout, fast in _variants(setting):
        twin = stock.placed(filled_twin(network, experiment.parameters, arrays), device, layout).train()
        optimiser = sgd(stock.parameters_by_array(twin, network), experiment.parameters.rules)
        pictures = trainer.ready.to(memory_format=layout)
        step = stock_step(compiling.compiled(twin) if fast else twin, optimiser, pictures, labels, setting)
        stopwatch.say(f"{experiment.name}: {name}, first step")
        racing += compiling.tried(name, step, facts, timed=fast)
    racing += [machine.copying(device), *machine.multiplying(setting)]
    count = experiment.recipe.batch_size
    found = stopwatch.measure(f"{experiment.name}: training step", racing)
    return found.row(
        f"{experiment.name}: training step, {count} pictures, {setting.precision}",
        pictures=count,
        work=counting.step_work(network, count),
        facts=facts,
    )


def _variants(setting: Setting) -> list[tuple[str, torch.memory_format, bool]]:
    """(name, layout, whether compiled) of the stock contenders."""
    layouts = (("stock", torch.contiguous_format), ("channels_last", torch.channels_last))
    plain = [(name, layout, False) for name, layout in layouts]
    fast = [(f"{name}, compiled", layout, True) for name, layout in layouts]
    return [*plain, *fast] if setting.compiles else plain


def repeating_trainer(experiment: Experiment, setting: Setting) -> Repeating:
    """Our trainer at its first step, on drawn pictures."""
    network, recipe, device = experiment.network, experiment.recipe, setting.device
    module = NetworkModule(network, experiment.parameters, setting.seed).on(device)
    module.load(initial_weights(network, setting.seed))
    generator = torch.Generator().manual_seed(setting.seed)
    side = recipe.image_size
    shape = recipe.batch_size, recipe.channels, side, side
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, network.classes, (recipe.batch_size,), generator=generator).to(device)
    mean = augmenting.mean_picture(recipe, device)
    pca = augmenting.COLOR_PCA if recipe.channels == 3 else None
    batches = OneBatch(pictures, labels)
    return Repeating(experiment, module, batches, Preprocessing(mean, pca), seed=setting.seed, device=device)


def filled_twin(network: Network, parameters: Parameters, arrays: dict[str, Tensor]) -> nn.Sequential:
    """The stock twin with our weights."""
    twin = stock.twin(network, parameters)
    stock.load(twin, network, arrays)
    return twin


def stock_step(
    net: nn.Module, optimiser: torch.optim.SGD, pictures: Tensor, labels: Tensor, setting: Setting
) -> Callable[[], object]:
    """One step of a loop as it is usually written."""

    def step() -> object:
        optimiser.zero_grad(set_to_none=True)
        with setting.arithmetic():
            loss = F.cross_entropy(net(pictures), labels)
            loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return loss

    return step


def agreement(experiment: Experiment, module: NetworkModule, pictures: Tensor) -> str:
    """How far apart the scores of both sides are before training begins, columns kept apart in the twin."""
    arrays = {name: array.detach() for name, array in module.arrays().items()}
    twin = filled_twin(experiment.network, experiment.parameters, arrays).to(pictures.device).eval()
    stock.keep_columns_apart(twin)
    module.eval()
    with torch.no_grad():
        noise = torch.Generator(pictures.device).manual_seed(0)
        ours = module(pictures, noise)[scores_of(experiment.network)]
        theirs = twin(pictures)
    apart = (ours - theirs).abs().max() / theirs.abs().max().clamp(min=torch.finfo(theirs.dtype).tiny)
    return f"before the first step the scores of both sides differ by at most {apart:.1e} of the largest"


def scores_of(network: Network) -> str:
    """The layer that the softmax is taken of."""
    return network[network.cost.answers].inputs[0]
