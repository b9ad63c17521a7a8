"""Recordings damaged in many ways, the same every time, and small files that decode to hours of silence."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

#: bytes of a file that most formats' headers lie in
HEADER_BYTES: Final = 200

Damage = Callable[[bytearray, np.random.Generator], None]


@dataclass(frozen=True, slots=True)
class Damaged:
    """One damaged file."""

    path: Path
    #: what was done to it
    kind: str


def _flip_bits(data: bytearray, rng: np.random.Generator) -> None:
    for at in rng.integers(0, len(data), 12):
        data[at] ^= 1 << int(rng.integers(8))


def _spoil_header(data: bytearray, rng: np.random.Generator) -> None:
    for at in rng.integers(0, min(HEADER_BYTES, len(data)), 4):
        data[at] = int(rng.integers(256))


def _cut_off(data: bytearray, rng: np.random.Generator) -> None:
    del data[int(rng.integers(1, len(data))) :]


def _begin_late(data: bytearray, rng: np.random.Generator) -> None:
    del data[: int(rng.integers(1, len(data) // 2))]


def _fill_stretch(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(0, len(data)))
    length = min(len(data) - at, int(rng.integers(1, 20_000)))
    data[at : at + length] = rng.bytes(length)


def _lose_stretch(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(0, len(data)))
    del data[at : at + int(rng.integers(1, 20_000))]


def _repeat_stretch(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(0, len(data)))
    data[at:at] = data[at : at + int(rng.integers(1, 20_000))]


def _zero_end(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(1, len(data)))
    data[at:] = bytes(len(data) - at)


DAMAGES: Final[Mapping[str, Damage]] = {
    "bits flipped": _flip_bits,
    "header spoilt": _spoil_header,
    "cut off": _cut_off,
    "beginning lost": _begin_late,
    "stretch overwritten": _fill_stretch,
    "stretch lost": _lose_stretch,
    "stretch repeated": _repeat_stretch,
    "end zeroed": _zero_end,
}
ANOTHERS_HEADER: Final = "header of another format"
ANOTHERS_SUFFIX: Final = "whole, suffix of another format"
KINDS: Final = (*DAMAGES, ANOTHERS_HEADER, ANOTHERS_SUFFIX)


def spoil(sources: Sequence[Path], folder: Path, count: int) -> list[Damaged]:
    """`count` damaged copies of the sources; all kinds of damage in turn to each source."""
    made = []
    for number in range(count):
        turn, place = divmod(number, len(sources))
        source, other = sources[place], sources[(place + 1 + turn) % len(sources)]
        kind = KINDS[(turn + place) % len(KINDS)]
        data = bytearray(source.read_bytes())
        if kind in DAMAGES:
            DAMAGES[kind](data, np.random.default_rng(number))
        elif kind == ANOTHERS_HEADER:
            data[:HEADER_BYTES] = other.read_bytes()[:HEADER_BYTES]
        suffix = other.suffix if kind == ANOTHERS_SUFFIX else source.suffix
        path = folder / f"{number:04}-{kind.replace(' ', '-').replace(',', '')}-{source.stem}{suffix}"
        path.write_bytes(data)
        made.append(Damaged(path, kind))
    return made


def bombs(folder: Path, hours: float) -> list[Damaged]:
    """Small files of silence, each longer than so many hours."""
    opus, mp3, flac, wav = (folder / f"silence.{suffix}" for suffix in ("opus", "mp3", "flac", "wav"))
    _repeat_packet(opus, hours)
    unit = folder / "unit.mp3"
    _encode_silence(unit, "mp3", "libmp3lame", 30, {"write_xing": "0"})
    mp3.write_bytes(unit.read_bytes() * (int(hours * 120) + 1))
    unit.unlink()
    _encode_silence(flac, "flac", "flac", hours * 3600 + 1, {})
    size_bytes = int((hours * 3600 + 1) * 32_000)
    with wav.open("wb") as file:
        file.write(struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", size_bytes + 36, b"WAVE", b"fmt ", 16, 1, 1, 16_000,
                               32_000, 2, 16, b"data", size_bytes))  # fmt: skip
        file.truncate(44 + size_bytes)  # a hole, which takes no room on the disk
    return [Damaged(path, f"hours of silence, {path.suffix[1:]}") for path in (opus, mp3, flac, wav)]


def _encode_silence(path: Path, container: str, codec: str, seconds: float, options: dict[str, str]) -> None:
    with av.open(str(path), "w", format=container, options=options) as file:
        stream = file.add_stream(codec, rate=8_000)
        stream.layout = "mono"
        context = stream.codec_context
        context.open()
        samples = context.frame_size or 65_536
        for start in range(0, int(seconds * 8_000), samples):
            frame = av.AudioFrame(format=context.format.name, layout="mono", samples=samples)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts, frame.time_base = 8_000, start, Fraction(1, 8_000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def _repeat_packet(path: Path, hours: float) -> None:
    """One packet of 60 ms again and again: the encoder would take minutes."""
    with av.open(str(path), "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=48_000, options={"frame_duration": "60"})
        stream.layout = "mono"
        context = stream.codec_context
        context.open()
        frame = av.AudioFrame(format=context.format.name, layout="mono", samples=2_880)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        packets = [*stream.encode(frame), *stream.encode(None)]
        silence = bytes(packets[-1])
        for number in range(int(hours * 60_000) + 1):
            packet = av.Packet(silence)
            packet.stream, packet.time_base = stream, Fraction(1, 48_000)
            packet.pts = packet.dts = number * 2_880
            packet.duration = 2_880
            file.mux(packet)
