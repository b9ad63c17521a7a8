"""One transaction per batch: recordings, utterances, embeddings, change log, failures, the job's heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.ingest import IngestFailure, overlay
from emovec_db.domain.recording import Details, NewRecording
from emovec_db.domain.sound import Sound
from emovec_db.services.encoding import EncodedSound
from emovec_db.services.ingest.reading import Reading
from emovec_db.services.ingest.tally import Tally
from emovec_db.store.store import Store, Unit


@dataclass(frozen=True, slots=True)
class EncodedReading:
    """A reading whose new sounds have been encoded, in the order of `reading.sounds`."""

    reading: Reading
    encoded: tuple[EncodedSound, ...]


def write(
    store: Store,
    collection: Collection,
    provenance: Provenance,
    batch: Sequence[EncodedReading],
    job_id: int,
    tally: Tally,
) -> dict[str, list[int]]:
    """Store a batch; what another process stored meanwhile is found again, never stored twice.

    Returns:
        Recording ids by uri.
    """
    with store.write() as unit:
        unit.collections.lock(collection.collection_id)
        outcomes = Tally()
        stored: dict[str, list[int]] = {}
        for item in batch:
            stored[item.reading.candidate.source.uri] = _write_one(unit, collection, provenance, item, outcomes)
            _keep_failures(unit, collection, item.reading, job_id)
    tally.add(outcomes)  # only once the transaction is committed do its outcomes count
    for item in batch:
        for failure in item.reading.failures:
            tally.fail(failure)
    return stored


def _write_one(
    unit: Unit, collection: Collection, provenance: Provenance, item: EncodedReading, outcomes: Tally
) -> list[int]:
    reading = item.reading
    ids = []
    for sound, encoded in zip(reading.sounds, item.encoded, strict=True):
        existing = unit.recordings.find(collection.collection_id, reading.sha256, sound.channel)
        if existing is not None:
            _add_source(unit, collection, reading, sound.channel, existing.recording_id, outcomes)
            ids.append(existing.recording_id)
            continue
        source = replace(provenance, backend=encoded.backend)  # a twin's numbers may be of an earlier one
        twin = unit.recordings.by_pcm(collection, sound.pcm_sha256)
        ids.append(unit.recordings.add(collection, _new_recording(reading, sound, encoded), source))
        outcomes.count("ingested")
        outcomes.duration_s += sound.duration_s
        if twin is not None:
            outcomes.note(
                f"{reading.candidate.source.uri} sounds the same as recording {twin.recording_id} in another file"
            )
    for channel, recording_id in reading.known.items():
        _add_source(unit, collection, reading, channel, recording_id, outcomes)
        ids.append(recording_id)
    return ids


def _new_recording(reading: Reading, sound: Sound, encoded: EncodedSound) -> NewRecording:
    return NewRecording(
        sha256=reading.sha256,
        pcm_sha256=sound.pcm_sha256,
        channel=sound.channel,
        details=reading.candidate.details[sound.channel],
        source=reading.candidate.source,
        quality=sound.quality,
        summary=encoded.summary,
        blob_key=reading.candidate.blob_key,
        utterances=encoded.utterances,
        track=encoded.track,
    )


def _add_source(
    unit: Unit, collection: Collection, reading: Reading, channel: str, recording_id: int, outcomes: Tally
) -> None:
    """The bytes are known: a new uri becomes a source, the first details win, later ones of the same uri update."""
    candidate = reading.candidate
    if candidate.blob_key is not None:
        unit.recordings.keep_blob(recording_id, candidate.blob_key)
    recording = unit.recordings.get(collection.collection_id, recording_id)
    given = candidate.details[channel]
    if candidate.source.uri in recording.uris:
        unit.recordings.add_source(collection.collection_id, recording_id, channel, candidate.source)
        changed = unit.recordings.update_details(recording_id, overlay(recording.details, given))
        outcomes.count("updated" if changed else "unchanged")
        return
    unit.recordings.add_source(collection.collection_id, recording_id, channel, candidate.source)
    if contradicts(recording.details, given):
        outcomes.note(
            f"{candidate.source.uri} has the bytes of recording {recording_id} but other details: "
            "the first ones were kept"
        )
    outcomes.count("updated")


def contradicts(kept: Details, given: Details) -> bool:
    """Whether `given` says otherwise than `kept` of anything; saying nothing is no contradiction."""
    return overlay(kept, given) != kept


def _keep_failures(unit: Unit, collection: Collection, reading: Reading, job_id: int) -> None:
    uri = reading.candidate.source.uri
    if reading.candidate.blob_key is not None:
        return  # an upload's job says what became of it
    if not reading.failures:
        unit.failures.clear(collection.collection_id, [uri])
    for failure in _one_per_uri(reading.failures):
        unit.failures.record(collection.collection_id, job_id, failure, reading.candidate.as_params())


def _one_per_uri(failures: Sequence[IngestFailure]) -> Sequence[IngestFailure]:
    if len(failures) < 2:
        return failures
    message = "; ".join(dict.fromkeys(failure.message for failure in failures))
    return [IngestFailure(uri=failures[0].uri, code=failures[0].code, message=message)]
