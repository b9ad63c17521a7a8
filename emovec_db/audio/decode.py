"""Any file to 16 kHz mono sound.

PyAV's bundled ffmpeg decodes, libsoxr's HQ recipe resamples. Why soxr and not ffmpeg's swresample: with its default
filter, swresample lets a tone at 8.6 kHz through at -31 dB, folded to 7.4 kHz, errs by -27 dB at 7 kHz, and mirrors a
telephone's 3.6 kHz at -24 dB; soxr HQ stays under -130 dB there (-62 dB, its pass band's edge, at 7 kHz from 44.1 kHz)
and takes half the time (1.1 ms against 2.4 ms for 5 s at 44.1 kHz). Its stream gives the same bits whatever the size
of the pieces, so that `pcm_sha256` depends on the sound alone and not on how a container cuts it into packets.
Padding at the start of a stream and edit lists are ffmpeg's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.audio.channels import Pick, picks_of
from emovec_db.audio.listening import Heard, Origin, listen
from emovec_db.audio.pcm import BLOCK_SAMPLES, Block, full_scale, to_float
from emovec_db.audio.quality import measure
from emovec_db.audio.resampling import Recorder
from emovec_db.audio.source import open_source
from emovec_db.audio.tape import Tape
from emovec_db.domain.sound import MIX, SAMPLE_RATE_HZ, Sound, SoundLimits, Waveform
from emovec_db.errors import QueryError, SilentError, TooShortError

_AV_VERSION: Final = ".".join(version("av").split(".")[:2])

#: names the decoder, the resampler and this package's own part of the work; goes into provenance
DECODE_CHAIN: Final[str] = f"pyav-{_AV_VERSION}/soxr-hq-16k/1"

#: a syllable lasts about 0.2 s
MIN_DURATION_S: Final = 0.2

#: Half of peak to peak, so that a constant offset is silence too. -60 dB of full scale leaves 5 bits of 16 to speech
#: and is where the idle noise of telephone lines lies; speech peaks 30 to 60 dB higher.
SILENCE_PEAK: Final = 10 ** (-60 / 20)

#: float samples beyond this were never scaled to -1..1
MAX_FLOAT_SAMPLE: Final = 8.0
_INTEGER_TYPES: Final = ("uint8", "int16", "int32")


def decode(
    path: Path, *, channels: Sequence[str] = (MIX,), limits: SoundLimits, name: str | None = None
) -> tuple[Sound, ...]:
    """Decode a file's first audio stream to one sound per asked channel, in their order.

    In this process, which a file made for it could crash: for files from elsewhere, `DecoderPool.decode` does the same
    in others.

    Channels are `mix` (the mean of all), `left` and `right` (the first and second of at least two), `ch0`, `ch1` ….
    Messages call the file by `name`, else by its own. The limits hold while decoding: a small file can decode to hours.
    Memory: 64 kB per second and channel.

    Raises UnreadableError, TooLargeError, NotAudioError, TruncatedError, TooLongError, NotFiniteError, TooShortError,
    SilentError, NoChannelError, QueryError (no such channel name), MixedError (several
    channels would be mixed, and the limits don't let them).
    """
    picks = picks_of(channels, may_mix=limits.may_mix)
    tapes = [Tape() for _ in picks]
    with open_source(path, max_bytes=limits.max_bytes, name=name) as source:
        heard = listen(source, picks, limits.max_duration_s, lambda place, samples: tapes[place].append(samples))
    return sounds_of(picks, [tape.finish() for tape in tapes], heard, source.shown)


def from_samples(samples: NDArray[Any], sample_rate_hz: int) -> Sound:
    """Sound from samples that are already decoded.

    samples: (n,) mono; float16/32/64 within about -1..1, or int16, int32, uint8 at full scale.

    Raises QueryError (another shape, type or scale), NotAudioError (absurd rate), NotFiniteError, TooShortError,
    SilentError.
    """
    samples = _checked(np.asarray(samples))
    picks = picks_of([MIX])
    level = full_scale(samples.dtype, "array")
    tape = Tape()
    recorder = Recorder(picks, lambda _, chunk: tape.append(chunk), max_duration_s=float("inf"), shown="the array")
    for start in range(0, len(samples), BLOCK_SAMPLES):
        block = to_float(samples[start : start + BLOCK_SAMPLES])[:, np.newaxis]
        recorder.add(Block(block, sample_rate_hz, level))
    heard = Heard(Origin(sample_rate_hz, "array", 1), recorder.finish())
    return sounds_of(picks, [tape.finish()], heard, "the array")[0]


def sounds_of(picks: Sequence[Pick], waveforms: Sequence[Waveform], heard: Heard, shown: str) -> tuple[Sound, ...]:
    """Check and measure the waveforms that were decoded of one file, one per pick.

    Raises TooShortError, SilentError.
    """
    for pick, waveform in zip(picks, waveforms, strict=True):
        _check(pick, waveform, shown)
    return tuple(
        Sound(waveform, _pcm_sha256(waveform), pick.name, measure(waveform, levels, heard.origin))
        for pick, waveform, levels in zip(picks, waveforms, heard.levels, strict=True)
    )


def _check(pick: Pick, waveform: Waveform, shown: str) -> None:
    duration_s = len(waveform) / SAMPLE_RATE_HZ
    if duration_s < MIN_DURATION_S:
        raise TooShortError(
            f"{shown} holds {duration_s:.3f} s of sound; expected at least {MIN_DURATION_S} s to hear an emotion in"
        )
    if float(np.ptp(waveform)) / 2 < SILENCE_PEAK:
        raise SilentError(
            f"{shown} is silent in channel {pick.name}: its peak is under -60 dB of full scale; "
            "expected speech: check the microphone, or ask for another channel"
        )


def _pcm_sha256(waveform: Waveform) -> str:
    return hashlib.sha256(np.ascontiguousarray(waveform, "<f4").data).hexdigest()


def _checked(samples: NDArray[Any]) -> NDArray[Any]:
    if samples.ndim != 1:
        raise QueryError(
            f"samples have shape {samples.shape}; expected (n,), one channel: pick a channel or take the mean over "
            "the channels' axis first, since which axis that is can't be told from here"
        )
    if samples.dtype.kind != "f" and samples.dtype.name not in _INTEGER_TYPES:
        raise QueryError(
            f"samples are {samples.dtype}; expected float within -1..1, or {', '.join(_INTEGER_TYPES)} at full scale: "
            "convert them, since the scale of other types can't be told from here"
        )
    greatest = float(np.max(np.abs(samples), initial=0)) if samples.dtype.kind == "f" else 0.0
    if np.isfinite(greatest) and greatest > MAX_FLOAT_SAMPLE:
        raise QueryError(f"float samples reach {greatest:g}; expected -1..1: divide 16-bit values by 32768")
    return samples
