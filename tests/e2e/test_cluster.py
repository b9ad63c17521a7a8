"""Celery workers over a real Redis and a real PostgreSQL: what is killed or lost is found again."""

from __future__ import annotations

import io
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

import emovec_db
from emovec_db.database import Database
from emovec_db.domain.job import Job, JobState
from emovec_db.errors import SettingsError
from emovec_db.worker.cluster import dispatcher
from emovec_db.worker.cluster.broker import QUEUE, celery_app, messages_waiting
from emovec_db.worker.cluster.dispatcher import dispatch_once
from tests.brokers import RedisServer
from tests.e2e.command import Emovec
from tests.integration.worker.processes import Running, running, until
from tests.servers import PostgresServer
from tests.sounds import babble, write

RECORDINGS = 96
#: a worker that a certain recording kills
POISONED = """
import os, signal, sys
from emovec_db.cli.main import main
from emovec_db.services.ingest import archive
from emovec_db.services.ingest.reading import Candidate
read = archive.read
def deadly(*arguments):
    if any(isinstance(one, Candidate) and one.place.name == "0007.wav" for one in arguments):
        os.kill(os.getpid(), signal.SIGKILL)
    return read(*arguments)
archive.read = deadly
sys.argv = ["emovec", "worker", "--engine", "celery"]
main()
"""

Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    for seed in range(RECORDINGS):
        write(folder / f"{seed:04d}.wav", babble(0.5, seed=seed))
    return folder


@pytest.fixture
def settings(postgres: PostgresServer, broker: RedisServer) -> dict[str, str]:
    return {"EMOVEC_DATABASE_URL": postgres.url(postgres.create_database()), "EMOVEC_BROKER_URL": broker.url}


@pytest.fixture
def database(settings: dict[str, str], tmp_path: Path) -> Iterator[Database]:
    with emovec_db.open(
        settings["EMOVEC_DATABASE_URL"], data_dir=tmp_path / "data", broker_url=settings["EMOVEC_BROKER_URL"]
    ) as opened:
        yield opened


@pytest.fixture
def worker(settings: dict[str, str], tmp_path: Path) -> Start:
    """Starts a worker of a name, with Python arguments."""

    def start(name: str, *arguments: str) -> AbstractContextManager[Running]:
        (tmp_path / name).mkdir(exist_ok=True)
        environment = {**settings, "EMOVEC_DATA_DIR": str(tmp_path / "data"), "EMOVEC_THREADS": "1"}
        chosen = arguments or ("-m", "emovec_db", "worker", "--engine", "celery")
        return running(chosen, tmp_path / name, environment)

    return start


def over(database: Database, job: Job) -> Job:
    """The job when it is over."""

    def look() -> Job | None:
        now = database.job(job.job_id)
        return None if now.state.is_open else now

    return until(look, timeout_s=120)


def some_done(database: Database, job: Job, least: int = 1) -> Job:
    return until(lambda: now if (now := database.job(job.job_id)).done >= least else None)


def each_once(database: Database) -> None:
    """Every recording is stored, once, and the index says the same."""
    checked = database.collection("calls").check()
    assert checked.consistent, checked.problems
    assert checked.recordings == checked.indexed == RECORDINGS


