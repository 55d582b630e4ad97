"""The start script: what it understands, when it sets up, which torch it takes, what it hands over to."""

from __future__ import annotations

from bootstrap.launch import Request


def test_no_verb_opens_the_museum() -> None:
    assert Request([]).verb == "museum"
