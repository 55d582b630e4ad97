"""A session: which room, how deep, what is selected and switched off, where the controls of the rooms stand.

A small JSON text. It names an archive by file name and fingerprint, never by a path, so that it can be handed
to somebody else; what is in it is checked value by value, since it may come from anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.selected import Lesions

FORMAT, VERSION = "alexnet-museum-session", 1
LARGEST_BYTES = 1_000_000


class SessionError(Exception):
    """A session file that cannot be used; the message is one sentence without the file's name."""


@dataclass(frozen=True)
class Session:
    """Where somebody was. Without an archive, `archive` and `fingerprint` are empty."""

    room: str = ""
    depth: str = ""
    archive: str = ""
    fingerprint: str = ""
    layer: str | None = None
    unit: int | None = None
    moment: int | None = None
    lesions: Lesions = field(default_factory=Lesions)
    rooms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_json(self) -> str:
        """The text of the file."""
        words = {
            "format": FORMAT,
            "version": VERSION,
            "room": self.room,
            "depth": self.depth,
            "archive": {"name": self.archive, "fingerprint": self.fingerprint},
            "selected": {"layer": self.layer, "unit": self.unit, "moment": self.moment},
            "lesions": self.lesions.to_json(),
            "rooms": self.rooms,
        }
        return json.dumps(words, indent=1, ensure_ascii=False) + "\n"


def session_of(text: str) -> Session:
    """What `to_json` wrote. Raises SessionError for anything that it did not."""
    try:
        words = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SessionError("it is damaged") from error
    if not isinstance(words, dict) or words.get("format") != FORMAT:
        raise SessionError("it is not a session of this museum")
    version = words.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise SessionError(f"a newer museum wrote it (version {version}; this one reads {VERSION})")
    try:
        return _session_of(words)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SessionError("it is damaged") from error


def read_session(path: Path) -> Session:
    """A session file. Raises SessionError when it cannot be read or used."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise SessionError("it is too large for one")
        return session_of(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SessionError((error.strerror or str(error)).lower()) from error
    except UnicodeDecodeError as error:
        raise SessionError("it is damaged") from error


def _session_of(words: dict[str, Any]) -> Session:
    selected, archive, rooms = words["selected"], words["archive"], words["rooms"]
    if not all(isinstance(state, dict) for state in rooms.values()):
        raise TypeError("a room's state is no object")
    return Session(
        room=_text(words["room"]),
        depth=_text(words["depth"]),
        archive=_text(archive["name"]),
        fingerprint=_text(archive["fingerprint"]),
        layer=None if selected["layer"] is None else _text(selected["layer"]),
        unit=_number(selected["unit"]),
        moment=_number(selected["moment"]),
        lesions=Lesions.from_json(words["lesions"]),
        rooms={_text(name): state for name, state in rooms.items()},
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("expected a text")
    return value


def _number(value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise TypeError("expected a number from 0, or none")
    return value
