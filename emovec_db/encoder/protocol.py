"""What every encoder can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from emovec_db.domain.encoding import EncoderIdentity, Encoding, Frames
from emovec_db.domain.sound import Waveform


class Encoder(Protocol):
    """Waveforms to embeddings and nine scores."""

    @property
    def identity(self) -> EncoderIdentity: ...

    @property
    def backend(self) -> str:
        """Library, version and device, for provenance."""

    @property
    def notice(self) -> str | None:
        """What users must know wherever this encoder's results appear."""

    def encode(self, waveforms: Sequence[Waveform]) -> list[Encoding]:
        """One encoding per waveform, in order; the batch changes no number beyond 1e-5."""

    def encode_frames(self, waveform: Waveform, *, pauses_s: Sequence[float] = (), embeddings: bool = False) -> Frames:
        """Scores of each frame of one waveform of any length, with its embedding if asked.

        `pauses_s`, in order, are moments at which a long one is best cut, if it has to be.

        Raises QueryError where the encoder has no embeddings of frames.
        """
