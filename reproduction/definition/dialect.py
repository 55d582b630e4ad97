"""The few points at which the three original programs differ, as one value that travels with a network.

2011 is cuda-convnet, 2012 the program of the NIPS 2012 paper, 2014 cuda-convnet2.
"""

from __future__ import annotations

from dataclasses import dataclass

from reproduction.definition.language import Document, near, quoted
from reproduction.errors import DefinitionError

_ALL_TYPES = frozenset(
    """data fc conv local softmax eltsum eltmax neuron pool rnorm cnorm cmrnorm nailbed blur resize rgb2yuv
    rgb2lab rscale cost.logreg cost.sum2""".split()
)
_TYPES_2012 = frozenset(
    """treefc concat hs href cost.crossent cost.crossent2 cost.rflickr cost.gsum2 cost.tica
    cost.msm""".split()
)
_TYPES_2014 = frozenset(
    """sfc sum cmpool crop concat pass href dropout dropout2 cost.crossent cost.bce cost.dce""".split()
)
_ALL_NEURONS = frozenset("ident logistic abs relu softrelu square sqrt tanh brelu linear".split())


@dataclass(frozen=True)
class Dialect:
    """What one generation of the program does where the others do otherwise."""

    name: str
    reads_columns: bool  # knows the key `gpu`
    needs_columns: bool  # refuses a layer that reads data and does not state `gpu`
    reads_replicas: bool  # several GPUs of one layer
    repeats_single_values: bool  # one element of a per-input list stands for all inputs
    decay_required: bool  # a weight layer without `wc` is refused
    norms_with_constant: frozenset[str]  # types whose parameter section may hold `minDiv`
    types: frozenset[str]  # that its parser accepts
    neurons: frozenset[str]
    pools: frozenset[str]  # words of the key `pool`
    checkpoint_in_program: bool  # initialisation functions name no file: one path is built in
    ball_times_fan_in: bool  # radius of the weight ball: wball times the weights of a filter, or wball
    ball_is_hard: bool  # fc and conv: filters stand on the ball, or only within it
    divides_by_actual_count: bool  # a short last minibatch: gradient / its own size, else / nominal size
    scales_in_tests: bool  # rscale in a test of one view: as large as it goes, or cut from the middle
    multi_views: int  # views of a multi-view test
    multi_views_cifar: int  # the same for the CIFAR reader with crops

    @property
    def program(self) -> str:
        """How messages call it."""
        return f"the program of {self.name}"


DIALECTS = {
    "2011": Dialect(
        name="2011",
        reads_columns=False,
        needs_columns=False,
        reads_replicas=False,
        repeats_single_values=False,
        decay_required=True,
        norms_with_constant=frozenset(),
        types=_ALL_TYPES,
        neurons=_ALL_NEURONS,
        pools=frozenset({"max", "avg"}),
        checkpoint_in_program=True,
        ball_times_fan_in=True,
        ball_is_hard=False,
        divides_by_actual_count=True,
        scales_in_tests=False,
        multi_views=10,
        multi_views_cifar=10,
    ),
    "2012": Dialect(
        name="2012",
        reads_columns=True,
        needs_columns=True,
        reads_replicas=False,
        repeats_single_values=False,
        decay_required=False,
        norms_with_constant=frozenset({"cmrnorm"}),
        types=_ALL_TYPES | _TYPES_2012,
        neurons=_ALL_NEURONS | {"nrelu", "drelu"},
        pools=frozenset({"max", "avg", "maxabs", "rand"}),
        checkpoint_in_program=True,
        ball_times_fan_in=True,
        ball_is_hard=False,
        divides_by_actual_count=True,
        scales_in_tests=False,
        multi_views=10,
        multi_views_cifar=9,
    ),
    "2014": Dialect(
        name="2014",
        reads_columns=True,
        needs_columns=True,
        reads_replicas=True,
        repeats_single_values=True,
        decay_required=False,
        norms_with_constant=frozenset({"cmrnorm", "rnorm", "cnorm"}),
        types=_ALL_TYPES | _TYPES_2014,
        neurons=_ALL_NEURONS | {"nrelu", "drelu", "log"},
        pools=frozenset({"max", "avg", "maxabs"}),
        checkpoint_in_program=False,
        ball_times_fan_in=False,
        ball_is_hard=True,
        divides_by_actual_count=False,
        scales_in_tests=True,
        multi_views=10,
        multi_views_cifar=9,
    ),
}
_KEYS_2014 = frozenset({"sumwidth", "modulesx", "parts", "children", "updateperiod"})
_KEYS_2012 = frozenset({"gpu", "mindiv", "sched", "schedw", "schedb", "quantf", "quantb", "supereps"})


def dialect_named(name: str, where: str = "dialect") -> Dialect:
    """The dialect of that name; `where` says who asked for it in the error."""
    if name not in DIALECTS:
        expected = ", ".join(DIALECTS)
        raise DefinitionError(
            f"{where}: expected one of {expected}, got {quoted(name)}{near(name, DIALECTS)}"
        )
    return DIALECTS[name]


def dialect_by_evidence(definition: Document, parameters: Document) -> Dialect:
    """The dialect whose words the texts use.

    2014: its types (`pass` ...), `sumWidth`, several GPUs of a layer, rates such as `dexp[base=...]`;
    2012: its types (`hs` ...), `gpu`, `minDiv`, `schedW`; else 2011.
    """
    types = {s.entries["type"].value for s in definition.sections.values() if "type" in s.entries}
    entries = [
        (key, entry.value)
        for document in (definition, parameters)
        for section in document.sections.values()
        for key, entry in section.entries.items()
    ]
    keys = {key for key, _ in entries}
    replicas = any(key == "gpu" and "," in value for key, value in entries)
    named_rates = any(key in ("epsw", "epsb") and "[" in value for key, value in entries)
    if keys & _KEYS_2014 or types & (_TYPES_2014 - _TYPES_2012) or replicas or named_rates:
        return DIALECTS["2014"]
    if keys & _KEYS_2012 or types & _TYPES_2012:
        return DIALECTS["2012"]
    return DIALECTS["2011"]
