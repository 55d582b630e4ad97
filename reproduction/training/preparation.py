"""What train, resume, test and predict check before they begin: device, threads, data and network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

import torch

from reproduction.data.packed import PackedData
from reproduction.definition import Experiment, check_classes
from reproduction.errors import DataError, TrainingError, UserError
from reproduction.kernels.memory import keep_freed_memory
from reproduction.labels import identity


def choose_device(name: str | None) -> torch.device:
    """The device called `name` (cpu, cuda, cuda:N); without a name, a GPU where there is one, else the CPU.

    Sets torch to arithmetic that gives the same numbers every time, in full float32, and the C library to
    keep what one step frees for the next.
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if "," in name:
        raise UserError(f"--device {name}: training on several devices is not there yet; name one")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"--device {name}: expected cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise UserError(f"--device {name}: expected cpu, cuda or cuda:N")
    if device.type == "cuda":
        _require_gpu(device)
    keep_freed_memory()
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    return device


def _require_gpu(device: torch.device) -> None:
    if not torch.cuda.is_available():
        raise UserError(f"--device {device}: this machine has no GPU that torch can use; try --device cpu")
    if device.index is not None and device.index >= torch.cuda.device_count():
        raise UserError(
            f"--device {device}: this machine has {torch.cuda.device_count()} GPUs, counted from 0"
        )


def use_threads(threads: int | None) -> None:
    """Sets the number of threads; results of a run are the same, bit for bit, for the same number only."""
    if threads is not None and threads > 0:
        torch.set_num_threads(threads)


def check_data(experiment: Experiment, data: PackedData, trained: bool = False) -> list[str]:
    """Warnings; DataError or DefinitionError, with what to do, when data and network do not fit.

    A `trained` network cannot be set otherwise any more: it needs other data.
    """
    recipe = experiment.recipe
    channels, side = data.image_shape[:2]
    if channels != recipe.channels:
        settings = [f"channels={channels}"]
        settings += [f"{name}.channels={channels}" for name in experiment.network.first_layers]
        advice = "test it on such pictures" if trained else f"use {_as_options(settings)}"
        raise DataError(
            f"{data.path} holds pictures of {channels} channels and {experiment.name} reads "
            f"{recipe.channels}; {advice}"
        )
    if side != recipe.image_size:
        margin = recipe.image_size - recipe.input_size
        settings = [f"image-size={side}"]
        settings += [f"crop-size={side - margin if side > margin else side}"] if recipe.crop_size else []
        otherwise = "" if trained else f", or use {_as_options(settings)}"
        raise DataError(
            f"{data.path} holds pictures of {side}x{side} and {experiment.name} expects "
            f"{recipe.image_size}x{recipe.image_size}; pack them with --size {recipe.image_size}{otherwise}"
        )
    if recipe.color_noise > 0 and data.color_pca is None:
        raise DataError(f"{data.path} has no colour statistics; use --set color-noise=0")
    warning = check_classes(experiment, data.classes)
    return [warning] if warning else []


def check_classes_learnt(
    archive: Path, labels: Sequence[str], label_ids: Sequence[str], data: PackedData, advice: str
) -> None:
    """DataError when the data name other classes than the archive learnt, or the same in another order.

    Classes may be called otherwise: the WordNet id decides, where there is one. An archive without labels
    (of an original checkpoint) is believed to fit. `advice`: "test it on", before "pictures of the same ...".
    """
    if not labels:
        return
    offered = list(zip(data.labels, data.label_ids, strict=True))
    learnt = list(zip(labels, label_ids, strict=True))
    others = (
        f"class {number} is '{one[0]}' instead of '{other[0]}'"
        for number, (one, other) in enumerate(zip(offered, learnt, strict=False))
        if identity(*one) != identity(*other)
    )
    counts = f"{data.classes} instead of {len(labels)}" if data.classes != len(labels) else ""
    if difference := next(others, counts):
        raise DataError(
            f"{data.path} names other classes than {archive.name} learnt ({difference}); "
            f"{advice} pictures of the same classes in the same order"
        )


def _as_options(settings: list[str]) -> str:
    return " ".join(f"--set {setting}" for setting in settings)


def check_output(out: Path, force: bool, inputs: Sequence[str | Path | None] = ()) -> None:
    """TrainingError when an archive cannot or must not be written to `out`: never over one of `inputs`."""
    folder = out.parent
    if not folder.is_dir():
        raise TrainingError(f"--out {out}: there is no folder {folder}; create it first")
    if out.is_dir():
        raise TrainingError(f"--out {out}: is a folder; name a file in it, such as {out / 'run.h5'}")
    for given in inputs:
        if given is not None and out.exists() and Path(given).exists() and out.samefile(given):
            raise TrainingError(f"--out {out}: is what would be read; choose another name")
    if out.exists() and not force:
        raise TrainingError(
            f"--out {out}: the file exists; go on with it by `alexnet resume {quote(str(out))}`, "
            "or replace it by adding --force"
        )


def find_data(archive: Path, provenance: dict[str, object]) -> Path:
    """The packed data a run was trained on, when it still lies beside the archive or here under its name.

    An archive holds no folders, so `resume` without --data looks in these two places, and only for the very
    same pictures.
    """
    name = str(provenance.get("data_file") or "")
    for folder in (archive.parent, Path()):
        path = folder / name
        if name and path.is_file():
            with PackedData(path) as data:
                if data.sha256 == provenance.get("data_sha256"):
                    return path
    described = f"'{provenance.get('data_name')}', packed as {name}" if name else "unknown"
    raise DataError(
        f"{archive}: its pictures ({described}) lie neither beside it nor here; name them with --data"
    )
