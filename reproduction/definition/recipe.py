"""The recipe: what the 2012 author typed on the command line or changed by hand between restarts (TOML)."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NoReturn

from reproduction.definition.class_tree import Tree, checked
from reproduction.definition.dialect import DIALECTS
from reproduction.definition.fields import TRUTHS
from reproduction.definition.language import MAX_BYTES, near, quoted
from reproduction.errors import DefinitionError


@dataclass(frozen=True)
class ScheduleStep:
    """From the start of `epoch` (epochs done before) each key (LAYER.key or recipe key) has its value."""

    epoch: int
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Recipe:
    """Sizes, augmentation, minibatch, length and schedule of a run; in TOML the keys have `-` for `_`."""

    definition: str = ""  # file names beside the recipe
    parameters: str = ""
    description: str = ""
    source: str = ""
    dialect: str = ""  # "" = by evidence in the texts
    image_size: int = 224  # side of the packed pictures
    crop_size: int = 0  # side of what the network sees; 0 = the whole picture (see `input_size`)
    channels: int = 3
    classes: int = 0  # width of the last layer; 0 = as the definition says
    flip: bool = False
    color_noise: float = 0.0
    crop_chunk: int = 1  # pictures that share one crop and flip
    batch_size: int = 128
    epochs: int = 90
    test_views: str = "center"
    test_every: float = 1.0  # epochs
    archive_minutes: float = 10.0
    report_every: int = 0  # minibatches; 0 = about twenty an epoch
    tree: Tree = ()  # of the classes, for each node the one above it; see `class_tree`
    schedule: tuple[ScheduleStep, ...] = field(default=())

    @property
    def input_size(self) -> int:
        """Side of the picture that the network reads."""
        return self.crop_size or self.image_size


@dataclass(frozen=True)
class _Rule:
    """What a key may hold."""

    expected: str
    allowed: Callable[[Any], bool]


def _text(value: object) -> bool:
    return isinstance(value, str)


def _whole(low: int, high: int) -> _Rule:
    return _Rule(
        f"a whole number from {low} to {high}", lambda value: type(value) is int and low <= value <= high
    )


def _number(low: float, high: float) -> _Rule:
    return _Rule(
        f"a number from {low:g} to {high:g}",
        lambda value: type(value) in (int, float) and math.isfinite(value) and low <= value <= high,
    )


def _word(*words: str) -> _Rule:
    return _Rule(" or ".join(f'"{word}"' for word in words), lambda value: value in words)


_FILE = _Rule(
    "a file name, of a file beside the recipe",
    lambda value: isinstance(value, str) and bool(value) and not set(value) & set("/\\\0") and value != "..",
)
_RULES = {
    "definition": _FILE,
    "parameters": _FILE,
    "description": _Rule("a text", _text),
    "source": _Rule("a text", _text),
    "dialect": _word(*DIALECTS),
    "image-size": _whole(1, 8192),
    "crop-size": _whole(1, 8192),
    "channels": _whole(1, 64),
    "classes": _whole(0, 10_000_000),
    "flip": _Rule("true or false", lambda value: isinstance(value, bool)),
    "color-noise": _number(0, 100),
    "crop-chunk": _whole(1, 65536),
    "batch-size": _whole(1, 65536),
    "epochs": _whole(0, 1_000_000),
    "test-views": _word("center", "multi"),
    "test-every": _number(0.001, 1_000_000),
    "archive-minutes": _number(0, 10_000),
    "report-every": _whole(0, 1_000_000_000),
}
KEYS = (*_RULES, "tree", "schedule")
OVERRIDABLE = tuple(key for key in _RULES if key not in ("definition", "parameters", "description", "source"))
SCHEDULED = ("color-noise", "flip", "crop-chunk")  # keys of the recipe that a schedule may change
MAX_STEPS = 1000


def read_recipe(text: str, file: str) -> Recipe:
    """Reads a recipe; unknown keys, wrong types and ranges raise DefinitionError with file and key."""
    if len(text) > MAX_BYTES:
        raise DefinitionError(f"{file}: longer than {MAX_BYTES:,} characters, so it is no recipe")
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "nested too deeply"
        raise DefinitionError(f"{file}: is no TOML text: {quoted(reason)[1:-1]}") from error
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in KEYS:
            raise DefinitionError(f"{file}: there is no recipe key {quoted(key)}{near(key, KEYS)}")
        if key == "schedule":
            values[key] = _read_schedule(value, file)
        elif key == "tree":
            values[key] = _read_tree(value, file)
        else:
            values[_attribute(key)] = _checked(key, value, file)
    return _consistent(Recipe(**values), file)


def with_setting(recipe: Recipe, key: str, text: str, where: str) -> Recipe:
    """The recipe with one key set from a text (`--set KEY=VALUE`)."""
    if key not in OVERRIDABLE:
        raise DefinitionError(f"{where}: there is no recipe key {quoted(key)}{near(key, OVERRIDABLE)}")
    value = _checked(key, _from_text(key, text), where)
    return replace(recipe, **{_attribute(key): value})


def check_recipe(recipe: Recipe, where: str) -> Recipe:
    """The recipe, once its keys fit each other."""
    return _consistent(recipe, where)


def _attribute(key: str) -> str:
    return key.replace("-", "_")


def _checked(key: str, value: Any, where: str) -> Any:
    rule = _RULES[key]
    if not rule.allowed(value):
        _fail(where, key, rule.expected, value)
    return float(value) if rule.expected.startswith("a number") else value


def _fail(where: str, key: str, expected: str, value: object) -> NoReturn:
    raise DefinitionError(f"{where}: recipe key '{key}': expected {expected}, got {quoted(str(value))}")


def _from_text(key: str, text: str) -> Any:
    """A text as the type its key has; what does not convert stays a text, which the rule refuses."""
    kind = {item.name: item.type for item in fields(Recipe)}[_attribute(key)]
    if kind == "bool":
        return TRUTHS.get(text.strip().lower(), text)
    try:
        return int(text) if kind == "int" else float(text) if kind == "float" else text
    except ValueError:
        return text


def _consistent(recipe: Recipe, where: str) -> Recipe:
    if recipe.crop_size > recipe.image_size:
        raise DefinitionError(
            f"{where}: recipe key 'crop-size': expected at most image-size, which is {recipe.image_size}, "
            f"got {recipe.crop_size}"
        )
    return recipe


def _read_tree(value: object, file: str) -> Tree:
    if not isinstance(value, list) or not all(type(node) is int for node in value):
        _fail(file, "tree", "a list of whole numbers", value)
    try:
        return checked(value)
    except ValueError as error:
        return _fail(file, "tree", str(error), f"a list of {len(value)} nodes")


def _read_schedule(value: object, file: str) -> tuple[ScheduleStep, ...]:
    expected = "tables [[schedule]] with epoch and set"
    if not isinstance(value, list) or not all(isinstance(step, dict) for step in value):
        _fail(file, "schedule", expected, value)
    if len(value) > MAX_STEPS:
        _fail(file, "schedule", f"at most {MAX_STEPS} steps", len(value))
    steps = [
        _read_step(step, f"{file}: schedule step {number}") for number, step in enumerate(value, start=1)
    ]
    return tuple(sorted(steps, key=lambda step: step.epoch))


def _read_step(step: Mapping[str, Any], where: str) -> ScheduleStep:
    for key in step:
        if key not in ("epoch", "set"):
            raise DefinitionError(f"{where}: there is no key {quoted(key)}{near(key, ('epoch', 'set'))}")
    epoch, settings = step.get("epoch"), step.get("set")
    if type(epoch) is not int or not 0 <= epoch <= 1_000_000:
        raise DefinitionError(
            f"{where}: key 'epoch': expected a whole number of epochs, got {quoted(str(epoch))}"
        )
    if not isinstance(settings, dict) or not settings:
        raise DefinitionError(
            f"{where}: key 'set': expected a table such as {{ \"*.epsW\" = 0.001 }}, "
            f"got {quoted(str(settings))}"
        )
    return ScheduleStep(epoch, tuple((key, _as_text(value, key, where)) for key, value in settings.items()))


def _as_text(value: object, key: str, where: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise DefinitionError(
        f"{where}: key {quoted(key)}: expected a number, true, false or a text, got {quoted(str(value))}"
    )
