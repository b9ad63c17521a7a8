"""From stored recordings back to their sounds, cut for another generation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.policy import Policy
from emovec_db.domain.recording import Recording, Source
from emovec_db.domain.segmentation import Cut
from emovec_db.domain.sound import Sound, SoundLimits
from emovec_db.errors import NotFoundError, RecordingError, RefusedError
from emovec_db.services.encoding import EncodedSound, SoundEncoder, stored_encoding
from emovec_db.services.ingest.reading import failure_of
from emovec_db.services.methods import Method
from emovec_db.services.patience import patiently
from emovec_db.services.playback import stored_sound
from emovec_db.sources.places import Places
from emovec_db.store.store import Store

#: that say something of a recording; any other error is none of its own, and no reason to give it up
OF_A_RECORDING = (NotFoundError, RecordingError, RefusedError)


@dataclass(frozen=True, slots=True)
class Located:
    """A stored recording and, by uri, in which state its files were when it was ingested."""

    recording: Recording
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Reread:
    """A stored recording's sound with its cut, or why there is none any more."""

    recording: Recording
    found: tuple[Sound, Cut] | None
    lost: IngestFailure | None = None

    @property
    def sounds(self) -> tuple[Sound, ...]:
        return () if self.found is None else (self.found[0],)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rereader:
    """Reads and encodes stored recordings as `method` would have them."""

    store: Store
    blobs: Blobs
    decoders: DecoderPool
    places: Places
    sounds: SoundEncoder
    limits: SoundLimits
    #: threads that read and decode ahead of the encoder
    readers: int
    collection: Collection
    method: Method

    def located(self, pages: Iterable[Sequence[int]]) -> Iterator[Located]:
        """The recordings of these ids, a page at a time; those that were deleted meanwhile are left out."""
        collection_id = self.collection.collection_id
        for ids in pages:
            recordings, sources = patiently(partial(self._stored, collection_id, ids))
            for recording in recordings:
                own = {uri: sources.get((uri, recording.channel)) for uri in recording.uris}
                yield Located(recording, {uri: found[1] for uri, found in own.items() if found is not None})

    def read(self, located: Located) -> Reread:
        """Decode and cut; never raises for a recording whose sound is gone, changed, unreadable or without speech.

        Raises what is none of the recording's own faults: a part that is not installed, a database that is away.
        """
        recording, policy = located.recording, patiently(self._policy)
        try:
            sound = self.method.cleaned(
                stored_sound(self.blobs, self.decoders, self.places, policy, recording, located.sources, self.limits)
            )
            return Reread(recording, (sound, self.method.segmentation.cut(sound.waveform)))
        except OF_A_RECORDING as error:
            return Reread(recording, None, failure_of(uri_of(recording), error))

    def encode(self, batch: Sequence[Reread], generation: Collection | None = None) -> list[EncodedSound | None]:
        """One result per recording, in order, None for the lost ones; what `generation` holds is not encoded again."""
        found = [reread.found for reread in batch if reread.found is not None]
        sounds, cuts = [sound for sound, _ in found], [cut for _, cut in found]
        known: list[EncodedSound | None] = [None] * len(sounds)
        if generation is not None:
            with self.store.read() as unit:
                known = [stored_encoding(unit, generation, sound.pcm_sha256) for sound in sounds]
        encoded = iter(self.sounds.encode_unknown(self.method, sounds, cuts, known))
        return [None if reread.found is None else next(encoded) for reread in batch]

    def _stored(
        self, collection_id: int, ids: Sequence[int]
    ) -> tuple[tuple[Recording, ...], dict[tuple[str, str], tuple[int, Source]]]:
        with self.store.read() as unit:
            recordings = unit.recordings.some(collection_id, ids)
            uris = [uri for recording in recordings for uri in recording.uris]
            return recordings, unit.recordings.sources(collection_id, uris)

    def _policy(self) -> Policy:
        with self.store.read() as unit:
            return unit.policies.of(self.collection.collection_id)


def uri_of(recording: Recording) -> str:
    """Where a recording was found first; one whose every file holds other bytes by now goes by its own."""
    return recording.uris[0] if recording.uris else f"sha256:{recording.sha256}"
