"""The `alexnet` command: `museum` opens the app, every other verb is headless. Imports no Qt until then."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

from reproduction.stopping import end_with, until_stopped


def main(arguments: Sequence[str] | None = None) -> int:
    """Hands `museum` to the app and everything else to `reproduction.cli`; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] == "museum":
        return until_stopped("alexnet museum", lambda: _museum(words[1:]), at_once=True)
    from reproduction.cli import main as headless

    return headless(words, museum=True)


def _museum(words: Sequence[str]) -> int:
    from app.museum import main as museum

    return museum(words)


def command() -> NoReturn:
    """The console command: `main` on the command line's words, and the process ends with it."""
    end_with(main)


if __name__ == "__main__":
    command()
