"""The layer-params files: the update rule of every array, the numbers of norms, costs and dropout.

What the released parsers refused or passed over, but whose meaning is clear (all generations of schedules,
norms of older definition files), is read, with a warning where something had to be assumed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from reproduction.definition.dialect import Dialect
from reproduction.definition.fields import Fields
from reproduction.definition.keys import (
    HISTORIC_KEYS,
    MAX_WARNINGS,
    OTHER_PARAMETER_KEYS,
    PACKING_KEYS,
    PARAMETER_KEYS,
    PARAMETERS_OF_DIALECTS,
)
from reproduction.definition.language import Document, Section, near, quoted
from reproduction.definition.layers import (
    ContrastNorm,
    Convolution,
    Cost,
    CrossEntropy,
    Dropout,
    ElementwiseSum,
    Layer,
    LocallyConnected,
    MultiSoftmax,
    Pool,
    ResponseNorm,
    TreeFullyConnected,
    WeightedLayer,
)
from reproduction.definition.network import Network
from reproduction.definition.parameters import CostParameters, NormParameters, Parameters, UpdateRule
from reproduction.definition.schedule import Schedule
from reproduction.definition.values import parse_rate, parse_schedule
from reproduction.errors import DefinitionError

TABLES = ("rules", "norms", "costs", "dropout", "output_dropout", "pools", "keeps", "coefficients", "packing")


@dataclass
class Reading:
    """What a parameter file is read against, and what was found in it so far."""

    document: Document
    dialect: Dialect
    strict: bool
    copies: int = 1  # of the layer with most copies
    tables: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {} for name in TABLES})
    assumed: list[str] = field(default_factory=list)

    def knows(self, key: str) -> bool:
        """Whether the dialect's program obeyed the key; the others, and a misspelt one, it passed over."""
        dialects = PARAMETERS_OF_DIALECTS.get(key.lower())
        if dialects is None:
            return True
        return self.dialect.name in dialects and not (self.strict and key.lower() == "sched")


def read_parameters(document: Document, network: Network, *, strict: bool = False) -> Parameters:
    """Reads the sections that the layers of `network` need; a missing section or key is a DefinitionError.

    `strict` refuses, or passes over in silence, what the dialect's own program did.
    """
    copies = max(len(layer.replicas) for layer in network.layers) or 1
    reading = Reading(document, network.dialect, strict, copies)
    for layer in network.layers:
        section = _section_of(layer, reading)
        if section is None:
            continue
        fields = _fields(section, layer, reading)
        for reader in READERS:
            reader(fields, layer, reading)
    return Parameters(**reading.tables, warnings=_warnings(reading, network))


def _section_of(layer: Layer, reading: Reading) -> Section | None:
    """The section of a layer, None where it needs none; DefinitionError where it needs one and has none.

    For a norm whose definition holds its numbers, as older files do, an empty section stands in.
    """
    section = reading.document.sections.get(layer.name)
    if section is not None or not _needs_section(layer, reading.dialect):
        return section
    stated = isinstance(layer, ResponseNorm | ContrastNorm) and layer.stated_scale is not None
    if stated and not reading.strict:
        return Section(layer.name, 0, reading.document.file)
    raise DefinitionError(
        f"{reading.document.file}: there is no section [{layer.name}], which that layer "
        f"(type {layer.type}) needs{near(layer.name, reading.document.sections)}"
    )


def _needs_section(layer: Layer, dialect: Dialect) -> bool:
    if isinstance(layer, Pool):
        return layer.kind == "random"
    if isinstance(layer, ElementwiseSum):
        return dialect.name == "2014"
    return layer.type in PARAMETER_KEYS


def _fields(section: Section, layer: Layer, reading: Reading) -> Fields:
    """The section less the keys that the dialect's program did not know."""
    entries = {key: entry for key, entry in section.entries.items() if reading.knows(key)}
    defaults = {key: entry for key, entry in reading.document.defaults.items() if reading.knows(key)}
    repeat = reading.dialect.repeats_single_values
    known = PARAMETER_KEYS.get(layer.type, OTHER_PARAMETER_KEYS)
    return Fields(replace(section, entries=entries), defaults, known, len(layer.inputs), repeat)


