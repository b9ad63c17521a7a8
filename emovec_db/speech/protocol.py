"""What every segmentation can do."""

from __future__ import annotations

from typing import Protocol

from emovec_db.domain.segmentation import Cut
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
