"""Log-mel frames in NumPy: the same formula that `network.LogMel` holds inside the ONNX graph."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ: Final = 16_000
WINDOW: Final = 400  # 25 ms
HOP: Final = 160  # 10 ms
FFT: Final = 512
MEL_BINS: Final = 64
MEL_RANGE_HZ: Final = (40.0, 7_600.0)
#: Every recording is brought to this root mean square before the frames are taken.
TARGET_RMS: Final = 0.05
#: Added to the mel power before the logarithm: the noise of 8-bit steps in a quiet recording.
FLOOR: Final = 1e-2
#: The same in stored frames, whose power can be had back.
STORED_FLOOR: Final = 1e-4
#: Zeros before and after, so that n samples give n // HOP frames.
PADDING: Final = (WINDOW - HOP) // 2

Array = NDArray[np.float32]


def window() -> Array:
    """Periodic Hann window, shape (WINDOW,)."""
    n = np.arange(WINDOW)
    return (0.5 - 0.5 * np.cos(2 * np.pi * n / WINDOW)).astype(np.float32)


def mel_filters(warp: float = 1.0) -> Array:
    """Triangular filters of height 1, shape (FFT // 2 + 1, MEL_BINS).

    `warp` scales the frequency axis of the filters (vocal-tract-length perturbation; Jaitly and
    Hinton 2013 use a piecewise map, here it is linear and ends at the Nyquist frequency).
    """
    low, high = (2595 * np.log10(1 + hz / 700) for hz in MEL_RANGE_HZ)
    edges = 700 * (10 ** (np.linspace(low, high, MEL_BINS + 2) / 2595) - 1)
    edges = np.minimum(edges * warp, SAMPLE_RATE_HZ / 2)
    hz = np.arange(FFT // 2 + 1) * SAMPLE_RATE_HZ / FFT
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rise = (hz[:, None] - left) / np.maximum(centre - left, 1e-3)
    fall = (right - hz[:, None]) / np.maximum(right - centre, 1e-3)
    return np.maximum(0, np.minimum(rise, fall)).astype(np.float32)


def log_mel(waveform: Array, filters: Array) -> Array:
    """Natural logarithm of mel power + STORED_FLOOR, (samples // HOP, MEL_BINS), of (samples,) at 16 kHz."""
    rms = np.sqrt(np.mean(np.square(waveform)) + 1e-12)
    padded = np.pad(waveform * (TARGET_RMS / rms), PADDING)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    spectrum = np.fft.rfft(frames * window(), FFT).astype(np.complex64)
    power = spectrum.real**2 + spectrum.imag**2
    return np.log(power @ filters + STORED_FLOOR).astype(np.float32)
