from __future__ import annotations

import logging

import pytest

from emovec_db.errors import BusyError, ConflictError, DiskFullError, UnavailableError
from emovec_db.services import patience
from emovec_db.services.patience import patiently


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was slept, on a clock that only sleeping moves."""
    slept: list[float] = []
    monkeypatch.setattr(patience.time, "monotonic", lambda: sum(slept))
    monkeypatch.setattr(patience.time, "sleep", slept.append)
    return slept


def test_a_database_that_comes_back_is_waited_for(pauses: list[float], caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([UnavailableError("it is away"), BusyError("in use"), UnavailableError("it is away"), 7])

    def work() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with caplog.at_level(logging.WARNING):
        assert patiently(work) == 7
    assert pauses == [0.5, 1, 2]
    assert caplog.messages[0] == "it is away; the next try is in 0.5 s"


def test_one_that_does_not_come_back_is_given_up_after_a_minute(pauses: list[float]) -> None:
    def work() -> None:
        raise UnavailableError("it is away")

    with pytest.raises(UnavailableError, match="it is away"):
        patiently(work)
    assert 50 < sum(pauses) <= 60
    assert max(pauses) == 8


@pytest.mark.parametrize("error", [ConflictError("no"), DiskFullError("full"), ValueError("odd")])
def test_anything_else_is_raised_at_once(pauses: list[float], error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)):
        patiently(work)
    assert pauses == []
