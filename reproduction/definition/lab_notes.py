"""The notes of 2012 below (or above) the parameters of a network, read: its origin, its runs, their results.

They are free text in comments, by one hand and in a few habits: "this is like #7 but ...", "epoch 9: set
epsw to 0.1 from 0.2", "validation multiview:" and three numbers. What follows none of the habits is left.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_LINES = 5000  # of notes in a file; the longest released ones have sixty
MAX_LINE = 500  # characters of a note line that are looked at; the longest released one has 230
Value = float | bool | str | None

_NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
_VALUE = rf"(?:{_NUMBER}|true|false|default|[a-z]{{1,9}}\[[^\]]{{0,60}}\])"
_LAYER = r"(?:conv|fc|pool|hs)\w{0,20}(?:-\d+)?"
_LAYERS = rf"(?:conv layers|{_LAYER}(?:\s?[,/]\s?(?:{_LAYER}|\d+\b(?!\.))){{0,9}})"
_WHAT = (
    r"ep(?:st?)?w|colou?r (?:\(brightness\) )?noise|brightness noise|mini|wc|schedw(?: factor)?|epochs"
    r"|fade prob|domax"
)
_ON = rf"(?:\s+on\s+(?P<on>{_LAYERS})|\s+(?P<others>elsewhere|everywhere))?"
_SETTING = re.compile(
    rf"(?:(?P<before>{_LAYERS})\s+)?\b(?P<what>{_WHAT})(?:\s+(?P<mid>{_LAYERS}))?"
    rf"\s*(?:to|ot|of|=|put back to)?\s*(?P<new>{_VALUE})(?:\s+from\s+(?P<old>{_VALUE}))?{_ON}",
    re.IGNORECASE,
)
_MORE = re.compile(rf",\s*(?P<new>{_NUMBER}){_ON.removesuffix('?')}", re.IGNORECASE)
_DROPOUT = re.compile(rf"\benabled dropout(?:\s+on\s+(?P<on>{_LAYERS}))?", re.IGNORECASE)
_WORDS = {"epo": "epochs", "ep": "epsW", "co": "color noise", "br": "color noise", "mi": "minibatch"}
_WORDS |= {"wc": "wc", "fa": "fade", "schedw f": "schedW factor", "schedw": "schedW", "domax": "doMax"}

_EPOCH = re.compile(r"ep(?:och|coh)\s+([\d.x]{1,12})\s*:\s*(.*)|(\d{1,6} batches):\s*(.*)", re.IGNORECASE)
_START = re.compile(r"(?:init|start)\s+ep|.*\brestarting with ep", re.IGNORECASE)
_MACHINE = re.compile(r"(?:on )?([a-z]+\d*)(?: \(now ([a-z]+\d*)\))?", re.IGNORECASE)
_MOVE = re.compile(
    r"(?:mov(?:ed|ing)|move back) to ([a-z]+\d*)|resuming(?: from epoch ([\d.]+))? on ([a-z]+\d*)",
    re.IGNORECASE,
)
_NO_MACHINES = frozenset("hold killed restart conv1 validation test".split())
_CHECKPOINT = re.compile(r"ConvNet__[\w.-]*[\w-]")
_FRACTION = r"\d\.\d{3,}"
_TRIPLE = re.compile(rf"(\d+(?:\.\d+)?),\s*({_FRACTION}),\s*({_FRACTION})")
_PAIR = re.compile(rf"(?:logprob:\s*)?({_FRACTION}),\s*({_FRACTION})\s*")
_LABEL = re.compile(
    r"(?:test|valid|multi\w*view)\b.*:|(?:test|validation)\b.*:|python convnet.*", re.IGNORECASE
)
_END = re.compile(r"\bkilled|\bkilling|\bon hold|\bputting on hold|\bwiped|\bpaused", re.IGNORECASE)
_HEADER = re.compile(r"(?:restart|now |training on |trained on .*\blike ).*|.*:", re.IGNORECASE)
_QUOTE = re.compile(r"#?([\w.-]+) notes\b.*:")

_NAME = r"#?\d+(?:-\w+)*"
_NAMES = rf"{_NAME}(?:(?:,| and) {_NAME})*"
_LIKE = re.compile(
    rf"\b(?P<also>also )?(?:like|based on|hybrid of) (?P<ids>{_NAMES})"
    rf"|^this is (?P<same>{_NAME})(?=[ ,])|^this trains (?P<trains>{_NAME})\b",
    re.IGNORECASE,
)
_FROM = re.compile(
    rf"\binitialized from (?:(?:\d+ epochs of )?(?P<id>{_NAME})|.{{0,120}}?(?P<path>ConvNet__[\w.-]*[\w-]))",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"(?:also|and|but|this examines)\b|\.\. ", re.IGNORECASE)
_SAME_FILE = re.compile(r"\s*\((?:so|hence) uses same file\)")
_DEFINITION = re.compile(
    r"\b(?:def|config) file:? (?:#|layers-)?(?P<id>\d+(?:-\w+)*)"
    r"|\buses def file (?P<id2>\d+(?:-\w+)*)",
    re.IGNORECASE,
)
_BORROWED = re.compile(r"(?:pre-?trained|initialized)\b[^,(]*", re.IGNORECASE)
DATA_SETS = (
    (r"non-?full|2012-nonfull", "ILSVRC-2012"),
    (r"2012-full|2012 \(full\)|trained this on full", "ILSVRC-2012 'full' variant"),
    (r"lsvrc-2012|\bon 2012\b", "ILSVRC-2012"),
    (r"lsvrc-2010|imgnet-2010|\bon 2010\b", "ILSVRC-2010"),
    (r"imgnet-2009|2009 imgnet|\bon 2009\b|on 2009-10k", "ImageNet Fall 2009"),
    (r"\bon 2011", "ImageNet Fall 2011"),
    (r"\bon flickr", "Flickr tags"),
    (r"\bon CIFAR-10", "CIFAR-10"),
)


@dataclass(frozen=True)
class Change:
    """What was set by hand. `when` is the epoch as noted ("25", "4x"), "300 batches", "start", or ""."""

    when: str
    what: str
    old: Value
    new: Value
    layers: str = ""  # as noted: "conv1,conv2", "elsewhere"; "" = all


@dataclass(frozen=True)
class Result:
    """Figures of a test, fractions of pictures. `split`: validation, test or ""; `multiview` None: unsaid."""

    loss: float | None
    top1: float
    top5: float
    split: str = ""
    multiview: bool | None = None
    line: int = 0


@dataclass(frozen=True)
class NotedRun:
    """One run as noted; `title` is the line that opens it, "" for the first."""

    title: str = ""
    line: int = 0
    dataset: str = ""
    machines: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    results: tuple[Result, ...] = ()
    fate: str = ""


@dataclass(frozen=True)
class Notes:
    """The notes of one file. Ids are those of the notes, which need not be in the release."""

    parents: tuple[str, ...] = ()  # the nearest first
    weights_from: tuple[str, ...] = ()  # ids, or names of checkpoints
    quoted: tuple[str, ...] = ()  # experiments whose notes are repeated below
    definition: str = ""  # id of the definition file, where one is named
    change: str = ""
    origin: str = ""  # the line that says what this is like
    runs: tuple[NotedRun, ...] = ()


@dataclass(frozen=True)
class Line:
    """A comment line of a file: its number, its text, and whether it is indented under the line before."""

    number: int
    text: str
    indented: bool


def note_lines(text: str) -> list[Line]:
    """The comments of a parameter file."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] in "#;" and line:
            body = line[:MAX_LINE].lstrip("#;")
            words = re.sub(r"\s+", " ", body.strip().removeprefix("# "))
            found.append(Line(number, words, body.startswith(" " * 6)))
            if len(found) == MAX_LINES:
                break
    return found


