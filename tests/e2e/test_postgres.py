"""The whole job on a real PostgreSQL server."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import emovec_db
from emovec_db.database import Database
from tests.servers import PostgresServer
from tests.sounds import babble, write

RECORDINGS = 40


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.url(postgres.create_database())


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for seed in range(RECORDINGS):
        folder = tmp_path / "archive" / f"c{seed % 4}"
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / f"2026-03-{seed % 28 + 1:02d}_{seed}.wav", babble(1, seed=seed))
    return tmp_path / "archive"


def opened(url: str, tmp_path: Path, name: str) -> Database:
    """As another process on another host has it: its own data folder."""
    return emovec_db.open(url, data_dir=tmp_path / name)


def test_ingest_search_cluster_profile_delete(url: str, tmp_path: Path, archive: Path) -> None:
    with opened(url, tmp_path, "host-a") as here, opened(url, tmp_path, "host-b") as there:
        pattern = "{customer}/{recorded_at:%Y-%m-%d}_*.wav"
        assert here.collection("calls").ingest(archive, customer_from=pattern).ingested == RECORDINGS
        calls = there.collection("calls")
        clip = archive / "c1" / "2026-03-02_1.wav"
        found = calls.similar(clip, k=5, customer="c1")
        assert found[0].similarity == pytest.approx(1, abs=1e-5)
        assert {match.utterance.customer for match in found} == {"c1"}
        assert calls.cluster(3).utterances == RECORDINGS
        profile = calls.profile("c1", period="day")
        assert profile.recordings == RECORDINGS // 4
        assert sum(point.recordings for point in profile.trend) == RECORDINGS // 4
        assert calls.check().consistent

        assert here.collection("calls").delete_customer("c1").recordings == RECORDINGS // 4
        after = calls.similar(clip, k=RECORDINGS)
        assert "c1" not in {match.utterance.customer for match in after}, "the other host sees the deletion at once"
        assert len(after) == RECORDINGS - RECORDINGS // 4
        assert calls.check().consistent


def test_two_writers_and_a_reader_that_misses_nothing(url: str, tmp_path: Path, archive: Path) -> None:
    with opened(url, tmp_path, "reader") as reader:
        reader.collection("calls").ingest(archive / "c0" / "2026-03-01_0.wav")
        calls = reader.collection("calls")
        failures: list[BaseException] = []

        def ingest(customer: str) -> None:
            try:
                with opened(url, tmp_path, customer) as writer:
                    for path in sorted((archive / customer).iterdir()):
                        writer.collection("calls").ingest(path)
            except BaseException as error:
                failures.append(error)

        writers = [threading.Thread(target=ingest, args=(customer,)) for customer in ("c0", "c1", "c2")]
        for writer in writers:
            writer.start()
        clip = archive / "c3" / "2026-03-04_3.wav"
        seen = 0
        while any(writer.is_alive() for writer in writers):
            stored = calls.summary().utterances
            found = len(calls.similar(clip, k=RECORDINGS))
            assert found >= stored, "a search sees at least what was committed before it began"
            assert found >= seen
            seen = found
        for writer in writers:
            writer.join()
        assert not failures
        assert len(calls.similar(clip, k=RECORDINGS)) == RECORDINGS * 3 // 4
        assert calls.check().consistent


def test_the_same_archive_twice_at_once_is_stored_once(url: str, tmp_path: Path, archive: Path) -> None:
    reports = []

    def ingest(name: str) -> None:
        with opened(url, tmp_path, name) as database:
            reports.append(database.collection("calls").ingest(archive))

    both = [threading.Thread(target=ingest, args=(name,)) for name in ("a", "b")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sum(report.ingested for report in reports) == RECORDINGS
    assert sum(report.failed for report in reports) == 0
    # both found the database empty and the collection missing
    with opened(url, tmp_path, "last") as database:
        checked = database.collection("calls").check()
        assert checked.consistent
        assert checked.recordings == checked.indexed == RECORDINGS
