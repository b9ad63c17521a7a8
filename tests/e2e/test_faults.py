"""Whatever goes wrong around an ingest, each recording is stored once, none is lost, and people are told of it."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import emovec_db
from emovec_db.errors import DiskFullError
from tests.conftest import require
from tests.e2e.command import Emovec
from tests.faults import at_work, make_archive, may_mount, mounted, problems, settled, small_disk, stored
from tests.integration.worker.processes import running, until
from tests.servers import CRASH_OPTIONS, PostgresServer, postgres_programs, postgres_server

RECORDINGS = 300
NO_MOUNTS = "file systems can't be mounted here: that takes root"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("faults") / "archive", RECORDINGS)


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresServer]:
    """A server that may be started again without harm to others' tests."""
    programs = postgres_programs()
    if programs is None:
        require(False, "no PostgreSQL: `apt install postgresql` or `pip install pgserver`")
    else:
        with postgres_server(programs, CRASH_OPTIONS) as server:
            yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def emovec(request: pytest.FixtureRequest, tmp_path: Path) -> Emovec:
    if request.param == "sqlite":
        return Emovec(tmp_path / "data")
    server: PostgresServer = request.getfixturevalue("own_postgres")
    return Emovec(tmp_path / "data", server.url(server.create_database()))


def said(stderr: str) -> str:
    assert "Traceback" not in stderr, stderr
    return stderr


def goes_on(emovec: Emovec, archive: Path) -> None:
    """The same ingest again stores what was missing, and the one after that finds nothing to do."""
    before = stored(emovec)
    with emovec_db.open(emovec.database_url, data_dir=emovec.data_dir) as database:
        report = database.collection("default").ingest(archive)
        assert (report.failed, report.ingested, report.unchanged) == (0, RECORDINGS - before, before)
        assert database.collection("default").ingest(archive).unchanged == RECORDINGS
        assert database.collection("default").failures() == ()
    assert problems(emovec, archive) == []


@pytest.mark.skipif(not may_mount(), reason=NO_MOUNTS)
def test_a_full_disk(tmp_path: Path, archive: Path) -> None:
    with small_disk(tmp_path / "disk", 5_000) as enlarge:
        emovec = Emovec(tmp_path / "disk" / "data")
        for _ in range(2):
            outcome = emovec.run("ingest", archive)
            assert outcome.code == 1
            assert "is full: make room and do the same again; what was stored before is kept" in said(outcome.stderr)
        assert 0 < stored(emovec) < RECORDINGS
        assert emovec.json("check")["consistent"]
        assert emovec.json("ingest", archive, code=1)["code"] == "disk_full"
        assert emovec.json("jobs", "list")["items"], "looking needs no room"
        assert emovec.json("search", next(archive.rglob("*.wav")))["matches"]
        enlarge(60_000)
        goes_on(emovec, archive)


@pytest.mark.skipif(not may_mount(), reason=NO_MOUNTS)
def test_an_upload_to_a_full_disk_leaves_nothing_behind(tmp_path: Path, archive: Path) -> None:
    with small_disk(tmp_path / "disk", 8_000) as enlarge:
        data = tmp_path / "disk" / "data"
        recording = next(archive.rglob("*.wav"))
        with emovec_db.open(data) as database:
            calls = database.collection("calls")
            calls.create()
            ballast = data / "ballast"
            with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            with recording.open("rb") as stream, pytest.raises(DiskFullError, match="is full: make room"):
                calls.upload(stream, recording.name)
            assert [path for path in (data / "recordings").rglob("*") if path.is_file()] == []
            assert DiskFullError.http_status == 507
            enlarge(20_000)
            ballast.unlink()
            with recording.open("rb") as stream:
                calls.upload(stream, recording.name)
            job = database.run_next_job("test")
            assert job is not None
            assert job.counts == {"ingested": 1}


