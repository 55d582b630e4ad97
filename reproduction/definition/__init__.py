"""From the text of a definition file to a checked, unchanging `Network`; needs neither torch nor h5py."""

from reproduction.definition.dialect import Dialect
from reproduction.definition.experiment import (
    Experiment,
    Texts,
    assemble,
    built_in_names,
    check_classes,
    find_texts,
)
from reproduction.definition.network import Network
from reproduction.definition.parameters import Parameters, UpdateRule
from reproduction.definition.recipe import Recipe

__all__ = [
    "Dialect",
    "Experiment",
    "Network",
    "Parameters",
    "Recipe",
    "Texts",
    "UpdateRule",
    "assemble",
    "built_in_names",
    "check_classes",
    "find_texts",
]
