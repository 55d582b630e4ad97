"""Results as messages: frozen dataclasses to plain JSON and arrays and back, for frames and for caches.

What can travel: dataclasses of numbers, text, string enums, arrays, None, and tuples, lists and dictionaries
(with text as keys) of these.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
Value = TypeVar("Value")

ARRAY = "array"  # {"array": NAME} stands for an array in a message


def pack(value: Any) -> tuple[Any, Arrays]:
    """`value` as JSON, and the arrays that it names."""
    arrays: Arrays = {}
    return _packed(value, arrays), arrays


def _packed(value: Any, arrays: Arrays) -> Any:
    if isinstance(value, np.ndarray):
        name = f"{len(arrays)}"
        arrays[name] = value.astype(np.uint8) if value.dtype == np.bool_ else value
        return {ARRAY: name}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _packed(getattr(value, field.name), arrays) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _packed(item, arrays) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_packed(item, arrays) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value.item() if isinstance(value, np.generic) else value


def unpack(kind: type[Value], message: Any, arrays: Mapping[str, NDArray[Any]]) -> Value:
    """The value of type `kind` that `pack` made `message` and `arrays` of.

    ValueError, KeyError or TypeError where they are of something else.
    """
    found: Value = _unpacked(kind, message, arrays)
    return found


def _unpacked(kind: Any, message: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if message is None:
            return None
        (kind,) = (choice for choice in inner if choice is not type(None))
        return _unpacked(kind, message, arrays)
    if origin is np.ndarray:
        return arrays[message[ARRAY]]
    if origin is tuple:
        kinds = inner[:1] * len(message) if inner[-1] is Ellipsis else inner
        return tuple(_unpacked(one, item, arrays) for one, item in zip(kinds, message, strict=True))
    if origin is list:
        return [_unpacked(inner[0], item, arrays) for item in message]
    if origin is dict:
        return {str(key): _unpacked(inner[1], item, arrays) for key, item in message.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        parts = {name: _unpacked(hint, message[name], arrays) for name, hint in hints.items()}
        return kind(**parts)
    return kind(message)
