"""The user's trouble, told apart from our mistakes by its type (our mistakes keep their traceback)."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can act on. The message is one sentence: what, where, what to do."""


class DefinitionError(UserError):
    """A definition, parameter or recipe text cannot be used; the message names file, line, layer and key."""


class DataError(UserError):
    """Pictures or a packed data file cannot be used."""


class TrainingError(UserError):
    """A training run cannot start or go on."""
