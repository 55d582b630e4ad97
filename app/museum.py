"""Opens the desktop museum on archives of runs.

example: alexnet museum run.h5 --room filters
         alexnet museum --screenshots pictures
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from app.room_list import ROOMS

ROOM_NAMES = tuple(room.name for room in ROOMS)


def parser() -> argparse.ArgumentParser:
    """The words that `alexnet museum` understands."""
    made = argparse.ArgumentParser(
        prog="alexnet museum", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "archives", nargs="*", type=Path, metavar="ARCHIVE", help="default: the shipped archives"
    )
    made.add_argument("--room", choices=ROOM_NAMES, help="the room to begin in (default: where you were)")
    made.add_argument("--language", metavar="CODE", help="the language to speak (default: the system's)")
    made.add_argument(
        "--screenshots", type=Path, metavar="DIR", help="draw one PNG per room without a display, and exit"
    )
    made.add_argument("--all", action="store_true", help="with --screenshots: every depth, size and theme")
    return made


def main(words: Sequence[str]) -> int:
    """Runs the museum until its window is closed; returns the exit status."""
    made = parser()
    arguments = made.parse_args(list(words))
    if arguments.all and arguments.screenshots is None:
        made.error("--all goes with --screenshots DIR")
    from app.language import chosen, languages

    language = chosen(arguments.language, languages())
    if language is None:
        made.error(f"--language: choose one of {', '.join(languages())}")
    if arguments.screenshots is not None:
        from app.screenshots import take_all

        return take_all(arguments.archives, arguments.screenshots, arguments.all, language)
    from app.start import show

    return show(arguments.archives, arguments.room, language)
