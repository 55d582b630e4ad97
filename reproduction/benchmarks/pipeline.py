"""Subject `pipeline`: pictures from a packed data file to what a network sees, their share of a step."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from reproduction.benchmarks import augmenting, machine
from reproduction.benchmarks.measuring import Contender, Stopwatch
from reproduction.benchmarks.results import OURS, Row, Spread, Timing, Work
from reproduction.benchmarks.setting import Setting
from reproduction.benchmarks.step import repeating_trainer
from reproduction.data.packed import Images, PackedData
from reproduction.data.packing import Settings, pack
from reproduction.data.sources import Source
from reproduction.definition import Experiment

SAID = (
    "Pictures come from a packed data file of random ones, which the system still holds in memory.",
    "stock is torch.utils.data.DataLoader over the same file in the same process: each picture is read, "
    "cropped and flipped alone, then joined with the others.",
    "of floor: a byte read from the file and again from memory and a float32 written, at the rate of a copy.",
)
MINIBATCHES = 4


def rows(setting: Setting, stopwatch: Stopwatch) -> Iterator[Row]:
    """Reading and augmenting alone, then beside a training step, for each network that is asked for."""
    for name in setting.networks:
        experiment = setting.experiment(name)
        with tempfile.TemporaryDirectory() as folder:
            stopwatch.say(f"{name}: drawing and packing pictures")
            path = drawn_data(Path(folder), experiment, setting.seed)
            with PackedData(path) as data:
                ours = Reading(data, experiment, setting)
                yield _alone(ours, Loading(data, experiment, setting), experiment, stopwatch)
                yield _beside_a_step(ours, experiment, setting, stopwatch)


def _alone(ours: Reading, stock: Loading, experiment: Experiment, stopwatch: Stopwatch) -> Row:
    recipe = experiment.recipe
    stored = recipe.batch_size * recipe.channels * recipe.image_size**2
    shown = recipe.batch_size * recipe.channels * recipe.input_size**2
    racing = [
        Contender(OURS, ours.augmented, ours=True),
        Contender("stock", stock.augmented),
        machine.copying(stopwatch.device, 4 * shown),
    ]
    title = f"{experiment.name}: reading and augmenting {recipe.batch_size} pictures"
    found = stopwatch.measure(title, racing)
    work = Work(bytes=2 * stored + (1 + 4) * shown)
    return found.row(title, pictures=recipe.batch_size, work=work)


def _beside_a_step(ours: Reading, experiment: Experiment, setting: Setting, stopwatch: Stopwatch) -> Row:
    steps = repeating_trainer(experiment, setting).steps()
    pictures = ours.read()
    racing = [
        Contender(OURS, ours.augmented, ours=True),
        Contender("its reading", ours.read, ours=True),
        Contender("its augmenting", lambda: ours.augmenting(pictures), ours=True),
        Contender("a training step", lambda: next(steps), ours=True),
    ]
    title = f"{experiment.name}: the same beside a training step"
    found = stopwatch.measure(title, racing)
    both, _, augmenting_alone, step = found.timings
    facts = [
        f"one after the other, pictures take {_share(both, step)} of pictures and step together",
        "training reads ahead and waits for augmenting alone, "
        f"which takes {_share(augmenting_alone, step)} of augmenting and step together",
    ]
    return found.row(title, "", pictures=experiment.recipe.batch_size, facts=facts)


def _share(part: Timing, step: Timing) -> str:
    """What `part` is of itself and a step together."""
    pairs = zip(part.by_round, step.by_round, strict=True)
    share = Spread.of([100 * mine / (mine + whole) for mine, whole in pairs])
    return f"{share.median:.1f} % ({share.low:.1f} to {share.high:.1f} %)"


class Reading:
    """Goes through a file minibatch by minibatch, as if memory did not hold it, and reads nothing ahead."""

    def __init__(self, data: PackedData, experiment: Experiment, setting: Setting) -> None:
        self._images = data.images("train")
        self._recipe = experiment.recipe
        self._device = setting.device
        self._mean = augmenting.mean_picture(self._recipe, setting.device)
        self._drawing = np.random.default_rng(setting.seed)
        self._next = 0

    def read(self) -> Tensor:
        """The next minibatch, uint8."""
        first = self._next
        self._next = (first + self._recipe.batch_size) % len(self._images)
        return torch.from_numpy(self._images[first : first + self._recipe.batch_size])

    def augmenting(self, pictures: Tensor) -> Tensor:
        """A minibatch as the network sees it."""
        moved = pictures.to(self._device)
        return augmenting.augmented(moved, self._mean, self._recipe, self._drawing)

    def augmented(self) -> Tensor:
        """The next minibatch as the network sees it."""
        return self.augmenting(self.read())


class Pictures(torch.utils.data.Dataset[Tensor]):
    """Pictures one by one, each augmented for itself, as stock programs have them."""

    def __init__(self, images: Images, experiment: Experiment) -> None:
        self._images = images
        self._recipe = experiment.recipe
        self._mean = augmenting.mean_picture(self._recipe, torch.device("cpu"))

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Tensor:
        return augmenting.one_augmented(torch.from_numpy(self._images[index]), self._mean, self._recipe)


class Loading:
    """Goes through the same file with torch's own loader, beginning again at its end."""

    def __init__(self, data: PackedData, experiment: Experiment, setting: Setting) -> None:
        pictures = Pictures(data.images("train"), experiment)
        self._loader = torch.utils.data.DataLoader(pictures, experiment.recipe.batch_size)
        self._device = setting.device
        self._minibatches = iter(self._loader)

    def augmented(self) -> Tensor:
        """The next minibatch as the network sees it."""
        minibatch = next(self._minibatches, None)
        if minibatch is None:
            self._minibatches = iter(self._loader)
            minibatch = next(self._minibatches)
        moved: Tensor = minibatch.to(self._device)
        return moved


class Quiet:
    """A listener to the packing that has nothing to say."""

    def source_found(self, source: Source, size: int) -> None:
        pass

    def packed(self, split: str, done: int, total: int) -> None:
        pass

    def skipped(self, problem: str) -> None:
        pass


def drawn_data(folder: Path, experiment: Experiment, seed: int) -> Path:
    """A packed file of random pictures in `folder`, a few minibatches of them."""
    recipe = experiment.recipe
    drawing = np.random.default_rng(seed)
    (folder / "drawn" / "train" / "noise").mkdir(parents=True)
    for number in range(MINIBATCHES * recipe.batch_size):
        pixels = drawing.integers(0, 256, (recipe.image_size, recipe.image_size, 3), np.uint8)
        # Uncompressed: nothing is gained by packing what is random.
        Image.fromarray(pixels).save(folder / "drawn" / "train" / "noise" / f"{number:06}.bmp")
    settings = Settings(size=recipe.image_size, grey=recipe.channels == 1, seed=seed)
    pack(folder / "drawn", folder / "drawn.h5", settings, Quiet())
    return folder / "drawn.h5"
