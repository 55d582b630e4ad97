"""Subject `predict`: how long the answer to one picture takes, alone and beside a busy program."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from reproduction.benchmarks import augmenting, compiling, counting, engines, machine, stock
from reproduction.benchmarks.measuring import Contender, Effort, LatencyClock, Stopwatch
from reproduction.benchmarks.results import OURS, Row, Timing
from reproduction.benchmarks.setting import Setting
from reproduction.definition import Experiment
from reproduction.model.archived import ArchivedModel
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import Array, initial_weights

SAID = (
    "One picture from uint8 to probabilities, one view; median is p50.",
    "ours is what `alexnet predict` and the museum call; stock is the same net in one tensor, in inference "
    "mode, weights at random.",
    "onnxruntime and openvino are there where they are installed; they are given what is shown, ready-made.",
    "of floor: every weight read once and all operations done, at the rates of the same round.",
)
LAYOUTS = {"stock": torch.contiguous_format, "channels_last": torch.channels_last}
CALLS, CALLS_QUICK = 40, 2
INT8 = "ours, --weights int8"
ONE_THREAD = "ours, one thread"
# Ends by itself when the benchmark is gone, at the latest after ten minutes.
SPINNER = """
import os, sys, time
parent, core, end = int(sys.argv[1]), int(sys.argv[2]), time.monotonic() + 600
if core >= 0:
    os.sched_setaffinity(0, {core})
print("spinning", flush=True)
while os.getppid() == parent and time.monotonic() < end:
    for _ in range(10**6):
        pass
"""


def rows(setting: Setting, stopwatch: Stopwatch) -> Iterator[Row]:
    """One picture through each network that is asked for: on a quiet machine and, on a CPU, on a busy one."""
    if setting.precision == "bfloat16":
        setting = dataclasses.replace(setting, precision="float32")  # our answers are not given in less
    effort = Effort(stopwatch.effort.rounds, 0, CALLS_QUICK if setting.quick else CALLS)
    for name in setting.networks:
        experiment = setting.experiment(name)
        facts: list[str] = []
        racing = contenders(experiment, setting, facts)
        sticks = [machine.copying(setting.device), *machine.multiplying(setting)]
        quiet = _row(
            f"{experiment.name}: one picture, {setting.precision}",
            [*racing, *sticks],
            experiment,
            stopwatch,
            effort,
            facts,
        )
        yield quiet
        if setting.device.type == "cpu":
            title = f"{experiment.name}: one picture while another program takes a core"
            with spinning():
                # Its own canary: here a busy machine is what is wanted.
                busy = Stopwatch(setting.device, effort, stopwatch.say, setting.memory)
                yield _row(title, racing, experiment, busy, effort, [], _alone_on_one_thread(quiet))


def _row(
    title: str,
    racing: list[Contender],
    experiment: Experiment,
    stopwatch: Stopwatch,
    effort: Effort,
    facts: list[str],
    alone: Timing | None = None,
) -> Row:
    found = stopwatch.measure(title, racing, clock=LatencyClock(stopwatch.device), effort=effort)
    if alone is not None:
        ratio = found.timings[0].median_s / alone.median_s
        facts = [*facts, f"ours takes {ratio:.2f} times what it takes on one thread of the quiet machine"]
    work = counting.forward_work(experiment.network, 1)
    return found.row(title, pictures=1, work=work, facts=facts)


def _alone_on_one_thread(row: Row) -> Timing:
    """What one thread took on the quiet machine; ours as it is where there is but one."""
    return next((timing for timing in row.timings if timing.name == ONE_THREAD), row.ours)


def contenders(experiment: Experiment, setting: Setting, facts: list[str]) -> list[Contender]:
    """Ours, stock in both layouts, compiled, and other engines where they are installed."""
    network, device = experiment.network, setting.device
    weights = initial_weights(network, setting.seed)
    picture = Picture.drawn(experiment, setting)
    ours = picture.through_ours(_module(experiment, weights, setting))
    racing = [Contender(OURS, ours, ours=True)]
    for name, layout in LAYOUTS.items():
        twin = stock.twin(network, experiment.parameters)
        stock.load(twin, network, {name: torch.from_numpy(array) for name, array in weights.items()})
        twin = stock.placed(twin, device, layout).eval()
        racing += compiling.tried(name, picture.through(twin, layout), facts)
    if setting.compiles:
        compiling.forget()
        fast = picture.through(compiling.compiled(twin), layout)
        racing += compiling.tried("compiled", fast, facts, timed=True)
    if device.type == "cpu":
        racing += engines.contenders(twin, picture.shown(), facts)
        narrow = _module(experiment, weights, setting).narrow()
        racing.append(Contender(INT8, picture.through_ours(narrow), ours=True))
        if torch.get_num_threads() > 1:
            racing.append(Contender(ONE_THREAD, lambda: _alone(ours), ours=True))
    return racing


def _module(experiment: Experiment, weights: dict[str, Array], setting: Setting) -> NetworkModule:
    module = NetworkModule(experiment.network, experiment.parameters, setting.seed).on(setting.device)
    module.load(weights)
    return module.eval()


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture uint8 (1, C, S, S), and the ways to have it answered."""

    pixels: Tensor
    mean: Tensor
    experiment: Experiment
    setting: Setting

    @classmethod
    def drawn(cls, experiment: Experiment, setting: Setting) -> Picture:
        recipe = experiment.recipe
        shape = 1, recipe.channels, recipe.image_size, recipe.image_size
        generator = torch.Generator().manual_seed(setting.seed)
        pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
        return cls(pixels, augmenting.mean_picture(recipe, setting.device), experiment, setting)

    def shown(self) -> Tensor:
        """Its centre without the mean, (1, C, s, s), as a stock program has it."""
        recipe = self.experiment.recipe
        border = (recipe.image_size - recipe.input_size) // 2
        seen = slice(border, border + recipe.input_size)
        return self.pixels.to(self.mean.device)[:, :, seen, seen].float() - self.mean[:, seen, seen]

    def through_ours(self, module: NetworkModule) -> Callable[[], object]:
        """Probabilities as `alexnet predict` has them."""
        model = ArchivedModel(self.experiment, module, self.mean, [], [], 0.0, None, "")

        def answer() -> object:
            with self.setting.arithmetic():
                return model.probabilities(self.pixels.numpy(), 1)

        return answer

    def through(self, net: nn.Module, layout: torch.memory_format) -> Callable[[], object]:
        """Probabilities as a stock program has them."""

        def answer() -> object:
            with torch.inference_mode(), self.setting.arithmetic():
                scores = net(self.shown().contiguous(memory_format=layout))
                return scores.float().softmax(1).cpu().numpy()

        return answer


def _alone(run: Callable[[], object]) -> object:
    """`run` on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return run()
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def spinning() -> Iterator[int]:
    """A process of ours that does nothing but take one core, as long as the block lasts; gives its id."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [-1]
    command = [sys.executable, "-I", "-c", SPINNER, str(os.getpid()), str(cores[-1])]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield child.pid
        finally:
            child.kill()
