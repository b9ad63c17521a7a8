"""Another encoder for a collection that goes on serving: from fake, whose results show by eye, to compact."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import emovec_db
from emovec_db.database import Collection, Database
from emovec_db.domain.collection import GenerationState
from emovec_db.domain.ingest import IngestProgress, Progress
from emovec_db.domain.job import JobState
from emovec_db.domain.reencoding import ReencodeOutcome, ReencodeReport
from emovec_db.encoder.compact import CompactEncoder
from emovec_db.errors import (
    ConflictError,
    EncoderMismatchError,
    JobCancelledError,
    MissingPartError,
    NotFoundError,
    QueryError,
    UnavailableError,
)
from emovec_db.services import patience
from emovec_db.services.indexes import snapshots
from emovec_db.services.ingest import archive as archive_module
from emovec_db.services.ingest import pipeline
from emovec_db.services.reencoding import generations as generations_module
from emovec_db.services.reencoding.rereading import Rereader
from emovec_db.services.reencoding.run import Reencoding
from emovec_db.speech.pauses import Pauses
from emovec_db.store.generations import Generations as StoredGenerations
from tests.integration.services.conftest import PATTERN
from tests.servers import PostgresServer
from tests.sounds import babble, tone, write

Patch = pytest.MonkeyPatch
#: opens the database under test as another process has it
Open = Callable[..., Database]


#: where several processes meet
on_both = pytest.mark.parametrize("opened", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Handles on one database."""
    location: Path | str = tmp_path / "data"
    if getattr(request, "param", "sqlite") == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        location = server.url(server.create_database())
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            emovec_db.open(location, **{"data_dir": tmp_path / "data", **settings})
        )


@pytest.fixture
def calls(opened: Open, archive: Path, monkeypatch: Patch) -> Collection:
    """Eight recordings by fake; batches of two, so that something may happen between them."""
    monkeypatch.setattr(pipeline, "BATCH_FILES", 2)
    opened(encoder="fake").collection("calls").ingest(archive, customer_from=PATTERN)
    return opened().collection("calls")


def once(act: Callable[[], object]) -> Progress:
    """Do something while the work goes on: after its first batch."""
    done = threading.Event()

    def progress(_state: IngestProgress) -> None:
        if not done.is_set():
            done.set()
            act()

    return progress


def numbers(collection: Collection) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """All that a collection's generation says, by file and channel, without ids."""
    said = {}
    with collection._parts.store.read() as unit:
        stored = unit.collections.get(collection.name)
        for recording_id in unit.recordings.ids(stored.collection_id):
            recording = unit.recordings.get(stored.collection_id, recording_id)
            utterances = unit.utterances.of_recording(stored, recording_id)
            vectors = unit.utterances.vectors(stored, [one.utterance_id for one in utterances])
            said[recording.uris[0], recording.channel] = [
                (recording.summary, recording.left_out, unit.tracks.get(stored, recording_id).levels.tobytes()),
                *((one.start_s, one.end_s, one.prediction, one.encoder, one.provenance) for one in utterances),
                *((row.tobytes(),) for row in vectors.embeddings),
            ]
    return said


def ingested(tmp_path: Path, archive: Path, encoder: str = "compact", **said: object) -> Collection:
    """The oracle: the same recordings, ingested by that encoder."""
    collection = emovec_db.open(tmp_path / f"oracle {encoder}", encoder=encoder).collection("calls")
    collection.ingest(archive, **said)  # type: ignore[arg-type]
    return collection


def generation_of(collection: Collection) -> int:
    return collection.summary().collection.generation.generation_id


def is_whole(collection: Collection, recordings: int) -> None:
    """Every recording is in the generation that serves, and index and database say the same."""
    report = collection.check()
    assert (report.problems, report.recordings) == ((), recordings)
    assert collection.summary().recordings == recordings
    (active,) = (one for one in collection.generations.list() if one.state is GenerationState.ACTIVE)
    assert (active.recordings, active.missing) == (recordings, 0)


