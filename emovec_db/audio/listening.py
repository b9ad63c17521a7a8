"""A file's bytes to 16 kHz samples as they come: the part of decoding that untrusted bytes can crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emovec_db.audio.channels import Pick
from emovec_db.audio.completeness import check_complete
from emovec_db.audio.container import open_track
from emovec_db.audio.metering import Levels
from emovec_db.audio.pcm import blocks_of
from emovec_db.audio.resampling import Recorder, Take
from emovec_db.audio.source import Source
from emovec_db.errors import NotAudioError


@dataclass(frozen=True, slots=True)
class Origin:
    """What a sound was before it became a waveform."""

    sample_rate_hz: int
    codec: str
    channels: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What can't be seen from the samples themselves."""

    origin: Origin
    #: one per asked channel, in order
    levels: tuple[Levels, ...]


def listen(source: Source, picks: Sequence[Pick], max_duration_s: float, take: Take) -> Heard:
    """Decode the first audio stream and hand each asked channel's samples on; holds a block at a time.

    Raises NotAudioError, TruncatedError, TooLongError, NotFiniteError, NoChannelError,
    OSError (from the source).
    """
    with open_track(source) as track:
        recorder = Recorder(picks, take, max_duration_s=max_duration_s, shown=source.shown)
        origin = None
        for block in blocks_of(track.frames(), track.codec):
            origin = origin or Origin(block.sample_rate_hz, track.codec, block.samples.shape[1])
            recorder.add(block)
        levels = recorder.finish()
        check_complete(track, source)
    if origin is None:
        raise NotAudioError(
            f"{source.shown} holds an audio track, but nothing in it can be decoded: see whether it plays"
        )
    return Heard(origin, levels)
