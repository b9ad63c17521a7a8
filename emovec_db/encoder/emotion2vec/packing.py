"""Which waveforms are computed together, and where each one's rows lie in the packed tensor.

A pack is one tensor of rows (one row = one frame of 20 ms) without padding: before each waveform's frames lie
`gap_rows` rows. They keep the waveforms apart in the convolutions, where they are zero, and become the network's extra
tokens in the transformer, so that nothing is ever copied from one layout into another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pack:
    """Waveforms that share one pass."""

    #: of each waveform in the caller's sequence
    places: tuple[int, ...]
    #: of each waveform
    frames: tuple[int, ...]
    gap_rows: int

    @property
    def rows(self) -> int:
        return sum(self.frames) + self.gap_rows * len(self.frames)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Rows of each waveform from its first gap row up to the end of its frames."""
        spans, start = [], 0
        for frames in self.frames:
            spans.append((start, start + self.gap_rows + frames))
            start = spans[-1][1]
        return spans

    @property
    def gaps(self) -> list[int]:
        """All gap rows."""
        return [start + row for start, _ in self.spans for row in range(self.gap_rows)]

    def halves(self) -> tuple[Pack, Pack]:
        """Two packs of half the waveforms, for a device whose memory did not suffice."""
        middle = len(self.places) // 2
        return (
            Pack(self.places[:middle], self.frames[:middle], self.gap_rows),
            Pack(self.places[middle:], self.frames[middle:], self.gap_rows),
        )


def packs(frames: Sequence[int], *, gap_rows: int, budget_rows: int) -> list[Pack]:
    """Packs of at most `budget_rows` rows, longest waveforms first; one that is longer by itself goes alone.

    Neighbours in a pack are of similar length: they share one attention bias, and memory stays even.
    """
    order = sorted(range(len(frames)), key=lambda place: -frames[place])
    groups: list[list[int]] = []
    rows = budget_rows + 1
    for place in order:
        own = frames[place] + gap_rows
        if rows + own > budget_rows:
            groups.append([])
            rows = 0
        groups[-1].append(place)
        rows += own
    return [Pack(tuple(group), tuple(frames[place] for place in group), gap_rows) for group in groups]
