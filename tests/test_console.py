"""Progress on stderr: what a terminal and what a pipe receives, and how times are said."""

from __future__ import annotations

import io

import pytest

from reproduction.console import Status, duration, remaining


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_receives_plain_lines_without_control_characters() -> None:
    stream = io.StringIO()
    status = Status(stream, piped_interval_s=0.0)
    status.show(["epoch 1 of 10", "loss 2.3"])
    status.note("archive written")
    assert stream.getvalue() == "epoch 1 of 10  loss 2.3\narchive written\n"


def test_a_pipe_is_not_flooded() -> None:
    stream = io.StringIO()
    status = Status(stream, piped_interval_s=3600.0)
    for step in range(100):
        status.show([f"step {step}"])
    status.show(["step 100"], force=True)
    assert stream.getvalue() == "step 0\nstep 100\n"


def test_a_terminal_sees_one_block_drawn_over_itself() -> None:
    stream = Terminal()
    status = Status(stream, min_interval_s=0.0)
    status.show(["one", "two"])
    status.show(["three", "four"])
    assert stream.getvalue() == "one\ntwo\n\x1b[2A\x1b[Jthree\nfour\n"


def test_a_note_scrolls_up_above_the_block() -> None:
    stream = Terminal()
    status = Status(stream, min_interval_s=0.0)
    status.show(["block"])
    status.note("kept")
    status.show(["block again"])
    assert stream.getvalue() == "block\n\x1b[1A\x1b[Jkept\nblock again\n"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.4, "59 s"), (725, "12 min 05 s"), (11220, "3 h 07 min"), (187200, "2 d 04 h")],
)
def test_durations_are_said_as_a_person_says_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_remaining_time_follows_the_mean_rate_and_is_silent_while_nothing_is_known() -> None:
    assert remaining(0, 10, 5) == ""
    assert remaining(5, 10, 60) == "1 min 00 s"
