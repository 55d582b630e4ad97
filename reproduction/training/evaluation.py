"""Error rates of a network on a split, as the original reports them: one view of each picture or several."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from reproduction.data.augmentation import Mean, test_views
from reproduction.model.costs import CostSums, mean_over_views
from reproduction.model.network_module import NetworkModule
from reproduction.model.reports import Report, added
from reproduction.training.batches import Batches
from reproduction.training.randomness import Purpose, torch_generator

# Pictures in one pass; fewer when each is seen through several views, for the memory's sake.
PICTURES_AT_ONCE, PICTURES_OF_MANY_VIEWS = 128, 32


@dataclass(frozen=True)
class Evaluation:
    """Sums over the images of a split, and how they were measured."""

    sums: CostSums
    split: str
    views: int
    top_k: int
    seconds: float
    costs: Mapping[str, Report] = field(default_factory=dict)
    """What the costs say beside that, in sums over the images (means over the views)."""

    def row(self, epoch: float, step: int) -> dict[str, Any]:
        """The row of an archive's history that says so, for a network that stands at `epoch` and `step`."""
        loss, top1, topk = self.sums.means()
        return {
            "epoch": epoch,
            "step": step,
            "images": self.sums.images,
            "views": self.views,
            "loss": loss,
            "top1": top1,
            "topk": topk,
            "k": self.top_k,
            "seconds": self.seconds,
            "split": self.split,
        }


def pictures_at_once(views: int) -> int:
    """Minibatch size of a test."""
    return PICTURES_AT_ONCE if views == 1 else PICTURES_OF_MANY_VIEWS


def evaluate(
    module: NetworkModule,
    batches: Batches,
    mean: Mean,
    *,
    split: str,
    crop_size: int,
    views: int,
    top_k: int,
    watch: Callable[[int, int], bool] = lambda done, total: True,
    answers: Callable[[torch.Tensor], None] = lambda together: None,
) -> Evaluation | None:
    """Tests all pictures of `batches`; None when `watch(images done, images in all)` says to stop (False).

    `answers` is handed what the views of each minibatch say together: log probabilities (N, K), or values of
    the cost (N,) where it knows no classes.
    """
    began_s = time.monotonic()
    device = next(iter(module.arrays().values())).device
    was_training = module.training
    module.eval()
    sums, costs = CostSums(), dict[str, Report]()
    try:
        with torch.inference_mode():
            for index in range(batches.count):
                if not watch(sums.images, batches.images):
                    return None
                pictures = batches.pictures(index).to(device)
                stack = test_views(pictures, mean, crop_size=crop_size, views=views)
                # Only noisy neurons draw here: the same in every test, so that a test can be repeated.
                noise = torch_generator(0, Purpose.TEST, 0, index, device)
                labels = batches.labels(index).to(device)
                seen = []
                for view in stack:
                    activations = module(view, noise, labels=labels, multi_view=views > 1, everything=False)
                    seen.append(module.measured(activations, labels))
                    for name, said in module.reports(activations, labels).items():
                        costs[name] = added(costs.get(name, {}), said, 1 / len(stack))
                together = mean_over_views(seen)
                answers(together)
                sums += module.sums(together, labels, top_k)
    finally:
        module.train(was_training)
    return Evaluation(sums, split, views, top_k, time.monotonic() - began_s, costs)
