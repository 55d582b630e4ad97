"""The `alexnet` command: `museum` opens the app, every other verb is headless. Imports no Qt until then."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Hands `museum` to the app and everything else to `reproduction.cli`; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] == "museum":
        from app.museum import main as museum

        return museum(words[1:])
    from reproduction.cli import main as headless

    return headless(words, museum=True)


if __name__ == "__main__":
    sys.exit(main())
