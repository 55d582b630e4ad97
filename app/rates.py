"""The learning rates of a run that an archive holds, and the settings that multiply all of them."""

from __future__ import annotations

from collections.abc import Mapping

from reproduction.definition import Experiment, Texts, assemble
from reproduction.errors import DefinitionError

CLOSE = 1e-6  # a rate is written with twelve digits

Rates = dict[str, float]


def rates_at(experiment: Experiment, epoch: float) -> Rates:
    """The rate of every array (LAYER/weights_I, LAYER/biases) that learns, as the schedule has it then."""
    rules = experiment.at(int(epoch)).parameters.rules
    return {name: rule.rate for name, rule in rules.items() if rule.rate > 0}


def multiplied(texts: Mapping[str, str], epoch: float, factor: float) -> list[str]:
    """KEY=VALUE settings with which `alexnet resume` goes on at `factor` times the rates of now.

    Empty where none would have that effect: nothing learns, a rate has a formula of its own over the run, or
    a step of the schedule that is over states the rates, which counts for more than a setting.
    """
    try:
        experiment = assemble(Texts.from_mapping(texts))
        if any(rule.schedule is not None for rule in experiment.parameters.rules.values()):
            return []
        wanted = {name: factor * rate for name, rate in rates_at(experiment, epoch).items()}
        settings = _settings({name: wanted.get(name, 0.0) for name in experiment.parameters.rules})
        for words in (_together(settings), settings):
            if words and _same(rates_at(assemble(experiment.texts.with_overrides(words)), epoch), wanted):
                return words
    except DefinitionError:
        pass
    return []


def _same(rates: Rates, wanted: Rates) -> bool:
    close = (abs(rates.get(name, 0.0) - rate) <= CLOSE * rate for name, rate in wanted.items())
    return rates.keys() == wanted.keys() and all(close)


def _settings(rates: Rates) -> list[str]:
    """As the parameter file has them: of a layer, one rate for each input and one for the biases."""
    by_key: dict[str, list[str]] = {}
    for name, rate in rates.items():
        layer, _, array = name.rpartition("/")
        key = f"{layer}.epsB" if array == "biases" else f"{layer}.epsW"
        by_key.setdefault(key, []).append(f"{rate:.12g}")
    moved = {key for key, values in by_key.items() if any(float(value) for value in values)}
    return [f"{key}={','.join(values)}" for key, values in by_key.items() if key in moved]


def _together(settings: list[str]) -> list[str]:
    """The same as *.epsW and *.epsB, where all layers have the same rates: short in the notebook."""
    words = []
    for key in ("epsW", "epsB"):
        values = [setting.partition("=")[2].split(",") for setting in settings if f".{key}=" in setting]
        every = {value for listed in values for value in listed}
        if len(every) > 1:
            return []
        words += [f"*.{key}={value}" for value in every]
    return words