def test_it_says_what_an_ingest_by_that_encoder_would(calls: Collection, tmp_path: Path, archive: Path) -> None:
    before = calls.utterances(1)
    report = calls.generations.reencode("compact")
    assert (report.outcome, report.encoded, report.lost, report.deleted) == (ReencodeOutcome.SWITCHED, 8, (), 0)
    assert report.duration_s == pytest.approx(8)
    oracle = ingested(tmp_path, archive)
    assert numbers(calls) == numbers(oracle)
    is_whole(calls, 8)
    clip = archive / "cross" / "2026-05-01_angry.wav"
    found, expected = (
        [(match.utterance.uri, match.similarity) for match in one.similar(clip, k=8)] for one in (calls, oracle)
    )
    assert [uri for uri, _ in found] == [uri for uri, _ in expected]
    assert [one for _, one in found] == pytest.approx([one for _, one in expected], abs=1e-6)
    assert calls.profile("cross").recordings == 4
    with pytest.raises(NotFoundError):
        calls.similar_by_id(before[0].utterance_id)


def test_what_is_so_already_is_left_alone(calls: Collection) -> None:
    for aim in ({"encoder": "fake"}, {"segmentation": "pauses"}, {"precision": "fp32"}, {}):
        report = calls.generations.reencode(**aim)
        assert (report.outcome, report.generation.generation_id) == (ReencodeOutcome.UNCHANGED, generation_of(calls))
    assert len(calls.generations.list()) == 1


def test_only_the_segmentation_may_change(calls: Collection, call: Path, archive: Path, tmp_path: Path) -> None:
    call.rename(archive / "call.wav")
    calls.ingest(archive)
    report = calls.generations.reencode(segmentation="windows")
    assert (report.outcome, report.encoded) == (ReencodeOutcome.SWITCHED, 9)
    assert numbers(calls) == numbers(ingested(tmp_path, archive, "fake", segmentation="windows"))
    is_whole(calls, 9)


def test_one_in_which_no_speech_is_heard_is_lost_to_pauses(opened: Open, tmp_path: Path) -> None:
    write(tmp_path / "hum.wav", babble(70))
    calls = opened(encoder="fake").collection("calls")
    calls.ingest(tmp_path / "hum.wav", segmentation="windows")
    report = calls.generations.reencode(segmentation="pauses")
    assert (report.outcome, [failure.code for failure in report.lost]) == (ReencodeOutcome.HELD_BACK, ["no_speech"])
    is_whole(calls, 1)


def test_what_is_missing_here_is_no_recordings_fault(calls: Collection, monkeypatch: Patch) -> None:
    """A detector that is not installed ends the run; nothing counts as lost, whatever may be deleted."""

    def absent(*_: object) -> object:
        raise MissingPartError("the voice activity detector is not installed")

    monkeypatch.setattr(Pauses, "cut", absent)
    with pytest.raises(MissingPartError):
        calls.generations.reencode("compact", delete_lost=100)
    monkeypatch.undo()
    is_whole(calls, 8)


def test_an_upload_is_never_deleted_by_a_re_encoding(opened: Open, tmp_path: Path) -> None:
    """Its only copy is kept with the collection, so nobody could bring it back."""
    write(tmp_path / "hum.wav", babble(70))
    database = opened(encoder="fake")
    calls = database.collection("calls")
    calls.create(segmentation="windows")
    with (tmp_path / "hum.wav").open("rb") as file:
        calls.upload(file, "hum.wav")
    assert database.run_next_job("w") is not None
    report = calls.generations.reencode(segmentation="pauses", delete_lost=1)
    assert (report.outcome, report.uploads_lost, report.deleted) == (ReencodeOutcome.HELD_BACK, 1, 0)
    is_whole(calls, 1)
    assert calls.audio(1).path.is_file()
    calls.delete(1)
    assert calls.generations.reencode(segmentation="pauses").outcome is ReencodeOutcome.SWITCHED


