"""Made-up calls in which it can be told who speaks: each party hums at a pitch of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from tests.sounds import tone, write

#: the fake encoder hears anger in one and neutrality in the other
AGENT_HZ = 200
CUSTOMER_HZ = 1000


def agent(seconds: float = 1.0, level: float = 0.4) -> NDArray[np.float32]:
    return tone(AGENT_HZ, seconds, level=level)


def customer(seconds: float = 1.0, level: float = 0.4) -> NDArray[np.float32]:
    return tone(CUSTOMER_HZ, seconds, level=level)


def write_call(path: Path, seconds: float = 1.0, level: float = 0.4) -> Path:
    """Agent on the left, customer on the right."""
    return write(path, np.stack([agent(seconds, level), customer(seconds, level)], axis=1))


def holds_agent(waveform: NDArray[np.float32]) -> bool:
    """Whether a hundredth of the energy or more is the agent's."""
    power = np.abs(np.fft.rfft(waveform)) ** 2
    hz = np.fft.rfftfreq(len(waveform), 1 / 16_000)
    return bool(power[np.abs(hz - AGENT_HZ) < 50].sum() > 0.01 * power.sum())


def files_with_agent(folder: Path) -> list[Path]:
    """Files below a folder that sound of the agent on any channel of any track, whatever their names."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and any(map(holds_agent, _sounds(path)))]


def _sounds(path: Path) -> Iterator[NDArray[np.float32]]:
    """Every channel of every track, as it is; nothing of what is no sound."""
    try:
        container = av.open(str(path))
    except av.FFmpegError:
        return
    with container:
        tracks = len(container.streams.audio)
    for track in range(tracks):
        with av.open(str(path)) as container:
            resampler = av.AudioResampler(format="fltp", rate=16_000)
            frames = [part for frame in container.decode(audio=track) for part in resampler.resample(frame)]
            yield from np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def write_two_tracks(path: Path) -> Path:
    """The customer on the first track, the agent on a second, which nobody hears who plays it."""
    with av.open(str(path), "w", format="matroska") as container:
        streams = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(2)]
        for stream, sound in zip(streams, (customer(), agent()), strict=True):
            pcm = np.rint(sound * 32767).astype(np.int16)[np.newaxis]
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate = 16_000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path
