"""Counting beside the work: the total comes when it is known, and nothing waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from emovec_db.services.ingest.counting import counting
from emovec_db.services.ingest.tally import Tally


def test_the_total_is_unknown_until_all_are_counted() -> None:
    going_on, counted = threading.Event(), threading.Event()

    def recordings() -> Iterator[int]:
        yield 2
        assert going_on.wait(60)
        yield 3
        counted.set()

    tally = Tally()
    with counting(recordings(), tally):
        assert tally.progress().total is None
        going_on.set()
        assert counted.wait(60)
    assert tally.progress().total == 5


def test_work_that_ends_first_stops_the_count() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    tally = Tally()
    with counting(endless(), tally):
        pass
    assert tally.progress().total is None


def test_what_the_survey_found_stays() -> None:
    tally = Tally(total=7)
    with counting(iter([1]), tally):
        pass
    assert tally.progress().total == 7


def test_a_count_that_fails_is_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise OSError("the medium failed")

    tally = Tally()
    with counting(failing(), tally):
        pass
    assert tally.progress().total is None
    assert "can't be counted" in caplog.text
