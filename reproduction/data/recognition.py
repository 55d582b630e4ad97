"""Tells what kind of source a tree of files is, and where in it that source begins."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence

from reproduction.data import batches, folders, meta, original
from reproduction.data.original import Ranges
from reproduction.data.sources import Source
from reproduction.data.trees import Tree
from reproduction.errors import DataError

FORMATS = ("auto", "folder", "cuda-convnet", "cifar", "mnist", "tiny-imagenet")


def recognise(
    tree: Tree, kind: str = "auto", size: int | None = None, ranges: Ranges | None = None
) -> Source:
    """The source in `tree`; `kind` is one of FORMATS. Raises DataError if it is not there.

    `ranges`: which batches of an original program are for what; other sources have none.
    """
    ranges = ranges or Ranges()
    if ranges != Ranges() and (
        kind not in ("auto", "cuda-convnet") or _root(tree.names, "cuda-convnet") is None
    ):
        raise DataError("--train-range and --test-range are for data_batch_N files with a batches.meta")
    for found in FORMATS[1:] if kind == "auto" else (kind,):
        if found != "folder" and (root := _root(tree.names, found)) is not None:
            return _read(tree, found, root, size, ranges)
    if kind not in ("auto", "folder"):
        raise DataError(f"it holds no {kind} files; leave --format away to have them recognised")
    return folders.class_folders(tree, _picture_root(tree.names))


def _read(tree: Tree, kind: str, root: str, size: int | None, ranges: Ranges) -> Source:
    if kind == "cuda-convnet":
        return original.original_batches(tree, root, ranges)
    if kind == "mnist":
        return batches.mnist(tree, root, size)
    if kind == "tiny-imagenet":
        return folders.tiny_imagenet(tree, root)
    if f"{root}data_batch_1.bin" in tree.names:
        return batches.cifar_binary(tree, root)
    return batches.cifar_python(tree, root)


def _root(names: list[str], kind: str) -> str | None:
    """The folder (with a closing `/`, or empty) in which the files of `kind` lie; None if there are none."""
    signs = {
        "cuda-convnet": (meta.NAME,),
        "cifar": ("data_batch_1", "data_batch_1.bin"),
        "mnist": tuple(f"train-images{dash}idx3-ubyte{ending}" for dash in "-." for ending in ("", ".gz")),
        "tiny-imagenet": ("wnids.txt",),
    }[kind]
    for name in names:
        folder, base = posixpath.split(name)
        root = f"{folder}/" if folder else ""
        if base in signs and CONFIRMED.get(kind, _always)(names, root):
            return root
    return None


def _always(names: Sequence[str], root: str) -> bool:
    return True


CONFIRMED = {"tiny-imagenet": folders.is_tiny_imagenet, "cuda-convnet": original.is_original}


def _picture_root(names: list[str]) -> str:
    """The folder in which the class or split folders lie: published archives wrap all in one or two more."""
    pictures = [name for name in names if folders.is_picture(name)]
    common = os.path.commonprefix([posixpath.dirname(name).split("/") for name in pictures])
    root = ""
    for part in common:
        deep_enough = all(name.count("/") >= root.count("/") + 2 for name in pictures)
        if part.lower() in folders.SPLIT_NAMES or not deep_enough:
            break
        root += f"{part}/"
    return root
