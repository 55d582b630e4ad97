"""Trains a network on packed pictures and keeps its archive up to date.

NET is a built-in name (`alexnet net list`), a recipe (.toml) or a definition file (.cfg) of 2011 to 2014.
The archive exists before the first step and is replaced at every test and at least every ten minutes; Ctrl-C
leaves it complete, and `alexnet resume` goes on from there.

example: alexnet train cuda-convnet-80sec --data cifar10.h5 --out 80sec.h5
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from reproduction.training.interrupts import stop_when_input_ends

if TYPE_CHECKING:
    from reproduction.training.run import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("net", metavar="NET", help="built-in name, recipe or definition file")
    parser.add_argument(
        "--data", required=True, metavar="DATA", type=Path, help="file made by `alexnet data pack`"
    )
    parser.add_argument("--out", required=True, metavar="RUN.h5", type=Path, help="the archive to write")
    parser.add_argument("--params", metavar="PARAMS.cfg", help="parameter file instead of the net's own")
    parser.add_argument("--recipe", metavar="RECIPE.toml", help="recipe instead of the net's own")
    parser.add_argument("--epochs", type=whole(0), metavar="N", help="passes through the training pictures")
    parser.add_argument("--steps", type=whole(1), metavar="N", help="stop after N minibatches")
    parser.add_argument("--batch-size", type=whole(1), metavar="N", help="pictures of one minibatch")
    parser.add_argument(
        "--device", metavar="D", help="cpu, cuda or cuda:N (default: a GPU where there is one)"
    )
    parser.add_argument("--threads", type=whole(1), metavar="N", help="CPU threads (default: one per core)")
    parser.add_argument("--seed", type=whole(0), default=1, metavar="N", help="seed of everything random (1)")
    parser.add_argument(
        "--dialect", metavar="D", help="2011, 2012 or 2014 (default: what the files look like)"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="changes any key of the three texts"
    )
    parser.add_argument("--force", action="store_true", help="replace an archive that is there")
    add_attended(parser)


def add_attended(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--attended", action="store_true", help="the end of standard input stops it, as Ctrl-C does"
    )


def whole(least: int) -> Callable[[str], int]:
    """An argparse type: a whole number from `least` up to what a seed may be (32 bits)."""

    def read(text: str) -> int:
        number = int(text) if text.strip().isdecimal() else -1
        if not least <= number < 2**32:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, got '{text}'")
        return number

    return read


def run(arguments: argparse.Namespace) -> int:
    if arguments.attended:
        stop_when_input_ends()
    from archive import RunLog
    from reproduction.data.packed import PackedData
    from reproduction.definition import assemble, find_texts
    from reproduction.training import preparation
    from reproduction.training.display import Display
    from reproduction.training.provenance import command_line
    from reproduction.training.run import Session, new_run

    inputs = (arguments.data, arguments.net, arguments.params, arguments.recipe)
    preparation.check_output(arguments.out, arguments.force, inputs)
    settings = list(arguments.set)
    settings += [] if arguments.epochs is None else [f"epochs={arguments.epochs}"]
    settings += [] if arguments.batch_size is None else [f"batch-size={arguments.batch_size}"]
    texts = find_texts(arguments.net, arguments.params, arguments.recipe, settings)
    experiment = assemble(texts, dialect=arguments.dialect)
    with PackedData(arguments.data) as data:
        warnings = [*experiment.warnings, *preparation.check_data(experiment, data)]
        device = preparation.choose_device(arguments.device)
        preparation.use_threads(arguments.threads)
        title = f"{experiment.name} -> {arguments.out}"
        display = Display(title, experiment.recipe.epochs, steps=arguments.steps)
        for warning in warnings:
            display.note(f"warning: {warning}")
        command = command_line(["alexnet", *sys.argv[1:]])
        new = new_run(experiment, data, seed=arguments.seed, device=device, command=command)
        RunLog(arguments.out).remove()  # of a run that this one replaces: its records are not ours
        session = Session(arguments.out, new, experiment, data, device=device, display=display)
        return say_outcome(session.train(arguments.steps), arguments.out)


def say_outcome(outcome: Outcome, out: Path) -> int:
    """Says on stderr how training ended; returns the exit status."""
    where = f"epoch {outcome.epoch:.2f} (step {outcome.step:,})"
    going_on = f"`alexnet resume {quote(str(out))}` goes on"
    if outcome.reason:
        said = f"stopped at {where} by {outcome.reason}; the archive is complete, {going_on}"
        print(said, file=sys.stderr)
        return 1
    ending = f"finished at {where}" if outcome.finished else f"stopped at {where} as asked; {going_on}"
    print(f"{out}: {ending}", file=sys.stderr)
    return 0
