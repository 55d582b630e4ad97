"""Sources that are trees of picture files: a folder for each class, and the layout of Tiny ImageNet."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from reproduction.data.sources import Source, Split, common_size, file_split
from reproduction.data.trees import Tree
from reproduction.errors import DataError

# What the formats of `pictures.FORMATS` are called; other files are left alone and counted.
EXTENSIONS = frozenset(
    ".jpg .jpeg .jpe .jfif .png .apng .webp .gif .bmp .dib .tif .tiff .mpo .avif .jp2 .j2k "
    ".ppm .pgm .pbm .pnm .tga .ico .pcx .sgi .rgb .bw .qoi".split()
)
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
# A WordNet id, alone or before the name as in n01440764_tench.
_WORDNET_ID = re.compile(r"(n\d{8})(?:[_ -](.+))?")


def is_tiny_imagenet(names: list[str], root: str) -> bool:
    """Whether the tree at `root` has the lists that Tiny ImageNet comes with."""
    return {f"{root}wnids.txt", f"{root}val/val_annotations.txt"} <= set(names)


def class_folders(tree: Tree, root: str = "") -> Source:
    """A folder for each class, below train/, val/ and test/ if there are such; classes sorted by name."""
    pictures = [name for name in tree.names if name.startswith(root) and is_picture(name)]
    parts = {name: PurePosixPath(name[len(root) :]).parts for name in pictures}
    has_splits = any(SPLIT_NAMES.get(found[0].lower()) == "train" for found in parts.values())
    members: dict[str, list[tuple[str, str]]] = {}
    unlabelled = 0
    for name, found in parts.items():
        split = SPLIT_NAMES.get(found[0].lower()) if has_splits else "train"
        folders = found[1 if has_splits else 0 : -1]
        if split is None or not folders:
            unlabelled += 1
            continue
        members.setdefault(split, []).append((name, folders[0]))
    if not members:
        raise DataError("it holds no pictures in class folders; make one folder for each class")
    folders_found = sorted({folder for split in members.values() for _, folder in split})
    index = {folder: position for position, folder in enumerate(folders_found)}
    splits = {
        split: file_split(tree, ((name, index[folder]) for name, folder in found))
        for split, found in members.items()
    }
    labels, label_ids = _names_of(folders_found, _words(tree, root))
    notes = _left_alone(unlabelled, "outside of class folders") + _others(tree, root, len(pictures))
    return Source(splits, labels, label_ids, common_size(tree, splits), notes=notes)


def tiny_imagenet(tree: Tree, root: str) -> Source:
    """Tiny ImageNet: train/WNID/images, val/images with val_annotations.txt; its test/ has no labels."""
    wnids = sorted(_lines(tree, f"{root}wnids.txt"))
    index = {wnid: position for position, wnid in enumerate(wnids)}
    annotations = [line.split("\t") for line in _lines(tree, f"{root}val/val_annotations.txt")]
    members: dict[str, list[tuple[str, int]]] = {"train": [], "val": []}
    classes_of_val = {f"{root}val/images/{row[0]}": row[1] for row in annotations if len(row) > 1}
    left = 0
    for name in tree.names:
        if not (name.startswith(root) and is_picture(name)):
            continue
        found = name[len(root) :].split("/")
        wnid = found[1] if found[0] == "train" else classes_of_val.get(name, "")
        if wnid in index:
            members["train" if found[0] == "train" else "val"].append((name, index[wnid]))
        else:
            left += 1
    splits: dict[str, Split] = {split: file_split(tree, found) for split, found in members.items() if found}
    if "train" not in splits:
        raise DataError("it has the lists of Tiny ImageNet but no pictures in train/WNID/images")
    labels, label_ids = _names_of(wnids, _words(tree, root))
    notes = _left_alone(left, "without a label (Tiny ImageNet's test/)")
    return Source(splits, labels, label_ids, common_size(tree, splits), notes=notes)


def _names_of(folders: list[str], words: dict[str, str]) -> tuple[list[str], list[str]]:
    """Labels and WordNet ids ("" where there is none) of class folders."""
    labels, ids = [], []
    for folder in folders:
        match = _WORDNET_ID.fullmatch(folder)
        wnid = match.group(1) if match else ""
        name = (match.group(2) or "").replace("_", " ") if match else ""
        labels.append(words.get(wnid) or name or folder)
        ids.append(wnid)
    return labels, ids


def _words(tree: Tree, root: str) -> dict[str, str]:
    """WordNet id -> words, from words.txt if there is one."""
    if f"{root}words.txt" not in tree.names:
        return {}
    rows = (line.split("\t", 1) for line in _lines(tree, f"{root}words.txt"))
    return {row[0]: row[1].strip() for row in rows if len(row) == 2}


def _lines(tree: Tree, name: str) -> list[str]:
    text = tree.read(name).decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def is_picture(name: str) -> bool:
    """Whether a file is named like a picture."""
    return PurePosixPath(name).suffix.lower() in EXTENSIONS


def _left_alone(count: int, why: str) -> list[str]:
    return [f"left alone: {count:,} picture{'s' * (count != 1)} {why}"] if count else []


def _others(tree: Tree, root: str, pictures: int) -> list[str]:
    others = sum(name.startswith(root) for name in tree.names) - pictures
    named = "file that is" if others == 1 else "files that are"
    return [f"left alone: {others:,} {named} not named like pictures"] if others else []
