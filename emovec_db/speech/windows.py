"""Cutting long recordings into equal windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from emovec_db.domain.segmentation import Cut, Segment
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.errors import QueryError

#: names this way of cutting; part of a generation's identity, so it changes whenever the cuts do
WINDOWS: Final = "windows-1"

#: up to this a recording is one utterance
WHOLE_UP_TO_S: Final = 30
#: a longer one is cut into the fewest equal windows that are no longer than this, hence longer than 10 s:
#: n = ceil(d / 15) >= 3 for d > 30, and d / n > d / (d / 15 + 1) = 15 d / (d + 15) > 10
MAX_WINDOW_S: Final = 15


def segment(duration_s: float) -> tuple[Segment, ...]:
    """Segments that cover a recording without gap or overlap.

    Cut on samples of 16 kHz; the lengths of a recording's windows differ by at most one sample.
    Raises QueryError where the duration is not above 0.
    """
    if not (math.isfinite(duration_s) and duration_s > 0):
        raise QueryError(f"the recording lasts {duration_s} s; expected more than 0")
    samples = round(duration_s * SAMPLE_RATE_HZ)
    count = 1 if samples <= WHOLE_UP_TO_S * SAMPLE_RATE_HZ else -(-samples // (MAX_WINDOW_S * SAMPLE_RATE_HZ))
    cuts = [samples * place // count / SAMPLE_RATE_HZ for place in range(count + 1)]
    return tuple(Segment(start_s, end_s) for start_s, end_s in pairwise(cuts))


@dataclass(frozen=True, slots=True)
class Windows:
    """Up to 30 s whole, longer recordings in equal windows, whatever is heard in them."""

    name: str = WINDOWS

    def cut(self, waveform: Waveform) -> Cut:
        return Cut(segments=segment(len(waveform) / SAMPLE_RATE_HZ))


def slice_of(waveform: Waveform, segment: Segment) -> Waveform:
    """The segment's samples, float32 (samples,): a view of the recording's 16 kHz waveform."""
    return waveform[round(segment.start_s * SAMPLE_RATE_HZ) : round(segment.end_s * SAMPLE_RATE_HZ)]
