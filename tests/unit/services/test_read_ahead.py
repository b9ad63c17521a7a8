"""Reading ahead: in order, with bounded memory, and never in the way of an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.recording import Details, Source
from emovec_db.domain.sound import MIX
from emovec_db.services.ingest import read_ahead as module
from emovec_db.services.ingest.read_ahead import read_ahead
from emovec_db.services.ingest.reading import Candidate, Reading


def candidate(name: str) -> Candidate:
    return Candidate(
        place=Path(name), source=Source(uri=f"file:///{name}", size_bytes=1, mtime_ns=1), details={MIX: Details()}
    )


def reading(of: Candidate) -> Reading:
    failure = IngestFailure(uri=of.source.uri, code="not_audio", message="no")
    return Reading(candidate=of, sha256="", known={}, sounds=(), failures=(failure,))


@settings(deadline=None, max_examples=30)
@given(kinds=st.lists(st.booleans(), max_size=40), readers=st.integers(1, 4))
def test_readings_come_in_the_order_of_the_items(kinds: list[bool], readers: int) -> None:
    candidates = [candidate(str(place)) for place in range(len(kinds))]
    items = [one if unread else reading(one) for one, unread in zip(candidates, kinds, strict=True)]

    def read(one: Candidate | Reading) -> Reading:
        return one if isinstance(one, Reading) else reading(one)

    with read_ahead(items, read, readers) as readings:
        assert [one.candidate for one in readings] == candidates


def test_no_more_is_read_than_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AHEAD_FILES", 3)
    taken = 0

    def endless() -> Iterator[Candidate]:
        nonlocal taken
        while True:
            taken += 1
            yield candidate(str(taken))

    with read_ahead(endless(), reading, readers=2) as readings:
        for consumed in range(1, 50):
            next(readings)
            assert taken <= consumed + 3 + 2 + 1, "waiting, being read, and the one in hand"


def test_reading_goes_on_while_the_caller_works() -> None:
    second_is_read = threading.Event()

    def read(one: Candidate) -> Reading:
        if one.place.name == "1":
            second_is_read.set()
        return reading(one)

    with read_ahead([candidate("0"), candidate("1")], read, readers=1) as readings:
        next(readings)
        assert second_is_read.wait(timeout=60)


def test_an_error_of_the_items_comes_after_what_was_before_it() -> None:
    def broken() -> Iterator[Candidate]:
        yield candidate("0")
        raise OSError("the folder is gone")

    with read_ahead(broken(), reading, readers=2) as readings:
        assert next(readings).candidate.place == Path("0")
        with pytest.raises(OSError, match="the folder is gone"):
            next(readings)


def test_an_error_of_reading_is_raised_and_ends_the_threads() -> None:
    def read(one: Candidate) -> Reading:
        raise MemoryError

    with pytest.raises(MemoryError), read_ahead([candidate("0")], read, readers=1) as readings:
        list(readings)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("emovec-read", "emovec-survey"))]


def test_leaving_early_ends_the_threads() -> None:
    with read_ahead(map(candidate, map(str, range(1_000))), reading, readers=2) as readings:
        next(readings)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("emovec-read", "emovec-survey"))]
