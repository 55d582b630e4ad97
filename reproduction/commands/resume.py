"""Goes on exactly where an archive ends; what is changed is written into the run's notebook.

On the CPU, with the same number of threads, the result is bit for bit that of an uninterrupted run. Without
--data the pictures are looked for beside the archive and in the current folder.

example: alexnet resume 80sec.h5 --epochs 20 --set '*.epsW=0.0001'
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reproduction.commands.train import add_attended, say_outcome, whole
from reproduction.training.interrupts import stop_when_input_ends


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN.h5", type=Path, help="archive of a run")
    parser.add_argument("--data", metavar="DATA", type=Path, help="file made by `alexnet data pack`")
    parser.add_argument("--epochs", type=whole(0), metavar="N", help="epochs in all, those done included")
    parser.add_argument("--steps", type=whole(1), metavar="N", help="stop after N more minibatches")
    parser.add_argument("--device", metavar="D", help="cpu, cuda or cuda:N (default: as before)")
    parser.add_argument("--threads", type=whole(1), metavar="N", help="CPU threads (default: as before)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="changes any key of the three texts"
    )
    add_attended(parser)


def run(arguments: argparse.Namespace) -> int:
    if arguments.attended:
        stop_when_input_ends()
    from reproduction.data.packed import PackedData
    from reproduction.training import preparation, resuming
    from reproduction.training.display import Display
    from reproduction.training.run import Session

    path: Path = arguments.run
    kept = resuming.read_resumable(path)
    changes = list(arguments.set)
    changes += [] if arguments.epochs is None else [f"epochs={arguments.epochs}"]
    experiment = resuming.changed_experiment(path, kept, changes)
    data_path = arguments.data or preparation.find_data(path, kept.provenance)
    device = preparation.choose_device(arguments.device or kept.provenance.get("device"))
    preparation.use_threads(arguments.threads or kept.state.get("threads"))
    with PackedData(data_path) as data:
        warnings = resuming.accept_data(path, kept, experiment, data)
        warnings += preparation.check_data(experiment, data)
        warnings += resuming.accept_machine(kept, device)
        title = f"{experiment.name} -> {path}"
        display = Display(title, experiment.recipe.epochs, steps=arguments.steps)
        for warning in warnings:
            display.note(f"warning: {warning}")
        session = Session(path, kept, experiment, data, device=device, display=display)
        if session.trainer.finished:
            epochs = experiment.recipe.epochs
            print(f"{path}: its {epochs} epochs are over; --epochs N goes on to N", file=sys.stderr)
        return say_outcome(session.train(arguments.steps), path)
