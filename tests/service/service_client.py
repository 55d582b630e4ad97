"""Asks a real service process, through real pipes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from reproduction.frames import Decoder, encode

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
import small_training  # noqa: E402

Arrays = dict[str, np.ndarray]


class Client:
    """Asks a service process one question at a time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reproduction.service"],
            env=small_training.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.decoder = Decoder()
        self.number = 0

    def ask(self, message: dict[str, Any], arrays: Arrays | None = None) -> tuple[dict[str, Any], Arrays]:
        """The answer to one question, which must carry its id."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.number += 1
        self.process.stdin.write(encode({"id": self.number, **message}, arrays))
        self.process.stdin.flush()
        while True:
            data = self.process.stdout.read1(2**16)
            assert data, "the service has ended"
            for answer, answers in self.decoder.feed(data):
                assert answer["id"] == self.number
                return answer, answers

    def end(self) -> None:
        """Kills the process."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
