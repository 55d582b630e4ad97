"""Measures this program beside stock PyTorch, in the same process and in turn, and says how quiet it was.

kernels   normalisation, pooling and their chains, update, augmentation
step      a training step: forward, cost, backward, update
pipeline  pictures from a packed data file to what the network sees
predict   the answer to one picture, alone and while another program takes a core

Without a subject, all four. Times are medians of several rounds; ratios are taken round by round.

examples:
  alexnet bench
  alexnet bench kernels --threads 1
  alexnet bench step --net cuda-convnet-18pct --json
  alexnet bench step --device cuda --precision tf32
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from reproduction.commands.train import whole

if TYPE_CHECKING:
    from reproduction.benchmarks.measuring import Stopwatch
    from reproduction.benchmarks.results import Report, Row
    from reproduction.benchmarks.setting import Setting

    Measure = Callable[[Setting, Stopwatch], Iterator[Row]]

SUBJECTS = ("kernels", "step", "pipeline", "predict")
NETWORK = "alexnet-2012"
# Together they have every chain of the historical networks that our kernels compute at once.
KERNEL_NETWORKS = (NETWORK, "cuda-convnet-18pct", "cuda-convnet-11pct")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "subject",
        metavar="SUBJECT",
        nargs="?",
        choices=SUBJECTS,
        help=f"{', '.join(SUBJECTS)} (default: all)",
    )
    parser.add_argument(
        "--net",
        metavar="NET",
        help=f"which network (default {NETWORK}; kernels: {', '.join(KERNEL_NETWORKS)})",
    )
    parser.add_argument("--batch-size", type=whole(1), metavar="N", help="pictures of one minibatch")
    parser.add_argument("--rounds", type=whole(1), metavar="N", help="rounds that count (default 5)")
    parser.add_argument(
        "--device", metavar="D", help="cpu, cuda or cuda:N (default: a GPU where there is one)"
    )
    parser.add_argument("--threads", type=whole(1), metavar="N", help="CPU threads (default: one per core)")
    parser.add_argument(
        "--precision",
        choices=("float32", "tf32", "bfloat16"),
        default="float32",
        help="of products, on both sides; bfloat16 is autocast (default float32)",
    )
    parser.add_argument("--seed", type=whole(0), default=1, metavar="N", help="seed of everything random (1)")
    parser.add_argument(
        "--no-compile", action="store_true", help="leaves torch.compile out, which takes long"
    )
    parser.add_argument(
        "--memory",
        choices=("as-run", "kept", "returned"),
        default="as-run",
        help="whether the C library keeps freed memory: for ours alone, as when it trains, while others run "
        "as they would without this program (default); for both sides; for neither",
    )
    parser.add_argument("--quick", action="store_true", help="everything small, two rounds: does it work?")
    parser.add_argument("--json", action="store_true", help="machine-readable output")


def run(arguments: argparse.Namespace) -> int:
    from reproduction.benchmarks.tables import table
    from reproduction.console import Status

    status = Status()

    def say(line: str) -> None:
        status.show([line])

    reports = []
    for report in _reports(arguments, say):
        status.show([], force=status.terminal)
        reports.append(report.to_json())
        if not arguments.json:
            print(("" if len(reports) == 1 else "\n") + table(report), flush=True)
    if arguments.json:
        json.dump({"reports": reports}, sys.stdout, indent=1)
        print()
    return 0


def _reports(arguments: argparse.Namespace, say: Callable[[str], None]) -> Iterator[Report]:
    """One report after the other, each as soon as it is there."""
    from reproduction.benchmarks import compiling, kernels, machine, pipeline, predict, step
    from reproduction.benchmarks.measuring import Effort, Stopwatch
    from reproduction.benchmarks.results import Report
    from reproduction.benchmarks.setting import Setting
    from reproduction.training import preparation

    device = preparation.choose_device(arguments.device)
    preparation.use_threads(arguments.threads)
    wanted = not (arguments.no_compile or arguments.quick)
    trouble = compiling.obstacle(device) if wanted else ""
    setting = Setting(
        networks=(arguments.net,) if arguments.net else (NETWORK,),
        device=device,
        batch_size=arguments.batch_size,
        seed=arguments.seed,
        precision=arguments.precision,
        compiles=wanted and not trouble,
        memory=arguments.memory,
        quick=arguments.quick,
    )
    rounds = arguments.rounds or (2 if arguments.quick else 5)
    stopwatch = Stopwatch(device, Effort(rounds, 0.0 if arguments.quick else 0.3), say, arguments.memory)
    found = machine.examined(stopwatch, setting)
    subjects: dict[str, tuple[Measure, tuple[str, ...]]] = {
        "kernels": (kernels.rows, kernels.SAID),
        "step": (step.rows, step.SAID),
        "pipeline": (pipeline.rows, pipeline.SAID),
        "predict": (predict.rows, predict.SAID),
    }
    for subject in [arguments.subject] if arguments.subject else SUBJECTS:
        rows, said = subjects[subject]
        here = setting
        if subject == "kernels" and not arguments.net:
            here = dataclasses.replace(setting, networks=KERNEL_NETWORKS)
        measured = tuple(rows(here, stopwatch))
        told = (*said, trouble) if trouble else said
        yield Report(subject, {**here.to_json(), "rounds": rounds}, found, measured, told)