def _read_rules(fields: Fields, layer: Layer, reading: Reading) -> None:
    if not isinstance(layer, WeightedLayer):
        return
    rates = fields.split("epsW", "numbers of at least 0", None, lambda text: _rate(text, reading))
    momenta = fields.numbers("momW", low=0)
    decays = fields.numbers("wc", None if reading.dialect.decay_required else 0.0, low=0)
    scheduled = _schedule(fields, "schedW", reading)
    constraints = _constraints(fields, layer, reading)
    own = set(layer.array_shapes)
    for index, name in enumerate(layer.weight_names):
        if name in own:
            rate, schedule = rates[index]
            rule = UpdateRule(rate, momenta[index], decays[index], schedule or scheduled)
            reading.tables["rules"][name] = replace(rule, **constraints[index])
    ((rate, schedule),) = replace(fields, input_count=1).split(
        "epsB", "a number of at least 0", None, lambda text: _rate(text, reading)
    )
    schedule = schedule or _schedule(fields, "schedB", reading)
    period = _period(fields, layer, reading)
    rule = UpdateRule(rate, fields.number("momB", low=0), 0.0, schedule, update_period=period)
    reading.tables["rules"][f"{layer.name}/biases"] = rule
    if isinstance(layer, TreeFullyConnected):
        _free_tree(layer, reading)


