"""What the definition language can say and the program cannot compute: refused before anything is built."""

from __future__ import annotations

from reproduction.definition.network import Network
from reproduction.definition.parameters import Parameters
from reproduction.errors import DefinitionError


def require_computable(network: Network, parameters: Parameters) -> None:
    """Raises DefinitionError for the first layer whose section asks for what has no computation: superEps."""
    for layer in network.layers:
        rules = [parameters.rules[name] for name in layer.array_shapes if name in parameters.rules]
        if any(rule.super_epsilon for rule in rules):
            raise DefinitionError(
                f"{network.name}: layer '{layer.name}' (line {layer.line}) can be read and shown, "
                "but superEps cannot be computed yet"
            )