def read_notes(lines: list[Line], own_id: str, copied: Collection[int] = ()) -> Notes:
    """Reads the comments of the experiment `own_id`; lines numbered in `copied` belong to another's notes."""
    runs, quoted, own = _Runs(), [], []
    for line in lines:
        if (quote := _QUOTE.fullmatch(line.text)) and quote[1] != own_id:
            quoted.append(quote[1])
        elif not quoted and line.number not in copied:
            own.append(line)
            runs.add(line)
    return Notes(**_origin(own), quoted=tuple(quoted), runs=runs.finished())


def _origin(lines: list[Line]) -> dict[str, Any]:
    """What the notes say of where the network comes from."""
    near: list[str] = []
    others: list[str] = []
    weights = [
        (match["id"] or match["path"]).lstrip("#") for line in lines for match in _FROM.finditer(line.text)
    ]
    tails, origin, same_file = [], "", False
    seen: set[str] = set()  # notes were copied within a file, too
    for index, line in enumerate(lines):
        match = _LIKE.search(line.text)
        if match is None or line.text in seen:
            continue
        seen.add(line.text)
        ids = [
            name.lstrip("#") for name in re.findall(_NAME, match["ids"] or match["same"] or match["trains"])
        ]
        (others if match["also"] or near else near).extend(ids)
        origin = origin or line.text
        same_file = same_file or (_SAME_FILE.match(line.text, match.end()) is not None and not match["also"])
        tails.append(_what_changed(line.text[match.end() :], lines[index + 1 : index + 4]))
    # "like #153 (so uses same file)" says which file; "its also like #155" then names the nearest relative.
    parents = others + near if same_file and others else near + others
    stated = (match["id"] or match["id2"] for line in lines for match in _DEFINITION.finditer(line.text))
    return {
        "parents": tuple(dict.fromkeys(parents)),
        "weights_from": tuple(dict.fromkeys(weights)),
        "definition": next(stated, near[0] if same_file else ""),
        "change": "; ".join(tail for tail in tails if tail),
        "origin": origin,
    }


