"""Made-up embeddings that behave as those of speech: emotion, speaker, both together, noise.

A vector is 0.6 emotion + 0.5 speaker + 0.3 their pair + 0.7 noise, brought to length 1. Noise has a power-law spectrum
(standard deviation of the i-th direction proportional to i^-0.5), rotated, so that few directions carry much of it.
Recall and speed on it hold for such a mixture only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.emotions import LABELS

SPEAKERS = 500
#: of one recording, following each other: one speaker, changing emotions
UTTERANCES_PER_RECORDING = 10
#: utterances that are drawn together, by a seed of their own
BLOCK = 5_000
_SEED = 20


@dataclass(frozen=True, slots=True)
class Drawn:
    """Utterances: row by row."""

    #: float32 (n, dim), length 1
    vectors: NDArray[np.float32]
    #: int64 (n,), places in `LABELS`
    emotions: NDArray[np.int64]
    #: int64 (n,), 0 to SPEAKERS - 1
    speakers: NDArray[np.int64]


class Mixture:
    """The directions of emotions and speakers in `dim` dimensions; the same for every run."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        rng = np.random.default_rng([_SEED, dim])
        self._rotation = np.linalg.qr(rng.standard_normal((dim, dim)))[0].astype(np.float32)
        spectrum = np.arange(1, dim + 1) ** -0.5
        self._spectrum = (spectrum / np.linalg.norm(spectrum)).astype(np.float32)
        self._emotion = _unit(rng.standard_normal((len(LABELS), dim), np.float32))
        self._speaker = _unit(self._noise(rng, SPEAKERS))
        self._pair = _unit(self._noise(rng, len(LABELS) * SPEAKERS)).reshape(len(LABELS), SPEAKERS, dim)

    def block(self, number: int) -> Drawn:
        """The `number`-th `BLOCK` of stored utterances, the same whenever it is asked for."""
        return self._draw(np.random.default_rng([_SEED, self._dim, 1, number]), BLOCK, UTTERANCES_PER_RECORDING)

    def queries(self, count: int) -> Drawn:
        """Utterances that are not stored, each of a recording of its own."""
        return self._draw(np.random.default_rng([_SEED, self._dim, 2]), count, 1)

    def _draw(self, rng: np.random.Generator, count: int, per_recording: int) -> Drawn:
        speakers = np.repeat(rng.integers(0, SPEAKERS, count // per_recording), per_recording)
        emotions = rng.integers(0, len(LABELS), count)
        vectors = (
            0.6 * self._emotion[emotions]
            + 0.5 * self._speaker[speakers]
            + 0.3 * self._pair[emotions, speakers]
            + 0.7 * self._noise(rng, count)
        )
        return Drawn(_unit(vectors), emotions, speakers)

    def _noise(self, rng: np.random.Generator, count: int) -> NDArray[np.float32]:
        straight = rng.standard_normal((count, self._dim), np.float32) * self._spectrum
        return (straight @ self._rotation).astype(np.float32)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, dtype=np.float32)
