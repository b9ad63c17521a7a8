"""What an encoder is and what it gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.emotions import LABELS


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """Which weights at which precision: two embeddings may meet only if this is equal."""

    name: str
    revision: str
    weights_sha256: str
    #: fp32, bf16, int8 or int8-onnx
    precision: str
    dim: int

    @property
    def encoder_id(self) -> str:
        """For example ``compact@1+3f2a9c01d4e8:fp32``."""
        return f"{self.name}@{self.revision}+{self.weights_sha256[:12]}:{self.precision}"

    def same_space(self, other: EncoderIdentity) -> bool:
        """Whether embeddings of both may be compared; the name is a label, the weights decide."""
        return (self.weights_sha256, self.precision, self.dim) == (other.weights_sha256, other.precision, other.dim)


@dataclass(frozen=True, slots=True)
class Provenance:
    """How an utterance came to its numbers, beyond the encoder's identity."""

    #: for example ``onnxruntime-1.31-cpu`` or ``torch-2.13-cpu``
    backend: str
    #: for example ``pyav-18.1/soxr-hq-16k/1``
    decode_chain: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """Nine scores by an encoder; the label is the top one."""

    #: in the order of `LABELS`, each 0..1, sum 1
    scores: tuple[float, ...]

    @property
    def label(self) -> str:
        # quicker than numpy for nine: lists and timelines ask it of thousands
        return LABELS[self.scores.index(max(self.scores))]

    @property
    def confidence(self) -> float:
        return max(self.scores)

    def by_label(self) -> dict[str, float]:
        return dict(zip(LABELS, self.scores, strict=True))

    @classmethod
    def of(cls, scores: NDArray[np.float32]) -> Prediction:
        """From float32 (9,)."""
        return cls(tuple(float(score) for score in scores))


@dataclass(frozen=True, slots=True)
class Frames:
    """What an encoder says of each moment of one waveform."""

    #: frames per second: emotion2vec 50, compact 25; frame n begins n / hz seconds after the waveform
    hz: float
    #: float32 (frames, 9)
    scores: NDArray[np.float32]
    #: float32 (frames, dim); None where they were not asked for
    embeddings: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Encoding:
    """What an encoder says of one waveform."""

    #: float32 (dim,)
    embedding: NDArray[np.float32]
    #: float32 (9,), sum 1
    scores: NDArray[np.float32]
    #: of the same pass, without embeddings
    frames: Frames
