"""Writing waveforms as wav."""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.errors import NotFiniteError

#: WAVE_FORMAT_IEEE_FLOAT
_FLOAT: Final = 3


def write_wav(path_or_file: Path | str | BinaryIO, waveform: Waveform) -> None:
    """Write float32 (samples,) at 16 kHz as mono PCM16; beyond -1..1 is cut off. A file need not be seekable.

    Raises NotFiniteError, OSError.
    """
    if not np.isfinite(waveform).all():
        raise NotFiniteError("the waveform holds NaN or infinite samples; expected finite ones within -1..1")
    pcm = np.clip(np.rint(waveform * np.float32(32768)), -32768, 32767).astype("<i2")
    target = str(path_or_file) if isinstance(path_or_file, Path) else path_or_file
    with wave.open(target, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE_HZ)
        # The count goes into the header at once, so that nothing must be patched afterwards.
        writer.setnframes(len(pcm))
        writer.writeframesraw(pcm.tobytes())


def write_float_wav(file: BinaryIO, waveform: Waveform) -> None:
    """Write float32 (samples,) at 16 kHz as mono float WAV: decoded, it is the same bit by bit. Raises OSError."""
    sound = np.ascontiguousarray(waveform, "<f4").data.cast("B")
    layout = struct.pack("<HHIIHH", _FLOAT, 1, SAMPLE_RATE_HZ, 4 * SAMPLE_RATE_HZ, 4, 32)
    length = struct.pack("<I", len(waveform))
    chunks: list[tuple[bytes, bytes | memoryview]] = [(b"fmt ", layout), (b"fact", length), (b"data", sound)]
    size = 4 + sum(8 + len(content) for _, content in chunks)
    file.write(b"RIFF" + struct.pack("<I", size) + b"WAVE")
    for name, content in chunks:
        file.write(name + struct.pack("<I", len(content)) + content)
