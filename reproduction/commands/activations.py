"""Adds to an archive how its network answers a set of pictures, for the museum to show beside a visitor's.

Features of the last hidden layers, and of every unit its strongest answers and some statistics. They are of
the pictures called test, or val where there are none, spread evenly over them; with these, it is also found
out when the network should rather not answer. No pixel of the pictures is stored, unless --store-pictures
says that they may be: then small copies are, for those who look at the archive. Ctrl-C puts the work away;
the same command goes on with it.

example: alexnet activations 80sec.h5 --data cifar10.h5 --limit 1000
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproduction.commands.train import whole

if TYPE_CHECKING:
    from archive import Activations

PICTURES = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN.h5", type=Path, help="archive of a run")
    parser.add_argument(
        "--data", required=True, metavar="DATA", type=Path, help="made by `alexnet data pack`"
    )
    parser.add_argument(
        "--split", choices=("train", "val", "test"), help="which pictures (default: test or val)"
    )
    parser.add_argument(
        "--limit", type=whole(2), default=PICTURES, metavar="N", help=f"at most N pictures ({PICTURES})"
    )
    parser.add_argument(
        "--store-pictures", action="store_true", help="keeps small copies of the pictures in the archive"
    )
    parser.add_argument(
        "--device", metavar="D", help="cpu, cuda or cuda:N (default: a GPU where there is one)"
    )
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(arguments: argparse.Namespace) -> int:
    from reproduction.console import Status, remaining
    from reproduction.data.packed import PackedData
    from reproduction.inside.collecting import collect, probe_set, require_same_classes
    from reproduction.model.archived import open_model
    from reproduction.training import preparation
    from reproduction.training.interrupts import Interrupts

    model = open_model(arguments.run, preparation.choose_device(arguments.device))
    model.require_classes()
    status = Status()
    with PackedData(arguments.data) as data, Interrupts() as interrupts:
        for warning in preparation.check_data(model.experiment, data, trained=True):
            status.note(f"warning: {warning}")
        require_same_classes(model, data)
        probe = probe_set(data, arguments.split, arguments.limit)
        began: list[tuple[int, float]] = []

        def watch(done: int, total: int) -> bool:
            if not began:
                began.append((done, time.monotonic()))
            first, began_s = began[0]
            left = remaining(done - first, total - first, time.monotonic() - began_s)
            status.show([f"asking: {done:,} of {total:,} pictures{f', {left} left' if left else ''}"])
            return not interrupts.reason

        found = collect(arguments.run, model, probe, pictures=arguments.store_pictures, watch=watch)
    status.show([], force=status.terminal)
    if found is None:
        print(
            f"alexnet activations: stopped by {interrupts.reason}; the same command goes on", file=sys.stderr
        )
        return 1
    facts = summary(found)
    print(json.dumps(facts, indent=1) if arguments.json else "\n".join(_lines(model.experiment.name, facts)))
    return 0


def summary(found: Activations) -> dict[str, Any]:
    """What is there, as JSON values."""
    answers = found.answers
    dead = {name: int((table["largest"] <= 0).sum()) for name, table in found.units.items()}
    return {
        "probe": found.probe,
        "right": float((answers["guess"] == answers["label"]).mean()),
        "features": {name: values.shape[1] for name, values in found.features.items()},
        "units": {name: len(table) for name, table in found.units.items()},
        "dead_units": {name: count for name, count in dead.items() if count},
        "patches": {name: len(table) for name, table in found.patches.items()},
        "pictures_stored": found.thumbnails is not None,
    }


def _lines(name: str, facts: dict[str, Any]) -> list[str]:
    probe = facts["probe"]
    features = ", ".join(f"{count:,} of {layer}" for layer, count in facts["features"].items())
    dead = ", ".join(f"{count:,} of {layer}" for layer, count in facts["dead_units"].items()) or "none"
    stored = "small copies are stored" if facts["pictures_stored"] else "no pixel of them is stored"
    asked = f"{probe['images']:,} {probe['split']} pictures of {probe['data_name']}"
    return [
        f"{name} was asked about {asked}; {stored}",
        f"right        {100 * facts['right']:.2f} %",
        f"features     {features}",
        f"units        {sum(facts['units'].values()):,} in {len(facts['units'])} layers; silent: {dead}",
        f"patches      {sum(facts['patches'].values()):,} in {len(facts['patches'])} layers",
        f"abstention   {abstention_words(probe.get('abstention'))}",
    ]


def abstention_words(rule: dict[str, Any] | None) -> str:
    """The rule in words."""
    if rule is None:
        return "no rule: these pictures were trained on"
    if rule["threshold"] is None:
        return f"no threshold on the probability makes {rule['target']:.0%} of the answers right"
    if rule["right"] is None:
        return f"no answer below {rule['threshold']:.1%}; no picture of the other half was above it"
    return (
        f"no answer below {rule['threshold']:.1%}: of {rule['checked_on']:,} other pictures "
        f"{rule['accepted']:.1%} are answered, {rule['right']:.1%} of them rightly"
    )
