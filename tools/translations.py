"""The museum's texts for translators: finds them in the source, keeps catalogues, makes test languages.

usage: python -m tools.translations update|release CODE
       python -m tools.translations pseudo FOLDER
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import PySide6

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "assets" / "translations"
Text = tuple[str, str]  # context, English

KEPT = re.compile(r"(\{[^}]*\}|<[^>]*>|&\w|&amp;|\*\.\w+|\n)")  # places, marks, keys: no words
ACCENTS = str.maketrans("aceinosuyACEINOSUY", "áçéíñöšüýÁÇÉÍÑÖŠÜÝ")
LONGER = 0.4  # German and Finnish need so much more than English
DIRECTION: Text = ("QGuiApplication", "QT_LAYOUT_DIRECTION")


def texts_in(source: str) -> list[Text]:
    """Every text of a module that is translated: `self.tr`, `tr`, `translate` and `QT_TRANSLATE_NOOP`."""
    tree = ast.parse(source)
    module_context = _context_of_tr(tree)
    found: dict[Text, None] = {}
    for call, class_name in _calls(tree, ""):
        name, words = _name_of(call), [_constant(argument) for argument in call.args]
        if name == "tr" and isinstance(call.func, ast.Attribute) and words and words[0]:
            found[class_name, words[0]] = None
        elif name == "tr" and words and words[0]:
            found[module_context, words[0]] = None
        elif name in ("translate", "QT_TRANSLATE_NOOP") and len(words) > 1 and words[0] and words[1]:
            found[words[0], words[1]] = None
    return list(found)


def all_texts(folder: Path = ROOT / "app") -> list[Text]:
    """Every text of the museum, by file."""
    found: dict[Text, None] = {}
    for path in sorted(folder.rglob("*.py")):
        found |= dict.fromkeys(texts_in(path.read_text(encoding="utf-8")))
    return list(found)


def _calls(node: ast.AST, class_name: str) -> Iterator[tuple[ast.Call, str]]:
    """All calls below a node, with the class they stand in."""
    for child in ast.iter_child_nodes(node):
        inside = child.name if isinstance(child, ast.ClassDef) else class_name
        if isinstance(child, ast.Call):
            yield child, inside
        yield from _calls(child, inside)


def _context_of_tr(tree: ast.Module) -> str:
    """The context that the module's own function `tr` gives to Qt."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "tr":
            for call, _ in _calls(node, ""):
                if _name_of(call) == "translate":
                    return _constant(call.args[0])
    return ""


def _name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


# Catalogues


def catalogue(
    translations: Mapping[Text, str], language: str
) -> ElementTree.ElementTree[ElementTree.Element]:
    """A catalogue in Qt's TS format; an empty translation is unfinished."""
    root = ElementTree.Element("TS", {"version": "2.1", "language": language})
    contexts: dict[str, ElementTree.Element] = {}
    for (context, text), translation in translations.items():
        if context not in contexts:
            contexts[context] = ElementTree.SubElement(root, "context")
            ElementTree.SubElement(contexts[context], "name").text = context
        message = ElementTree.SubElement(contexts[context], "message")
        ElementTree.SubElement(message, "source").text = text
        marks = {} if translation else {"type": "unfinished"}
        ElementTree.SubElement(message, "translation", marks).text = translation
    ElementTree.indent(root)
    return root


def translations_in(path: Path) -> dict[Text, str]:
    """What a catalogue holds already."""
    found: dict[Text, str] = {}
    for context in ElementTree.parse(path).iter("context"):
        for message in context.iter("message"):
            text = context.findtext("name", ""), message.findtext("source", "")
            found[text] = message.findtext("translation", "")
    return found


def write(translations: Mapping[Text, str], language: str, folder: Path) -> Path:
    """Writes museum_LANGUAGE.ts."""
    path = folder / f"museum_{language}.ts"
    root = catalogue(translations, language)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def update(language: str, folder: Path = FOLDER) -> Path:
    """Adds what is new in the source, leaves out what is gone, keeps what was translated."""
    path = folder / f"museum_{language}.ts"
    known = translations_in(path) if path.exists() else {}
    kept = {text: known.get(text, "") for text in all_texts()}
    return write(kept | {DIRECTION: known.get(DIRECTION, "")}, language, folder)


def release(path: Path) -> Path:
    """Makes the .qm beside a .ts, with Qt's own tool."""
    made = path.with_suffix(".qm")
    tool = Path(PySide6.__file__).parent / ("lrelease.exe" if sys.platform == "win32" else "lrelease")
    subprocess.run([str(tool), "-silent", str(path), "-qm", str(made)], check=True)
    return made


# Languages nobody speaks


def longer(text: str) -> str:
    """English with accents, in brackets, 40 % longer; places, marks and keys stay."""
    parts = KEPT.split(text)
    letters = sum(len(part) for part in parts[::2])
    said = "".join(part if place % 2 else part.translate(ACCENTS) for place, part in enumerate(parts))
    return f"⟦{said}{' áé' * max(1, round(LONGER * letters / 3))}⟧"


def mirrored(text: str) -> str:
    """English that is read from right to left: the letters of Hebrew stand for ours."""
    hebrew = {letter: chr(0x05D0 + place % 27) for place, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
    hebrew |= {letter.upper(): sign for letter, sign in hebrew.items()}
    parts = KEPT.split(text)
    said = "".join(
        part if place % 2 else part.translate(str.maketrans(hebrew)) for place, part in enumerate(parts)
    )
    return f"⟦{said}⟧"


def pseudo(folder: Path) -> list[Path]:
    """Makes and releases the two test languages."""
    made = []
    languages: dict[str, tuple[Callable[[str], str], str]] = {
        "longer": (longer, "LTR"),
        "mirrored": (mirrored, "RTL"),
    }
    for name, (say, direction) in languages.items():
        translations = {text: say(text[1]) for text in all_texts()} | {DIRECTION: direction}
        made.append(release(write(translations, name, folder)))
    return made


def main(words: list[str]) -> int:
    """Does what the usage says; returns the exit status."""
    if len(words) != 2 or words[0] not in ("update", "release", "pseudo"):
        print(__doc__, file=sys.stderr)
        return 2
    if words[0] == "pseudo":
        Path(words[1]).mkdir(parents=True, exist_ok=True)
        print(*pseudo(Path(words[1])), sep="\n")
    else:
        path = update(words[1])
        print(path if words[0] == "update" else release(path))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
