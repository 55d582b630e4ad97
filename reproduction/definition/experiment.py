"""Three texts make a run, the definition, the parameters and the recipe: found, assembled, asked by epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from reproduction.definition.description import describe
from reproduction.definition.dialect import Dialect, dialect_by_evidence, dialect_named
from reproduction.definition.language import Document, near, parse, quoted, read_text
from reproduction.definition.layers import FullyConnected
from reproduction.definition.network import Network, read_network
from reproduction.definition.overrides import Parsed, apply_schedule, apply_step, check_override, override
from reproduction.definition.parameter_reader import read_parameters
from reproduction.definition.parameters import Parameters
from reproduction.definition.recipe import Recipe, read_recipe
from reproduction.errors import DefinitionError

NETWORKS = Path(str(resources.files("assets"))) / "networks"
TEXT_NAMES = ("definition", "parameters", "recipe", "definition_name", "parameters_name", "recipe_name")


@dataclass(frozen=True)
class Texts:
    """What a run is made of, as text; it alone rebuilds the experiment. Names are file names, no paths."""

    definition: str
    parameters: str
    recipe: str
    definition_name: str
    parameters_name: str  # "" when there is no parameter file
    recipe_name: str
    overrides: tuple[str, ...] = ()  # KEY=VALUE, in the order given

    def to_mapping(self) -> dict[str, str]:
        """As the archive keeps them; the overrides are one JSON list."""
        kept = {name: str(getattr(self, name)) for name in TEXT_NAMES}
        return {**kept, "overrides": json.dumps(list(self.overrides))}

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, str]) -> Texts:
        """The inverse of `to_mapping`; raises DefinitionError for a mapping that is none."""
        missing = [name for name in (*TEXT_NAMES, "overrides") if not isinstance(mapping.get(name), str)]
        if missing:
            raise DefinitionError(f"the stored texts lack {', '.join(missing)}")
        try:
            overrides = json.loads(mapping["overrides"])
        except (ValueError, RecursionError) as error:
            raise DefinitionError("the stored overrides are no JSON list of texts") from error
        if not isinstance(overrides, list) or not all(isinstance(text, str) for text in overrides):
            raise DefinitionError("the stored overrides are no JSON list of texts")
        return cls(**{name: mapping[name] for name in TEXT_NAMES}, overrides=tuple(overrides))

    def with_overrides(self, overrides: Sequence[str]) -> Texts:
        """The same texts with more KEY=VALUE settings after those there are."""
        for text in overrides:
            check_override(text)
        return replace(self, overrides=(*self.overrides, *overrides))


@dataclass(frozen=True)
class Experiment:
    """A network, its parameters and its recipe, and the texts they were read from."""

    name: str
    texts: Texts
    network: Network
    parameters: Parameters
    recipe: Recipe

    def at(self, epoch: int) -> Experiment:
        """The experiment as the schedule has it at the start of `epoch` (the number of epochs completed)."""
        if not self.texts.parameters_name:
            return self
        parsed = apply_schedule(self._parsed, epoch)
        parameters = read_parameters(parsed.parameters, self.network)
        network = self.network.with_numbers(parameters.keeps, parameters.coefficients)
        return replace(self, network=network, parameters=parameters, recipe=parsed.recipe)

    @cached_property
    def _parsed(self) -> Parsed:
        return _parse(self.texts)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was ignored, one sentence each."""
        return self.network.warnings + self.parameters.warnings

    def view_count(self, multi: bool) -> int:
        """Views of each picture at test time: 1, or those of the dialect; 1 where the crop leaves no margin.

        The reader of CIFAR pictures (side 32) had nine views without mirrors in 2012, ten in 2011.
        """
        if not multi or self.recipe.input_size == self.recipe.image_size:
            return 1
        dialect = self.network.dialect
        return dialect.multi_views_cifar if self.recipe.image_size <= 32 else dialect.multi_views

    def to_json(self) -> dict[str, Any]:
        """The resolved network, JSON-serialisable: what every archive stores and the museum draws from."""
        return describe(self.name, self.network, self.parameters)


def built_in_names() -> list[str]:
    """The networks that are shipped, by the names of their recipes."""
    return sorted(path.name.removesuffix(".toml") for path in NETWORKS.glob("*.toml"))


