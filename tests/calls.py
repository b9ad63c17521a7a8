"""Made-up calls in which it can be told who speaks: each party hums at a pitch of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emovec_db.audio.decode import decode
from emovec_db.domain.sound import SoundLimits
from emovec_db.errors import EmovecError
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
    """Files below a folder that sound of the agent on any channel, whatever their names."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and _sounds_of_agent(path)]


def _sounds_of_agent(path: Path) -> bool:
    try:
        channels = soundfile.info(path).channels
        names = [f"ch{place}" for place in range(channels)]
        sounds = decode(path, channels=names, limits=SoundLimits(10**9, 3600))
    except (EmovecError, soundfile.LibsndfileError):
        return False
    return any(holds_agent(sound.waveform) for sound in sounds)
