"""What the encoders of one emotion2vec network have in common, whatever runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import EncoderIdentity, Encoding, Frames
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.encoder.emotion2vec.directory import FRAME_SAMPLES, FRAME_STEP_SAMPLES
from emovec_db.encoder.emotion2vec.packing import Pack, packs
from emovec_db.encoder.emotion2vec.windows import frame_count, windows
from emovec_db.encoder.waveforms import check_waveform

MIN_SAMPLES: Final = FRAME_SAMPLES
#: attention is quadratic: its bias takes 146 MB at 30 s and 580 MB at 60 s
MAX_SAMPLES: Final = 60 * SAMPLE_RATE_HZ


class PackedEncoder(ABC):
    """Checks waveforms, decides what is computed together, and gives results in the caller's order, by place."""

    frame_rate_hz = SAMPLE_RATE_HZ / FRAME_STEP_SAMPLES
    notice = None

    #: numbers in the network; None where unknown
    parameters: int | None
    identity: EncoderIdentity
    #: rows before each waveform's frames, and most rows of a pack
    _gap_rows: int
    _budget_rows: int

    @abstractmethod
    def _encodings(self, waveforms: Sequence[Waveform], pack: Pack) -> list[Encoding]:
        """Of the pack's waveforms, in its order."""

    def _packs(self, waveforms: Sequence[Waveform], todo: Sequence[Pack]) -> Iterable[list[Encoding]]:
        """`_encodings` of each pack, in order."""
        return (self._encodings(waveforms, pack) for pack in todo)

    @abstractmethod
    def _piece(self, waveform: Waveform) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (frames, 9) and embeddings (frames, dim) of a waveform of at most 30 s, float32."""

    def encode(self, waveforms: Sequence[Waveform]) -> list[Encoding]:
        """Raises UserError, TooShortError (under 400 samples), TooLongError (over 60 s), NotFiniteError."""
        for waveform in waveforms:
            check_waveform(waveform, min_samples=MIN_SAMPLES, max_samples=MAX_SAMPLES)
        frames = [frame_count(len(waveform)) for waveform in waveforms]
        todo = packs(frames, gap_rows=self._gap_rows, budget_rows=self._budget_rows)
        encodings: dict[int, Encoding] = {}
        for pack, own in zip(todo, self._packs(waveforms, todo), strict=True):
            encodings |= zip(pack.places, map(_kept, own), strict=True)
        return [encodings[place] for place in range(len(waveforms))]

    def encode_frames(self, waveform: Waveform, *, pauses_s: Sequence[float] = (), embeddings: bool = False) -> Frames:
        """Nine scores of each frame of 20 ms, of a recording of any length, with each frame's embedding if asked.

        Up to 30 s are computed in one piece; the mean of the embeddings is then `encode`'s. Longer recordings are
        computed in windows of at most 30 s, each layer-normed by itself, that reach 2.5 s into their neighbours; one
        hands over to the next in one of `pauses_s` where there is one within reach. Embeddings take 0.7 GB an hour at
        dim 1024.

        Raises UserError, TooShortError, NotFiniteError.
        """
        check_waveform(waveform, min_samples=MIN_SAMPLES)
        pauses = [round(pause_s * self.frame_rate_hz) for pause_s in pauses_s]
        scores, kept = [], []
        for window in windows(frame_count(len(waveform)), pauses):
            own_scores, own_embeddings = self._piece(waveform[window.samples(len(waveform))])
            scores.append(own_scores[window.own])
            if embeddings:
                kept.append(own_embeddings[window.own])
        return Frames(self.frame_rate_hz, np.concatenate(scores), np.concatenate(kept) if embeddings else None)


def _kept(encoding: Encoding) -> Encoding:
    """A copy in this thread's memory: the rest of the pack's results, and of the memory around them, becomes free."""
    frames = Frames(encoding.frames.hz, encoding.frames.scores.copy())
    return Encoding(encoding.embedding.copy(), encoding.scores.copy(), frames)
