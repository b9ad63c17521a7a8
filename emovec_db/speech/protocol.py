"""What every segmentation can do, and every diarizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from emovec_db.domain.segmentation import Cut, Segment, Turn
from emovec_db.domain.sound import Waveform


class Segmentation(Protocol):
    """A way of cutting recordings into segments that are encoded.

    A segmentation never changes: whatever would cut otherwise gets another name, and with it another generation.
    """

    @property
    def name(self) -> str: ...

    def cut(self, waveform: Waveform) -> Cut:
        """Segments of a recording's 16 kHz waveform, one at least, and what they leave out.

        Raises:
            NoSpeechError: the segmentation looks for speech, and there is none.
        """


class Diarizer(Protocol):
    """Tells the voices of a recording apart; never whose they are."""

    @property
    def name(self) -> str:
        """Kind and version, and what its weights are: ``campplus-1@1f2e3d4c5b6a``.

        Whatever would give other turns has another name.
        """

    def turns(self, waveform: Waveform, speech: Sequence[Segment], voices: int | None) -> Sequence[Turn]:
        """Who speaks when in a 16 kHz waveform, by start.

        `speech` is where the detector hears anybody, one stretch at least; `voices` how many there are, where that is
        known.
        """
