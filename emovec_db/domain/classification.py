"""What classify and compare answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import Frames, Prediction
from emovec_db.domain.segmentation import LeftOut
from emovec_db.domain.sound import Quality, Sound
from emovec_db.domain.timeline import Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """An encoder's word on one recording that need not be stored."""

    prediction: Prediction
    #: float32 (dim,); duration-weighted mean over utterances where the recording has several
    embedding: NDArray[np.float32]
    encoder_id: str
    #: what users must know of this encoder, if anything
    encoder_notice: str | None
    #: as the encoder heard it
    sound: Sound
    timeline: Timeline
    left_out: LeftOut
    #: filled for frame granularity
    frames: Frames | None = None

    @property
    def quality(self) -> Quality:
        return self.sound.quality

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.sound.quality.warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """Whether index and database say the same, and what else is wrong."""

    #: recordings with at least one utterance in the active generation
    recordings: int
    utterances: int
    indexed: int
    problems: tuple[str, ...]

    @property
    def consistent(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What a deletion took away."""

    recordings: int
    utterances: int
    blobs: int