def _what_changed(tail: str, following: list[Line]) -> str:
    """The rest of a line that names a parent, and the lines below that go on with it."""
    words = [re.sub(r"^(?:\s*\([^)]*\))?[\s,:]*(?:but|and|in that)?\b[\s,]*", "", tail)]
    for line in following:
        if not _GOES_ON.match(line.text) or _LIKE.search(line.text):
            break
        words.append(line.text)
    return " ".join(word for word in words if word).strip(" .,:")


def data_set(text: str) -> str:
    """The data set that a line says it was trained on; what it was pre-trained on does not count."""
    words = _BORROWED.sub("", text)
    return next((name for pattern, name in DATA_SETS if re.search(pattern, words, re.IGNORECASE)), "")


def _machine(text: str) -> tuple[str, ...] | None:
    match = _MACHINE.fullmatch(text)
    if match is None or match[1].lower() in _NO_MACHINES:
        return None
    return tuple(name for name in match.groups() if name)


@dataclass
class _Runs:
    """Gathers the runs of a file, line by line."""

    done: list[NotedRun] = field(default_factory=list)
    title: str = ""
    line: int = 0
    parts: dict[str, list[Any]] = field(default_factory=dict)
    epoch: str = ""  # of the line above, for the lines indented under it
    label: str = ""  # of the figures to come
    ended: bool = False

    def add(self, line: Line) -> None:
        text = line.text
        labels = _LABEL.fullmatch(text) is not None
        machines = _machine(text)
        opens = _HEADER.fullmatch(text) and not (labels or _EPOCH.match(text) or _LIKE.match(text))
        opens = opens and not text.startswith(("this is ", "also ", "its ")) and not _TRIPLE.search(text)
        if opens or (machines and self.ended):
            self._close()
            self.title, self.line = (text.rstrip(": ") if opens else "", line.number)
        self._gather("checkpoints", () if _FROM.search(text) else _CHECKPOINT.findall(text))
        self._gather("dataset", [data_set(text)] if data_set(text) else [])
        self._gather("machines", machines or ())
        if figures := _figures(text, self.label, line.number):
            self._gather("results", [figures])
        elif line.text:
            self._add_changes(line)
        self.label = text if labels else ""

    def _add_changes(self, line: Line) -> None:
        text = line.text
        if match := _EPOCH.match(text):
            self.epoch, text = match[1] or match[3], match[2] or match[4] or ""
        elif _START.match(text):
            self.epoch = "start"
        elif not line.indented:
            self.epoch = ""
        if self.epoch or re.match("color noise put back", text, re.IGNORECASE):
            self._gather("changes", list(_changes(text, self.epoch)))
        if match := _MOVE.search(text):
            moved = Change(match[2] or self.epoch, "machine", None, match[1] or match[3])
            self._gather("machines", [moved.new])
            self._gather("changes", [moved] if moved not in self.parts.get("changes", ()) else [])
        if _END.search(text):
            self.ended = self.ended or "paused" not in text
            self._gather("fate", [f"epoch {self.epoch}: {text}" if self.epoch else text])

    def _gather(self, part: str, values: Collection[Any]) -> None:
        self.parts.setdefault(part, []).extend(values)

    def _close(self) -> None:
        """Ends the current run; one of which nothing is known but a machine or a data set was none."""
        parts = self.parts
        if any(parts.get(part) for part in ("checkpoints", "changes", "results", "fate")):
            self.done.append(
                NotedRun(
                    self.title,
                    self.line,
                    next(iter(parts.get("dataset", ())), ""),
                    tuple(dict.fromkeys(parts.get("machines", ()))),
                    tuple(dict.fromkeys(parts.get("checkpoints", ()))),
                    tuple(parts.get("changes", ())),
                    tuple(parts.get("results", ())),
                    "; ".join(parts.get("fate", ())),
                )
            )
            self.parts = {}
        self.epoch, self.ended = "", False

    def finished(self) -> tuple[NotedRun, ...]:
        self._close()
        return tuple(self.done)


