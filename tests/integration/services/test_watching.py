"""Watching folders: the same ingest, batch by batch, through whatever happens."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emovec_db.database import Collection, Database
from emovec_db.domain.ingest import IngestReport
from emovec_db.errors import EmovecError, QueryError
from emovec_db.services import watching as watching_module
from emovec_db.services.watching import Watched
from emovec_db.sources.dropped import Tempo
from emovec_db.store.store import Store
from tests.sounds import babble, write

PATIENCE_S = 30


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching_module, "TEMPO", Tempo(settle_s=0.2))
    monkeypatch.setattr(watching_module, "TICK_S", 0.05)
    monkeypatch.setattr(watching_module, "PAUSE_S", 0.05)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.fixture
def collection(database: Database) -> Collection:
    return database.collection()


class Looker:
    """Watches in a thread, and keeps what was reported."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.reports: list[IngestReport] = []
        self.remarks: list[str] = []
        self.changed = threading.Condition()

    def until(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S), (self.reports, self.remarks)

    def counted(self, outcome: str) -> int:
        return sum(getattr(report, outcome) for report in self.reports)

    def _look(self, reports: Iterator[IngestReport]) -> None:
        for report in reports:
            self._keep(self.reports, report)

    def _keep(self, kept: list[Any], one: Any) -> None:
        with self.changed:
            kept.append(one)
            self.changed.notify_all()


@contextmanager
def watched(collection: Collection, *folders: Path, **said: Any) -> Iterator[Looker]:
    looker = Looker()
    look_on = Watched(remark=lambda text: looker._keep(looker.remarks, text))
    reports = collection.watch(*folders, stop=looker.stop, watched=look_on, **said)
    thread = threading.Thread(target=looker._look, args=(reports,))
    thread.start()
    try:
        yield looker
    finally:
        looker.stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def sound(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write(path, babble(1, seed=seed))


def test_what_is_there_comes_first_and_then_what_comes(collection: Collection, drop: Path, tmp_path: Path) -> None:
    sound(drop / "anna/1.wav", 1)
    with watched(collection, drop, customer_from="{customer}/*.wav") as looker:
        looker.until(lambda: looker.counted("ingested") == 1)
        shutil.move(sound(tmp_path / "2.wav", 2), drop / "anna/2.wav")
        sound(drop / "ben/3.wav", 3)
        looker.until(lambda: looker.counted("ingested") == 3)
    customers = [one.details.customer for one in collection.recordings().items]
    assert sorted(map(str, customers)) == ["anna", "anna", "ben"]


def test_roles_and_policy_hold_for_what_comes(collection: Collection, drop: Path) -> None:
    collection.forbid_role("agent", reason="a test")
    with watched(collection, drop, roles={"left": "agent", "right": "customer"}) as looker:
        looker.until(lambda: len(looker.reports) == 1)
        write(drop / "call.wav", np.column_stack([babble(1, seed=1), babble(1, seed=2)]))
        looker.until(lambda: looker.counted("ingested") == 1)
    assert looker.counted("refused") == 1
    assert [one.channel for one in collection.recordings().items] == ["right"]


def test_a_bad_file_ends_nothing(collection: Collection, drop: Path) -> None:
    with watched(collection, drop) as looker:
        (drop / "bad.wav").write_bytes(b"no sound")
        looker.until(lambda: looker.counted("failed") == 1)
        sound(drop / "good.wav", 1)
        looker.until(lambda: looker.counted("ingested") == 1)
    assert [one.code for report in looker.reports for one in report.errors] == ["not_audio"]


def test_a_restart_brings_what_came_meanwhile(collection: Collection, drop: Path) -> None:
    with watched(collection, drop) as looker:
        looker.until(lambda: len(looker.reports) == 1)
    sound(drop / "meanwhile.wav", 1)
    with watched(collection, drop) as looker:
        looker.until(lambda: looker.counted("ingested") == 1)


@pytest.mark.parametrize("when", ["at the start", "later"])
def test_a_database_that_is_away_is_waited_for(
    collection: Collection, drop: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    collection.create()
    away = threading.Event()
    write_unit = Store.write

    def write_or_fail(store: Store) -> Any:
        if away.is_set():
            raise EmovecError("the database failed: server closed the connection")
        return write_unit(store)

    monkeypatch.setattr(Store, "write", write_or_fail)
    if when == "at the start":
        away.set()
    sound(drop / "a.wav", 1)
    with watched(collection, drop) as looker:
        if when == "later":
            looker.until(lambda: looker.counted("ingested") == 1)
            away.set()
            sound(drop / "b.wav", 2)
        looker.until(lambda: len(looker.remarks) >= 3)
        assert "server closed the connection; trying again in" in looker.remarks[0]
        away.clear()
        looker.until(lambda: looker.counted("ingested") == (1 if when == "at the start" else 2))
    assert looker.counted("failed") == 0


def test_stopped_while_the_database_is_away_it_ends(
    collection: Collection, drop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.create()

    def fail(_store: Store) -> Any:
        raise EmovecError("the database failed")

    monkeypatch.setattr(Store, "write", fail)
    monkeypatch.setattr(watching_module, "PAUSE_S", 60.0)
    with watched(collection, drop) as looker:
        looker.until(lambda: len(looker.remarks) == 1)
    assert looker.reports == []


def test_only_folders_of_this_machine_are_watched(collection: Collection, drop: Path, tmp_path: Path) -> None:
    file = sound(tmp_path / "a.wav", 1)
    for asked in (file, tmp_path / "none", str(tmp_path / "*"), "s3://calls/", "https://host/a.wav"):
        with pytest.raises(QueryError, match=r"watched"):
            collection.watch(asked)
    table = tmp_path / "calls.csv"
    table.write_text("uri\na.wav\n")
    with pytest.raises(QueryError, match="watched"):
        collection.watch(manifest=table)
    assert not collection.exists()
