"""Whether all the sound that a file's header promises was there.

ffmpeg keeps silent about a file that was cut off: for some formats it even shortens the promise to what is left
(wav, ogg), or guesses a length from the file's size (aac, mp3 without a Xing header).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from emovec_db.audio.container import Track
from emovec_db.audio.source import Source
from emovec_db.errors import TruncatedError

#: this much may be missing without a word: codecs pad and cut at both ends
TOLERANCE_S: Final = 0.1
TOLERANCE_RATIO: Final = 0.02

#: formats whose length, as ffmpeg gives it, is written in the file
_LENGTH_IS_WRITTEN: Final = frozenset(
    {"aiff", "ape", "asf", "au", "flac", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "tak", "tta", "wv"}
)
#: formats whose last packet may be short though nothing is missing: broadcasts are joined and cut anywhere, wav and caf
#: written to a pipe have no length (those that have one were judged by it)
_ENDS_ANYHOW: Final = frozenset({"caf", "mpeg", "mpegts", "wav"})
_OGG_PAGE_MAX_BYTES: Final = 65_307


@dataclass(frozen=True, slots=True)
class _Chunks:
    """How a format lays out its chunks; ffmpeg shortens the length of these to what is in the file."""

    #: offset of the first chunk
    first: int
    #: of a chunk: its name and its size
    header: struct.Struct
    padded_to: int
    #: writers that can't go back to fill in a length leave 0, -1, or a number from here on
    unknown_from: int


_CHUNKS: Final = {
    "wav": _Chunks(12, struct.Struct("<4sI"), 2, 0x7FFF_0000),
    "caf": _Chunks(8, struct.Struct(">4sq"), 1, 1 << 62),
}


def check_complete(track: Track, source: Source) -> None:
    """Raise TruncatedError where more than 2 % and more than 0.1 s of the promised sound is missing."""
    missing_s, promised_s = _missing(track, source)
    if missing_s > max(TOLERANCE_S, TOLERANCE_RATIO * promised_s):
        raise TruncatedError(
            f"{source.shown} is cut off or damaged: {max(0.0, promised_s - missing_s):.2f} s of "
            f"{promised_s:.2f} s can be decoded: copy it again from where it came",
            promised_s=promised_s,
        )
    if _breaks_off(track, source):
        raise TruncatedError(
            f"{source.shown} breaks off within a packet, after {track.decoded_s:.2f} s: "
            "copy it again from where it came"
        )


def _missing(track: Track, source: Source) -> tuple[float, float]:
    """Seconds missing and seconds promised."""
    promised_s = max(_promised_s(track, source) or 0.0, track.clock_s)
    # Gaps in the clock are not damage as long as everything was decoded: telephones send nothing in pauses.
    heard_s = track.decoded_s if track.refused_packets else max(track.decoded_s, track.clock_s)
    return promised_s - heard_s, promised_s


def _promised_s(track: Track, source: Source) -> float | None:
    if track.format in _CHUNKS:
        present = _share_present(source, _CHUNKS[track.format])
        return None if present is None else track.decoded_s / present
    if track.format in _LENGTH_IS_WRITTEN or (track.format == "mp3" and _mp3_counts_frames(source)):
        return track.promised_s
    return None


def _breaks_off(track: Track, source: Source) -> bool:
    if track.format == "ogg":
        return _ogg_page_is_cut(source)
    # Where a length was promised, that has decided.
    return track.ends_corrupt and track.format not in _ENDS_ANYHOW and _promised_s(track, source) is None


def _share_present(source: Source, chunks: _Chunks) -> float | None:
    """Bytes of the data chunk that are in the file over those that its header promises; None where it says none."""
    offset = chunks.first
    while len(header := source.peek(offset, chunks.header.size)) == chunks.header.size:
        name, size = chunks.header.unpack(header)
        offset += chunks.header.size
        if name == b"data":
            present = source.size_bytes - offset
            return min(1.0, present / size) if 0 < size < chunks.unknown_from and present > 0 else None
        if size < 0:
            return None
        offset += size + size % chunks.padded_to
    return None


def _mp3_counts_frames(source: Source) -> bool:
    """Whether the first frame is a Xing, Info or VBRI header with a count of frames."""
    offset = 0
    tag = source.peek(0, 10)
    if tag[:3] == b"ID3" and len(tag) == 10:
        offset = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(tag[6:10], (21, 14, 7, 0), strict=True))
    head = source.peek(offset, 4096)
    for mark in (b"Xing", b"Info"):
        at = head.find(mark)
        if 0 <= at < len(head) - 8:
            return bool(head[at + 7] & 1)
    return b"VBRI" in head


def _ogg_page_is_cut(source: Source) -> bool:
    """Whether the last page reaches beyond the file's end (layout: RFC 3533, section 6)."""
    start = max(0, source.size_bytes - _OGG_PAGE_MAX_BYTES - 4)
    tail = source.peek(start, _OGG_PAGE_MAX_BYTES + 4)
    page = tail[tail.rfind(b"OggS") :] if b"OggS" in tail else b""
    if not page:
        return False
    if len(page) < 27 or len(page) < 27 + page[26]:
        return True
    return len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])
