"""Weights that belong to another matrix (original: weightSource)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import NoReturn

from reproduction.definition.fields import Fields
from reproduction.definition.language import near, quoted
from reproduction.definition.layers import Shape, Shared, WeightedLayer, WindowedLayer
from reproduction.definition.readers.context import Context

_SOURCE = re.compile(r"([^\[\]]+)(?:\[(\d{1,6})\])?")


def with_sources(fields: Fields, context: Context, layer: WeightedLayer) -> WeightedLayer:
    """The layer with the matrices that it shares."""
    if fields.text("initWFunc", "") or not fields.text("weightSource", ""):
        return layer  # where there is a function, the original asks for no source
    search = _Search(fields, context, layer)
    for word in fields.words("weightSource"):
        search.found.append(search.source(word) if word else None)
    if not any(search.found):
        return layer
    if isinstance(layer, WindowedLayer) and layer.connections:
        connections = tuple(
            replace(random, source=source, copy=None) if random and source else random
            for random, source in zip(layer.connections, search.found, strict=True)
        )
        layer = replace(layer, connections=connections)
    return replace(layer, shared=tuple(search.found))


@dataclass
class _Search:
    """The sources of one layer, `found` so far."""

    fields: Fields
    context: Context
    layer: WeightedLayer
    found: list[Shared | None] = field(default_factory=list)
    shapes: dict[str, tuple[Shape, ...]] = field(default_factory=dict)  # of the layers met

    def source(self, word: str) -> Shared:
        """The matrix that serves the next input: its owner's, where the named one is itself shared."""
        match = _SOURCE.fullmatch(word)
        name, number = (match[1], int(match[2] or 0)) if match else ("", 0)
        own = name == self.layer.name
        source = self.layer if own else self.context.layers.get(name)
        if not isinstance(source, WeightedLayer):
            hint = quoted(word) + near(name, self.context.layers)
            return self._fail("an earlier layer, or layer[number of its matrix]", hint)
        self._require_same(source, number, word)
        if source.column != self.layer.column:
            assumed = "the weights are shared across them"
            self.context.assume(self.fields, "weightSource", "a layer on the same GPU", assumed)
        owners = self.found if own else source.shared
        return (owners[number] if owners else None) or Shared(name, number)

    def _require_same(self, source: WeightedLayer, number: int, word: str) -> None:
        """Refuses a source that has no such matrix, or another one than this layer needs."""
        index, layer = len(self.found), self.layer
        if source.type != layer.type:
            self._fail(f"a layer of type {layer.type}", f"{quoted(source.name)}, of type {source.type}")
        own = source is layer
        count = index if own else len(source.inputs)
        if number >= count:
            self._fail(f"one of {count} {'earlier ' if own else ''}matrices of '{source.name}'", quoted(word))
        theirs, ours = self._shapes(source)[number], self._shapes(layer)[index]
        if theirs != ours:
            self._fail(f"a matrix of shape {_text(ours)}", f"{quoted(word)} of shape {_text(theirs)}")
        if isinstance(source, WindowedLayer) and isinstance(layer, WindowedLayer):
            drawn = bool(source.connections and source.connections[number])
            same = source.groups[number] == layer.groups[index]
            same &= source.input_shapes[number][0] == layer.input_shapes[index][0]
            if not same or drawn != bool(layer.connections and layer.connections[index]):
                self._fail("a layer with the same groups and connections", quoted(word))

    def _shapes(self, layer: WeightedLayer) -> tuple[Shape, ...]:
        """Its weight shapes, which are made anew whenever they are asked for."""
        if layer.name not in self.shapes:
            self.shapes[layer.name] = layer.weight_shapes
        return self.shapes[layer.name]

    def _fail(self, expected: str, got: str) -> NoReturn:
        self.fields.fail("weightSource", expected, got)


def _text(shape: Shape) -> str:
    return "x".join(str(length) for length in shape)
