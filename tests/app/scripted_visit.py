"""A whole visit in a real window: every room and depth, pictures dropped, every figure taken home.

Every click and key goes through the X server, as a visitor's does. With the real worker, on any archive:

    python tests/app/scripted_visit.py ARCHIVE PICTURE
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from x_display import ROOT, display, drag, xdotool

from app.room import DEPTHS
from app.room_list import ROOMS

HERE = Path(__file__).parent
LIMIT_S = 60.0
FILES = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".csv": b"# ", ".json": b"{"}
KINDS = {".png": "PNG)", ".svg": "(SVG)", ".pdf": "(PDF)", ".csv": "(CSV)", ".json": "(JSON)"}


class Visitor:
    """Somebody with a mouse, a keyboard and eyes; `troubles` is what Qt warned of and what failed."""

    def __init__(
        self, environment: dict[str, str], archive: Path, folder: Path, service: Sequence[str]
    ) -> None:
        self.environment, self.folder = environment, folder
        self.troubles: list[str] = []
        self.museum = subprocess.Popen(
            [sys.executable, str(HERE / "guided_museum.py"), str(archive), str(folder), *service],
            env={**environment, "ALEXNET_MUSEUM_WATCHDOG": str(folder / "slow.json")},
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.wait("the window", lambda state: state["shown"])
        shown = xdotool(environment, "search", "--onlyvisible", "--name", "AlexNet Archive")
        self.window = shown.split()[0]
        self.focus()

    # Eyes

    def ask(self, **question: str) -> Any:
        """The guide's answer."""
        assert self.museum.stdin is not None and self.museum.stdout is not None
        print(json.dumps(question), file=self.museum.stdin, flush=True)
        while True:
            line = self.museum.stdout.readline()
            if not line:
                raise RuntimeError(f"the museum is gone: {self.troubles}")
            words = json.loads(line)
            if "answer" in words:
                return words["answer"]
            self.troubles.append(next(iter(words.values())))

    def state(self) -> dict[str, Any]:
        """Where the visit stands."""
        state: dict[str, Any] = self.ask(ask="state")
        return state

    def wait(self, what: str, fulfilled: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Waits until the state is as wanted."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            state = self.state()
            if fulfilled(state):
                return state
            time.sleep(0.05)
        raise TimeoutError(f"{what}: {self.state()}; {self.troubles}")

    # Hands

    def point_at(self, place: Sequence[int]) -> None:
        left, top, width, height = place
        xdotool(self.environment, "mousemove", left + width // 2, top + height // 2)

    def click(self, name: str, button: int = 1) -> None:
        """Clicks on what has this name."""
        end = time.monotonic() + LIMIT_S
        while not (places := self.ask(ask="find", name=name)):
            if time.monotonic() > end:
                raise LookupError(f"nothing is called {name}: {self.state()}")
            time.sleep(0.05)
        self.point_at(places[0])
        xdotool(self.environment, "click", button)

    def focus(self) -> None:
        """What a window manager does when a dialog has been closed; there is none here."""
        xdotool(self.environment, "windowfocus", self.window)

    def press(self, *keys: str) -> None:
        xdotool(self.environment, "key", "--delay", 25, *keys)

    def type(self, text: str) -> None:
        xdotool(self.environment, "type", "--delay", 15, text)

    def command(self, letters: str) -> None:
        """Opens the palette, types, and does the first that fits."""
        self.focus()
        self.press("ctrl+shift+p")
        self.wait("the palette opens", lambda state: state["palette"])
        self.type(letters)
        self.press("Return")
        self.wait("the palette closes", lambda state: not state["palette"])

    # The visit

    def walk_through(self, room: str, title: str) -> None:
        """Enters a room by its door, looks into every depth, touches what is there."""
        self.click(title)
        self.wait(f"the room {room}", lambda state: state["room"] == room)
        for word, depth in zip(("Look", "Try", "Study"), DEPTHS, strict=True):
            if self.ask(ask="find", name=f"How deep: {word}"):
                self.click(f"How deep: {word}")
                self.wait(f"{room} at {depth}", lambda state, depth=depth: state["depth"] == depth)
            self.focus()
            self.press(*["Tab"] * 12)
            self.press("Right", "Down", "Left", "Up", "Home", "End", "Escape")
            for figure in self.state()["figures"]:
                place = self.ask(ask="reveal", name=figure["name"])
                if place is None:  # the click on the one before has put another in its place
                    continue
                self.point_at(place)
                xdotool(self.environment, "click", 3)
                self.wait("the menu of a figure", lambda state: state["menu"])
                self.press("Escape")
                self.wait("the menu closes", lambda state: not state["menu"])
                xdotool(self.environment, "click", 1)
                self.come_back(room, title)
        self.wait(f"{room} is ready", lambda state: state["ready"])

    def come_back(self, room: str, title: str) -> None:
        """Parts of a figure may be doors: whoever went through one goes back."""
        time.sleep(0.3)
        if self.state()["room"] != room:
            self.click(title)
            self.wait(f"the room {room} again", lambda state: state["room"] == room)

    def take_figures_home(self, room: str) -> int:
        """Exports every figure of the room as every kind of file, through palette and file dialog."""
        figures = self.state()["figures"]
        for figure in figures:
            for suffix, start in FILES.items():
                path = self.folder / f"{room}-{figure['name']}{suffix}"
                numbers = suffix in (".csv", ".json")
                self.focus()
                if len(figures) == 1:
                    self.press("ctrl+shift+e" if numbers else "ctrl+e")
                else:
                    self.command(f"{ascii_only(figure['title'])}{KINDS[suffix]}")
                self.wait("the file dialog", lambda state: state["dialog"])
                self.press("ctrl+a")
                self.type(str(path))
                self.press("Return")
                self.wait("the dialog closes", lambda state: not state["dialog"])
                self.wait(f"{path.name} is written", lambda state: not state["writing"])
                if not path.read_bytes().startswith(start):
                    self.troubles.append(f"{path.name} is no {suffix}")
        return len(figures)

    def drop(self, picture: Path) -> None:
        """Drags a file out of another program's window into this one."""
        source = subprocess.Popen(
            [sys.executable, str(HERE / "drag_source.py"), str(picture)], env=self.environment,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            drag(self.environment, (700, 520))
            self.wait("the picture", lambda state: state["picture"] == picture.name and state["ready"])
        finally:
            source.terminate()
            source.communicate(timeout=20)

    def look_around(self) -> None:
        """Theme, text size, table of a figure, palette."""
        self.command("view dark")
        self.wait("the dark theme", lambda state: state["theme"] == "dark")
        self.focus()
        self.press("ctrl+plus")
        self.wait("larger text", lambda state: state["text_size"] > 100)
        self.press("ctrl+0")
        self.command("figure as a table")
        self.wait("the table", lambda state: state["dialog"])
        self.press("Escape")
        self.wait("the table closes", lambda state: not state["dialog"])
        self.command("view light")

    def leave(self) -> dict[str, Any]:
        """Closes the window by key; what the watchdog saw."""
        self.focus()
        self.press("ctrl+q")
        said, _ = self.museum.communicate(timeout=LIMIT_S)
        self.troubles += [next(iter(json.loads(line).values())) for line in said.splitlines()]
        if self.museum.returncode:
            self.troubles.append(f"the museum ended with {self.museum.returncode}")
        words: dict[str, Any] = json.loads((self.folder / "slow.json").read_text())
        return words


def ascii_only(text: str) -> str:
    """The first letters of a title that any keyboard has."""
    return "".join(letter for letter in text if letter.isascii() and letter.isalnum())[:24]


def visit(archive: Path, picture: Path, folder: Path, service: Sequence[str]) -> dict[str, Any]:
    """The whole visit; what the watchdog saw, and `troubles` and `figures` (how many were taken home)."""
    with display(1280, 960) as environment:
        visitor = Visitor(environment, archive, folder, service)
        try:
            visitor.wait("the entrance", lambda state: state["room"])
            figures = 0
            for entry in ROOMS:
                visitor.walk_through(entry.name, entry.title)
                figures += visitor.take_figures_home(entry.name)
                if entry.name in ("filters", "try-it"):
                    visitor.drop(picture)
                if entry.name == "filters":
                    visitor.click("Filters")
            visitor.click(ROOMS[0].title)
            visitor.look_around()
            return {**visitor.leave(), "troubles": visitor.troubles, "figures": figures}
        finally:
            if visitor.museum.poll() is None:
                visitor.museum.terminate()
                visitor.museum.communicate(timeout=20)


def main(words: list[str]) -> int:
    """A visit with the real worker; prints what was slow and what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        found = visit(Path(words[0]).resolve(), Path(words[1]).resolve(), Path(folder), [])
    print(f"{found['events']} events, {found['figures']} figures taken home")
    for slow in found["slow"]:
        print(f"{1000 * slow['seconds']:7.1f} ms  {slow['receiver']} {slow['event']}  {slow['errand']}")
    print(*found["troubles"], sep="\n")
    return 1 if found["troubles"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
