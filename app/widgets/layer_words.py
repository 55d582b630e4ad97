"""A layer in words: what it is, its shapes, its numbers. For the eye beside the drawing, and for the ear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from app.figure import Table
from app.theme import column_name

Layer = Mapping[str, Any]

KINDS = {
    "data": QT_TRANSLATE_NOOP("layers", "input"),
    "conv": QT_TRANSLATE_NOOP("layers", "convolution"),
    "local": QT_TRANSLATE_NOOP("layers", "locally connected"),
    "fc": QT_TRANSLATE_NOOP("layers", "fully connected"),
    "pool": QT_TRANSLATE_NOOP("layers", "pooling"),
    "rnorm": QT_TRANSLATE_NOOP("layers", "response normalisation within a map"),
    "cmrnorm": QT_TRANSLATE_NOOP("layers", "response normalisation across maps"),
    "hs": QT_TRANSLATE_NOOP("layers", "dropout"),
    "dropout": QT_TRANSLATE_NOOP("layers", "dropout"),
    "softmax": QT_TRANSLATE_NOOP("layers", "probabilities"),
}


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("layers", text)


def number(value: float) -> str:
    """A count as the visitor's country writes it."""
    return QLocale().toString(round(value))


def kind_of(layer: Layer) -> str:
    """What kind of layer this is, in words."""
    kind = str(layer["type"])
    return tr(str(KINDS.get(kind, kind)))


def shape_of(layer: Layer) -> str:
    """The output's shape."""
    shape = layer["output_shape"]
    if len(shape) == 3:
        return tr("{0} maps of {1} × {2}").format(*shape)
    return tr("{0} numbers").format(number(shape[0]))


def facts(layer: Layer, columns: int) -> list[tuple[str, str]]:
    """What is worth knowing of a layer of a network with so many columns: (what, value)."""
    rows = [(tr("Output"), shape_of(layer))]
    kernels = [f"{size} × {size}" for size in _listed(layer.get("kernel_size"))]
    if kernels:
        steps = ", ".join(str(step) for step in dict.fromkeys(_listed(layer.get("stride"))))
        rows.append((tr("Kernels"), tr("{0}, step {1}").format(", ".join(dict.fromkeys(kernels)), steps)))
    if layer["type"] == "pool":
        window = tr("{0} of {1} × {1}, step {2}")
        rows.append((tr("Window"), window.format(layer.get("pool"), layer.get("size"), layer.get("stride"))))
    if layer.get("parameters"):
        rows.append((tr("Weights"), number(layer["parameters"])))
    if layer.get("multiply_adds"):
        rows.append((tr("Multiply-adds"), number(layer["multiply_adds"])))
    if layer.get("activation"):
        rows.append((tr("Activation"), str(layer["activation"])))
    if layer["inputs"]:
        rows.append((tr("Reads"), ", ".join(layer["inputs"])))
    if columns > 1 and layer.get("column") is not None:
        rows.append((tr("Column"), column_name(layer["column"])))
    return rows


def describe(layer: Layer, columns: int) -> str:
    """All of it in one line, for a screen reader."""
    listed = "; ".join(f"{what}: {value}" for what, value in facts(layer, columns))
    return tr("{0}, {1}. {2}.").format(layer["name"], kind_of(layer), listed)


def layer_table(network: Mapping[str, Any]) -> Table:
    """All layers of the resolved network as numbers; a shape is written as 96x55x55."""
    columns = ("layer", "type", "column", "inputs", "output", "parameters", "multiply-adds", "activation")
    rows = [
        (
            str(layer["name"]),
            str(layer["type"]),
            layer.get("column"),
            " ".join(layer["inputs"]),
            "x".join(str(side) for side in layer["output_shape"]),
            layer.get("parameters") or 0,
            layer.get("multiply_adds") or 0,
            layer.get("activation") or "",
        )
        for layer in network["layers"]
    ]
    return Table(columns, rows)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]