def find_texts(
    net: str, params: str | None = None, recipe: str | None = None, overrides: Sequence[str] = ()
) -> Texts:
    """Reads the texts of `net`: a built-in name, a recipe (.toml), or a definition file (any other path).

    `params` and `recipe` are paths that take the place of what the net names itself. For a definition file
    the parameters are looked for beside it by the original's names (layers-X.cfg -> layer-params-X.cfg; also
    X.layers.cfg -> X.params.cfg), and the recipe is the default one.
    """
    net_path = NETWORKS / f"{net}.toml" if net in built_in_names() else Path(net)
    if net_path.suffix == ".toml":
        recipe_path = net_path
        named = read_recipe(read_text(net_path), net_path.name)
        if not named.definition:
            raise DefinitionError(f"{net_path}: recipe key 'definition' is missing (expected a file name)")
        definition_path = net_path.parent / named.definition
        params_path = net_path.parent / named.parameters if named.parameters else None
    else:
        recipe_path, definition_path = None, net_path
        if not net_path.exists() and not set(net) & set("/\\") and not net_path.suffix:
            names = built_in_names()
            raise DefinitionError(
                f"there is no built-in network {quoted(net)}, nor a file of that name{near(net, names)}"
            )
        params_path = _neighbour(definition_path)
    params_path = Path(params) if params else params_path
    recipe_path = Path(recipe) if recipe else recipe_path
    texts = Texts(
        definition=read_text(definition_path),
        parameters=read_text(params_path) if params_path else "",
        recipe=read_text(recipe_path) if recipe_path else "",
        definition_name=definition_path.name,
        parameters_name=params_path.name if params_path else "",
        recipe_name=recipe_path.name if recipe_path else "default recipe",
    )
    return texts.with_overrides(overrides)


def _neighbour(definition: Path) -> Path | None:
    """The parameter file that the original's naming rule, or ours, puts beside a definition file."""
    name = definition.name
    candidates = []
    if name.startswith(("layers-", "layers.")):
        candidates.append("layer-params" + name.removeprefix("layers"))
    if name.endswith(".layers.cfg"):
        candidates.append(name.removesuffix(".layers.cfg") + ".params.cfg")
    elif name.endswith(".cfg"):
        candidates.append(name.removesuffix(".cfg") + ".params.cfg")
    paths = (definition.with_name(candidate) for candidate in candidates)
    return next((path for path in paths if path.is_file()), None)


def assemble(
    texts: Texts,
    *,
    image_size: int | None = None,
    classes: int | None = None,
    channels: int | None = None,
    dialect: str | None = None,
    strict: bool = False,
    require_parameters: bool = True,
) -> Experiment:
    """Reads and checks the three texts; everything that can be wrong with them is found here.

    `image_size` is the side of the picture the network reads (the recipe's margin around it stays), `classes`
    the width of its last layer, `channels` those of its pictures. They become overrides of the experiment's
    texts, so that the texts alone rebuild it. Raises DefinitionError.
    """
    parsed = _parse(texts)
    added = [
        *(_size_overrides(parsed.recipe, image_size) if image_size is not None else ()),
        *([f"classes={classes}"] if classes is not None else ()),
        *(_channel_overrides(parsed, channels) if channels is not None else ()),
        *([f"dialect={dialect}"] if dialect is not None else ()),
    ]
    texts = texts.with_overrides(added)
    parsed = override(parsed, added)
    texts, parsed = _with_classes(texts, parsed)
    if require_parameters and not texts.parameters_name:
        raise DefinitionError(
            f"{texts.definition_name}: there is no parameter file beside it; name one with --params"
        )
    name = _name(texts)
    network = read_network(
        parsed.definition,
        name=name,
        dialect=_choose_dialect(parsed),
        image_shape=(parsed.recipe.channels, parsed.recipe.input_size, parsed.recipe.input_size),
        strict=strict,
        classes=parsed.recipe.classes,
        tree=parsed.recipe.tree,
    )
    if not texts.parameters_name:
        return Experiment(name, texts, network, Parameters(), parsed.recipe)
    parameters = read_parameters(parsed.parameters, network, strict=strict)
    network = network.with_numbers(parameters.keeps, parameters.coefficients)
    _check_schedule(parsed, network)
    return Experiment(name, texts, network, parameters, parsed.recipe)


