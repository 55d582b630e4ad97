"""The few points at which the three original programs differ, as one value that travels with a network.

2011 is cuda-convnet, 2012 the program of the NIPS 2012 paper, 2014 cuda-convnet2.
"""

from __future__ import annotations

from dataclasses import dataclass

from reproduction.definition.language import Document, near, quoted
from reproduction.errors import DefinitionError


@dataclass(frozen=True)
class Dialect:
    """What one generation of the program does where the others do otherwise."""

    name: str
    reads_columns: bool  # knows the key `gpu`
    needs_columns: bool  # refuses a layer that reads data and does not state `gpu`
    repeats_single_values: bool  # one element of a per-input list stands for all inputs
    decay_required: bool  # a weight layer without `wc` is refused
    norms_with_constant: frozenset[str]  # types whose parameter section may hold `minDiv`
    own_types: frozenset[str]  # dropout layers only this generation had
    divides_by_actual_count: bool  # a short last minibatch: gradient / its own size, else / nominal size
    multi_views: int  # views of a multi-view test
    multi_views_cifar: int  # the same for the CIFAR reader with crops


DIALECTS = {
    "2011": Dialect(
        name="2011",
        reads_columns=False,
        needs_columns=False,
        repeats_single_values=False,
        decay_required=True,
        norms_with_constant=frozenset(),
        own_types=frozenset(),
        divides_by_actual_count=True,
        multi_views=10,
        multi_views_cifar=10,
    ),
    "2012": Dialect(
        name="2012",
        reads_columns=True,
        needs_columns=True,
        repeats_single_values=False,
        decay_required=False,
        norms_with_constant=frozenset({"cmrnorm"}),
        own_types=frozenset({"hs"}),
        divides_by_actual_count=True,
        multi_views=10,
        multi_views_cifar=9,
    ),
    "2014": Dialect(
        name="2014",
        reads_columns=True,
        needs_columns=True,
        repeats_single_values=True,
        decay_required=False,
        norms_with_constant=frozenset({"cmrnorm", "rnorm"}),
        own_types=frozenset({"dropout", "dropout2"}),
        divides_by_actual_count=False,
        multi_views=10,
        multi_views_cifar=9,
    ),
}


def dialect_named(name: str, where: str = "dialect") -> Dialect:
    """The dialect of that name; `where` says who asked for it in the error."""
    if name not in DIALECTS:
        expected = ", ".join(DIALECTS)
        raise DefinitionError(
            f"{where}: expected one of {expected}, got {quoted(name)}{near(name, DIALECTS)}"
        )
    return DIALECTS[name]


def dialect_by_evidence(definition: Document, parameters: Document) -> Dialect:
    """The dialect whose words the texts use: `sumWidth`, `dropout`: 2014; `gpu`, `hs`, `minDiv`: 2012."""
    keys = {key for section in definition.sections.values() for key in section.entries}
    types = {s.entries["type"].value for s in definition.sections.values() if "type" in s.entries}
    if "sumwidth" in keys or types & DIALECTS["2014"].own_types:
        return DIALECTS["2014"]
    constants = any("mindiv" in section.entries for section in parameters.sections.values())
    if "gpu" in keys or constants or types & DIALECTS["2012"].own_types:
        return DIALECTS["2012"]
    return DIALECTS["2011"]