def _period(fields: Fields, layer: WeightedLayer, reading: Reading) -> int:
    """Minibatches from one update to the next; 2014 counted in the parts that a GPU read of a minibatch."""
    period = fields.integer("updatePeriod", 0, low=0)
    parts = reading.copies // (len(layer.replicas) or 1)
    if 0 < period < parts and not any("updatePeriod" in text for text in reading.assumed):
        reading.assumed.append(
            f"{fields.section.where}: updatePeriod {period}: the program of 2014 updated here and perhaps "
            f"below after each of the {parts} parts of a minibatch; weights are updated once a minibatch"
        )
    return -(-period // parts)


def _rate(text: str, reading: Reading) -> tuple[float, Schedule | None]:
    if reading.strict and reading.dialect.name != "2014" and "[" in text:
        raise ValueError("a number (strict)")
    return parse_rate(text, reading.strict and reading.dialect.name == "2014")


def _schedule(fields: Fields, key: str, reading: Reading) -> Schedule | None:
    """The schedule of `schedW` or `schedB`; `sched`, older than the released program, stands for both."""
    stated = key if fields.has(key) else "sched"
    text = fields.text(stated, "")
    try:
        return parse_schedule(text, reading.strict)
    except ValueError as error:
        return fields.fail(stated, str(error))


def _constraints(fields: Fields, layer: WeightedLayer, reading: Reading) -> list[dict[str, Any]]:
    """For each input the keys of UpdateRule that bind its filters after a step."""
    balls = fields.numbers("wball", 0.0, low=0)
    least, most = ((0.0,) * len(balls),) * 2
    if isinstance(layer, Convolution):
        least, most = fields.numbers("wcNormMin", 0.0, low=0), fields.numbers("wcNormMax", 0.0, low=0)
    epsilon, period = fields.number("superEps", 0.0, low=0), _period(fields, layer, reading)
    dialect = reading.dialect
    hard = dialect.ball_is_hard and not isinstance(layer, LocallyConnected)
    found = []
    for shape, ball, low, high in zip(layer.weight_shapes, balls, least, most, strict=True):
        if low > high:
            fields.fail("wcNormMin", f"at most wcNormMax, {high:g}")
        weights = math.prod(shape[2:] if isinstance(layer, LocallyConnected) else shape[1:])
        found.append(
            {
                "ball_radius": ball * weights if dialect.ball_times_fan_in else ball,
                "ball_is_hard": hard and ball > 0,
                "norm_limits": (low, high),
                "super_epsilon": epsilon,
                "update_period": period,
            }
        )
    return found


def _free_tree(layer: TreeFullyConnected, reading: Reading) -> None:
    """The tree layer of 2012 obeyed neither schedules nor constraints."""
    for name in layer.array_shapes:
        rule = reading.tables["rules"][name]
        reading.tables["rules"][name] = UpdateRule(rule.rate, rule.momentum, rule.decay)


def _read_norm(fields: Fields, layer: Layer, reading: Reading) -> None:
    if not isinstance(layer, ResponseNorm | ContrastNorm):
        return
    across = isinstance(layer, ResponseNorm) and layer.scope == "across_maps"
    stated = (None, None) if reading.strict else (layer.stated_scale, layer.stated_power)
    missing = [key for key, value in zip(("scale", "pow"), stated, strict=True) if value is not None]
    if any(not fields.has(key) for key in missing):
        reading.assumed.append(
            f"{fields.section.where}: layer '{layer.name}': scale and pow are those of the definition file, "
            "the scale as it is before the division by the neighbourhood's size"
        )
    reads_constant = layer.type in reading.dialect.norms_with_constant
    reading.tables["norms"][layer.name] = NormParameters(
        alpha=fields.number("scale", stated[0], low=0) / (layer.size if across else layer.size**2),
        power=fields.number("pow", stated[1], low=-100, high=100),
        constant=fields.number("minDiv", 1.0, low=1e-30) if reads_constant else 1.0,
    )


def _read_cost(fields: Fields, layer: Layer, reading: Reading) -> None:
    if not isinstance(layer, Cost):
        return
    classes = math.prod(layer.input_shapes[-1])
    top_k, set_size = 1, 0
    if isinstance(layer, CrossEntropy):
        # Of k classes or fewer the right one is always among the first k.
        top_k = min(fields.integer("topk", 1, low=1), classes)
    if isinstance(layer, MultiSoftmax):
        set_size = fields.integer("setSize", low=1, high=max(1, classes - 1))
        top_k = set_size
        if reading.strict:
            fields.integer("threads", low=1, high=32)
    reading.tables["costs"][layer.name] = CostParameters(
        fields.number("coeff"), top_k, fields.number("posWeight", 1.0, low=0), set_size
    )


def _read_dropout(fields: Fields, layer: Layer, reading: Reading) -> None:
    if not isinstance(layer, Dropout):
        return
    if layer.kind == "hs":
        reading.tables["dropout"][layer.name] = fields.boolean("enable")
        return
    reading.tables["dropout"][layer.name] = fields.boolean("enable", True)
    reading.tables["keeps"][layer.name] = fields.number("keep", 0.5, low=1e-6, high=1)


def _read_joins(fields: Fields, layer: Layer, reading: Reading) -> None:
    """Random pools, and the coefficients that 2014 kept here."""
    if isinstance(layer, Pool) and layer.kind == "random":
        reading.tables["pools"][layer.name] = fields.boolean("doMax", False)
    if isinstance(layer, ElementwiseSum) and reading.dialect.name == "2014":
        reading.tables["coefficients"][layer.name] = fields.numbers("coeffs", 1.0)


def _read_output(fields: Fields, layer: Layer, reading: Reading) -> None:
    """Keys of any layer: 2011's dropout of its output, 2012's packing of it on the way between GPUs."""
    if fields.has("dropout") and not isinstance(layer, Cost):
        rate = fields.number("dropout", low=0, high=1)
        if rate > 0:
            reading.tables["output_dropout"][layer.name] = rate
    packing = tuple(_packing(fields, key) for key in PACKING_KEYS)
    if packing != ("default", "default"):
        reading.tables["packing"][layer.name] = packing


def _packing(fields: Fields, key: str) -> str:
    word = fields.text(key, "").lower() or "default"
    return word if word in ("default", "half") else fields.fail(key, "default or half")


READERS: tuple[Callable[[Fields, Layer, Reading], None], ...] = (
    _read_rules,
    _read_norm,
    _read_cost,
    _read_dropout,
    _read_joins,
    _read_output,
)


def _warnings(reading: Reading, network: Network) -> tuple[str, ...]:
    """Sections and keys that mean nothing: the original ignores them silently, slips of the pen too."""
    found = list(reading.assumed)
    unsectioned = [layer.name for layer in network.layers if layer.name not in reading.document.sections]
    for section in reading.document.sections.values():
        if len(found) >= MAX_WARNINGS:
            break
        if section.name not in network:
            found.append(
                f"{section.where}: there is no layer '{section.name}', so its section is ignored"
                f"{near(section.name, unsectioned)}"
            )
            continue
        found.extend(_unknown_keys(section, network[section.name], reading))
    return tuple(found[:MAX_WARNINGS])


def _unknown_keys(section: Section, layer: Layer, reading: Reading) -> list[str]:
    known = PARAMETER_KEYS.get(layer.type, ())
    lower = {key.lower() for key in (*known, *OTHER_PARAMETER_KEYS)} | HISTORIC_KEYS
    if layer.type not in reading.dialect.norms_with_constant:
        lower.discard("mindiv")
    return [
        f"{entry.where}: layer '{section.name}': key {quoted(key)} means nothing to type {layer.type} in a "
        f"parameter file of {reading.dialect.name} and is ignored{near(key, known)}"
        for key, entry in list(section.entries.items())[:MAX_WARNINGS]
        if key not in lower or (not reading.knows(key) and not _is_off(entry.value))
    ]


def _is_off(text: str) -> bool:
    """Nothing, zeros as in `0,0.00`, or default."""
    return not text.strip(" \n,0.") or text.lower() == "default"