def _changes(text: str, epoch: str) -> Iterator[Change]:
    """The settings that a line makes."""
    for match in _SETTING.finditer(text):
        what = next(name for start, name in _WORDS.items() if match["what"].lower().startswith(start))
        layers = match["before"] or match["mid"] or match["on"] or match["others"] or ""
        yield Change(epoch, what, value(match["old"]), value(match["new"]), _tidy(layers))
        position = match.end()
        while more := _MORE.match(text, position):
            yield Change(epoch, what, None, value(more["new"]), _tidy(more["on"] or more["others"] or ""))
            position = more.end()
    for match in _DROPOUT.finditer(text):
        yield Change(epoch, "dropout", False, True, _tidy(match["on"] or ""))


def _tidy(layers: str) -> str:
    """Layers as noted, without blanks; `conv1/2` is conv1,conv2."""
    return re.sub(r"([a-z]+)(\d+)/(\d+)", r"\1\2,\1\3", re.sub(r"\s?,\s?", ",", layers))


def value(word: str | None) -> Value:
    """A number, a truth value or the word itself."""
    if word is None:
        return None
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    return float(word) if re.fullmatch(_NUMBER, word) else word


def _figures(text: str, label: str, number: int) -> Result | None:
    """The figures of a line, with what it and the label above it say of the test."""
    match = _TRIPLE.search(text)
    pair = None if match else _PAIR.fullmatch(text)
    if match is None and pair is None:
        return None
    words = f"{label} {text}".lower()
    split = "validation" if "valid" in words else "test" if words.lstrip().startswith("test ") else ""
    several: bool | None = True if re.search(r"multi?l?t?i?view(?!-test=0)", words) else None
    if re.search(r"not multiview|center patch|multiview-test=0", words) or (split and several is None):
        several = False
    if match is None:
        assert pair is not None
        return Result(None, float(pair[1]), float(pair[2]), split, several, number)
    loss = float(match[1]) if "." in match[1] else None
    return Result(loss, float(match[2]), float(match[3]), split, several, number)
