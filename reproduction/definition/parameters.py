"""The layer-params files: the update rule of every array, the numbers of norms, costs and dropout.

Constant rates only. A schedule (`schedW=...`, `epsW=dexp[...]`) is refused rather than read as a constant,
and so is every other key that would change the arithmetic and is not read yet (`wball`, `superEps` ...).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reproduction.definition.dialect import Dialect
from reproduction.definition.fields import Fields
from reproduction.definition.keys import (
    HISTORIC_KEYS,
    MAX_WARNINGS,
    OFF_KEYS,
    PACKING_KEYS,
    PARAMETER_KEYS,
    SCHEDULE_KEYS,
)
from reproduction.definition.language import Document, Section, near, quoted
from reproduction.definition.layers import CrossEntropy, Dropout, Layer, ResponseNorm, WeightedLayer
from reproduction.definition.network import Network
from reproduction.definition.schedule import Schedule
from reproduction.errors import DefinitionError


@dataclass(frozen=True)
class UpdateRule:
    """How one array moves: V <- momentum·V + rate·G - rate·decay·W; W <- W + V. Biases have decay 0.

    A rate of 0 freezes the array. `rate` is the one the file states; where there is a `schedule`, that of a
    step is `Parameters.at_progress`'s. After the step, constraints on each filter w (0 is off):
    `ball_radius`: |w| at most that (`ball_is_hard`: always that); `norm_limits` (least, most) of
    root(sum (w - mean)²) / number of weights in the filter. `super_epsilon`: V <- 0.9·V + rate·G / root(Q -
    running mean of G + super_epsilon), Q that of G². `update_period`: microbatches an update (0: all).
    """

    rate: float
    momentum: float
    decay: float
    schedule: Schedule | None = None
    ball_radius: float = 0.0
    ball_is_hard: bool = False
    norm_limits: tuple[float, float] = (0.0, 0.0)
    super_epsilon: float = 0.0
    update_period: int = 0

    def at_progress(self, progress: float, draw: Callable[[], float]) -> UpdateRule:
        """The rule of one step; see `Parameters.at_progress`."""
        if self.schedule is None:
            return self
        rate = self.rate * self.schedule.factor_at(progress)
        if not self.schedule.noise:
            return replace(self, rate=rate)
        step, decay = (1 + abs(draw()) * self.schedule.noise for _ in range(2))
        return replace(self, rate=rate * step, decay=self.decay * decay / step)


@dataclass(frozen=True)
class NormParameters:
    """The numbers of a norm; `alpha` is the file's scale divided by the neighbourhood's size."""

    alpha: float
    power: float
    constant: float


@dataclass(frozen=True)
class CostParameters:
    """Weight of a cost in the objective, and the k of the top-k error it reports.

    A coefficient of 0 only reports. `positive_weight`: of cost.bce and cost.dce; `set_size`: of cost.msm.
    """

    coefficient: float
    top_k: int
    positive_weight: float = 1.0
    set_size: int = 0


@dataclass(frozen=True)
class Parameters:
    """What the parameter file says, by array name (rules) or layer name (the rest).

    `dropout`: whether a dropout layer is enabled. `pools`: the random pools that take the maximum instead.
    `output_dropout`: of any layer (2011's key dropout=d), before its activation: times 1[u > d] in training,
    times 1 - d at test. `keeps` and `coefficients` belong to layers: see `Network.with_numbers`.
    `packing`: layers whose (activations, gradients) passed between GPUs as "half"; no meaning for one device.
    """

    rules: Mapping[str, UpdateRule] = field(default_factory=dict)
    norms: Mapping[str, NormParameters] = field(default_factory=dict)
    costs: Mapping[str, CostParameters] = field(default_factory=dict)
    dropout: Mapping[str, bool] = field(default_factory=dict)
    output_dropout: Mapping[str, float] = field(default_factory=dict)
    pools: Mapping[str, bool] = field(default_factory=dict)
    keeps: Mapping[str, float] = field(default_factory=dict)
    coefficients: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    packing: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def at_progress(self, progress: float, draw: Callable[[], float]) -> Parameters:
        """The same with the rates of one step, `progress` being the part of the run that is over (0 to 1).

        `draw` gives a standard normal number for each evaluation of a noisy rate: the step and the decay
        draw their own, so a resolved rule may decay a little more or less than it says.
        """
        scheduled = {name: rule for name, rule in self.rules.items() if rule.schedule and rule.rate}
        if not scheduled:
            return self
        moved = {name: rule.at_progress(progress, draw) for name, rule in scheduled.items()}
        return replace(self, rules={**self.rules, **moved})


def read_parameters(document: Document, network: Network) -> Parameters:
    """Reads the sections that the layers of `network` need; a missing section or key is a DefinitionError."""
    tables: dict[str, dict[str, Any]] = {"rules": {}, "norms": {}, "costs": {}, "dropout": {}, "keeps": {}}
    for layer in network.layers:
        if layer.type not in PARAMETER_KEYS:
            continue
        section = document.sections.get(layer.name)
        if section is None:
            raise DefinitionError(
                f"{document.file}: there is no section [{layer.name}], which that layer "
                f"(type {layer.type}) needs{near(layer.name, document.sections)}"
            )
        repeat = network.dialect.repeats_single_values
        fields = Fields(section, document.defaults, PARAMETER_KEYS[layer.type], len(layer.inputs), repeat)
        _refuse_unread_keys(fields, layer)
        for reader in READERS:
            reader(fields, layer, network.dialect, tables)
    return Parameters(**tables, warnings=_warnings(document, network))


def _refuse_unread_keys(fields: Fields, layer: Layer) -> None:
    for key in OFF_KEYS:
        if key in PARAMETER_KEYS[layer.type] and not _is_off(fields.text(key, "")):
            what = "no schedule" if key in SCHEDULE_KEYS else "0"
            fields.fail(key, f"{what}, as this version does not read the key yet")
    for key in PACKING_KEYS:
        if fields.text(key, "default").lower() not in ("default", ""):
            fields.fail(key, "default, as this version does not read other ways of packing yet")


def _is_off(text: str) -> bool:
    """Nothing, or zeros: `0,0.00`."""
    return not text.strip(" \n,0.")


def _read_rules(fields: Fields, layer: Layer, dialect: Dialect, tables: dict[str, dict[str, Any]]) -> None:
    if not isinstance(layer, WeightedLayer):
        return
    for key in ("epsW", "epsB"):
        if "[" in fields.text(key, ""):
            fields.fail(key, "a number, as this version does not read schedules of parameter files yet")
    rates = fields.numbers("epsW", low=0)
    momenta = fields.numbers("momW", low=0)
    decays = fields.numbers("wc", None if dialect.decay_required else 0.0, low=0)
    for index, rule in enumerate(zip(rates, momenta, decays, strict=True)):
        tables["rules"][f"{layer.name}/weights_{index}"] = UpdateRule(*rule)
    rate, momentum = fields.number("epsB", low=0), fields.number("momB", low=0)
    tables["rules"][f"{layer.name}/biases"] = UpdateRule(rate, momentum, 0.0)


def _read_norm(fields: Fields, layer: Layer, dialect: Dialect, tables: dict[str, dict[str, Any]]) -> None:
    if not isinstance(layer, ResponseNorm):
        return
    neighbours = layer.size if layer.scope == "across_maps" else layer.size**2
    reads_constant = layer.type in dialect.norms_with_constant
    tables["norms"][layer.name] = NormParameters(
        alpha=fields.number("scale", low=0) / neighbours,
        power=fields.number("pow"),
        constant=fields.number("minDiv", 1.0, low=1e-30) if reads_constant else 1.0,
    )


def _read_cost(fields: Fields, layer: Layer, dialect: Dialect, tables: dict[str, dict[str, Any]]) -> None:
    if isinstance(layer, CrossEntropy):
        # Of k classes or fewer the right one is always among the first k.
        top_k = min(fields.integer("topk", 1, low=1), layer.input_shapes[1][0])
        tables["costs"][layer.name] = CostParameters(fields.number("coeff"), top_k)


def _read_dropout(fields: Fields, layer: Layer, dialect: Dialect, tables: dict[str, dict[str, Any]]) -> None:
    if not isinstance(layer, Dropout):
        return
    if layer.kind == "hs":
        tables["dropout"][layer.name] = fields.boolean("enable")
        return
    tables["dropout"][layer.name] = fields.boolean("enable", True)
    tables["keeps"][layer.name] = fields.number("keep", 0.5, low=1e-6, high=1)


READERS: tuple[Callable[[Fields, Layer, Dialect, dict[str, dict[str, Any]]], None], ...] = (
    _read_rules,
    _read_norm,
    _read_cost,
    _read_dropout,
)


def _warnings(document: Document, network: Network) -> tuple[str, ...]:
    """Sections and keys that mean nothing: the original ignores them silently, slips of the pen too."""
    found: list[str] = []
    for section in document.sections.values():
        if len(found) >= MAX_WARNINGS:
            break
        if section.name not in network:
            names = [layer.name for layer in network.layers if layer.name not in document.sections]
            found.append(
                f"{section.where}: there is no layer '{section.name}', so its section is ignored"
                f"{near(section.name, names)}"
            )
            continue
        found.extend(_unknown_keys(section, network[section.name], network.dialect))
    return tuple(found[:MAX_WARNINGS])


def _unknown_keys(section: Section, layer: Layer, dialect: Dialect) -> list[str]:
    known = PARAMETER_KEYS.get(layer.type, ())
    lower = {key.lower() for key in known} | HISTORIC_KEYS
    if isinstance(layer, ResponseNorm) and layer.type not in dialect.norms_with_constant:
        lower.discard("mindiv")
    return [
        f"{entry.where}: layer '{section.name}': key {quoted(key)} means nothing to type {layer.type} in a "
        f"parameter file of {dialect.name} and is ignored{near(key, known)}"
        for key, entry in list(section.entries.items())[:MAX_WARNINGS]
        if key not in lower
    ]
