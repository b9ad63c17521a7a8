"""Telling voices apart by what short windows of speech sound like: as FunASR does with CAM++."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.segmentation import Segment, Turn
from emovec_db.domain.sound import SAMPLE_RATE_HZ, Waveform
from emovec_db.speech.voice_clusters import voices_of

#: funasr/models/campplus/utils.py, sv_chunk
WINDOW_S: Final = 1.5
HOP_S: Final = 0.75
#: a shorter turn is the nearest neighbour's; there, smooth
SHORTEST_TURN_S: Final = 0.7
#: samples
_WINDOW: Final = int(WINDOW_S * SAMPLE_RATE_HZ)
_HOP: Final = int(HOP_S * SAMPLE_RATE_HZ)

#: first sample and the sample after the last
Window = tuple[int, int]


@dataclass(frozen=True, slots=True)
class VoiceWindows:
    """One voice at a time: it hears who speaks, and never that several do.

    Windows of 1.5 s lie every 0.75 s, so a change of voice within speech is found to about 0.4 s.
    """

    #: kind, version and weights; see `Diarizer`
    name: str
    #: what each of some windows of 1.5 s sounds like, float32 (windows, dim): near where the voice is one
    embed: Callable[[Sequence[Waveform]], NDArray[np.float32]]

    def turns(self, waveform: Waveform, speech: Sequence[Segment], voices: int | None) -> Sequence[Turn]:
        windows = [window for stretch in speech for window in windows_in(stretch)]
        embeddings = self.embed([_sound_of(waveform, window) for window in windows])
        return turns_of(windows, voices_of(embeddings, voices))


def windows_in(speech: Segment) -> Iterator[Window]:
    """The last one ends with the speech; speech shorter than a window is in one."""
    first, end = (round(moment_s * SAMPLE_RATE_HZ) for moment_s in (speech.start_s, speech.end_s))
    for start in range(first, end, _HOP):
        if start + _WINDOW >= end:
            yield max(first, end - _WINDOW), end
            return
        yield start, start + _WINDOW


def _sound_of(waveform: Waveform, window: Window) -> Waveform:
    """A window's samples, float32 (24000,), with silence after what is shorter."""
    sound = waveform[window[0] : window[1]]
    return sound if len(sound) == _WINDOW else np.pad(sound, (0, _WINDOW - len(sound)))


def turns_of(windows: Sequence[Window], voices: NDArray[np.int64]) -> list[Turn]:
    """Windows of a voice that touch are one turn; where voices change, in the middle of what both windows hold."""
    turns: list[Turn] = []
    for (first, last), voice in zip(windows, voices.tolist(), strict=True):
        start_s, end_s = first / SAMPLE_RATE_HZ, last / SAMPLE_RATE_HZ
        if turns and start_s <= turns[-1].end_s:
            if turns[-1].voice == voice:
                turns[-1] = replace(turns[-1], end_s=end_s)
                continue
            start_s = (start_s + turns[-1].end_s) / 2
            turns[-1] = replace(turns[-1], end_s=start_s)
        turns.append(Turn(start_s, end_s, voice))
    return _without_short(turns)


def _without_short(turns: list[Turn]) -> list[Turn]:
    for place, turn in enumerate(turns):
        if turn.end_s - turn.start_s < SHORTEST_TURN_S and len(turns) > 1:
            turns[place] = replace(turn, voice=_neighbour(turns, place).voice)
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].voice == turn.voice and turn.start_s <= joined[-1].end_s:
            joined[-1] = replace(joined[-1], end_s=turn.end_s)
        else:
            joined.append(turn)
    return joined


def _neighbour(turns: Sequence[Turn], place: int) -> Turn:
    """The nearer one; of equals the one before."""
    if place in (0, len(turns) - 1):
        return turns[1] if place == 0 else turns[place - 1]
    before_s = turns[place].start_s - turns[place - 1].end_s
    after_s = turns[place + 1].start_s - turns[place].end_s
    return turns[place - 1] if before_s <= after_s else turns[place + 1]
