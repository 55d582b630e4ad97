"""Lists, shows and checks network definitions.

examples:
  alexnet net list
  alexnet net show alexnet-2012
  alexnet net show alexnet-2012 --svg alexnet.svg
  alexnet net check layers/layers-145.cfg --classes 1000
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reproduction.definition.dialect import DIALECTS
from reproduction.definition.experiment import Experiment, assemble, built_in_names, find_texts
from reproduction.definition.svg import as_svg
from reproduction.text_file import write_text

TELLING = ("keep", "size", "kernel_size", "scale", "max_scale", "parts", "stride")  # one number says which


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="list|show|check", required=True)
    listing = actions.add_parser("list", help="the networks that are shipped")
    listing.add_argument("--json", action="store_true", help="machine-readable output")
    for name, purpose in (
        ("show", "the layer table of a network"),
        ("check", "reads a network, says what is odd"),
    ):
        action = actions.add_parser(
            name, help=purpose, epilog=f"example: alexnet net {name} cuda-convnet-80sec"
        )
        action.add_argument(
            "net", metavar="NET", help="built-in name, recipe (.toml) or definition file (.cfg)"
        )
        action.add_argument(
            "--params", metavar="FILE", help="parameter file (default: the one beside a definition)"
        )
        action.add_argument("--recipe", metavar="FILE", help="recipe (.toml) in place of the network's own")
        action.add_argument(
            "--image-size", type=int, metavar="N", help="side of the picture that the network reads"
        )
        action.add_argument("--classes", type=int, metavar="N", help="width of the last layer")
        action.add_argument(
            "--dialect", metavar="D", help="generation of the program: " + ", ".join(DIALECTS)
        )
        action.add_argument(
            "--strict", action="store_true", help="refuses what the original program of that dialect refused"
        )
        action.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="changes a key")
        form = action.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="machine-readable output")
        if name == "show":
            form.add_argument("--svg", metavar="FILE", help="draws the network to scale into FILE instead")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "list":
        return _list(arguments.json)
    texts = find_texts(arguments.net, arguments.params, arguments.recipe, arguments.set)
    experiment = assemble(
        texts,
        image_size=arguments.image_size,
        classes=arguments.classes,
        dialect=arguments.dialect,
        strict=arguments.strict,
        require_parameters=False,
    )
    warnings = list(experiment.warnings)
    if not experiment.texts.parameters_name:
        warnings.append(
            f"{experiment.texts.definition_name}: no parameter file beside it, so only layers were read"
        )
    if arguments.action == "check":
        return _check(experiment, warnings, arguments.json)
    if arguments.svg is not None:
        return _draw(experiment, warnings, arguments.svg)
    return _show(experiment, warnings, arguments.json)


def _list(as_json: bool) -> int:
    experiments = [assemble(find_texts(name)) for name in built_in_names()]
    if as_json:
        print(json.dumps([_summary(experiment) for experiment in experiments], indent=1))
        return 0
    header = ("name", "source", "picture", "parameters", "layers", "description")
    rows = [
        (
            experiment.name,
            experiment.recipe.source,
            _shape(experiment.network.image_shape),
            f"{experiment.network.parameter_count:,}",
            str(len(experiment.network.layers)),
            experiment.recipe.description,
        )
        for experiment in experiments
    ]
    print(_table(header, rows, right=(3, 4)))
    return 0


def _summary(experiment: Experiment) -> dict[str, Any]:
    network = experiment.network
    return {
        "name": experiment.name,
        "source": experiment.recipe.source,
        "image_shape": list(network.image_shape),
        "classes": network.classes,
        "parameters": network.parameter_count,
        "multiply_adds": network.multiply_adds,
        "layers": len(network.layers),
        "columns": network.columns,
        "description": experiment.recipe.description,
    }


def _show(experiment: Experiment, warnings: Sequence[str], as_json: bool) -> int:
    described = experiment.to_json()
    _print_warnings(warnings)
    if as_json:
        print(json.dumps(described, indent=1))
        return 0
    picture, columns = _shape(described["image_shape"]), described["columns"]
    print(
        f"{experiment.name}: {picture} pictures, {described['classes']} classes, "
        f"{columns} {'column' if columns == 1 else 'columns'}, dialect {described['dialect']}"
    )
    if experiment.recipe.description:
        print(f"{experiment.recipe.description} ({experiment.recipe.source})")
    header = ("layer", "type", "inputs", "column", "output", "parameters", "multiply-adds")
    rows = [_row(layer) for layer in described["layers"]]
    print("\n" + _table(header, rows, right=(3, 5, 6), totals=_totals(described)))
    return 0


def _draw(experiment: Experiment, warnings: Sequence[str], file: str) -> int:
    """The drawing, into a file."""
    _print_warnings(warnings)
    write_text(Path(file), as_svg(experiment.to_json()))
    print(f"{experiment.name}: drawn into {file}")
    return 0


def _check(experiment: Experiment, warnings: Sequence[str], as_json: bool) -> int:
    if as_json:
        print(json.dumps({"name": experiment.name, "ok": True, "warnings": list(warnings)}, indent=1))
        return 0
    _print_warnings(warnings)
    network = experiment.network
    print(
        f"{experiment.name}: ok; {len(network.layers)} layers, {network.parameter_count:,} parameters, "
        f"{_shape(network.image_shape)} pictures, {network.classes} classes, dialect {network.dialect.name}"
    )
    return 0


def _print_warnings(warnings: Sequence[str]) -> None:
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _row(layer: dict[str, Any]) -> tuple[str, ...]:
    return (
        layer["name"],
        _type(layer),
        ", ".join(layer["inputs"]),
        _column(layer),
        _shape(layer["output_shape"]),
        f"{layer['parameters']:,}" if layer["parameters"] else "",
        f"{layer['multiply_adds']:,}" if layer["multiply_adds"] else "",
    )


def _column(layer: dict[str, Any]) -> str:
    """The GPU of a layer, or those of its copies."""
    columns = layer.get("replicas") or [layer["column"]]
    return "" if columns == [None] else ",".join(str(column) for column in columns)


def _type(layer: dict[str, Any]) -> str:
    """The type with what tells two layers of it apart: `conv 11/4, relu`."""
    kind = layer["type"]
    if kind in ("conv", "local"):
        text = f"{kind} {_windows(layer)}"
    elif kind == "pool":
        text = f"{layer['pool']} pool {layer['size']}/{layer['stride']}"
    elif kind == "cmpool":
        text = f"cmpool {layer['size']}/{layer['stride']}"
    else:
        number = next((layer[key] for key in TELLING if key in layer), None)
        text = kind if number is None else f"{kind} {number:g}"
    return f"{text}, {layer['activation']}" if layer["activation"] else text


def _windows(layer: dict[str, Any]) -> str:
    """Kernel side / stride, once where all inputs agree."""
    texts = [f"{size}/{stride}" for size, stride in zip(layer["kernel_size"], layer["stride"], strict=True)]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)


def _totals(described: dict[str, Any]) -> list[tuple[str, ...]]:
    def total(name: str, column: str, counts: dict[str, int]) -> tuple[str, ...]:
        return (name, "", "", column, "", f"{counts['parameters']:,}", f"{counts['multiply_adds']:,}")

    columns = described["by_column"]
    parts = [total("column total", str(index), counts) for index, counts in enumerate(columns)]
    return [*(parts if len(parts) > 1 else []), total("total", "", described)]


def _shape(shape: Sequence[int]) -> str:
    return "x".join(str(length) for length in shape)


def _table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int],
    totals: Sequence[Sequence[str]] = (),
) -> str:
    """Columns as wide as their widest cell, those numbered in `right` flush right; totals under a line."""
    widths = [max(len(cell) for cell in cells) for cells in zip(header, *rows, *totals, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = (
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join(placed).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [line(header), rule, *(line(row) for row in rows)]
    return "\n".join([*lines, rule, *(line(row) for row in totals)] if totals else lines)
