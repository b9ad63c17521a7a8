"""The sound of a stored recording, decoded again or as a file that may be shown."""

from __future__ import annotations

import hashlib
import mimetypes
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.audio.wav import write_float_wav
from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import AudioFile
from emovec_db.domain.policy import Policy
from emovec_db.domain.recording import Recording, Source
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.errors import EmovecError, NotFoundError
from emovec_db.services.gate import check_stored, limits_under
from emovec_db.sources.local import digest, source_of
from emovec_db.sources.places import Places, place_of
from emovec_db.store.store import Unit


def audio_file(
    blobs: Blobs,
    decoders: DecoderPool,
    places: Places,
    policy: Policy,
    recording: Recording,
    sources: Mapping[str, Source],
    limits: SoundLimits,
) -> AudioFile:
    """The stored upload or the unchanged source; for one channel of several, only that channel as WAV.

    Under a policy, and of what is fetched from elsewhere, always a WAV of what was encoded: the original may hold more
    than its first track, and what was fetched once need not be fetched for each listener.
    `sources` says by uri in which state the file was when it was ingested.

    Raises:
        NotFoundError: the file is gone, or holds other bytes than those that were ingested.
        RefusedError: the policy forbids the recording.
    """
    check_stored(policy, recording)
    if recording.channel == MIX and not policy.in_force:
        original = _original_here(blobs, recording, sources)
        if original is not None:
            return AudioFile(original, _media_type(recording))
    key = rendered_key(recording.sha256, recording.channel)
    if not blobs.exists(key):
        sound = stored_sound(blobs, decoders, places, policy, recording, sources, limits)
        keep_alone(blobs, recording.sha256, sound)
    return AudioFile(blobs.path(key), "audio/wav")


def stored_sound(
    blobs: Blobs,
    decoders: DecoderPool,
    places: Places,
    policy: Policy,
    recording: Recording,
    sources: Mapping[str, Source],
    limits: SoundLimits,
) -> Sound:
    """The sound of a stored recording, decoded as for its ingest; `sources` as for `audio_file`.

    Raises:
        NotFoundError: its file is gone, or holds other bytes than those that were ingested.
        RefusedError: the policy forbids the recording.
        RecordingError: the file can't be decoded any more.
    """
    check_stored(policy, recording)
    channel = MIX if is_kept_alone(recording) else recording.channel
    with _original(blobs, places, recording, sources, limits.max_bytes) as path:
        sound = decoders.decode(path, channels=(channel,), limits=limits_under(policy, limits), name=_name(recording))[
            0
        ]
    return replace(sound, channel=recording.channel)


def rendered_key(sha256: str, channel: str) -> str:
    """Key under which one channel of a file lies without the others."""
    return hashlib.sha256(f"{sha256}/{channel}".encode()).hexdigest() + ".wav"


def is_kept_alone(recording: Recording) -> bool:
    """Whether of an upload only this channel was kept, and not the file."""
    return recording.blob_key == rendered_key(recording.sha256, recording.channel)


def keep_alone(blobs: Blobs, sha256: str, sound: Sound) -> str:
    """Keep one channel of a file without the others, sample by sample as it was decoded; the key."""
    key = rendered_key(sha256, sound.channel)
    with tempfile.TemporaryFile() as wav:
        write_float_wav(wav, sound.waveform)
        wav.seek(0)
        blobs.put(key, wav)
    return key


def _name(recording: Recording) -> str | None:
    """What people know its file by."""
    return unquote(recording.uris[0].rpartition("/")[2]) if recording.uris else None


def _media_type(recording: Recording) -> str:
    """By the name under which it came; what browsers know as video holds sound here."""
    name = recording.uris[0] if recording.uris else ""
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return media_type.replace("video/", "audio/", 1)


def sources_of(unit: Unit, collection: Collection, recording: Recording) -> dict[str, Source]:
    """By uri, in which state each file was when it was ingested."""
    known = unit.recordings.sources(collection.collection_id, recording.uris)
    return {uri: source for (uri, channel), (_, source) in known.items() if channel == recording.channel}


@contextmanager
def _original(
    blobs: Blobs, places: Places, recording: Recording, sources: Mapping[str, Source], max_bytes: int
) -> Iterator[Path]:
    """A file with the bytes that were ingested; fetched, where they lie elsewhere only.

    Raises:
        NotFoundError: nowhere, or other bytes lie there.
    """
    here = _original_here(blobs, recording, sources)
    if here is not None:
        yield here
        return
    with ExitStack() as stack:
        for uri in recording.uris:
            try:
                place = place_of(uri)
                if isinstance(place, Path):
                    continue
                file = stack.enter_context(places.at_hand(place, max_bytes))
            except EmovecError:
                continue
            if file.sha256 == recording.sha256:
                yield file.path
                return
    raise NotFoundError(
        f"the sound of recording {recording.recording_id} can't be played: its file was moved, deleted or changed "
        "since it was ingested (the stored emotions are unaffected)"
    )


def _original_here(blobs: Blobs, recording: Recording, sources: Mapping[str, Source]) -> Path | None:
    """The file with the bytes that were ingested, if it lies on this machine; raises NotFoundError for a lost upload.

    None where nothing of its uris does, or other bytes do.
    """
    if recording.blob_key is not None:
        return blobs.path(recording.blob_key)
    for uri in recording.uris:
        try:
            path = place_of(uri)
            if isinstance(path, Path) and (
                source_of(path, uri) == sources.get(uri) or digest(path) == recording.sha256
            ):
                return path
        except EmovecError:
            continue
    return None
