"""Waveforms of stored recordings: by which path they came, how they were cleaned, and of those from before."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import text

from emovec_db.audio.decode import decode
from emovec_db.database import Collection, Database
from emovec_db.domain.recording import Details
from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import NotFoundError, RefusedError
from emovec_db.store.engine import Engines, parse_url
from emovec_db.store.store import Store
from tests.calls import write_call
from tests.integration.services.test_policy import forbid_by_hand
from tests.sounds import babble, tone, write

HALF_A_LEVEL = 0.5 / 255 + 1e-6


def greatest(file: Path, channel: str = "mix") -> NDArray[np.float32]:
    """Of each 10 ms of a file of less than 20 s."""
    waveform = decode(file, channels=[channel], limits=SoundLimits(10**7, 60))[0].waveform
    return np.abs(waveform[: len(waveform) // 160 * 160]).reshape(-1, 160).max(axis=1)


def check(collection: Collection, recording_id: int, file: Path, channel: str = "mix") -> None:
    peaks = collection.waveform(recording_id)
    np.testing.assert_allclose(peaks.values, greatest(file, channel), rtol=0, atol=HALF_A_LEVEL)
    assert peaks.duration_s == collection.recording(recording_id).quality.duration_s


def sql(database: Database, statement: str) -> int:
    """Run it beside the store; how many rows it found or changed."""
    engines = Engines.at(parse_url(database.settings.resolved_database_url))
    with engines.write.begin() as connection:
        changed = connection.execute(text(statement)).rowcount
    engines.plain.dispose()
    return changed


def forget_peaks(database: Database) -> None:
    """As if all was stored by a version that kept none."""
    assert sql(database, "DELETE FROM waveforms") > 0


def test_every_path_stores_the_waveform(database: Database, tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.wav", babble(2, seed=seed)) for seed, name in enumerate("abc")]
    calls = database.collection("calls")
    calls.ingest(files[0])
    calls.upload(io.BytesIO(files[1].read_bytes()), "b.wav", details=Details())
    calls.distribute(files[2])
    while database.run_next_job("test") is not None:
        pass
    for file in files:
        file.unlink()
    found = {one.uris[0].rsplit("/", 1)[-1]: one.recording_id for one in calls.recordings().items}
    assert found.keys() == {"a.wav", "b.wav", "c.wav"}
    for seed, name in enumerate("abc"):
        write(tmp_path / "again.wav", babble(2, seed=seed))
        check(calls, found[f"{name}.wav"], tmp_path / "again.wav")


def test_a_channel_has_its_own(database: Database, tmp_path: Path) -> None:
    file = write(tmp_path / "call.wav", np.stack([babble(2, seed=1), tone(1000, 2, level=0.1)], axis=1))
    calls = database.collection("calls")
    calls.ingest(file, channels=("left", "right"))
    for one in calls.recordings().items:
        check(calls, one.recording_id, file, one.channel)


def test_it_is_of_the_sound_as_it_came(database: Database, tmp_path: Path) -> None:
    quiet = write(tmp_path / "quiet.wav", 0.1 * babble(3, seed=2))
    calls = database.collection("calls")
    calls.ingest(quiet, clean=["normalise"])
    check(calls, 1, quiet)


@pytest.mark.parametrize("by", ["file", "upload"])
def test_one_that_was_stored_before_is_computed_once(database: Database, tmp_path: Path, by: str) -> None:
    file = write_call(tmp_path / "call.wav", seconds=2)
    calls = database.collection("calls")
    if by == "file":
        calls.ingest(file, channels=("left", "right"))
    else:
        calls.upload(io.BytesIO(file.read_bytes()), "call.wav", roles={"left": "agent", "right": "customer"})
        database.run_next_job("test")
    forget_peaks(database)
    for one in calls.recordings().items:
        check(calls, one.recording_id, file, one.channel)
    kept = tmp_path / "kept.wav"
    file.rename(kept)
    for one in calls.recordings().items:
        check(calls, one.recording_id, kept, one.channel)


def test_many_who_ask_at_once_wait_for_one(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = database.collection("calls")
    calls.ingest(write(tmp_path / "call.wav", babble(2)))
    (recording,) = calls.recordings().items
    forget_peaks(database)
    decoders = type(database._parts.decoders)
    decode_file, decoded = decoders.decode, []

    def counted(*given: object, **options: object) -> object:
        decoded.append(given)
        return decode_file(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(decoders, "decode", counted)
    with ThreadPoolExecutor(6) as threads:
        drawn = list(threads.map(calls.waveform, [recording.recording_id] * 6))
    assert len(decoded) == 1
    assert {one.levels.tobytes() for one in drawn} == {drawn[0].levels.tobytes()}


def test_one_that_was_stored_before_and_whose_file_is_gone(database: Database, tmp_path: Path) -> None:
    file = write(tmp_path / "a.wav", babble(1))
    calls = database.collection("calls")
    calls.ingest(file)
    forget_peaks(database)
    file.unlink()
    with pytest.raises(NotFoundError, match="was moved, deleted or changed"):
        calls.waveform(1)
    with pytest.raises(NotFoundError, match="no recording 2"):
        calls.waveform(2)


def test_deletion_takes_it(database: Database, tmp_path: Path) -> None:
    calls = database.collection("calls")
    calls.ingest(write(tmp_path / "a.wav", babble(1)), write(tmp_path / "b.wav", babble(1, seed=1)))
    calls.delete(1)
    with pytest.raises(NotFoundError, match="no recording 1"):
        calls.waveform(1)
    assert sql(database, "DELETE FROM waveforms") == 1


def test_one_that_is_deleted_while_it_is_computed_stays_out(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = database.collection("calls")
    calls.ingest(write(tmp_path / "a.wav", babble(1)))
    forget_peaks(database)
    decoders = type(database._parts.decoders)
    decode_file = decoders.decode

    def decode_and_delete(*given: object, **options: object) -> object:
        calls.delete(1)
        return decode_file(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(decoders, "decode", decode_and_delete)
    with pytest.raises(NotFoundError, match="no recording 1"):
        calls.waveform(1)
    assert sql(database, "DELETE FROM waveforms") == 0


@pytest.mark.parametrize("before", [False, True])
def test_what_the_policy_forbids_is_not_drawn(database: Database, tmp_path: Path, before: bool) -> None:
    calls = database.collection("calls")
    calls.ingest(write_call(tmp_path / "call.wav"), roles={"left": "agent", "right": "customer"})
    by_role = {one.details.role: one.recording_id for one in calls.recordings().items}
    if before:
        forget_peaks(database)
    forbid_by_hand(Store(database.settings.resolved_database_url), calls)
    with pytest.raises(RefusedError):
        calls.waveform(by_role["agent"])
    check(calls, by_role["customer"], tmp_path / "call.wav", "right")
