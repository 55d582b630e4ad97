"""The worker process of the museum: `python -m reproduction.service` answers questions about pictures.

Frames (see `frames`) come in on standard input and go out on standard output, one answer a question, in
order. Everything else that this process prints goes to standard error. It ends when standard input is closed.
A picture or archive that cannot be used gives {"ok": false, "error": one sentence} and nothing worse.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from archive.errors import ArchiveError
from reproduction.data.pictures import Picture, read_picture
from reproduction.data.resampling import resample
from reproduction.errors import DataError, UserError
from reproduction.frames import Decoder, encode

Arrays = dict[str, NDArray[Any]]
Answer = tuple[dict[str, Any], Arrays]

PREVIEW_SIDE = 1024
READ_BYTES = 2**20
TOP_LIMIT = 100


class Service:
    """Answers requests; keeps the network of the archive it last opened, until the file is another one."""

    def __init__(self) -> None:
        self._model: Any = None
        self._opened: tuple[str, tuple[int, int, int]] | None = None
        self._requests: dict[str, Callable[[Mapping[str, Any], Arrays], Answer]] = {
            "hello": self._hello,
            "open": self._open,
            "preview": self._preview,
            "predict": self._predict,
        }

    def answer(self, request: Mapping[str, Any], arrays: Arrays) -> Answer:
        """The answer to one request, with its id; trouble becomes a sentence."""
        number = request.get("id")
        try:
            act = self._requests.get(str(request.get("do")))
            if act is None:
                raise UserError(f"the service does not know how to {request.get('do')!r}")
            message, answers = act(request, arrays)
        except (UserError, ArchiveError) as error:
            return {"id": number, "ok": False, "error": str(error)}, {}
        except Exception as error:  # whatever a hostile file brings about, the museum must go on
            print(f"reproduction.service: {type(error).__name__}: {error}", file=sys.stderr)
            return {"id": number, "ok": False, "error": f"that could not be computed: {error}"}, {}
        return {"id": number, "ok": True, **message}, answers

    def _hello(self, request: Mapping[str, Any], arrays: Arrays) -> Answer:
        import torch

        return {"torch": str(torch.__version__)}, {}

    def _open(self, request: Mapping[str, Any], arrays: Arrays) -> Answer:
        self._model_of(request)
        return {}, {}

    def _preview(self, request: Mapping[str, Any], arrays: Arrays) -> Answer:
        picture = _picture_of(request, arrays)
        if request.get("archive"):
            self._model_of(request)
        return self._shown(picture)

    def _predict(self, request: Mapping[str, Any], arrays: Arrays) -> Answer:
        began_s = time.monotonic()
        picture = _picture_of(request, arrays)
        model = self._model_of(request)
        views = model.experiment.view_count(int(request.get("views", 1)) > 1)
        top = min(max(1, int(request.get("top", 5))), TOP_LIMIT)
        message, answers = self._shown(picture)
        guesses = model.guesses(model.see(picture), views=views, top=top)
        seconds = time.monotonic() - began_s
        found = {"guesses": [vars(guess) for guess in guesses], "views": views, "seconds": seconds}
        return {**message, **found}, answers

    def _shown(self, picture: Picture) -> Answer:
        """The picture as it is shown, and what the network sees of it (nothing while none is open)."""
        height, width = picture.pixels.shape[:2]
        message: dict[str, Any] = {"width": width, "height": height, "notes": list(picture.notes)}
        answers: Arrays = {"preview": small(picture.pixels)}
        if self._model is None:
            return {**message, "box": None}, answers
        seen = self._model.see(picture)
        return {**message, "box": list(seen.box)}, {**answers, "crop": seen.crop}

    def _model_of(self, request: Mapping[str, Any]) -> Any:
        """The network of the archive that `request` names, read again when the file was replaced."""
        path = request.get("archive")
        if not isinstance(path, str) or not path:
            raise UserError("name the archive to look with")
        identity = (path, _identity(Path(path)))
        if identity != self._opened or self._model is None:
            from reproduction.model.archived import open_model
            from reproduction.training.preparation import choose_device

            self._model, self._opened = None, None
            self._model = open_model(Path(path), choose_device(None))
            self._opened = identity
        return self._model


def _identity(path: Path) -> tuple[int, int, int]:
    """What changes when a file is replaced."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    return status.st_mtime_ns, status.st_size, status.st_ino


def _picture_of(request: Mapping[str, Any], arrays: Arrays) -> Picture:
    """The picture of a request: a path, or the bytes of a file."""
    path = request.get("picture")
    if isinstance(path, str) and path:
        return read_picture(Path(path), Path(path).name)
    contents = arrays.get("bytes")
    if contents is None or contents.dtype != np.uint8:
        raise DataError("there is no picture in the question")
    return read_picture(contents.tobytes(), str(request.get("name") or "the picture"))


def small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture (H, W, 3) reduced so that its longest side is at most 1,024 pixels."""
    height, width = pixels.shape[:2]
    longest = max(height, width)
    if longest <= PREVIEW_SIDE:
        return pixels
    rows, columns = (max(1, round(side * PREVIEW_SIDE / longest)) for side in (height, width))
    return resample(pixels, (rows, columns), (0, 0, rows, columns))


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answers until `incoming` ends or holds no frames any more."""
    service, decoder = Service(), Decoder()
    read = getattr(incoming, "read1", incoming.read)
    while data := read(READ_BYTES):
        for request, arrays in decoder.feed(data):
            outgoing.write(encode(*service.answer(request, arrays)))
            outgoing.flush()


def main() -> int:
    """Keeps file descriptor 1 for frames; whatever prints goes to standard error."""
    frames_out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    try:
        serve(sys.stdin.buffer, frames_out)
    except ValueError as error:
        print(f"reproduction.service: the stream holds no frames: {error}", file=sys.stderr)
        return 1
    except (BrokenPipeError, KeyboardInterrupt):
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
