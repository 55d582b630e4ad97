"""Error rates of an archive on a data file, as the original reports them: logprob, top-1 and top-k error.

Measured on the pictures called test, or val where there are none: from the centre of each picture, or with
--multiview from the mean of the probabilities of several views.

example: alexnet test 80sec.h5 --data cifar10.h5 --multiview
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN.h5", type=Path, help="archive of a run")
    parser.add_argument(
        "--data", required=True, metavar="DATA", type=Path, help="made by `alexnet data pack`"
    )
    parser.add_argument(
        "--split", choices=("train", "val", "test"), help="which pictures (default: test or val)"
    )
    parser.add_argument("--multiview", action="store_true", help="average several views of each picture")
    parser.add_argument(
        "--device", metavar="D", help="cpu, cuda or cuda:N (default: a GPU where there is one)"
    )
    parser.add_argument(
        "--weights",
        choices=("float32", "int8"),
        default="float32",
        help="int8 keeps those of fully connected layers in one byte each: sooner, and a little less exact",
    )
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(arguments: argparse.Namespace) -> int:
    from reproduction.console import Status
    from reproduction.data.packed import PackedData
    from reproduction.errors import DataError
    from reproduction.model.archived import open_model
    from reproduction.model.costs import reported_top_k
    from reproduction.training import preparation
    from reproduction.training.batches import Batches
    from reproduction.training.evaluation import evaluate, pictures_at_once

    model = open_model(arguments.run, preparation.choose_device(arguments.device), arguments.weights)
    experiment, status = model.experiment, Status()
    with PackedData(arguments.data) as data:
        preparation.check_classes_learnt(arguments.run, model.labels, model.label_ids, data, "test it on")
        for warning in preparation.check_data(experiment, data, trained=True):
            status.note(f"warning: {warning}")
        split = arguments.split or data.evaluation_split
        if split is None:
            raise DataError(f"{arguments.data} has neither test nor val pictures; name others with --split")
        # The same number of threads as in training gives the same figure as the history, to the last digit.
        preparation.use_threads(model.threads)
        views = experiment.view_count(arguments.multiview)
        cost = experiment.parameters.costs[experiment.network.cost.name]

        def watch(done: int, total: int) -> bool:
            status.show([f"testing: {done:,} of {total:,} pictures"])
            return True

        result = evaluate(
            model.module,
            Batches(data, split, pictures_at_once(views)),
            model.mean,
            split=split,
            crop_size=experiment.recipe.input_size,
            views=views,
            top_k=reported_top_k(cost.top_k, experiment.network.classes),
            watch=watch,
        )
    status.show([], force=status.terminal)
    assert result is not None  # nobody says to stop
    loss, top1, topk = result.sums.means()
    found = {
        "archive": arguments.run.name,
        "network": experiment.name,
        "epoch": model.epoch,
        "split": split,
        "images": result.sums.images,
        "views": views,
        "loss": loss,
        "top1": top1,
        "topk": topk,
        "k": result.top_k,
        "seconds": round(result.seconds, 3),
    }
    costs = {name: _means(said, result.sums.images) for name, said in result.costs.items()}
    if costs:
        found["costs"] = costs
    if arguments.json:
        json.dump(found, sys.stdout, indent=1)
        print()
        return 0
    seen = "the centre of each" if views == 1 else f"{views} views of each"
    print(f"{experiment.name} after {model.epoch:g} epochs, {result.sums.images:,} {split} pictures, {seen}")
    print(f"logprob      {loss:.6f}")
    print(f"top-1 error  {100 * top1:.2f} %")
    print(f"top-{result.top_k} error  {100 * topk:.2f} %")
    for name, said in costs.items():
        print(f"cost {name}: {', '.join(f'{what} {number:.6f}' for what, number in said.items())}")
    return 0


def _means(said: Mapping[str, float], images: int) -> dict[str, float]:
    """The numbers of a cost per image; of declared classes, the share that is right and that was found."""
    means = {name: total / images for name, total in said.items()}
    if "declared" in means:
        means["precision"] = means["right"] / (means["declared"] or 1)
        means["recall"] = means["right"] / (means["there"] or 1)
    return means
