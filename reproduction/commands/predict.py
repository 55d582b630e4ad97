"""Labels for pictures: the most probable classes of each, best first.

A picture that cannot be read is named, the others are still looked at, and the exit status is 1.

example: alexnet predict 80sec.h5 cat.jpg ship.png --top 3
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproduction.commands.train import whole

if TYPE_CHECKING:
    from reproduction.model.archived import ArchivedModel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN.h5", type=Path, help="archive of a run")
    parser.add_argument("images", metavar="IMAGE", type=Path, nargs="+", help="pictures of any common format")
    parser.add_argument("--top", type=whole(1), default=5, metavar="K", help="how many classes (default 5)")
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
    from reproduction.errors import DataError
    from reproduction.model.archived import open_model
    from reproduction.training.preparation import choose_device

    model = open_model(arguments.run, choose_device(arguments.device), arguments.weights)
    views = model.experiment.view_count(arguments.multiview)
    answers: list[dict[str, Any]] = []
    failed = False
    for path in arguments.images:
        try:
            answer = _look_at(model, path, views, arguments.top)
        except DataError as error:
            print(f"alexnet predict: {error}", file=sys.stderr)
            answers.append({"picture": str(path), "error": str(error)})
            failed = True
            continue
        answers.append(answer)
        if not arguments.json:
            _print(answer)
    if arguments.json:
        json.dump(answers, sys.stdout, indent=1, ensure_ascii=False)
        print()
    return 1 if failed else 0


def _look_at(model: ArchivedModel, path: Path, views: int, top: int) -> dict[str, Any]:
    """What the network makes of one picture."""
    from reproduction.data.pictures import read_picture

    picture = read_picture(path)
    seen = model.see(picture)
    height, width = picture.pixels.shape[:2]
    return {
        "picture": str(path),
        "width": width,
        "height": height,
        "box": list(seen.box),
        "notes": list(picture.notes),
        "views": views,
        "guesses": [vars(guess) for guess in model.guesses(seen, views=views, top=top)],
    }


def _print(answer: dict[str, Any]) -> None:
    notes = f"  ({'; '.join(answer['notes'])})" if answer["notes"] else ""
    print(f"{answer['picture']}{notes}")
    for guess in answer["guesses"]:
        print(f"  {100 * guess['probability']:6.2f} %  {guess['label']}")
