"""The task by which Celery has an item done: errors that pass are waited for, all others are left to the database."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest

from emovec_db.errors import BusyError, EmovecError
from emovec_db.services import patience
from emovec_db.settings import read_settings
from emovec_db.worker.cluster.broker import celery_app
from emovec_db.worker.cluster.process import define_task


class Steps:
    """Stands for a database: each call of run_next_job is the next step."""

    def __init__(self, *steps: Callable[[], Any]) -> None:
        self._steps = list(steps)
        self.item_ids: list[int | None] = []

    def run_next_job(self, _owner: str, *, item_id: int | None = None) -> Any:
        self.item_ids.append(item_id)
        return self._steps.pop(0)()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.0)


def do_item(database: Steps, item_id: int) -> Any:
    app = celery_app(read_settings(database_url="postgresql://h/x", broker_url="redis://h"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Celery's of its own, in this version of Python
        return define_task(app, database).apply([item_id])  # type: ignore[arg-type]


def fails(error: Exception) -> Callable[[], Any]:
    def step() -> Any:
        raise error

    return step


def test_a_database_that_is_away_for_long_is_tried_again() -> None:
    database = Steps(fails(BusyError("away")), fails(BusyError("away")), lambda: None)
    assert do_item(database, 7).successful()
    assert database.item_ids == [7, 7, 7]


@pytest.mark.parametrize("error", [EmovecError("the disk failed"), RuntimeError("a mistake in the code")])
def test_any_other_error_is_said_and_left_to_the_database(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    database = Steps(fails(error))
    assert do_item(database, 7).successful()
    assert database.item_ids == [7], "the item was put back and is sent again"
    assert "item 7 could not be done" in caplog.text
