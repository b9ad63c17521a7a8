"""Cutting where another voice begins: utterances of one voice each, and none where several speak at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.segmentation import Cut, LeftOut, Turn, voice_name
from emovec_db.domain.sound import Waveform
from emovec_db.errors import NoSpeechError
from emovec_db.speech.accounting import left_out_of, segment_of
from emovec_db.speech.cutting import Detection, Rules, Stretch, speech, utterances
from emovec_db.speech.pauses import Pauses, detect
from emovec_db.speech.protocol import Diarizer

#: in place of a voice's number: nobody speaks, several do
NOBODY: Final = -1
SEVERAL: Final = -2


@dataclass(frozen=True, slots=True)
class Room:
    """Steps in which at most one voice speaks: the only place where its utterances may lie."""

    begin: int
    end: int
    voice: int


@dataclass(frozen=True, slots=True)
class ByVoice:
    """Cutting at pauses, each voice for itself.

    A recording in which one voice is heard is cut as without a diarizer.
    """

    pauses: Pauses
    diarizer: Diarizer
    #: how many voices there are, where that is known
    voices: int | None = None

    @property
    def name(self) -> str:
        count = f":{self.voices}" if self.voices else ""
        return f"{self.pauses.name}+{self.diarizer.name}{count}"

    def cut(self, waveform: Waveform) -> Cut:
        detection = detect(waveform)
        heard = [segment_of(stretch, waveform) for stretch in speech(detection, self.pauses.rules)]
        turns = self.diarizer.turns(waveform, heard, self.voices) if heard else ()
        voices = {turn.voice for turn in turns}
        if len(voices) > 1:
            return _cut_by_voice(waveform, detection, turns, self.pauses.rules)
        whole = self.pauses.cut_detected(waveform, detection)
        name = voice_name(0) if voices else None
        return replace(whole, segments=tuple(replace(segment, voice=name) for segment in whole.segments))


def _cut_by_voice(waveform: Waveform, detection: Detection, turns: Sequence[Turn], rules: Rules) -> Cut:
    speaking = speaking_steps(turns, detection)
    found = _utterances(waveform, detection, speaking, rules)
    alone = (speaking >= 0) & (detection.probabilities >= rules.begins_at)
    left_out = left_out_of(
        waveform, [stretch for stretch, _ in found], overlaps=_runs_of(SEVERAL, speaking), fragments=alone
    )
    if not found:
        raise NoSpeechError(_nobody_alone(left_out, rules))
    names: dict[int, str] = {}
    for _, voice in found:
        names.setdefault(voice, voice_name(len(names)))
    segments = tuple(segment_of(stretch, waveform, names[voice]) for stretch, voice in found)
    return Cut(segments=segments, left_out=left_out)


def speaking_steps(turns: Sequence[Turn], detection: Detection) -> NDArray[np.int64]:
    """Who speaks in each step: a voice's number, `NOBODY` or `SEVERAL`; int64 (steps,)."""
    voices = sorted({turn.voice for turn in turns})
    active = np.zeros((len(voices), len(detection.probabilities)), dtype=bool)
    for turn in turns:
        begin, end = (max(0, round(moment_s * detection.hz)) for moment_s in (turn.start_s, turn.end_s))
        active[voices.index(turn.voice), begin:end] = True
    alone = np.array(voices)[active.argmax(axis=0)]
    return np.select([active.sum(axis=0) > 1, active.any(axis=0)], [SEVERAL, alone], NOBODY)


def rooms(speaking: NDArray[np.int64]) -> list[Room]:
    """One for each time that a voice has the word, up to the middle of the pause between two voices.

    An overlap ends a room, and the next one may be of the same voice.
    """
    runs: list[Room] = []
    for begin, end in _runs(speaking):
        voice = int(speaking[begin])
        if runs and runs[-1].voice == voice != SEVERAL:
            runs[-1] = replace(runs[-1], end=end)
        elif voice != NOBODY:
            runs.append(Room(begin, end, voice))
    found = []
    for before, run, after in zip([None, *runs], runs, [*runs[1:], None], strict=False):
        if run.voice != SEVERAL:
            begin = 0 if before is None else _edge(before, run)
            end = len(speaking) if after is None else _edge(run, after)
            found.append(Room(begin, end, run.voice))
    return found


def _edge(before: Room, after: Room) -> int:
    """Where one ends and the other begins: at the overlap, or in the middle of the pause."""
    if before.voice == SEVERAL:
        return before.end
    return after.begin if after.voice == SEVERAL else (before.end + after.begin) // 2


def _utterances(
    waveform: Waveform, detection: Detection, speaking: NDArray[np.int64], rules: Rules
) -> list[tuple[Stretch, int]]:
    """Stretches and whose they are, in order."""
    found = []
    for room in rooms(speaking):
        own = slice(room.begin, room.end)
        heard = np.where(speaking[own] == room.voice, detection.probabilities[own], np.float32(0))
        for begin, end in utterances(Detection(heard, detection.hz), rules):
            stretch = room.begin + begin, room.begin + end
            # where others leave less room than that there is no utterance
            if segment_of(stretch, waveform).duration_s >= rules.shortest_s:
                found.append((stretch, room.voice))
    return found


def _runs(values: NDArray[np.int64]) -> list[Stretch]:
    """Stretches of equal values."""
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return [(begin, end) for begin, end in pairwise(edges) if end > begin]


def _runs_of(value: int, values: NDArray[np.int64]) -> list[Stretch]:
    return [(begin, end) for begin, end in _runs(values) if values[begin] == value]


def _nobody_alone(left_out: LeftOut, rules: Rules) -> str:
    return (
        f"in {left_out.total_s:.0f} s of sound nobody speaks alone for {rules.shortest_s:.0f} s "
        f"({left_out.overlap_s:.0f} s of it several voices at once): expected a recording in which one speaks at a "
        "time; a collection made without a diarizer takes it as one voice"
    )
