"""What a decoder process and its parent say to each other.

Each message is one packet of a SOCK_SEQPACKET socket. The parent asks with JSON and the open file's descriptor. The
process answers with packets of a head (kind, and place of the channel or 0) and little-endian float32 samples or JSON.
It may have been taken over by a malicious file, so that everything it says is checked.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from emovec_db.audio.listening import Heard, Origin
from emovec_db.audio.metering import Levels
from emovec_db.audio.resampling import MAX_RATE_HZ, MIN_RATE_HZ
from emovec_db.errors import (
    DecoderCrashedError,
    MixedError,
    NoChannelError,
    NotAudioError,
    NotFiniteError,
    RecordingError,
    TooLongError,
    TruncatedError,
    UnreadableError,
)

#: the process is ready for requests
READY: Final = b"R"
#: some samples of one channel
SAMPLES: Final = b"S"
#: all samples came: what was heard
HEARD: Final = b"H"
#: the file can't be used: why
FAILED: Final = b"F"

_HEAD: Final = struct.Struct("<cxH")
#: half a buffer that the kernel gives to a socket by default, so that one packet can be filled while another is read
PACKET_BYTES: Final = _HEAD.size + (1 << 16)
_PACKET_SAMPLES: Final = (PACKET_BYTES - _HEAD.size) // 4

#: a file's name in messages; longer ones are cut
_NAME_LENGTH: Final = 1_000
_MESSAGE_LENGTH: Final = 10_000
_CODEC: Final = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)

#: the errors that a process may report, by their code
_ERRORS: Final[dict[str, type[RecordingError]]] = {
    kind.code: kind
    for kind in (
        DecoderCrashedError, MixedError, NoChannelError, NotAudioError, NotFiniteError, RecordingError, TooLongError,
        TruncatedError, UnreadableError,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """Decode the file that comes along."""

    #: what people know the file by
    shown: str
    channels: tuple[str, ...]
    max_duration_s: float
    #: see `SoundLimits`
    may_mix: bool = True

    def pack(self) -> bytes:
        """One packet."""
        return json.dumps([self.shown[:_NAME_LENGTH], self.channels, self.max_duration_s, self.may_mix]).encode()

    @classmethod
    def unpack(cls, packet: bytes) -> Self:
        """The parent is trusted."""
        shown, channels, max_duration_s, may_mix = json.loads(packet)
        return cls(shown, tuple(channels), max_duration_s, may_mix)


def sample_packets(place: int, samples: NDArray[np.float32]) -> list[bytes]:
    """Packets that hold the next samples of a channel, float32 (samples,)."""
    head = _HEAD.pack(SAMPLES, place)
    starts = range(0, len(samples), _PACKET_SAMPLES)
    return [head + samples[start : start + _PACKET_SAMPLES].astype("<f4", copy=False).tobytes() for start in starts]


def ready_packet() -> bytes:
    """The first packet of all."""
    return _HEAD.pack(READY, 0)


def heard_packet(heard: Heard) -> bytes:
    """The last packet of a file that was decoded."""
    origin = heard.origin
    levels = [(one.peak, one.clipping_ratio) for one in heard.levels]
    return _json_packet(HEARD, [origin.sample_rate_hz, origin.codec, origin.channels, levels])


def failed_packet(error: RecordingError) -> bytes:
    """The last packet of a file that can't be used."""
    return _json_packet(FAILED, [error.code, error.message[:_MESSAGE_LENGTH]])


def head_of(packet: memoryview) -> tuple[bytes, int]:
    """Kind, and place of the channel; raises ValueError."""
    if len(packet) < _HEAD.size:
        raise ValueError(f"a decoder answered {bytes(packet)!r}")
    kind, place = _HEAD.unpack_from(packet)
    return kind, place


def crashed(shown: str, reason: str) -> DecoderCrashedError:
    """What to tell people where a decoder broke on a file."""
    return DecoderCrashedError(
        f"{shown} can't be decoded: {reason}; it is probably damaged: see whether a player opens it, "
        "and convert it to wav or flac"
    )


def samples_of(packet: memoryview) -> NDArray[np.float32]:
    """float32 (samples,), a view of the packet; raises ValueError."""
    return np.frombuffer(packet[_HEAD.size :], "<f4")


def heard_of(packet: memoryview, channels: int) -> Heard:
    """What was heard on so many asked channels; raises ValueError."""
    document = _document(packet)
    match document:
        case [int(rate_hz), str(codec), int(present), list(levels)] if (
            MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ
            and _CODEC.fullmatch(codec)
            and 0 < present < 10_000
            and len(levels) == channels
        ):
            return Heard(Origin(rate_hz, codec, present), _levels(levels))
    raise ValueError(f"a decoder heard {document!r:.200}")


def error_of(packet: memoryview) -> RecordingError:
    """The error to raise; raises ValueError."""
    document = _document(packet)
    match document:
        case [str(code), str(message)] if code in _ERRORS and message.isprintable():
            return _ERRORS[code](message[:_MESSAGE_LENGTH])
    raise ValueError(f"a decoder reported {document!r:.200}")


def _levels(pairs: Sequence[Any]) -> tuple[Levels, ...]:
    for pair in pairs:
        match pair:
            case [float(peak), float(ratio)] if math.isfinite(peak) and peak >= 0 and 0 <= ratio <= 1:
                continue
        raise ValueError(f"a decoder measured {pair!r:.200}")
    return tuple(Levels(peak, ratio) for peak, ratio in pairs)


def _json_packet(kind: bytes, document: Sequence[object]) -> bytes:
    return _HEAD.pack(kind, 0) + json.dumps(document).encode()


def _document(packet: memoryview) -> Any:
    try:
        return json.loads(bytes(packet[_HEAD.size :]))
    except RecursionError as error:
        raise ValueError("a decoder answered with nested JSON") from error
