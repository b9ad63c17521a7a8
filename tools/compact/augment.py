"""Waveform augmentation: speed, reverberation, noise, telephone band, low-pass."""

from __future__ import annotations

import numpy as np
import soxr
from scipy.fft import irfft, next_fast_len, rfft

from tools.compact.features import SAMPLE_RATE_HZ, Array
from tools.compact.recipe import AugmentRecipe

MU: float = 255.0  # ITU-T G.711 µ-law


def augmented(waveform: Array, recipe: AugmentRecipe, rng: np.random.Generator) -> Array:
    """One augmented copy, shape (samples',), of a waveform (samples,) at 16 kHz."""
    speed = float(np.exp(rng.uniform(-recipe.speed, recipe.speed)))
    copy = soxr.resample(waveform, SAMPLE_RATE_HZ * speed, SAMPLE_RATE_HZ, quality="LQ")
    if rng.random() < recipe.reverb_share:
        copy = reverberated(copy, rng)
    if rng.random() < recipe.noise_share:
        copy = noisy(copy, rng.uniform(*recipe.snr_db), rng)
    draw = rng.random()
    if draw < recipe.telephone_share:
        copy = mu_law(band(copy, rng.uniform(150, 320), rng.uniform(3200, 3600)))
    elif draw < recipe.telephone_share + recipe.lowpass_share:
        copy = band(copy, 0.0, rng.uniform(2500, 7000))
    return copy.astype(np.float32)


def reverberated(waveform: Array, rng: np.random.Generator) -> Array:
    """Direct sound plus an exponentially decaying noise tail (decay of 60 dB in 0.15-0.7 s)."""
    decay_s = rng.uniform(0.15, 0.7)
    n = int(decay_s * SAMPLE_RATE_HZ)
    tail = rng.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    tail *= 10 ** (rng.uniform(-12, 0) / 20) / np.linalg.norm(tail)
    tail[0] = 1.0
    size = next_fast_len(len(waveform) + n)
    wet = irfft(rfft(waveform, size) * rfft(tail, size), size)
    return wet[: len(waveform)].astype(np.float32)


def noisy(waveform: Array, snr_db: float, rng: np.random.Generator) -> Array:
    """Waveform plus white, pink or speech-like (slowly modulated, falling 6 dB/octave) noise."""
    n = len(waveform)
    size = next_fast_len(n)
    spectrum = rfft(rng.standard_normal(size))
    hz = np.maximum(np.arange(len(spectrum)) * SAMPLE_RATE_HZ / size, 50.0)
    kind = rng.integers(3)
    if kind == 1:
        spectrum /= np.sqrt(hz)
    elif kind == 2:
        spectrum /= np.maximum(hz, 400.0)
    noise = irfft(spectrum, size)[:n]
    if kind == 2:
        points = np.exp(rng.normal(0, 0.7, 2 + int(n / SAMPLE_RATE_HZ * 8)))
        noise *= np.interp(np.linspace(0, len(points) - 1, n), np.arange(len(points)), points)
    gain = np.sqrt(np.mean(waveform**2) / (np.mean(noise**2) + 1e-12)) * 10 ** (-snr_db / 20)
    return (waveform + gain * noise).astype(np.float32)


def band(waveform: Array, low_hz: float, high_hz: float) -> Array:
    """Waveform limited to low_hz..high_hz with flanks of 100 and 200 Hz."""
    size = next_fast_len(len(waveform))
    spectrum = rfft(waveform, size)
    hz = np.arange(len(spectrum)) * SAMPLE_RATE_HZ / size
    gain = np.clip((high_hz - hz) / 200 + 1, 0, 1)
    if low_hz > 0:
        gain = gain * np.clip((hz - low_hz) / 100 + 1, 0, 1)
    return irfft(spectrum * gain, size)[: len(waveform)].astype(np.float32)


def mu_law(waveform: Array) -> Array:
    """Waveform quantised to the 256 steps of µ-law at a peak of 0.9."""
    peak = float(np.max(np.abs(waveform))) + 1e-9
    x = waveform * (0.9 / peak)
    code = np.sign(x) * np.log1p(MU * np.abs(x)) / np.log1p(MU)
    code = np.round(code * 127) / 127
    return (np.sign(code) * np.expm1(np.abs(code) * np.log1p(MU)) / MU).astype(np.float32)
