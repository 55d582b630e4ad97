"""The worker's side in the museum: latest wins, cancel, restart; never blocked, never crashed with it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.worker import ANSWER_LIMIT_MS, Worker

# A service that says what it was asked, sleeps, dies, or talks nonsense, as it is told.
SERVICE = """
import os, sys, time
from reproduction.frames import Decoder, encode
decoder = Decoder()
while data := os.read(0, 65536):
    for message, arrays in decoder.feed(data):
        time.sleep(message.get("seconds", 0))
        if message["do"] == "die":
            os._exit(3)
        if message["do"] == "babble":
            os.write(1, b"\\xff" * 64)
            continue
        if message["do"] == "refuse":
            os.write(1, encode({"id": message["id"], "ok": False, "error": "no such thing"}))
            continue
        os.write(1, encode({"id": message["id"], "ok": True, "said": message.get("say")}, arrays))
"""

Make = Callable[..., Worker]


@pytest.fixture
def make(tmp_path: Path, qtbot: Any) -> Iterator[Make]:
    made: list[Worker] = []

    def build(
        command: list[str] | None = None,
        restart_ms: tuple[int, ...] = (50, 50, 50),
        answer_limit_ms: int = ANSWER_LIMIT_MS,
    ) -> Worker:
        (tmp_path / "service.py").write_text(SERVICE)
        root = str(Path(__file__).parents[2])
        start = (
            f"import sys; sys.path.insert(0, {root!r}); exec(open({str(tmp_path / 'service.py')!r}).read())"
        )
        made.append(Worker(command or [sys.executable, "-c", start], restart_ms, answer_limit_ms))
        return made[-1]

    yield build
    for worker in made:
        worker.shut_down()


class Answers:
    """Collects what came back."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.failed: list[str] = []

    def ask(self, worker: Worker, kind: str, message: dict[str, Any]) -> None:
        worker.request(kind, message, lambda answer, _: self.said.append(answer["said"]), self.failed.append)


def test_requests_are_answered_in_turn(make: Make, qtbot: Any) -> None:
    worker, answers = make(), Answers()
    for kind in ("a", "b", "c"):
        answers.ask(worker, kind, {"do": "say", "say": kind})
    qtbot.waitUntil(lambda: answers.said == ["a", "b", "c"], timeout=20000)
    assert not worker.busy


def test_of_one_kind_the_latest_wins(make: Make, qtbot: Any) -> None:
    worker, answers = make(), Answers()
    with qtbot.waitSignal(worker.available, timeout=20000):
        worker.start()
    answers.ask(
        worker, "predict", {"do": "say", "say": 1, "seconds": 0.3}
    )  # on its way: its answer is dropped
    for number in (2, 3, 4):  # 2 and 3 are never sent
        answers.ask(worker, "predict", {"do": "say", "say": number})
    qtbot.waitUntil(lambda: not worker.busy, timeout=20000)
    assert answers.said == [4]


def test_what_is_cancelled_is_not_answered(make: Make, qtbot: Any) -> None:
    worker, answers = make(), Answers()
    answers.ask(worker, "predict", {"do": "say", "say": 1})
    answers.ask(worker, "other", {"do": "say", "say": 2})
    worker.cancel("predict")
    qtbot.waitUntil(lambda: not worker.busy, timeout=20000)
    assert answers.said == [2]


def test_a_refusal_is_the_services_own_sentence(make: Make, qtbot: Any) -> None:
    worker, answers = make(), Answers()
    answers.ask(worker, "open", {"do": "refuse"})
    qtbot.waitUntil(lambda: bool(answers.failed), timeout=20000)
    assert answers.failed == ["no such thing"]


@pytest.mark.parametrize("mischief", ["die", "babble"])
def test_a_question_that_takes_the_service_down_twice_is_given_up_and_the_next_is_answered(
    make: Make, qtbot: Any, mischief: str
) -> None:
    worker, answers = make(), Answers()
    said: list[str] = []
    worker.stopped.connect(said.append)
    answers.ask(worker, "first", {"do": mischief})
    answers.ask(worker, "second", {"do": "say", "say": "still here"})
    qtbot.waitUntil(lambda: answers.said == ["still here"], timeout=20000)
    assert len(answers.failed) == 1 and "unexpectedly" in answers.failed[0]
    assert said == answers.failed * 2


def test_a_question_is_asked_again_when_the_service_is_killed_under_it(make: Make, qtbot: Any) -> None:
    worker, answers = make(), Answers()
    answers.ask(worker, "first", {"do": "say", "say": 1, "seconds": 0.5})
    answers.ask(worker, "second", {"do": "say", "say": 2})
    qtbot.waitUntil(lambda: worker.awake, timeout=20000)
    os.kill(worker.process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: answers.said == [1, 2], timeout=20000)
    assert not answers.failed and not worker.busy


def test_a_service_that_hangs_is_ended_with_a_sentence_and_the_next_question_is_answered(
    make: Make, qtbot: Any
) -> None:
    worker, answers = make(answer_limit_ms=3000), Answers()
    with qtbot.waitSignal(worker.available, timeout=20000):
        worker.start()
    answers.ask(worker, "first", {"do": "say", "say": 1, "seconds": 600})
    answers.ask(worker, "second", {"do": "say", "say": 2})
    qtbot.waitUntil(lambda: answers.said == [2], timeout=30000)
    assert len(answers.failed) == 1 and "no answer for long" in answers.failed[0]


def test_a_service_that_cannot_be_started_is_given_up_with_a_sentence(make: Make, qtbot: Any) -> None:
    worker, answers = make(["no-such-program"]), Answers()
    answers.ask(worker, "predict", {"do": "say"})
    qtbot.waitUntil(lambda: bool(answers.failed), timeout=20000)
    assert "cannot be started" in answers.failed[0] and not worker.busy


@pytest.mark.slow
def test_the_real_service_answers_and_refuses_in_words(qtbot: Any, tmp_path: Path) -> None:
    worker = Worker()
    answers: list[dict[str, Any]] = []
    failed: list[str] = []
    (tmp_path / "broken.h5").write_bytes(b"no")
    worker.request("hello", {"do": "hello"}, lambda answer, _: answers.append(answer), failed.append)
    question = {"do": "open", "archive": str(tmp_path / "broken.h5")}
    worker.request("open", question, lambda answer, _: answers.append(answer), failed.append)
    qtbot.waitUntil(lambda: not worker.busy, timeout=120_000)
    worker.shut_down()
    assert [answer["torch"].count(".") for answer in answers] == [2]
    assert len(failed) == 1 and "broken.h5" in failed[0]


def test_shutting_down_ends_the_process(make: Make, qtbot: Any) -> None:
    worker = make()
    with qtbot.waitSignal(worker.available, timeout=20000):
        worker.start()
    process = worker._process
    worker.shut_down()
    assert process is not None and process.state() is process.ProcessState.NotRunning
