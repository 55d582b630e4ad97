"""A researcher for the tests of rooms that answers in this process, at once: measures need no torch."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from numpy.typing import NDArray

from app.worker import Answered, Failed, Worker
from archive import ArchiveError
from reproduction.errors import UserError
from reproduction.service.requests import handler
from reproduction.service.session import Session


class NearResearcher(Worker):
    """Answers before `request` returns, with `holding` never; `asked` holds every message, newest last."""

    def __init__(self, holding: bool = False) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        self.holding = holding

    def request(
        self,
        kind: Hashable,
        message: Mapping[str, Any],
        answered: Answered,
        failed: Failed,
        arrays: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self.asked.append(dict(message))
        if self.holding:
            return
        try:
            answer = handler(str(message["do"]))(Session(), message, dict(arrays or {}))
        except (UserError, ArchiveError) as error:
            failed(str(error))
        else:
            answered(*answer)
