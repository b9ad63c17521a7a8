"""One transaction per batch: recordings, utterances, embeddings, change log, failures, refusals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from emovec_db.domain.collection import Collection
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.ingest import IngestFailure, StoredBefore, overlay
from emovec_db.domain.policy import Policy, Refusal
from emovec_db.domain.recording import Details, NewRecording, Recording
from emovec_db.domain.sound import MIX, Sound
from emovec_db.domain.suppression import Suppression, firm, numbered
from emovec_db.services.encoding import EncodedSound
from emovec_db.services.ingest.reading import Reading, refusal_of
from emovec_db.services.ingest.tally import Tally
from emovec_db.store.store import Store, Unit

LEFT_APART = (
    "stored by channels, so its mix was left out (to store the mix, delete the channels first, then --allow-again)"
)
REPLACED = "stored by channels now, so its earlier mix was deleted"
TAKEN_AGAIN = "deleted before and taken in again"
VANISHED = "deleted while its file was being read: ingest it again if it should come back"


@dataclass(frozen=True, slots=True)
class EncodedReading:
    """A reading whose new sounds have been encoded, in the order of `reading.sounds`."""

    reading: Reading
    encoded: tuple[EncodedSound, ...]


@dataclass(slots=True)
class Displaced:
    """Recordings that a batch took out, and stored files that nothing uses any more."""

    recordings: list[Recording] = field(default_factory=list)
    orphaned: set[str] = field(default_factory=set)


def write(
    store: Store,
    collection: Collection,
    provenance: Provenance,
    batch: Sequence[EncodedReading],
    job_id: int,
    tally: Tally,
    displaced: Displaced,
) -> dict[str, list[int]]:
    """Store a batch; what another process stored meanwhile is found again, never stored twice.

    The policy is the one that holds when the transaction does, whatever held when the files were read. What has to be
    swept up after recordings that gave way is added to `displaced`, also where the transaction failed in the end.

    Returns:
        Recording ids by uri.

    Raises:
        GenerationReplacedError: the collection serves from another generation by now.
    """
    with store.write() as unit:
        # also for a batch of nothing but failures: the generation that took over may hear speech in them
        unit.collections.lock_serving(collection)
        policy = unit.policies.of(collection.collection_id)
        writing = _Writing(unit, collection, provenance, policy, displaced)
        stored: dict[str, list[int]] = {}
        for item in batch:
            stored[item.reading.candidate.source.uri] = writing.take(item)
            _keep_failures(unit, collection, item.reading, job_id)
    tally.add(writing.outcomes)
    for item in batch:
        for failure in item.reading.failures:
            tally.fail(failure)
    return stored


@dataclass(slots=True)
class _Writing:
    """One batch within its transaction; its outcomes count only once that is committed."""

    unit: Unit
    collection: Collection
    provenance: Provenance
    policy: Policy
    displaced: Displaced
    outcomes: Tally = field(default_factory=Tally)

    def take(self, item: EncodedReading) -> list[int]:
        """Ids of the recordings that the reading's channels are, or were found to be."""
        reading = item.reading
        stored = {one.channel: one for one in self._of_bytes(reading)}
        ids: list[int] = []
        for sound, encoded in zip(reading.sounds, item.encoded, strict=True):
            ids += self._take_sound(reading, sound, encoded, stored)
        if ids and MIX in stored and not reading.candidate.wants_mix:
            self._displace(stored[MIX])
            self.outcomes.remark(REPLACED)
        for channel in reading.known:
            ids += self._take_known(reading, channel, stored.get(channel))
        if reading.apart:
            ids += self._leave_apart(reading, stored.values()) if stored else self._vanish(reading, MIX)
        for refusal in reading.refusals:
            self._refuse(refusal)
        for _channel in reading.suppressed:
            self.outcomes.suppress()
        return ids

    def _take_sound(
        self, reading: Reading, sound: Sound, encoded: EncodedSound, stored: dict[str, Recording]
    ) -> list[int]:
        if sound.channel in stored:
            return self._take_known(reading, sound.channel, stored[sound.channel])
        if sound.channel == MIX and stored:
            return self._leave_apart(reading, stored.values())
        suppressions = self._suppressions(reading, sound.channel, sound.pcm_sha256)
        if firm(suppressions, reading.candidate.lifts_up_to):
            return self._suppress(reading, sound, suppressions)
        details = reading.candidate.details[sound.channel]
        reason = self.policy.refusal(details.role, mixed=sound.is_mixed)
        if reason is not None:
            return self._refuse(refusal_of(reading.candidate, sound.channel, reason, mixed=sound.is_mixed))
        if MIX in stored:
            details = overlay(replace(stored[MIX].details, role=None), details)
        if suppressions:
            self._lift(reading, sound, suppressions)
        return [self._add(reading, sound, encoded, details)]

    def _add(self, reading: Reading, sound: Sound, encoded: EncodedSound, details: Details) -> int:
        source = reading.candidate.source
        twin = self.unit.recordings.by_pcm(self.collection, sound.pcm_sha256)
        new = NewRecording(
            sha256=reading.sha256,
            pcm_sha256=sound.pcm_sha256,
            channel=sound.channel,
            details=details,
            source=source,
            quality=sound.quality,
            summary=encoded.summary,
            left_out=encoded.left_out,
            blob_key=self._blob_key(reading, sound.channel),
            utterances=encoded.utterances,
            track=encoded.track,
            peaks=reading.peaks[sound.channel],
        )
        provenance = replace(self.provenance, backend=encoded.backend)  # a twin's numbers may be of an earlier one
        recording_id = self.unit.recordings.add(self.collection, new, provenance)
        self.unit.refusals.clear(self.collection.collection_id, source.uri, sound.channel)
        self.outcomes.count("ingested")
        self.outcomes.duration_s += sound.duration_s
        if twin is not None:
            self.outcomes.note(f"{source.uri} sounds the same as recording {twin.recording_id} in another file")
        return recording_id

    def _take_known(self, reading: Reading, channel: str, recording: Recording | None) -> list[int]:
        """The bytes are known: a new uri becomes a source, the first details win, later ones of the same uri update.

        What the policy forbids by either of them does not stay.
        """
        candidate = reading.candidate
        if recording is None:
            return self._vanish(reading, channel)
        given = overlay(recording.details, candidate.details[channel])
        reason = self.policy.refusal(given.role, mixed=recording.is_mixed)
        if reason is not None:
            self._displace(recording)
            return self._refuse(refusal_of(candidate, channel, reason, mixed=recording.is_mixed))
        recording_id = recording.recording_id
        self.unit.recordings.add_source(self.collection.collection_id, recording_id, channel, candidate.source)
        blob_key = self._blob_key(reading, channel)
        if blob_key is not None:
            self.unit.recordings.keep_blob(recording_id, blob_key)
        if candidate.source.uri in recording.uris:
            changed = self.unit.recordings.update_details(recording_id, given)
            self.outcomes.count("updated" if changed else "unchanged")
            if changed:
                self.outcomes.stored_before.add(StoredBefore.DETAILS_CHANGED)
            return [recording_id]
        if given != recording.details:
            self.outcomes.note(
                f"{candidate.source.uri} has the bytes of recording {recording_id} but other details: "
                "the first ones were kept"
            )
            self.outcomes.stored_before.add(StoredBefore.DETAILS_KEPT)
        self.outcomes.count("updated")
        return [recording_id]

    def _vanish(self, reading: Reading, channel: str) -> list[int]:
        """It was stored when its file was read, and is not any more."""
        if firm(self._suppressions(reading, channel), reading.candidate.lifts_up_to):
            self.outcomes.suppress()
        else:
            self.outcomes.remark(VANISHED)
        return []

    def _suppress(self, reading: Reading, sound: Sound, suppressions: Sequence[Suppression]) -> list[int]:
        """Where only the sound gave it away, the file's bytes are enough to know it by next time."""
        if all(one.sha256 != reading.sha256 for one in suppressions):
            sound_in_file = (reading.sha256, sound.channel, sound.pcm_sha256)
            self.unit.suppressions.add(self.collection.collection_id, *sound_in_file)
        self.outcomes.suppress()
        return []

    def _lift(self, reading: Reading, sound: Sound, suppressions: Sequence[Suppression]) -> None:
        """Of a deleted mix those parties stay out that nobody asked for."""
        self.unit.suppressions.lift(suppressions)
        if sound.channel != MIX and any(one.channel == MIX and one.sha256 == reading.sha256 for one in suppressions):
            asked = {numbered(channel) for channel in reading.details}
            for channel in (f"ch{number}" for number in range(sound.quality.channels)):
                if channel not in asked:
                    self.unit.suppressions.add(self.collection.collection_id, reading.sha256, channel)
        self.outcomes.remark(TAKEN_AGAIN)

    def _leave_apart(self, reading: Reading, channels: Iterable[Recording]) -> list[int]:
        """The mix was asked for, and the channels are stored: they get the uri, the mix stays out."""
        source = reading.candidate.source
        known = True
        ids = []
        for one in channels:
            known = known and source.uri in one.uris
            self.unit.recordings.add_source(self.collection.collection_id, one.recording_id, one.channel, source)
            ids.append(one.recording_id)
        self.outcomes.count("unchanged" if known else "updated")
        self.outcomes.remark(LEFT_APART)
        self.outcomes.stored_before.add(StoredBefore.CHANNELS_KEPT)
        return ids

    def _refuse(self, refusal: Refusal) -> list[int]:
        self.unit.refusals.record(self.collection.collection_id, refusal)
        self.outcomes.refuse(refusal.reason)
        return []

    def _displace(self, recording: Recording) -> None:
        self.displaced.orphaned |= {*self.unit.recordings.displace(self.collection, [recording.recording_id])}
        self.displaced.recordings.append(recording)

    def _blob_key(self, reading: Reading, channel: str) -> str | None:
        """Of an upload; under a policy only what holds this channel alone, if it was written."""
        return reading.kept_alone.get(channel) if self.policy.in_force else reading.candidate.blob_key

    def _suppressions(self, reading: Reading, channel: str, pcm_sha256: str | None = None) -> tuple[Suppression, ...]:
        return self.unit.suppressions.of(self.collection.collection_id, reading.sha256, channel, pcm_sha256)

    def _of_bytes(self, reading: Reading) -> tuple[Recording, ...]:
        return self.unit.recordings.by_bytes(self.collection.collection_id, reading.sha256)


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