def _check_schedule(parsed: Parsed, network: Network) -> None:
    """Follows the schedule once, so that one that cannot be followed is refused before the run."""
    for step in parsed.recipe.schedule:
        parsed = apply_step(parsed, step)
        read_parameters(parsed.parameters, network)


def _parse(texts: Texts) -> Parsed:
    parsed = Parsed(
        parse(texts.definition, texts.definition_name),
        parse(texts.parameters, texts.parameters_name) if texts.parameters_name else Document("", {}),
        read_recipe(texts.recipe, texts.recipe_name),
    )
    return override(parsed, texts.overrides)


def _name(texts: Texts) -> str:
    name = texts.definition_name.removesuffix(".cfg").removesuffix(".layers")
    return name or "network"


def _choose_dialect(parsed: Parsed) -> Dialect:
    if parsed.recipe.dialect:
        return dialect_named(parsed.recipe.dialect)
    return dialect_by_evidence(parsed.definition, parsed.parameters)


def _size_overrides(recipe: Recipe, size: int) -> list[str]:
    margin = recipe.image_size - recipe.input_size
    return [f"image-size={size + margin}", f"crop-size={size}"]


def _channel_overrides(parsed: Parsed, channels: int) -> list[str]:
    """The recipe's channels, and those that the layers which read pictures state."""
    pictures = {
        name
        for name, section in parsed.definition.sections.items()
        if "dataidx" in section.entries and section.entries["dataidx"].value == "0"
    }
    overrides = [f"channels={channels}"]
    for name, section in parsed.definition.sections.items():
        if "inputs" not in section.entries or "channels" not in section.entries:
            continue
        inputs = [word.strip() for word in section.entries["inputs"].value.split(",")]
        stated = [word.strip() for word in section.entries["channels"].value.split(",")]
        if pictures.intersection(inputs) and len(stated) == len(inputs):
            merged = [str(channels) if i in pictures else c for i, c in zip(inputs, stated, strict=True)]
            overrides.append(f"{name}.channels={','.join(merged)}")
    return overrides


def _with_classes(texts: Texts, parsed: Parsed) -> tuple[Texts, Parsed]:
    """The recipe's `classes`, if any, becomes the width of the last layer, unless `--set` names that."""
    classes = parsed.recipe.classes
    last = _last_layer(parsed.definition)
    if not classes or last is None:
        return texts, parsed
    if any(check_override(text)[0].lower() == f"{last}.outputs".lower() for text in texts.overrides):
        return texts, parsed
    setting = f"{last}.outputs={classes}"
    return texts.with_overrides([setting]), override(parsed, [setting])


def _last_layer(definition: Document) -> str | None:
    """The fc layer that the first cost judges, itself or through a softmax, as far as the sections tell."""

    def value(section: str, key: str) -> str:
        entries = definition.sections[section].entries if section in definition.sections else {}
        return entries[key].value if key in entries else ""

    costs = [name for name in definition.sections if value(name, "type").startswith("cost.")]
    cost = next((name for name in costs if value(name, "type") == "cost.logreg"), costs[0] if costs else "")
    last = value(cost, "inputs").rpartition(",")[2].strip()
    if value(last, "type") in ("softmax", "eltsum"):  # of labels and answers, as in one network of 2012
        last = value(last, "inputs").rpartition(",")[2].strip()
    return last if value(last, "type") == "fc" else None


def check_classes(experiment: Experiment, data_classes: int) -> str | None:
    """A warning for data with fewer classes than the network has outputs; DefinitionError for more."""
    network = experiment.network
    if data_classes == network.classes:
        return None
    answers = network[network.probabilities]
    last = answers if isinstance(answers, FullyConnected) else network[answers.inputs[-1]]
    fitting = f"{last.name}.outputs={data_classes}" if isinstance(last, FullyConnected) else None
    numbers = f"the data has {data_classes} classes and {network.name} {network.classes} outputs"
    if data_classes < network.classes:
        return f"{numbers}: the others will never be right" + (f" (--set {fitting} fits)" if fitting else "")
    remedy = f"; use --set {fitting}" if fitting else "; change the layer below the softmax"
    raise DefinitionError(numbers + remedy)
