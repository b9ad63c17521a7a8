"""Cutting by voice, with turns that are known: an utterance is one voice's, and none lies where several speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emovec_db.domain.segmentation import Cut, Segment, Turn, voice_name
from emovec_db.domain.sound import Waveform
from emovec_db.errors import NoSpeechError
from emovec_db.speech import pauses
from emovec_db.speech.by_voice import NOBODY, SEVERAL, ByVoice, Room, rooms
from emovec_db.speech.cutting import Rules
from emovec_db.speech.pauses import Pauses

SPEECH, MUSIC, SILENCE = 0.1, -0.1, 0.0
STEP_S = 0.032
RULES = Rules()


@pytest.fixture(autouse=True)
def _hears_what_is_positive(monkeypatch: pytest.MonkeyPatch) -> None:
    def hear(waveform: Waveform) -> np.ndarray:
        return np.array([waveform[start : start + 512].mean() > 0.01 for start in range(0, len(waveform), 512)], "f4")

    monkeypatch.setattr(pauses, "speech_probabilities", hear)


@dataclass(frozen=True)
class Knows:
    """Says the turns that it was made with."""

    told: tuple[Turn, ...]
    name: str = "knows-1@0"

    def turns(self, waveform: Waveform, speech: Sequence[Segment], voices: int | None) -> Sequence[Turn]:
        assert speech, "nobody asks where nobody speaks"
        return self.told


def sound(*parts: tuple[float, float]) -> Waveform:
    """Parts of (seconds, level), in whole steps."""
    return np.concatenate([np.full(round(s * 31.25) * 512, level, np.float32) for s, level in parts])


def cut(waveform: Waveform, *turns: tuple[float, float, int]) -> Cut:
    return ByVoice(Pauses(), Knows(tuple(Turn(*turn) for turn in turns))).cut(waveform)


def spans(found: Sequence[Segment]) -> list[tuple[float, float, str | None]]:
    return [(round(one.start_s, 1), round(one.end_s, 1), one.voice) for one in found]


def test_each_voice_is_cut_for_itself_and_overlap_is_marked() -> None:
    waveform = sound((4, SPEECH), (1, SILENCE), (8, SPEECH), (1, SILENCE), (5, SPEECH))
    found = cut(waveform, (0, 4, 7), (5, 11, 3), (10, 13, 7), (14, 19, 7))
    assert spans(found.segments) == [
        (0, 4.1, "A"),  # the first to speak, whatever the diarizer's number
        (4.9, 10, "B"),
        (11, 19, "A"),  # two stretches of a voice are joined as in any recording
    ]
    assert spans(found.left_out.overlaps) == [(10, 11, None)]
    assert found.left_out.overlap_s == pytest.approx(1, abs=2 * STEP_S)


def test_a_word_between_anothers_sentences_is_no_utterance_but_accounted_for() -> None:
    found = cut(sound((4, SPEECH), (0.6, SPEECH), (4, SPEECH)), (0, 4, 0), (4, 4.6, 1), (4.6, 8.6, 0))
    assert spans(found.segments) == [(0, 4, "A"), (4.6, 8.6, "A")]
    assert found.left_out.fragments_s == pytest.approx(0.6, abs=2 * STEP_S)
    assert found.left_out.total_s == pytest.approx(0.6, abs=2 * STEP_S)


def test_a_short_answer_takes_the_silence_around_it_up_to_the_middle() -> None:
    waveform = sound((4, SPEECH), (1, SILENCE), (0.6, SPEECH), (1, SILENCE), (4, SPEECH))
    found = cut(waveform, (0, 4, 0), (5, 5.6, 1), (6.6, 10.6, 0))
    assert [one.voice for one in found.segments] == ["A", "B", "A"]
    assert found.segments[1].duration_s == pytest.approx(1, abs=2 * STEP_S)
    assert found.segments[1].start_s >= 4.5 - STEP_S


def test_a_clip_of_two_voices_is_cut_however_short() -> None:
    assert spans(cut(sound((2, SPEECH), (3, SPEECH)), (0, 2, 0), (2, 5, 1)).segments) == [(0, 2, "A"), (2, 5, "B")]


@pytest.mark.parametrize("waveform", [sound((5, SPEECH)), sound((20, SPEECH), (3, SILENCE), (20, SPEECH))])
def test_one_voice_is_cut_as_without_a_diarizer(waveform: Waveform) -> None:
    plain, found = Pauses().cut(waveform), cut(waveform, (0, 50, 4))
    assert found.left_out == plain.left_out
    assert spans(found.segments) == [(*span[:2], "A") for span in spans(plain.segments)]


def test_a_clip_without_speech_has_no_voice() -> None:
    assert spans(cut(sound((5, MUSIC)), (0, 5, 0), (2, 5, 1)).segments) == [(0, 5, None)]


def test_a_recording_in_which_nobody_speaks_alone_says_so() -> None:
    with pytest.raises(NoSpeechError, match=r"in 12 s of sound nobody speaks alone for 1 s \(12 s of it several"):
        cut(sound((12, SPEECH)), (0, 12, 0), (0, 12, 1))


def test_rooms_end_in_the_middle_of_pauses_and_at_overlaps() -> None:
    speaking = np.array([NOBODY, 5, 5, NOBODY, NOBODY, 2, NOBODY, 2, SEVERAL, NOBODY, 2, NOBODY])
    assert rooms(speaking) == [Room(0, 4, 5), Room(4, 8, 2), Room(9, 12, 2)]


def test_the_name_holds_all_that_decides_the_cuts() -> None:
    assert ByVoice(Pauses(), Knows(())).name == "pauses-1+knows-1@0"
    assert ByVoice(Pauses(), Knows(()), 2).name == "pauses-1+knows-1@0:2"


def test_voices_have_letters() -> None:
    assert [voice_name(place) for place in (0, 1, 25, 26, 27, 701, 702)] == ["A", "B", "Z", "AA", "AB", "ZZ", "AAA"]


@st.composite
def recordings(draw: st.DrawFn) -> tuple[Waveform, list[Turn]]:
    """Speech, music and silence in any order, and turns of up to three voices that need not agree with them."""
    levels = st.sampled_from([SPEECH, SPEECH, MUSIC, SILENCE])
    parts = draw(st.lists(st.tuples(st.floats(0.1, 15), levels), min_size=1, max_size=8))
    waveform = np.concatenate([sound((0.1, SILENCE), *parts), np.full(draw(st.integers(0, 511)), MUSIC, np.float32)])
    whole_s = len(waveform) / 16_000
    starts = st.floats(0, whole_s)
    made = draw(st.lists(st.tuples(starts, st.floats(0.03, 12), st.integers(0, 2)), min_size=1, max_size=12))
    return waveform, [Turn(start_s, min(start_s + s, whole_s), voice) for start_s, s, voice in made]


@settings(deadline=None, max_examples=200)
@given(recordings())
@example((sound((30, SPEECH)), [Turn(place * 0.5, place * 0.5 + 0.5, place % 2) for place in range(60)]))
@example((sound((0.5, SPEECH), (30, SPEECH)), [Turn(0, 0.5, 0), Turn(0.5, 30.5, 1)]))
def test_no_utterance_holds_another_voice_and_all_is_accounted_for(made: tuple[Waveform, list[Turn]]) -> None:
    waveform, turns = made
    try:
        found = ByVoice(Pauses(), Knows(tuple(turns))).cut(waveform)
    except NoSpeechError:
        return
    segments, overlaps = found.segments, found.left_out.overlaps
    accounted_s = sum(one.duration_s for one in segments) + found.left_out.total_s
    assert accounted_s == pytest.approx(len(waveform) / 16_000, abs=1e-6)
    if len({turn.voice for turn in turns}) == 1 or segments[0].voice is None:
        return  # cut as without a diarizer: `test_pauses` says the rest
    both = sorted((*segments, *overlaps), key=lambda one: one.start_s)
    assert all(before.end_s <= after.start_s for before, after in pairwise(both))
    longest_s = RULES.target_to_s + 2 * RULES.padding_s + STEP_S
    assert all(RULES.shortest_s <= one.duration_s <= longest_s for one in segments)
    for one in segments:
        _holds_no_other(one, segments, turns)


def _holds_no_other(one: Segment, segments: Sequence[Segment], turns: Sequence[Turn]) -> None:
    """But for half a step at either end, to which turns are rounded, at most one voice has a turn in an utterance."""
    low, high = one.start_s + STEP_S / 2 + 1e-6, one.end_s - STEP_S / 2 - 1e-6
    inside = {
        turn.voice for turn in turns if turn.start_s < high and turn.end_s > low and turn.end_s - turn.start_s > STEP_S
    }
    assert len(inside) <= 1