def test_two_workers_share_an_archive_which_the_command_watches(
    database: Database, worker: Start, archive: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    emovec = Emovec(tmp_path / "data", settings["EMOVEC_DATABASE_URL"], settings["EMOVEC_BROKER_URL"])
    with worker("one") as one, worker("two") as two:
        document = emovec.json("ingest", archive, "--collection", "calls", "--engine", "celery")
        assert (document["ingested"], document["failed"]) == (RECORDINGS, 0)
        assert [re.search(r"job 1 ", process.text()) is not None for process in (one, two)] == [True, True]
        assert (one.end(), two.end()) == (0, 0)
    each_once(database)


def test_a_killed_workers_item_is_done_by_another(database: Database, worker: Start, archive: Path) -> None:
    job = database.collection("calls").distribute(archive)
    with worker("killed") as killed:
        until(lambda: database.job(job.job_id).state is JobState.RUNNING and "waits for messages" in killed.text())
        until(lambda: any(item.state is JobState.RUNNING for item in database.job_items(job.job_id)))
        killed.process.send_signal(signal.SIGKILL)
        killed.process.wait()
    with worker("other"):
        assert over(database, job).counts == {"ingested": RECORDINGS}
    each_once(database)


def test_a_broker_that_forgets_everything_loses_nothing(
    database: Database, worker: Start, archive: Path, broker: RedisServer
) -> None:
    job = database.collection("calls").distribute(archive)
    app = celery_app(database.settings)
    dispatch_once(app, database)
    assert messages_waiting(app) == (0, 3)
    broker.client.flushall()
    with worker("one") as one:
        one.match("waits for messages")
        broker.stop()
        one.match("next try")
        broker.start()
        assert over(database, job).counts == {"ingested": RECORDINGS}
        assert "sent again" in one.text()
    each_once(database)


def test_a_database_that_is_away_for_a_while_is_waited_for(
    database: Database, worker: Start, archive: Path, postgres: PostgresServer
) -> None:
    job = database.collection("calls").distribute(archive)
    with worker("one"):
        until(lambda: any(item.state is JobState.RUNNING for item in database.job_items(job.job_id)))
        database.close()
        postgres.stop("fast")
        postgres.start()
        assert over(database, job).counts["ingested"] == RECORDINGS
    each_once(database)


def test_a_recording_that_kills_its_workers_is_set_aside(database: Database, worker: Start, archive: Path) -> None:
    job = database.collection("calls").distribute(archive)
    deaths = 0
    while database.job(job.job_id).state.is_open:
        with worker("poisoned", "-c", POISONED) as one:
            until(lambda one=one: one.process.poll() is not None or not database.job(job.job_id).state.is_open)
            deaths += one.process.poll() == -signal.SIGKILL
    assert deaths == 3
    done = database.job(job.job_id)
    assert (done.state, done.counts) == (JobState.DONE, {"ingested": RECORDINGS - 1, "failed": 1})
    (kind,) = database.job_errors(job.job_id)
    assert (kind.code, os.path.basename(kind.examples[0].uri)) == ("crashed", "0007.wav")


def test_an_upload_does_not_wait_behind_a_bulk_load(database: Database, worker: Start, archive: Path) -> None:
    calls = database.collection("calls")
    bulk = calls.distribute(archive)
    app = celery_app(database.settings)
    dispatch_once(app, database)
    upload = calls.upload(io.BytesIO((archive / "0000.wav").read_bytes()), "call.wav")
    dispatch_once(app, database)
    assert messages_waiting(app) == (1, 3)
    with worker("one") as one:
        over(database, bulk)
        over(database, upload)
        # a worker tells of an item after the database has it
        jobs = until(lambda: len(told := re.findall(r"job (\d+) ", one.text())) >= 4 and told)
    assert [int(number) for number in jobs] == [upload.job_id, *[bulk.job_id] * 3]


def test_an_upload_whose_message_is_lost_is_sent_again_while_an_archive_waits(
    database: Database, archive: Path, broker: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = database.collection("calls")
    calls.distribute(archive)
    calls.upload(io.BytesIO((archive / "0000.wav").read_bytes()), "call.wav")
    app = celery_app(database.settings)
    dispatch_once(app, database)
    assert messages_waiting(app) == (1, 3)
    broker.client.delete(QUEUE)
    assert messages_waiting(app) == (0, 3)
    monkeypatch.setattr(dispatcher, "LOST_AFTER_S", 0)
    dispatch_once(app, database)
    assert messages_waiting(app) == (1, 3)


def test_messages_hold_nothing_but_ids(database: Database, archive: Path, broker: RedisServer) -> None:
    database.collection("calls").distribute(archive, customer="secret-name")
    dispatch_once(celery_app(database.settings), database)
    kept = b"".join(value for key in broker.client.keys("emovec-items*") for value in broker.client.lrange(key, 0, -1))
    assert b"emovec.do_item" in kept
    assert b"secret-name" not in kept
    assert b"0000.wav" not in kept


@pytest.mark.parametrize(
    ("database_url", "broker_url", "code", "message"),
    [
        ("sqlite:///x.db", "redis://localhost", 2, "needs PostgreSQL: a SQLite file"),
        ("postgresql://h/x", "", 2, "set EMOVEC_BROKER_URL"),
        ("postgresql://h/x", "amqp://user:secret@h", 2, "begins with 'amqp'"),
        ("postgresql://h/x", "redis://:secret@127.0.0.1:1/0", 1, "the broker redis://:**@127.0.0.1:1/0 is away"),
    ],
)
def test_what_it_needs_is_said(tmp_path: Path, database_url: str, broker_url: str, code: int, message: str) -> None:
    done = Emovec(tmp_path / "data", database_url, broker_url).run("worker", "--engine", "celery")
    assert (done.code, done.stdout) == (code, "")
    assert message in " ".join(done.stderr.split())
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broker_that_is_away_is_told_before_anything_is_queued(
    database: Database, settings: dict[str, str], archive: Path, broker: RedisServer, tmp_path: Path
) -> None:
    broker.stop()
    emovec = Emovec(tmp_path / "data", settings["EMOVEC_DATABASE_URL"], settings["EMOVEC_BROKER_URL"])
    answer = emovec.json("ingest", archive, "--engine", "celery", code=1)
    assert answer["code"] == "unavailable"
    assert "see whether it runs, then do the same again" in answer["message"]
    assert database.jobs().items == ()


def test_ingest_refuses_what_workers_could_not_share(tmp_path: Path, broker: RedisServer) -> None:
    with (
        emovec_db.open(data_dir=tmp_path / "data", broker_url=broker.url) as database,
        pytest.raises(SettingsError, match="needs PostgreSQL"),
    ):
        celery_app(database.settings)
