"""`--set KEY=VALUE` and the steps of a schedule: one way to change a key of the three texts, once read."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reproduction.definition.keys import DEFINITION_KEYS, PARAMETER_KEYS
from reproduction.definition.language import Document, Entry, near, quoted
from reproduction.definition.recipe import (
    OVERRIDABLE,
    SCHEDULED,
    Recipe,
    ScheduleStep,
    check_recipe,
    with_setting,
)
from reproduction.errors import DefinitionError


@dataclass(frozen=True)
class Parsed:
    """The three texts of a run, parsed."""

    definition: Document
    parameters: Document
    recipe: Recipe


def check_override(text: str) -> tuple[str, str]:
    """Splits KEY=VALUE; raises DefinitionError where there is no `=` or more than one line."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not text.isprintable() or len(text) > 1000:
        raise DefinitionError(f"--set: expected KEY=VALUE, such as conv1.epsW=0.001, got {quoted(text)}")
    return key.strip(), value.strip()


def override(parsed: Parsed, texts: Sequence[str]) -> Parsed:
    """The parsed texts with every KEY=VALUE set, in the order given."""
    for text in texts:
        key, value = check_override(text)
        parsed = _set(parsed, key, value, f"--set {text}")
    return replace(parsed, recipe=check_recipe(parsed.recipe, "--set"))


def apply_schedule(parsed: Parsed, epoch: int) -> Parsed:
    """The parsed texts as the schedule has them at the start of `epoch`."""
    for step in parsed.recipe.schedule:
        if step.epoch <= epoch:
            parsed = apply_step(parsed, step)
    return parsed


def apply_step(parsed: Parsed, step: ScheduleStep) -> Parsed:
    """The parsed texts after one step; its patterns are set first, whatever their order in the text."""
    for key, value in sorted(step.settings, key=lambda setting: "*" not in setting[0]):
        _require_schedulable(parsed, step, key)
        parsed = _set(parsed, key, value, f"schedule at epoch {step.epoch}, {key} = {value}")
    return parsed


def _require_schedulable(parsed: Parsed, step: ScheduleStep, key: str) -> None:
    if "." not in key and key not in SCHEDULED:
        known = ", ".join(SCHEDULED)
        raise DefinitionError(
            f"schedule at epoch {step.epoch}: expected LAYER.key of the parameter file or one of {known}, "
            f"got {quoted(key)}{near(key, SCHEDULED)}"
        )
    pattern, _, word = key.rpartition(".")
    if pattern and _find_layers(parsed, pattern, word, in_definition=True):
        raise DefinitionError(
            f"schedule at epoch {step.epoch}: {quoted(key)} is a key of the definition, which stays as it is "
            "during a run; a schedule changes keys of the parameter file"
        )


def _set(parsed: Parsed, key: str, value: str, where: str) -> Parsed:
    pattern, dot, word = key.rpartition(".")
    if not dot:
        _suggest_recipe_key(parsed, key, where)
        return replace(parsed, recipe=with_setting(parsed.recipe, key, value, where))
    lower = word.lower()
    names = _find_layers(parsed, pattern, word, in_definition=True)
    if names:
        entry = Entry(value, where, repeated=lower != "inputs")
        return replace(
            parsed, definition=parsed.definition.with_entries({name: {lower: entry} for name in names})
        )
    names = _find_layers(parsed, pattern, word, in_definition=False)
    if names:
        entry = Entry(value, where, repeated=True)
        return replace(
            parsed, parameters=parsed.parameters.with_entries({name: {lower: entry} for name in names})
        )
    raise _nothing_to_set(parsed, pattern, word, where)


def _suggest_recipe_key(parsed: Parsed, key: str, where: str) -> None:
    if key not in OVERRIDABLE and key in parsed.definition.sections:
        raise DefinitionError(f"{where}: expected {key}.KEY=VALUE with a key of that layer")


def _kind(parsed: Parsed, layer: str) -> str:
    entry = parsed.definition.sections[layer].entries.get("type")
    return entry.value if entry else ""


def _find_layers(parsed: Parsed, pattern: str, word: str, in_definition: bool) -> list[str]:
    """The layers whose key `word` is meant: one by name, if its type reads the key; of a pattern with `*`
    those in whose section the key stands."""
    lower = word.lower()
    keys = DEFINITION_KEYS if in_definition else PARAMETER_KEYS
    document = parsed.definition if in_definition else parsed.parameters
    if "*" not in pattern:
        known = pattern in parsed.definition.sections
        reads = known and lower in (key.lower() for key in keys.get(_kind(parsed, pattern), ()))
        return [pattern] if reads else []
    if "?" in pattern or "[" in pattern:
        return []
    return [
        name
        for name, section in document.sections.items()
        if lower in section.entries
        and name in parsed.definition.sections
        and fnmatch.fnmatchcase(name, pattern)
    ]


def _nothing_to_set(parsed: Parsed, pattern: str, word: str, where: str) -> DefinitionError:
    layers = parsed.definition.sections
    if "*" not in pattern and pattern not in layers:
        return DefinitionError(f"{where}: there is no layer {quoted(pattern)}{near(pattern, layers)}")
    matching = [name for name in layers if fnmatch.fnmatchcase(name, pattern)]
    if not matching:
        return DefinitionError(f"{where}: no layer is called {quoted(pattern)}")
    kinds = {_kind(parsed, name) for name in matching}
    keys = {
        key for kind in kinds for table in (DEFINITION_KEYS, PARAMETER_KEYS) for key in table.get(kind, ())
    }
    what = (
        f"layer {quoted(pattern)} of type {kinds.pop()}"
        if "*" not in pattern
        else f"no layer {quoted(pattern)}"
    )
    verb = "has no key" if "*" not in pattern else "has a key"
    return DefinitionError(f"{where}: {what} {verb} {quoted(word)}{near(word, sorted(keys))}")
