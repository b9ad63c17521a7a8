"""The peaks of stored recordings; of those that were stored without, computed once and kept."""

from __future__ import annotations

import threading
from contextlib import suppress

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.peaks import Peaks
from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import DiskFullError
from emovec_db.services.gate import check_stored
from emovec_db.services.playback import sources_of, stored_sound
from emovec_db.sources.places import Places
from emovec_db.store.store import Store

#: a page of an archive asks for fifty at once, and hours of sound are half a gigabyte while they are decoded
_ONE_AT_A_TIME = threading.Lock()


def waveform(
    store: Store,
    blobs: Blobs,
    decoders: DecoderPool,
    places: Places,
    collection: Collection,
    recording_id: int,
    limits: SoundLimits,
) -> Peaks:
    """The peaks of a recording's sound as it came, before it was cleaned.

    Raises:
        NotFoundError: there is no such recording, or it was stored without peaks and its file is gone or changed.
        RefusedError: the policy forbids the recording.
        RecordingError: it was stored without peaks, and its file can't be decoded any more.
    """
    with store.read() as unit:
        recording = unit.recordings.get(collection.collection_id, recording_id)
        policy = unit.policies.of(collection.collection_id)
        check_stored(policy, recording)
        kept = unit.waveforms.find(recording_id)
        sources = sources_of(unit, collection, recording)
    if kept is not None:
        return kept
    with _ONE_AT_A_TIME:
        with store.read() as unit:
            made_meanwhile = unit.waveforms.find(recording_id)
        if made_meanwhile is not None:
            return made_meanwhile
        sound = stored_sound(blobs, decoders, places, policy, recording, sources, limits)
        peaks = Peaks.of(sound.waveform)
        with suppress(DiskFullError):  # what can't be kept can still be shown
            _keep(store, collection, recording_id, peaks)
    return peaks


def _keep(store: Store, collection: Collection, recording_id: int, peaks: Peaks) -> None:
    with store.write() as unit:
        # whoever deletes holds it too: it is not shown after it was deleted
        unit.collections.lock(collection.collection_id)
        unit.recordings.get(collection.collection_id, recording_id)
        unit.waveforms.keep(recording_id, peaks)
