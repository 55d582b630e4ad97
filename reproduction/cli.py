"""The headless verbs of the `alexnet` command; also `python -m reproduction VERB ...` where there is no Qt.

Each verb is a module of `reproduction.commands` with `add_arguments(parser)` and `run(arguments) -> int`.
Only the one that was asked for is imported, so that `alexnet net show` never pays for torch.
Exit status: 0 done, 1 failed with one clear line on stderr, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from reproduction.errors import UserError
from reproduction.stopping import until_stopped

VERBS = {
    "train": "trains a network and keeps its archive up to date",
    "resume": "goes on exactly where an archive ends",
    "test": "error rates of an archive on a data file, as the original reports them",
    "predict": "labels for pictures",
    "activations": "adds to an archive how its network answers a set of pictures",
    "net": "lists, shows and checks network definitions",
    "experiments": "the lab notebook of the released 2012 source",
    "data": "packs pictures into one data file, or describes one",
    "archive": "looks into archives, checks them, imports original checkpoints",
    "bench": "measures, always side by side with stock PyTorch in the same run",
    "doctor": "what this machine has and what that means",
}


def usage(museum: bool) -> str:
    """The overview that `alexnet --help` prints; the museum is named only where there is one."""
    verbs = {"museum": "opens the desktop museum", **VERBS} if museum else VERBS
    rows = "\n".join(f"  {verb:<13}{purpose}" for verb, purpose in verbs.items())
    return f"usage: alexnet VERB ...\n\n{rows}\n\n`alexnet VERB --help` explains a verb, with an example."


def main(arguments: Sequence[str] | None = None, museum: bool = False) -> int:
    """Runs one headless verb; returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage(museum))
        return 0 if words else 2
    verb = words[0]
    if verb not in VERBS:
        print(f"alexnet: there is no verb '{verb}'\n\n{usage(museum)}", file=sys.stderr)
        return 2
    return until_stopped(f"alexnet {verb}", lambda: run_verb(verb, words[1:]))


def run_verb(verb: str, words: Sequence[str]) -> int:
    """Imports the module of `verb`, parses `words` and runs it; turns the user's trouble into one line."""
    from archive.errors import ArchiveError  # numpy and h5py only when a verb runs

    command = importlib.import_module(f"reproduction.commands.{verb}")
    parser = argparse.ArgumentParser(
        prog=f"alexnet {verb}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    parsed = parser.parse_args(list(words))
    try:
        status: int = command.run(parsed)
        sys.stdout.flush()
        return status
    except (UserError, ArchiveError) as error:
        print(f"alexnet {verb}: {error}", file=sys.stderr)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
