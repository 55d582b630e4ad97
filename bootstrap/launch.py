"""The start: what was asked, whether the set-up is finished, and handing over to the program that was meant.

A start that finds everything in place compares one stamp and becomes that program; only modules that Python
has loaded anyway are imported for that, the others where they are needed.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
STAMP = os.path.join(VENV, "set-up.json")
# There while the set-up is at work: found at the next start, it says that the last one was cut off.
UNFINISHED = os.path.join(VENV, "unfinished")

USAGE = """\
usage: python run.py [OPTION] [VERB ...]

  python run.py                    sets everything up in .venv, then opens the museum
  python run.py pytest [ARGUMENT]  sets up and runs the tests: all of them, or those that are named
  python run.py VERB ...           any verb of `alexnet`, such as `python run.py net list`

The set-up happens once. Options, remembered in .venv until you delete it:

  --system-torch   use the torch that this Python already has
  --cuda           take torch's usual build even where no NVIDIA driver was found"""


class SetUpError(Exception):
    """The set-up cannot go on; the message is a sentence the user can act on."""


class Request:
    """What the command line asks for: our own options, the verb, the verb's arguments."""

    def __init__(self, words: list[str]) -> None:
        names = {"--system-torch": "system_torch", "--cuda": "cuda", "--help": "help", "-h": "help"}
        self.system_torch = self.cuda = self.help = False
        rest = list(words)
        while rest and rest[0] in names:
            setattr(self, names[rest.pop(0)], True)
        # Options without a verb are the museum's: `python run.py --screenshots FOLDER`.
        self.verb = rest.pop(0) if rest and not rest[0].startswith("-") else "museum"
        self.arguments = rest

    @property
    def extras(self) -> set[str]:
        """The optional dependencies of pyproject.toml that the verb needs; the headless verbs need none."""
        return {"museum": {"desktop"}, "pytest": {"desktop", "dev"}}.get(self.verb, set())

    @property
    def opens_window(self) -> bool:
        """Whether the verb is going to open a window on the screen of this machine."""
        drawn_elsewhere = {"--screenshots", "--help", "-h"} & {word.split("=")[0] for word in self.arguments}
        return self.verb == "museum" and not drawn_elsewhere and "QT_QPA_PLATFORM" not in os.environ


def fingerprint() -> dict[str, str]:
    """What a finished set-up was made from; where it differs from the stamp, the set-up runs again."""
    import hashlib

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        project = hashlib.sha256(file.read()).hexdigest()
    # The real path carries the version (/usr/bin/python3.11); a folder that was moved has a stale .venv.
    return {"project": project, "python": os.path.realpath(PYTHON), "root": ROOT}


def read_stamp() -> dict[str, object]:
    """What the last finished set-up left; empty when there was none or it cannot be read."""
    import json

    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def stamped_extras() -> set[str]:
    """The extras that the last finished set-up installed."""
    extras = read_stamp().get("extras")
    return set(extras) if isinstance(extras, list) else set()


def uses_system_packages() -> bool:
    """Whether .venv was made with --system-torch."""
    try:
        with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as file:
            return "include-system-site-packages = true" in file.read()
    except OSError:
        return False


def is_ready(request: Request) -> bool:
    """Whether .venv holds all that the request needs."""
    if not os.path.exists(PYTHON) or os.path.exists(UNFINISHED):
        return False
    if request.system_torch and not uses_system_packages():
        return False
    stamp = read_stamp()
    same = all(stamp.get(key) == value for key, value in fingerprint().items())
    return (
        same
        and request.extras <= stamped_extras()
        and (bool(stamp.get("windows")) or not request.opens_window)
    )


def command_of(request: Request) -> list[str]:
    """The command that takes over when everything is in place."""
    if request.verb == "pytest":
        workers = min(4, os.cpu_count() or 1)
        everything = ["-n", str(workers)] if workers > 1 else []
        return [PYTHON, "-m", "pytest", *(request.arguments or everything)]
    # -P: a folder that happens to be called `app` where the user stands must not be taken for ours.
    return [PYTHON, "-P", "-m", "app", request.verb, *request.arguments]


def run_child(command: list[str]) -> int:
    """Runs the command and returns its exit status. Ctrl-C reaches the child as well, which answers it."""
    import subprocess

    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


def hand_over(command: list[str]) -> int:
    """Becomes the command; on Windows, where a program cannot, runs it and returns its exit status."""
    if os.name == "nt":
        return run_child(command)
    sys.stdout.flush()
    os.execv(command[0], command)


def check_display(request: Request) -> None:
    """Says so when a window is asked for where there is no screen to open it on."""
    has_display = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if request.opens_window and sys.platform.startswith("linux") and not has_display:
        raise SetUpError(
            "everything is set up, but there is no display here to open a window on;"
            " `python3 run.py --screenshots FOLDER` draws every room into a picture instead."
        )


def main(words: list[str]) -> int:
    """Sets up if anything is missing, then hands over."""
    request = Request(words)
    if request.help:
        print(USAGE)
        return 0
    try:
        if not is_ready(request):
            from bootstrap.set_up import set_up

            set_up(request)
        check_display(request)
    except SetUpError as error:
        print(f"run.py: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"run.py: the set-up failed, and the next start begins it again: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("run.py: stopped by Ctrl-C; the next start takes the set-up up again.", file=sys.stderr)
        return 1
    if request.verb == "pytest":
        os.chdir(ROOT)
    return hand_over(command_of(request))
