"""An encoder for tests: what it gives can be worked out by eye."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import EncoderIdentity, Encoding, Frames
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.emotions import LABELS
from emovec_db.encoder.waveforms import check_waveform

#: 25 ms, as emotion2vec's
MIN_SAMPLES = 400
#: a frame is 20 ms
FRAME_SAMPLES = 320
#: band i is centred on (i + 1) times this; the last band takes all above
BAND_HZ = 200
#: share of the scores that is spread evenly, so that none is 0
EVEN_SHARE = 0.09


class FakeEncoder:
    """Scores are shares of energy around 200, 400, … 1800 Hz, one label each, in the order of `LABELS`.

    A 200 Hz sine is `angry` with 0.92, a 400 Hz sine `disgusted`, anything above 1700 Hz `unknown`; all other
    labels then have 0.01. The embedding holds the square roots of the same shares over `dim` bands, times
    1 + RMS, so that loudness changes its length and not its direction. Silence has equal shares.
    """

    frame_rate_hz = SAMPLE_RATE_HZ / FRAME_SAMPLES
    parameters = 0
    backend = "numpy-cpu"
    notice = "The fake encoder measures pitch, not emotion: it is for tests only."

    def __init__(self, dim: int = 16) -> None:
        self.identity = EncoderIdentity("fake", "1", hashlib.sha256(f"fake 1 {dim}".encode()).hexdigest(), "fp32", dim)

    def encode(self, waveforms: Sequence[Waveform]) -> list[Encoding]:
        return [self._encode(waveform) for waveform in waveforms]

    def encode_frames(
        self,
        waveform: Waveform,
        *,
        pauses_s: Sequence[float] = (),  # noqa: ARG002  it takes any length in one piece
        embeddings: bool = False,
    ) -> Frames:
        check_waveform(waveform, min_samples=MIN_SAMPLES)
        frames = len(waveform) // FRAME_SAMPLES
        rows = waveform[: frames * FRAME_SAMPLES].reshape(frames, FRAME_SAMPLES)
        return Frames(self.frame_rate_hz, _scores(rows), self._embeddings(rows) if embeddings else None)

    def _encode(self, waveform: Waveform) -> Encoding:
        check_waveform(waveform, min_samples=MIN_SAMPLES)
        whole = waveform[None]
        return Encoding(self._embeddings(whole)[0], _scores(whole)[0], self.encode_frames(waveform))

    def _embeddings(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Float32 (rows, dim) of (rows, samples)."""
        loudness = 1 + np.sqrt(np.mean(np.square(rows, dtype=np.float64), axis=1, keepdims=True))
        embeddings: NDArray[np.float64] = np.sqrt(_band_shares(rows, self.identity.dim)) * loudness
        return embeddings.astype(np.float32)


def _band_shares(rows: NDArray[np.float32], bands: int) -> NDArray[np.float64]:
    """Share of each row's energy in each band: (rows, samples) to (rows, bands); rows sum to 1."""
    power = np.abs(np.fft.rfft(rows, axis=1)) ** 2
    hz = np.fft.rfftfreq(rows.shape[1], 1 / SAMPLE_RATE_HZ)
    band = np.clip(np.round(hz / BAND_HZ).astype(int) - 1, 0, bands - 1)
    energy = power @ np.eye(bands)[band] + 1e-9
    shares: NDArray[np.float64] = energy / energy.sum(axis=1, keepdims=True)
    return shares


def _scores(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Float32 (rows, 9) of (rows, samples)."""
    shares = _band_shares(rows, len(LABELS))
    return (EVEN_SHARE / len(LABELS) + (1 - EVEN_SHARE) * shares).astype(np.float32)
