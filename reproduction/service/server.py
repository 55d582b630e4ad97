"""The loop of the service: frames come in on standard input and answers go out, one a question, in order.

Everything else that this process prints goes to standard error. It ends when standard input is closed.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

from archive.errors import ArchiveError
from reproduction.errors import UserError
from reproduction.frames import Decoder, encode
from reproduction.service.requests import handler
from reproduction.service.session import Answer, Arrays, Question, Session

READ_BYTES = 2**20


def answer(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The answer to one question, with its id; trouble becomes a sentence."""
    number = question.get("id")
    try:
        message, answers = handler(str(question.get("do")))(session, question, arrays)
    except (UserError, ArchiveError) as error:
        return {"id": number, "ok": False, "error": str(error)}, {}
    except Exception as error:  # whatever a hostile file brings about, the museum must go on
        print(f"reproduction.service: {type(error).__name__}: {error}", file=sys.stderr)
        return {"id": number, "ok": False, "error": f"that could not be computed: {error}"}, {}
    return {"id": number, "ok": True, **message}, answers


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answers until `incoming` ends or holds no frames any more."""
    session, decoder = Session(), Decoder()
    read = getattr(incoming, "read1", incoming.read)
    while data := read(READ_BYTES):
        for question, arrays in decoder.feed(data):
            outgoing.write(encode(*answer(session, question, arrays)))
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