@pytest.mark.skipif(not may_mount(), reason=NO_MOUNTS)
def test_an_archive_that_goes_away_and_comes_back(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    with mounted(archive, tmp_path / "archive") as (go, come):
        process = emovec.start("ingest", tmp_path / "archive")
        at_work(emovec, process)
        go()
        outcome = settled(process)
        assert outcome.code == 3
        assert "unreadable: " in outcome.stdout
        assert "there is no such file: check its name and folder" in outcome.stdout
        assert "emovec ingest --retry-failed" in outcome.stdout
        said(outcome.stderr)
        assert 0 < stored(emovec) < RECORDINGS
        assert emovec.json("check")["consistent"]
        come()
        goes_on(emovec, tmp_path / "archive")


def test_the_same_folder_by_two_processes_at_once(emovec: Emovec, archive: Path) -> None:
    both = [emovec.start("ingest", archive, "--json") for _ in range(2)]
    ended = [settled(process) for process in both]
    assert [outcome.code for outcome in ended] == [0, 0], [outcome.stderr for outcome in ended]
    counts = [outcome.document for outcome in ended]
    assert sum(count["ingested"] for count in counts) == RECORDINGS
    assert [count["failed"] for count in counts] == [0, 0]
    assert problems(emovec, archive) == []


def test_an_ingest_beside_deletions(tmp_path: Path, archive: Path) -> None:
    """What was deleted stays out, whatever the ingests that run meanwhile have in hand; the rest comes in."""
    emovec = Emovec(tmp_path / "data")
    assert emovec.json("ingest", archive / "c0")["ingested"] > 0
    ingest = [emovec.start("ingest", archive, "--customer-from", "{customer}/*.wav", "--json") for _ in range(2)]
    deleted: set[str] = set()
    with emovec_db.open(emovec.database_url, data_dir=emovec.data_dir) as database:
        calls = database.collection("default")
        while ingest[0].poll() is None or ingest[1].poll() is None:
            page = calls.recordings(limit=40).items
            for recording in page[::20]:
                calls.delete(recording.recording_id)
                deleted |= {*recording.uris}
            time.sleep(0.1)
    ended = [settled(process) for process in ingest]
    assert [outcome.code for outcome in ended] == [0, 0], [outcome.stderr for outcome in ended]
    assert len(deleted) > 10
    assert emovec.json("ingest", archive)["suppressed"] == len(deleted)
    assert problems(emovec, archive, without=frozenset(deleted)) == []


def test_postgresql_crashes_and_is_started_again_during_an_ingest(
    own_postgres: PostgresServer, tmp_path: Path, archive: Path
) -> None:
    emovec = Emovec(tmp_path / "data", own_postgres.url(own_postgres.create_database()))
    process = emovec.start("ingest", archive, "--json")
    at_work(emovec, process)
    own_postgres.stop("immediate")
    time.sleep(1)
    own_postgres.start()
    outcome = settled(process)
    assert outcome.code == 0, outcome.stderr
    assert "is away" in said(outcome.stderr)
    report = outcome.document
    # what was committed without the answer that it was, is found again
    assert (report["failed"], report["ingested"] + report["unchanged"]) == (0, RECORDINGS)
    assert problems(emovec, archive) == []


def test_postgresql_is_away(own_postgres: PostgresServer, tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data", own_postgres.url(own_postgres.create_database()))
    emovec.json("ingest", archive / "c0")
    own_postgres.stop("fast")
    try:
        outcome = emovec.run("ingest", archive)
        assert outcome.code == 1
        assert "is away" in said(outcome.stderr)
        assert "see whether it runs, then do the same again" in outcome.stderr
        assert emovec.json("search", next(archive.rglob("*.wav")), code=1)["code"] == "unavailable"
    finally:
        own_postgres.start()
    goes_on(emovec, archive)


def test_postgresql_is_started_again_beside_server_and_worker(
    own_postgres: PostgresServer, tmp_path: Path, archive: Path
) -> None:
    import httpx

    files = sorted(archive.rglob("*.wav"))[:60]
    url = own_postgres.url(own_postgres.create_database())
    environment = {"EMOVEC_DATA_DIR": str(tmp_path / "data"), "EMOVEC_DATABASE_URL": url}
    with running(["-m", "emovec_db", "serve", "--port", "0"], tmp_path, environment) as server:
        address = server.match(r"is ready: (http://\S+)")[1]
        with httpx.Client(base_url=f"{address}/v1", timeout=60) as client:

            def recordings() -> int:
                return int(client.get("/collections/default/recordings?limit=200").text.count('"recording_id"'))

            for half in (files[:30], files[30:]):
                opened = [("recording", (file.name, file.read_bytes())) for file in half]
                assert client.post("/collections/default/recordings", files=opened).status_code == 202
            until(recordings)
            own_postgres.stop("fast")
            answer = client.get("/collections")
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["Retry-After"]
            own_postgres.start()
            until(lambda: client.get("/collections").status_code == 200)
            until(lambda: recordings() == len(files) or None)
            jobs = client.get("/jobs?limit=200").json()["items"]
            assert [job["counts"] for job in jobs] == [{"ingested": 1}] * len(files)
        log = server.text()
    assert "Traceback" not in log, log
    emovec = Emovec(tmp_path / "data", url)
    assert emovec.json("check")["consistent"]


def test_ctrl_c_ends_after_what_is_in_hand(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    process = emovec.start("ingest", archive, "--json")
    at_work(emovec, process)
    process.send_signal(signal.SIGINT)
    outcome = settled(process)
    assert outcome.code == 130
    assert outcome.document["code"] == "interrupted"
    assert "the same again goes on from there" in outcome.document["message"]
    assert "Ctrl-C again ends at once" in said(outcome.stderr)
    assert 0 < stored(emovec) < RECORDINGS
    (job,) = emovec.json("jobs", "list")["items"]
    assert job["counts"] == {"ingested": stored(emovec)}, "nothing was begun in vain"
    goes_on(emovec, archive)


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path, archive: Path) -> None:
    emovec = Emovec(tmp_path / "data")
    process = emovec.start("ingest", archive)
    at_work(emovec, process)
    told = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            if "again" in line:
                told.set()
                return

    process.send_signal(signal.SIGINT)
    listener = threading.Thread(target=listen)
    listener.start()
    assert told.wait(30)
    process.send_signal(signal.SIGINT)
    listener.join()
    process.wait(30)
    assert process.returncode in {-signal.SIGINT, 130}, "130: it had ended meanwhile"
    process.communicate()
    goes_on(emovec, archive)