def test_snapshots_that_cant_be_written_hold_nothing_back(calls: Collection, monkeypatch: Patch) -> None:
    calls.reindex()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "write_snapshot", full)
    assert calls.generations.reencode("compact").outcome is ReencodeOutcome.SWITCHED
    monkeypatch.undo()
    is_whole(calls, 8)


def test_a_database_that_is_away_for_a_moment_is_waited_for(calls: Collection, monkeypatch: Patch) -> None:
    """At each kind of question, in each thread; also where only the answer to the switch was lost."""
    monkeypatch.setattr(patience, "PAUSE_S", 0.01)
    away: set[str] = set()

    def first_time_away(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def asked(self: object, *arguments: object, **options: object) -> object:
            answer = original(self, *arguments, **options)
            if name not in away:
                away.add(name)
                raise UnavailableError("the database is away")
            return answer

        monkeypatch.setattr(owner, name, asked)

    first_time_away(Rereader, "_policy")
    first_time_away(Rereader, "_stored")
    first_time_away(Reencoding, "_page")
    first_time_away(Reencoding, "_count")
    first_time_away(Reencoding, "_try_to_switch")
    report = calls.generations.reencode("compact")
    assert (report.outcome, report.encoded) == (ReencodeOutcome.SWITCHED, 8)
    assert away == {"_policy", "_stored", "_page", "_count", "_try_to_switch"}
    is_whole(calls, 8)


def test_channels_and_uploads_are_encoded_as_what_they_are(opened: Open, tmp_path: Path) -> None:
    call = np.stack([tone(200, 2), tone(600, 2)], axis=1)
    write(tmp_path / "call.wav", call)
    write(tmp_path / "sent.wav", babble(1))
    by_fake = opened(encoder="fake")
    stored = by_fake.collection("calls")
    stored.ingest(tmp_path / "call.wav", roles={"left": "agent", "right": "customer"})
    with (tmp_path / "sent.wav").open("rb") as file:
        stored.upload(file, "sent.wav")
    assert by_fake.run_next_job("w") is not None
    calls = opened().collection("calls")
    assert calls.generations.reencode("compact").encoded == 3
    compact = CompactEncoder(threads=1)
    for recording_id, sound in ((1, call[:, 0]), (2, call[:, 1]), (3, babble(1))):
        pcm = np.rint(sound * 32768).clip(-32768, 32767) / 32768
        (expected,) = compact.encode([pcm.astype(np.float32)])
        (heard,) = calls.utterances(recording_id)
        assert heard.prediction.scores == pytest.approx(expected.scores, abs=2e-3)
    is_whole(calls, 3)


def test_the_same_sound_is_encoded_once(calls: Collection, archive: Path, monkeypatch: Patch) -> None:
    sound = soundfile.read(archive / "calm" / "2026-05-01_neutral.wav", dtype="int16")[0]
    copies = [write(archive / f"copy.{kind}", sound) for kind in ("flac", "aiff", "au", "caf", "w64")]
    calls.ingest(*copies)
    waveforms = 0
    encode = CompactEncoder.encode

    def counted(self: CompactEncoder, given: list[object]) -> object:
        nonlocal waveforms
        waveforms += len(given)
        return encode(self, given)  # type: ignore[arg-type]

    monkeypatch.setattr(CompactEncoder, "encode", counted)
    calls._parts.sounds.forget()
    assert calls.generations.reencode("compact").encoded == 13
    assert waveforms == 8
    vectors = {calls.utterances(number)[0].prediction for number in (1, 9, 10, 11, 12, 13)}
    assert len(vectors) == 1


@on_both
def test_until_the_switch_all_goes_on_as_before(calls: Collection, opened: Open, archive: Path, tmp_path: Path) -> None:
    """Searched, profiled, clustered, ingested into and deleted from by another process, while it is encoded anew."""
    elsewhere = opened().collection("calls")
    clip = archive / "cross" / "2026-05-01_angry.wav"
    expected, serving = elsewhere.similar(clip, k=8), generation_of(calls)
    added = [write(tmp_path / f"new-{number}.wav", babble(1, seed=number)) for number in range(3)]

    def meanwhile() -> None:
        assert [one.state for one in elsewhere.generations.list()] == [GenerationState.ACTIVE, GenerationState.BUILDING]
        assert elsewhere.generations.list()[1].recordings >= 2
        assert elsewhere.similar(clip, k=8) == expected
        assert elsewhere.check().problems == ()
        assert (elsewhere.cluster(2).utterances, elsewhere.profile("calm").recordings) == (8, 4)
        assert elsewhere.ingest(*added, customer="new").ingested == 3
        assert elsewhere.delete(2).utterances == 1
        assert generation_of(elsewhere) == serving

    report = calls.generations.reencode("compact", progress=once(meanwhile))
    assert (report.outcome, report.lost) == (ReencodeOutcome.SWITCHED, ())
    for one in (calls, elsewhere):
        is_whole(one, 10)
        assert one.clusterings().items == ()
        assert {match.utterance.encoder.name for match in one.similar(clip, k=10)} == {"compact"}
    assert elsewhere.profile("new").recordings == 3
    with pytest.raises(NotFoundError):
        calls.recording(2)


@on_both
def test_an_ingest_that_is_overtaken_goes_on_with_the_new_encoder(
    calls: Collection, opened: Open, call: Path, archive: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    for number in range(10):
        write(folder / f"{number}.wav", babble(1, seed=number))
    call.rename(folder / "call.wav")
    other = opened().collection("calls")

    def switch() -> None:
        assert other.generations.reencode("compact", segmentation="windows").outcome is ReencodeOutcome.SWITCHED

    report = calls.ingest(folder, customer="new", progress=once(switch))
    assert (report.ingested, report.failed) == (11, 0)
    is_whole(calls, 19)
    assert calls.ingest(archive, folder).unchanged == 19
    oracle = ingested(tmp_path, archive, segmentation="windows")
    oracle.ingest(folder)
    assert numbers(calls) == numbers(oracle)


@pytest.mark.parametrize("ahead", [1, 2])
def test_what_the_former_cuts_found_no_speech_in_is_heard_anew(
    calls: Collection, opened: Open, tmp_path: Path, monkeypatch: Patch, ahead: int
) -> None:
    """Overtaken by a generation that cuts into windows, an ingest takes humming too, also what was read before.

    At the switch one batch is encoded, of speech, or one of nothing but failures by the former cuts as well.
    """
    # speech alone is written before: humming that is would have failed by then, and rightly
    monkeypatch.setattr(pipeline, "BATCH_FILES", 2)
    folder = tmp_path / "humming"
    folder.mkdir()
    for number in range(6):
        write(folder / f"{number}.wav", babble(31, seed=number))
    first = write(tmp_path / "speech.wav", babble(1, seed=9))
    other = opened().collection("calls")
    encoded = threading.Semaphore(0)
    encode = archive_module.Ingest._encode

    def counted(*arguments: Any) -> object:
        done = encode(*arguments)
        encoded.release()
        return done

    monkeypatch.setattr(archive_module.Ingest, "_encode", counted)

    def switch() -> None:
        for _ in range(ahead):
            assert encoded.acquire(timeout=60)
        assert other.generations.reencode(segmentation="windows").outcome is ReencodeOutcome.SWITCHED

    report = calls.ingest(first, write(tmp_path / "more.wav", babble(1, seed=8)), folder, progress=once(switch))
    assert (report.ingested, report.failed) == (8, 0)
    is_whole(calls, 16)


def test_an_upload_that_is_overtaken_is_encoded_again(opened: Open, tmp_path: Path, monkeypatch: Patch) -> None:
    write(tmp_path / "a.wav", babble(1))
    worker = opened()
    opened(encoder="fake").collection("calls").ingest(tmp_path / "a.wav")
    with write(tmp_path / "b.wav", babble(1, seed=2)).open("rb") as file:
        job = worker.collection("calls").upload(file, "b.wav")
    original = archive_module.write

    def overtaken(*arguments: object) -> object:
        monkeypatch.setattr(archive_module, "write", original)
        assert opened().collection("calls").generations.reencode("compact").encoded == 1
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(archive_module, "write", overtaken)
    worker.run_next_job("w")
    assert worker.job(job.job_id).counts == {"ingested": 1}
    assert worker.collection("calls").utterances(2)[0].encoder.name == "compact"
    is_whole(worker.collection("calls"), 2)


@on_both
def test_two_at_once_and_two_aims_are_refused(calls: Collection, opened: Open, archive: Path) -> None:
    other = opened()
    refused: list[str] = []

    def meanwhile() -> None:
        (job,) = (one for one in other.jobs().items if one.kind == "reencode")
        for aim in ("compact", "fake"):
            with pytest.raises(ConflictError, match=rf"is being re-encoded, by job {job.job_id}: wait for it"):
                other.collection("calls").generations.reencode(aim, segmentation="windows")
            refused.append(aim)
        other.cancel_job(job.job_id)

    with pytest.raises(JobCancelledError, match="the same re-encoding goes on from there"):
        calls.generations.reencode("compact", progress=once(meanwhile))
    assert refused == ["compact", "fake"]
    (job,) = (one for one in other.jobs().items if one.kind == "reencode")
    assert job.state is JobState.CANCELLED
    with pytest.raises(ConflictError, match="the same `emovec reencode` again goes on"):
        other.retry_job(job.job_id)
    assert calls.similar(archive / "cross" / "2026-05-01_angry.wav", k=1)[0].utterance.encoder.name == "fake"
    unfinished = calls.generations.list()[1]
    with pytest.raises(ConflictError, match=r"generation 2 .* is unfinished .*`emovec generations drop 2`"):
        calls.generations.reencode(segmentation="windows")
    report = calls.generations.reencode("compact")
    assert report.encoded == 8 - unfinished.recordings == 8 - job.done
    is_whole(calls, 8)


def test_recordings_whose_sound_is_gone_hold_the_switch_back(calls: Collection, archive: Path) -> None:
    gone, changed = archive / "calm" / "2026-05-01_neutral.wav", archive / "cross" / "2026-05-02_angry.wav"
    kept = gone.read_bytes()
    gone.unlink()
    write(changed, babble(1, seed=77))
    for allowed in (0, 1):
        report = calls.generations.reencode("compact", delete_lost=allowed)
        assert (report.outcome, report.deleted) == (ReencodeOutcome.HELD_BACK, 0)
        assert sorted(failure.uri.rsplit("/", 1)[-1] for failure in report.lost) == [gone.name, changed.name]
        assert {failure.code for failure in report.lost} == {"not_found"}
        is_whole(calls, 8)
    assert calls.failures() == ()
    assert calls.profile("calm").recordings == 4
    report = calls.generations.reencode("compact", delete_lost=2)
    assert (report.outcome, report.encoded, report.deleted) == (ReencodeOutcome.SWITCHED, 0, 2)
    is_whole(calls, 6)
    assert calls.profile("calm").recordings == 3
    gone.write_bytes(kept)
    assert calls.ingest(archive, customer_from=PATTERN).ingested == 2, "they come back with their files"
    assert calls.delete_customer("calm").recordings == 4
    is_whole(calls, 4)


def test_a_file_that_comes_back_is_encoded_by_the_same_command(calls: Collection, archive: Path) -> None:
    gone = archive / "calm" / "2026-05-01_neutral.wav"
    gone.rename(archive / "moved.wav")
    assert calls.generations.reencode("compact").outcome is ReencodeOutcome.HELD_BACK
    assert calls.ingest(archive / "moved.wav").updated == 1
    report = calls.generations.reencode("compact")
    assert (report.outcome, report.encoded, report.lost) == (ReencodeOutcome.SWITCHED, 1, ())
    is_whole(calls, 8)


def test_back_and_forth_and_dropped(calls: Collection, opened: Open, archive: Path, tmp_path: Path) -> None:
    clip = archive / "cross" / "2026-05-01_angry.wav"
    other = opened().collection("calls")
    before, said = other.similar(clip, k=8), numbers(calls)
    calls.reindex()
    calls.generations.reencode("compact")
    index = tmp_path / "data" / "index"
    assert (index / "c1-g2-embedding-v1" / "manifest.json").is_file(), "ready before the switch, as the old one had it"
    assert calls.generations.switch(1).encoder.name == "fake"
    assert other.similar(clip, k=8) == before
    assert numbers(calls) == said
    assert [one.state for one in calls.generations.list()] == [GenerationState.ACTIVE, GenerationState.PREVIOUS]
    with pytest.raises(ConflictError, match="serves from generation 1: switch to another one first"):
        calls.generations.drop(1)

    calls.ingest(write(tmp_path / "new.wav", babble(1)))
    with pytest.raises(ConflictError, match=r"lacks 1 of the recordings .*`emovec reencode --to compact`"):
        calls.generations.switch(2)
    assert calls.generations.reencode("compact").encoded == 1, "only what came meanwhile"
    is_whole(calls, 9)
    assert other.similar(clip, k=1)[0].utterance.encoder.name == "compact"

    assert calls.generations.drop(1) == 9
    with pytest.raises(NotFoundError, match="has no generation 1: expected one of 2"):
        calls.generations.switch(1)
    assert not list(index.glob("c1-g1-*/manifest.json"))
    is_whole(other, 9)
    with other._parts.store.read() as unit:
        stored = unit.collections.get("calls")
        assert sum(len(unit.utterances.of_recording(stored, one)) for one in range(1, 10)) == 9


def test_a_drop_that_was_killed_leaves_a_generation_that_can_be_gone_on_with(
    calls: Collection, archive: Path, monkeypatch: Patch
) -> None:
    clip = archive / "cross" / "2026-05-01_angry.wav"
    calls.generations.reencode("compact")
    expected = calls.similar(clip, k=8)
    calls.reindex()
    calls.generations.switch(1)
    monkeypatch.setattr(generations_module, "FORGOTTEN_AT_ONCE", 3)
    forget = StoredGenerations.forget
    calls_made = 0

    def killed(self: StoredGenerations, *arguments: object) -> int:
        nonlocal calls_made
        calls_made += 1
        if calls_made > 1:
            raise KeyboardInterrupt
        return forget(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(StoredGenerations, "forget", killed)
    with pytest.raises(KeyboardInterrupt):
        calls.generations.drop(2)
    assert calls.generations.reencode("compact").encoded == 3
    is_whole(calls, 8)
    found = calls.similar(clip, k=8)
    assert [one.utterance.uri for one in found] == [one.utterance.uri for one in expected]


def test_deleted_is_gone_from_every_generation(calls: Collection, tmp_path: Path) -> None:
    calls.reindex()
    calls.generations.reencode("compact")
    calls.reindex()
    calls.delete_customer("cross")
    manifests = list((tmp_path / "data" / "index").glob("*/manifest.json"))
    assert {path.parent.name[:5] for path in manifests} == {"c1-g1", "c1-g2"}
    assert {json.loads(path.read_text())["size"] for path in manifests} == {4}
    assert [one.recordings for one in calls.generations.list()] == [4, 4]
    calls.generations.switch(1)
    is_whole(calls, 4)


def test_a_role_that_is_forbidden_meanwhile_does_not_come_over(
    opened: Open, tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH_FILES", 2)
    for number in range(6):
        write(tmp_path / f"{number}.wav", babble(1, seed=number))
    stored = opened(encoder="fake").collection("calls")
    for number in range(6):
        stored.ingest(tmp_path / f"{number}.wav", role="agent" if number % 2 else "customer")
    calls, other = opened().collection("calls"), opened().collection("calls")
    report = calls.generations.reencode(
        "compact", progress=once(lambda: other.forbid_role("agent", delete_existing=True))
    )
    assert report.outcome is ReencodeOutcome.SWITCHED
    is_whole(calls, 3)
    assert [one.recordings for one in calls.generations.list()] == [3, 3]


def test_a_pinned_encoder_says_what_to_set(calls: Collection, opened: Open, archive: Path) -> None:
    pinned = opened(encoder="fake").collection("calls")
    clip = archive / "cross" / "2026-05-01_angry.wav"
    assert pinned.similar(clip)
    assert pinned.generations.reencode("compact").outcome is ReencodeOutcome.SWITCHED
    with pytest.raises(EncoderMismatchError, match=r"set EMOVEC_ENCODER to the collection's \(compact\)"):
        pinned.similar(clip)
    assert calls.similar(clip)


def test_a_sample_tells_how_labels_would_change(calls: Collection, tmp_path: Path, archive: Path) -> None:
    before, after = numbers(calls), numbers(ingested(tmp_path, archive))
    summaries = {key: (before[key][0][0], after[key][0][0]) for key in before}
    changes = calls.generations.sample("compact", recordings=100)
    assert (changes.recordings, changes.lost, changes.total_duration_s) == (8, (), pytest.approx(8))
    expected: dict[tuple[str, str], int] = {}
    for old, new in summaries.values():
        move = (old.label, new.label)  # type: ignore[attr-defined]
        expected[move] = expected.get(move, 0) + 1
    assert changes.moves == expected
    assert changes.agreement == sum(n for (one, other), n in expected.items() if one == other) / 8
    differences = np.array([np.subtract(new.scores, old.scores) for old, new in summaries.values()])  # type: ignore[attr-defined]
    assert list(changes.score_changes.values()) == pytest.approx(differences.mean(axis=0).tolist())
    assert changes.mean_score_change == pytest.approx(np.abs(differences).mean())
    for example in changes.examples:
        assert (example.before, example.after) == summaries[example.uri, "mix"]
    assert numbers(calls) == before
    assert len(calls.generations.list()) == 1
    assert calls.generations.sample("compact", recordings=3).recordings == 3
    assert calls.generations.sample("fake").agreement == 1
    (archive / "calm" / "2026-05-01_neutral.wav").unlink()
    assert [failure.code for failure in calls.generations.sample("compact").lost] == ["not_found"]
    with pytest.raises(QueryError, match="at least 1"):
        calls.generations.sample("compact", recordings=0)
    with pytest.raises(NotFoundError, match="there is no encoder 'nosuch'"):
        calls.generations.sample("nosuch")


@on_both
def test_a_drop_beside_a_re_encoding_ends_it(calls: Collection, opened: Open) -> None:
    other = opened().collection("calls")
    with pytest.raises(NotFoundError, match="has no generation 2"):
        calls.generations.reencode("compact", progress=once(lambda: other.generations.drop(2)))
    is_whole(calls, 8)
    assert calls.generations.reencode("compact").encoded == 8


def test_the_job_tells_how_far_it_is(calls: Collection, opened: Open) -> None:
    seen: list[IngestProgress] = []
    report: ReencodeReport = calls.generations.reencode("compact", progress=seen.append)
    (job,) = (one for one in opened().jobs(collection="calls").items if one.kind == "reencode")
    assert (job.state, job.counts, job.total, job.error) == (JobState.DONE, {"encoded": 8}, 8, None)
    assert job.duration_s == report.duration_s
    assert [state.done for state in seen] == [2, 4, 6, 8]
    assert {state.total for state in seen} == {8}
