"""How much a sound is like music: tones that stand still, which those of a voice hardly ever do.

Continuous frequency activation, after K. Seyerlehner, T. Pohle, M. Schedl and G. Widmer, "Automatic music detection in
television productions" (DAFx 2007), with frames and thresholds of our own: `python -m benchmarks.music` says how well
it does. Singing and melodies are found, drums alone are not; steady tones, such as a dial tone's, count as music too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from emovec_db.domain.sound import Waveform

#: too little to tell, for less
MIN_DURATION_S: Final = 2.0
#: activations above this are music's: 2 of 3,775 clips of acted speech reach it
THRESHOLD: Final = 2.8

#: 64 ms, so 15.6 Hz from bin to bin: a semitone above 260 Hz
_FRAME_SAMPLES: Final = 1024
_HOP_SAMPLES: Final = 512
#: 2.6 s: some notes, some syllables
_BLOCK_SAMPLES: Final = _FRAME_SAMPLES + 80 * _HOP_SAMPLES
#: of a long recording so many blocks are looked at, evenly spread
_MOST_BLOCKS: Final = 24
#: a partial stands out of the 21 bins (330 Hz) around it by this much
_PROMINENT_DB: Final = 9.0
_AROUND_BINS: Final = 10
_BAND: Final = slice(round(100 / 15.625), round(5_000 / 15.625))
#: the most steady frequencies of a block decide
_FREQUENCIES: Final = 5
_WINDOW: Final = np.hanning(_FRAME_SAMPLES).astype(np.float32)


def activation(waveform: Waveform, audible_power: float) -> float:
    """The median over blocks of 2.6 s, 0 (no tone stands still) to 5; frames under `audible_power` don't count."""
    return float(np.median([_activation(block, audible_power) for block in _blocks(waveform)]))


def _blocks(waveform: Waveform) -> Iterator[Waveform]:
    last = max(0, len(waveform) - _BLOCK_SAMPLES)
    count = min(_MOST_BLOCKS, 1 + round(2 * last / _BLOCK_SAMPLES))
    for start in np.linspace(0, last, count).astype(int):
        yield waveform[start : start + _BLOCK_SAMPLES]


def _activation(block: Waveform, audible_power: float) -> float:
    frames = sliding_window_view(block, _FRAME_SAMPLES)[::_HOP_SAMPLES]
    audible = np.einsum("ij,ij->i", frames, frames) / _FRAME_SAMPLES > audible_power
    level_db = 10 * np.log10(np.square(np.abs(np.fft.rfft(frames * _WINDOW, axis=1))) + 1e-10)
    stands_out = (level_db - _around(level_db))[:, _BAND] > _PROMINENT_DB
    share = (stands_out & audible[:, np.newaxis]).mean(axis=0)
    return float(np.sort(_heights(share))[-_FREQUENCIES:].sum())


def _around(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of the bins around each bin, float32 (frames, bins); at the edges the last one counts for those missing."""
    width = 2 * _AROUND_BINS + 1
    padded = np.pad(levels, ((0, 0), (_AROUND_BINS + 1, _AROUND_BINS)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float64)
    return np.asarray((sums[:, width:] - sums[:, :-width]) / width, np.float32)


def _heights(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each local maximum rises above the higher of the two minima beside it, float64 (maxima,)."""
    distinct = values[np.concatenate([[True], np.diff(values) != 0])]
    turns = np.flatnonzero(np.diff(np.sign(np.diff(distinct)))) + 1
    extremes = distinct[np.concatenate([[0], turns, [len(distinct) - 1]])]
    heights = extremes[1:-1] - np.maximum(extremes[:-2], extremes[2:])
    return np.asarray(heights[heights > 0])
