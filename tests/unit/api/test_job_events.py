"""What listeners are told of jobs, and how often the database is asked for that."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from emovec_db.api import job_events
from emovec_db.api.job_events import HEARTBEAT_S, POLL_S, STREAM_S, JobNews, events
from emovec_db.domain.job import Job, JobState
from emovec_db.errors import UnavailableError
from tests.unit.cli.fakes import job


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds, which pass by sleeping only."""
    now = [1000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(job_events.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(job_events.time, "sleep", sleep)
    return now


def told(states: Sequence[Sequence[Job]], ending: Callable[[], bool] = lambda: False) -> list[str | list[int]]:
    """Comments as they are and events as the ids of their jobs, where the jobs are in one state after the other."""
    left = list(states)

    def look() -> Sequence[Job]:
        return left.pop(0) if len(left) > 1 else left[0]

    found: list[str | list[int]] = []
    for sent in events(look, json.dumps, ending):
        text = sent.decode()
        assert text.endswith("\n\n")
        if text.startswith("event: jobs\ndata: "):
            (data,) = text.removeprefix("event: jobs\ndata: ").removesuffix("\n\n").splitlines()
            found.append([one["job_id"] for one in json.loads(data)["items"]])
        else:
            found.append(text.strip())
    return found


def test_first_all_then_what_has_changed(clock: list[float]) -> None:
    one, two = job(1), job(2, state=JobState.QUEUED)
    first, *others = told(
        [[one, two], [one, two], [one, job(2)], [job(2)], [job(3), job(1, counts={"ingested": 1300}), job(2)]]
    )
    assert first == f"retry: {job_events.RETRY_MS}"
    assert [each for each in others if isinstance(each, list)] == [[1, 2], [2], [3, 1]]
    assert clock[0] == 1000 + STREAM_S


def test_a_lease_that_is_extended_is_no_news(clock: list[float]) -> None:
    del clock
    assert [each for each in told([[job(1)], [job(1, lease_owner="other")]]) if isinstance(each, list)] == [[1]]


def test_silence_is_broken_by_comments(clock: list[float]) -> None:
    del clock
    _, first, *others = told([[]])
    assert first == [], "that there is nothing is news at first"
    assert set(others) == {": nothing new"}
    assert len(others) == (STREAM_S - POLL_S) // HEARTBEAT_S


def test_it_ends_with_the_server_or_with_the_database(clock: list[float]) -> None:
    assert len(told([[]], ending=lambda: clock[0] > 1003)) == 2

    def lost() -> Sequence[Job]:
        raise UnavailableError("the database is away")

    assert len(list(events(lost, json.dumps, lambda: False))) == 1


def test_all_listeners_share_one_look(clock: list[float]) -> None:
    asked: list[str | None] = []

    def read(collection: str | None) -> list[Job]:
        asked.append(collection)
        return [job(len(asked))]

    news = JobNews(read)
    assert [news.of(None)[0].job_id for _ in range(3)] == [1, 1, 1]
    assert news.of("calls")[0].job_id == 2
    assert news.of(None)[0].job_id == 1
    clock[0] += POLL_S
    assert [news.of(None)[0].job_id for _ in range(2)] == [3, 3]
    assert asked == [None, "calls", None]
    assert list(news._read_last) == [None], "what nobody asks for any more is not kept"
