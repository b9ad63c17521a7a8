"""The sound of a stored recording, as a file that may be shown."""

from __future__ import annotations

import hashlib
import io
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.audio.wav import write_wav
from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import AudioFile
from emovec_db.domain.recording import Recording, Source
from emovec_db.domain.sound import MIX, SoundLimits
from emovec_db.errors import EmovecError, NotFoundError
from emovec_db.sources.local import digest, path_of, source_of
from emovec_db.store.store import Unit


def audio_file(
    blobs: Blobs, decoders: DecoderPool, recording: Recording, sources: Mapping[str, Source], limits: SoundLimits
) -> AudioFile:
    """The stored upload or the unchanged source; for one channel of several, only that channel as WAV.

    `sources` says by uri in which state the file was when it was ingested.

    Raises:
        NotFoundError: the file is gone, or holds other bytes than those that were ingested.
    """
    if recording.channel != MIX:
        return _rendered(blobs, decoders, recording, sources, limits)
    return AudioFile(original_file(blobs, recording, sources), _media_type(recording))


def rendered_keys(recording: Recording) -> tuple[str, ...]:
    """Keys of what was rendered for playback, to be deleted with the recording."""
    if recording.channel == MIX:
        return ()
    return (hashlib.sha256(f"{recording.sha256}/{recording.channel}".encode()).hexdigest() + ".wav",)


def _media_type(recording: Recording) -> str:
    """By the name under which it came; what browsers know as video holds sound here."""
    name = recording.uris[0] if recording.uris else ""
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return media_type.replace("video/", "audio/", 1)


def _rendered(
    blobs: Blobs, decoders: DecoderPool, recording: Recording, sources: Mapping[str, Source], limits: SoundLimits
) -> AudioFile:
    (key,) = rendered_keys(recording)
    if not blobs.exists(key):
        original = original_file(blobs, recording, sources)
        (sound,) = decoders.decode(original, channels=(recording.channel,), limits=limits)
        wav = io.BytesIO()
        write_wav(wav, sound.waveform)
        wav.seek(0)
        blobs.put(key, wav)
    return AudioFile(blobs.path(key), "audio/wav")


def sources_of(unit: Unit, collection: Collection, recording: Recording) -> dict[str, Source]:
    """By uri, in which state each file was when it was ingested."""
    known = unit.recordings.sources(collection.collection_id, recording.uris)
    return {uri: source for (uri, channel), (_, source) in known.items() if channel == recording.channel}


def original_file(blobs: Blobs, recording: Recording, sources: Mapping[str, Source]) -> Path:
    """Where the bytes that were ingested lie now.

    Raises:
        NotFoundError: nowhere, or other bytes lie there.
    """
    if recording.blob_key is not None:
        return blobs.path(recording.blob_key)
    for uri in recording.uris:
        try:
            path = path_of(uri)
            if source_of(path, uri) == sources.get(uri) or digest(path) == recording.sha256:
                return path
        except EmovecError:
            continue
    raise NotFoundError(
        f"the sound of recording {recording.recording_id} can't be played: its file was moved, deleted or changed "
        "since it was ingested (the stored emotions are unaffected)"
    )
