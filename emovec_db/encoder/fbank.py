"""Kaldi's log mel filterbank energies, which CAM++ was trained on.

FunASR takes them from torchaudio or kaldi-native-fbank, and does not start without one of these; these are the numbers
of `torchaudio.compliance.kaldi.fbank(waveform, num_mel_bins=80)`.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.sound import SAMPLE_RATE_HZ

#: 25 ms every 10 ms
FRAME_SAMPLES: Final = 400
HOP_SAMPLES: Final = 160
FFT_SAMPLES: Final = 512
BANDS: Final = 80
LOWEST_HZ: Final = 20.0
PREEMPHASIS: Final = 0.97
#: Kaldi's "povey" window is Hann's to this power
WINDOW_POWER: Final = 0.85
#: energies below it count as this
FLOOR: Final = float(np.finfo(np.float32).eps)

Array = NDArray[np.float32]


def fbank(waveforms: Array) -> Array:
    """float32 (waveforms, frames, 80) of float32 (waveforms, samples) at 16 kHz, 400 samples at least."""
    frames = np.lib.stride_tricks.sliding_window_view(waveforms, FRAME_SAMPLES, axis=-1)[:, ::HOP_SAMPLES]
    frames = frames - frames.mean(axis=-1, keepdims=True)
    before = np.concatenate([frames[..., :1], frames[..., :-1]], axis=-1)
    spectrum = np.fft.rfft((frames - PREEMPHASIS * before) * _window(), FFT_SAMPLES)
    energies = np.square(np.abs(spectrum[..., : FFT_SAMPLES // 2])) @ _bands().T
    return np.log(np.maximum(energies, FLOOR)).astype(np.float32)


@cache
def _window() -> Array:
    return (np.hanning(FRAME_SAMPLES) ** WINDOW_POWER).astype(np.float32)


@cache
def _bands() -> NDArray[np.float64]:
    """Triangles of equal width in mel, float64 (80, 256)."""
    edges = np.linspace(_mel(LOWEST_HZ), _mel(SAMPLE_RATE_HZ / 2), BANDS + 2)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    mel = _mel(np.arange(FFT_SAMPLES // 2) * SAMPLE_RATE_HZ / FFT_SAMPLES)
    return np.maximum(0, np.minimum((mel - low) / (centre - low), (high - mel) / (high - centre)))


def _mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(np.asarray(hz) / 700.0), dtype=np.float64)
