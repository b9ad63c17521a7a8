"""Conversations of which it is known who speaks when, and a diarizer that knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emovec_db.domain.segmentation import Segment, Turn
from emovec_db.domain.sound import Waveform


@dataclass(frozen=True)
class Conversation:
    """The sound, and who speaks when in it."""

    waveform: Waveform
    turns: tuple[Turn, ...]


def conversation(*parts: tuple[int, Waveform, float]) -> Conversation:
    """Parts of (voice, what it says, seconds after the part before; under 0: before that one ends)."""
    turns: list[Turn] = []
    at = end = 0
    whole = np.zeros(sum(len(said) + 16_000 * round(abs(gap_s)) for _, said, gap_s in parts), np.float32)
    for voice, said, gap_s in parts:
        at = max(0, end + round(gap_s * 16_000))
        end = at + len(said)
        whole[at:end] += said
        turns.append(Turn(at / 16_000, end / 16_000, voice))
    return Conversation(whole[:end].copy(), tuple(turns))


@dataclass
class Knows:
    """Says the turns of the conversations that it was told, by their sound's length."""

    told: Sequence[Conversation] = ()
    name: str = "campplus-1@000000000000"
    #: how many voices it was asked for, each time that it was asked
    asked: list[int | None] = field(default_factory=list)

    def turns(self, waveform: Waveform, speech: Sequence[Segment], voices: int | None) -> Sequence[Turn]:
        self.asked.append(voices)
        return next((one.turns for one in self.told if len(one.waveform) == len(waveform)), ())
