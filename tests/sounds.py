"""Sounds made for tests, and files of them in many formats."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

#: file name: (container, codec, codec rate, container options); each encoder is in PyAV's ffmpeg
ENCODINGS: dict[str, tuple[str, str, int, dict[str, str]]] = {
    "a.wav": ("wav", "pcm_s16le", 16_000, {}),
    "adpcm.wav": ("wav", "adpcm_ima_wav", 16_000, {}),
    "a.w64": ("w64", "pcm_s16le", 16_000, {}),
    "a.aiff": ("aiff", "pcm_s16be", 16_000, {}),
    "a.au": ("au", "pcm_s16be", 16_000, {}),
    "a.caf": ("caf", "pcm_s16le", 16_000, {}),
    "a.avi": ("avi", "pcm_s16le", 16_000, {}),
    "a.flac": ("flac", "flac", 16_000, {}),
    "a.tta": ("tta", "tta", 16_000, {}),
    "a.wv": ("wv", "wavpack", 16_000, {}),
    "a.mp3": ("mp3", "libmp3lame", 16_000, {}),
    "bare.mp3": ("mp3", "libmp3lame", 16_000, {"write_xing": "0"}),
    "end.m4a": ("ipod", "aac", 16_000, {}),
    "start.m4a": ("ipod", "aac", 16_000, {"movflags": "faststart"}),
    "fragments.mp4": ("mp4", "aac", 16_000, {"movflags": "frag_keyframe+empty_moov"}),
    "alac.m4a": ("ipod", "alac", 16_000, {}),
    "a.aac": ("adts", "aac", 16_000, {}),
    "a.ts": ("mpegts", "aac", 16_000, {}),
    "a.opus": ("ogg", "libopus", 48_000, {}),
    "a.webm": ("webm", "libopus", 48_000, {}),
    "live.webm": ("webm", "libopus", 48_000, {"live": "1"}),
    "a.mka": ("matroska", "flac", 16_000, {}),
}


def tone(hz: float, seconds: float, rate_hz: int = 16_000, level: float = 0.5) -> NDArray[np.float32]:
    """A sine, float32 (samples,)."""
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def noise(seconds: float, rate_hz: int = 16_000, rms: float = 0.1, seed: int = 0) -> NDArray[np.float32]:
    """White noise, float32 (samples,)."""
    return (rms * np.random.default_rng(seed).standard_normal(round(seconds * rate_hz))).astype(np.float32)


def babble(seconds: float, rate_hz: int = 16_000, seed: int = 0) -> NDArray[np.float32]:
    """Noise that rises and falls four times a second, as syllables do; peaks under 0.9."""
    sound = noise(seconds, rate_hz, 0.15, seed)
    sound *= 0.55 - 0.45 * np.cos(8 * np.pi * np.arange(len(sound)) / rate_hz)
    return np.clip(sound, -0.9, 0.9).astype(np.float32)


def write(path: Path, samples: NDArray[Any], rate_hz: int = 16_000, subtype: str = "PCM_16", **options: Any) -> Path:
    """Write by soundfile, which no code under test uses."""
    soundfile.write(path, samples, rate_hz, subtype=subtype, **options)
    return path


def encode(path: Path, samples: NDArray[np.float32]) -> Path:
    """Write a sound at 16 kHz in the encoding that ENCODINGS has for the file's name."""
    container_name, codec, rate_hz, options = ENCODINGS[path.name]
    with av.open(str(path), "w", format=container_name, options=options) as container:
        stream = container.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        context = stream.codec_context
        context.open()
        resampler = av.AudioResampler(format=context.format.name, layout="mono", rate=rate_hz)
        pcm = np.rint(samples * 32768).clip(-32768, 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = 16_000
        fifo = av.AudioFifo()
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            part.pts = None
            fifo.write(part)
        position = 0
        while (piece := fifo.read(context.frame_size or 1024, partial=True)) is not None:
            piece.pts, piece.time_base = position, Fraction(1, rate_hz)
            position += piece.samples
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path
