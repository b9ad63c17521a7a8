"""Progress without a terminal: a line now and then, on stderr."""

from __future__ import annotations

import pytest

from emovec_db.cli.progress import Lines, meter


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Lines("Ingesting", "recordings", clock)
    for second in range(1, 26):
        clock.now_s = 100.0 + second
        lines(second * 10, 1000, "40 × real time")

    assert capsys.readouterr().err.splitlines() == [
        "Ingesting: 100 of 1,000, 10.0 recordings/s, 40 × real time, 1 min 30 s left",
        "Ingesting: 200 of 1,000, 10.0 recordings/s, 40 × real time, 1 min 20 s left",
    ]


def test_an_unknown_total_has_no_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    lines = Lines("Ingesting", "recordings", clock)
    clock.now_s += 20

    lines(0, None)
    clock.now_s += 20
    lines(10, None)

    assert capsys.readouterr().err == "Ingesting: 0\nIngesting: 10, 0.2 recordings/s\n"


def test_a_short_command_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with meter("Classifying", "recordings", 2) as show:
        show(1, 2)
        show(2, 2)

    assert capsys.readouterr() == ("", "")
