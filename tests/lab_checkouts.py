"""Small checkouts with notes of our own, in the habits of the released ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

LAYERS = """\
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[conv1]
type=conv
inputs=data
channels=3
filters=16
filterSize=5
initW=0.01
partialSum=0
[fc10]
type=fc
inputs=conv1
outputs=10
initW=0.01
[probs]
type=softmax
inputs=fc10
[logprob]
type=cost.logreg
inputs=labels,probs
"""
PARAMETERS = """\
[conv1]
epsW=0.0100
epsB=0.02
momW=0.9
momB=0.9
wc=0.0005
[fc10]
epsW=0.01
epsB=0.02
momW=0.9
momB=0.9
wc=0.0005
[logprob]
coeff=1
"""
FIRST = """
# on tigris
# logs/layers-20.log
# /scratch/ConvNet__2012-03-01_10.00.00
# epoch 10: set epsw to 0.001 from 0.01
# epoch 20: set epsw to 0.0001 from 0.001 on conv1,conv2
#           set color noise to 0 from 0.1
# epoch 30: killed
# validation:
# logprob:  1.500000, 0.300000, 0.100000
# validation multiview:
# logprob:  1.400000, 0.290000, 0.090000
"""
SECOND = """
# this is like #20 but with larger filters, trained on lsvrc-2010
# on indus
# logs/layers-21.log
# /scratch/ConvNet__2012-03-05_10.00.00
# epoch 4x: set epsw to 0.001 from 0.01
# epoch 50: killed, too slow
# restart:
# moved to tigris
# /scratch/ConvNet__2012-03-07_10.00.00
# epoch 12: set conv1 epsw to 0 from 0.01
# [1.25, 0.28125, 0.078125]
"""
THIRD = """
# this is 21 and initialized from net of last week: /scratch/ConvNet__2012-03-01_10.00.00
# init epsw 0.001 on conv1, 0.01 elsewhere
# 21 notes:
# this is like #20 but with larger filters, trained on lsvrc-2010
# epoch 12: set conv1 epsw to 0 from 0.01
"""


def checkout(folder: Path) -> Path:
    """Writes a checkout of three experiments, 20, 21 and 22, and a copy of the first under another name."""
    layers = folder / "layers"
    layers.mkdir(parents=True)
    wide = (
        LAYERS.replace("filterSize=5", "filterSize=7").replace("[fc10]", "[fc20]").replace("=fc10", "=fc20")
    )
    for name, text, notes in (
        ("20", LAYERS, FIRST),
        ("21", wide, SECOND),
        ("22", wide, THIRD),
        ("20-2009", None, FIRST + "# now let us train on 2009\n# epoch 3: set epsw to 0.001 from 0.01\n"),
    ):
        if text:
            (layers / f"layers-{name}.cfg").write_text(text, encoding="utf-8")
        parameters = PARAMETERS.replace("0.0100", "0.01") if name == "21" else PARAMETERS
        (layers / f"layer-params-{name}.cfg").write_text(parameters + notes, encoding="utf-8")
    return folder


def released(name: str) -> Path:
    """The folder of a released source, or the reason for skipping."""
    sources = os.environ.get("ALEXNET_RELEASED_SOURCES", "")
    if not sources:
        pytest.skip("ALEXNET_RELEASED_SOURCES names no folder with checkouts of the released sources")
    folder = Path(sources) / name
    if not folder.is_dir():
        pytest.skip(f"ALEXNET_RELEASED_SOURCES holds no checkout of {name}")
    return folder
