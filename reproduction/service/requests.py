"""Every request that the service answers, and where: the module is imported when it is first asked for.

A handler is a function (session, question, arrays) -> (message, arrays). It raises UserError or ArchiveError
with one sentence for what is wrong with the question. A computation that takes longer than a visitor waits
is asked for in parts, so that a newer question never has to wait for an older one's end.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from reproduction.errors import UserError
from reproduction.service.session import Answer, Arrays, Question, Session

Handler = Callable[[Session, Question, Arrays], Answer]

# The name of a request -> the module of reproduction.service that holds a function of that name.
HOMES = {
    "hello": "looking",
    "open": "looking",
    "preview": "looking",
    "predict": "looking",
    "activations": "seeing",
    "maps": "seeing",
    "arithmetic": "seeing",
    "field": "seeing",
    "attribution": "attributing",
    "occlusion": "attributing",
    "patches": "exciting",
    "neighbours": "comparing",
    "damage": "comparing",
    "measures": "measuring",
    "gabor": "measuring",
    "specialisation": "measuring",
    "runs": "measuring",
}


def handler(name: str) -> Handler:
    """The function that answers the request `name`. UserError when there is none."""
    home = HOMES.get(name)
    if home is None:
        raise UserError(f"the service does not know how to {name!r}")
    found: Handler = getattr(importlib.import_module(f"reproduction.service.{home}"), name)
    return found
