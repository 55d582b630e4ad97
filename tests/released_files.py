"""Where the files of the three released programs are, and which parameters go with which definition.

Read only where ALEXNET_RELEASED_SOURCES names a folder with checkouts AlexNet-Source-Code, cuda-convnet and
cuda-convnet2. layer-params-X goes with layers-X where there is such a pair; else, and where the lab notes
name another definition (170: 153), as the table of facts has it. Six definitions have no parameters of their
own (BORROWED), and the definition of layer-params-107 was not released: it was layers-2009-101 with 1000
classes (STAND_IN).
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from reproduction.definition import Texts, find_texts

SOURCES = os.environ.get("ALEXNET_RELEASED_SOURCES", "")
FACTS = json.loads((Path(__file__).parent / "golden" / "released_totals.json").read_text())
DIALECTS = {"AlexNet-Source-Code": "2012", "cuda-convnet": "2011", "cuda-convnet2": "2014"}
# Definitions without parameters of their own -> those of the run that used them.
BORROWED = {
    "layers/layers-126": "layers/layer-params-126-2012-full.cfg",
    "layers/layers-141-2009-2010": "layers/layer-params-141-2009.cfg",
    "layers/layers-141-2009-2012": "layers/layer-params-141-2009.cfg",
    "layers/layers-153-4gpu": "layers/layer-params-170-4gpu.cfg",
    "layers-cifar/layers-18pct": "layers-cifar/layer-params-18pct-noisylr.cfg",
    "layers-cifar/layers-conv-local-13pct": "layers-cifar/layer-params-conv-local-13pct-noisylr.cfg",
}
STAND_IN = "AlexNet-Source-Code/layers/layer-params-107.cfg"


def names(pattern: str) -> list[str]:
    """Paths of the released files below the folder of the checkouts."""
    root = Path(SOURCES)
    found = [path for checkout in DIALECTS for path in (root / checkout).rglob(pattern)]
    return sorted(str(path.relative_to(root)) for path in found)


def side_of(definition: str) -> int:
    """The side of the pictures, where the definition has to be told: ImageNet's or CIFAR's."""
    if definition in FACTS["definitions"]:
        return int(FACTS["definitions"][definition]["side"])
    cifar = "example-layers" in definition or "cifar" in definition
    return 32 if cifar else 224


def definition_of(parameters: str) -> str:
    """The definition that goes with a parameter file, by name or by the table of facts."""
    if parameters in FACTS["parameters"]:
        return f"{parameters.partition('/')[0]}/{FACTS['parameters'][parameters]['definition']}"
    return parameters.replace("layer-params", "layers")


def parameters_of(definition: str) -> str:
    """The parameter file that goes with a definition: its own, or that of a run that used it."""
    checkout, _, path = definition.partition("/")
    borrowed = BORROWED.get(path.removesuffix(".cfg")) if checkout == "AlexNet-Source-Code" else None
    return (
        f"{checkout}/{borrowed}"
        if borrowed
        else definition.replace("/layers-", "/layer-params-").replace("/layers.", "/layer-params.")
    )


def texts(definition: str, parameters: str | None) -> Texts:
    root = Path(SOURCES)
    found = find_texts(str(root / definition), str(root / parameters) if parameters else None)
    if parameters == STAND_IN:  # layer fc10184 has 10184 outputs there, and fc1000 had 1000
        return replace(found, definition=found.definition.replace("10184", "1000"))
    return found if parameters else replace(found, parameters="", parameters_name="")
