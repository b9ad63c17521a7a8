"""Cutting at pauses: what stays whole, what is left out, and that all of it adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emovec_db.domain.segmentation import Cut, LeftOut, Segment
from emovec_db.domain.sound import Waveform
from emovec_db.errors import NoSpeechError
from emovec_db.speech import accounting, pauses
from emovec_db.speech.cutting import Rules
from emovec_db.speech.pauses import Pauses
from emovec_db.speech.registry import newest_segmentation, segmentation_named

#: a level for each step: the detector is made to hear speech where the sound is positive
SPEECH, MUSIC, SILENCE = 0.1, -0.1, 0.0


@pytest.fixture(autouse=True)
def _hears_what_is_positive(monkeypatch: pytest.MonkeyPatch) -> None:
    def hear(waveform: Waveform) -> np.ndarray:
        return np.array([waveform[start : start + 512].mean() > 0.01 for start in range(0, len(waveform), 512)], "f4")

    monkeypatch.setattr(pauses, "speech_probabilities", hear)


def sound(*parts: tuple[float, float]) -> Waveform:
    """Parts of (seconds, level), in whole steps."""
    return np.concatenate([np.full(round(s * 31.25) * 512, level, np.float32) for s, level in parts])


def accounted_s(cut: Cut) -> float:
    return sum(segment.duration_s for segment in cut.segments) + cut.left_out.total_s


@pytest.mark.parametrize(
    "waveform",
    [
        sound((9.6, SILENCE)),  # nobody listens: a clip is what its owner says it is
        sound((12, SPEECH), (1.5, SILENCE), (12, SPEECH)),
        sound((1, SILENCE), (12, SPEECH), (16, SILENCE)),  # silence before and after, none within
        sound((12, MUSIC), (12, SILENCE)),  # no speech at all, but short: kept, as laughter is
    ],
)
def test_a_clip_stays_whole(waveform: Waveform) -> None:
    assert Pauses().cut(waveform) == Cut(segments=(Segment(0.0, len(waveform) / 16_000),), left_out=LeftOut())


def test_a_clip_with_the_others_turn_in_it_is_cut() -> None:
    cut = Pauses().cut(sound((5, SPEECH), (8, SILENCE), (5, SPEECH)))
    assert len(cut.segments) == 2
    assert cut.left_out.silence_s == pytest.approx(8, abs=0.5)


def test_what_is_no_speech_is_left_out_by_reason() -> None:
    cut = Pauses().cut(sound((10, SILENCE), (8, SPEECH), (12, MUSIC), (5, SPEECH), (10, SILENCE)))
    assert [round(one.duration_s) for one in cut.segments] == [8, 5]
    assert cut.left_out.silence_s == pytest.approx(20, abs=0.5)
    assert cut.left_out.other_sound_s == pytest.approx(12, abs=0.5)


def test_a_long_recording_without_speech_says_so() -> None:
    with pytest.raises(NoSpeechError, match=r"no speech was heard in 60 s of sound \(40 s of it silence\).*windows"):
        Pauses().cut(sound((40, SILENCE), (20, MUSIC)))


@settings(deadline=None, max_examples=60)
@given(
    parts=st.lists(st.tuples(st.floats(0.1, 15), st.sampled_from([SPEECH, MUSIC, SILENCE])), min_size=1, max_size=12),
    rest=st.integers(1, 511),
)
def test_segments_and_what_is_left_out_make_up_the_recording(parts: list[tuple[float, float]], rest: int) -> None:
    waveform = np.concatenate([sound((0.1, SILENCE), *parts), np.full(rest, MUSIC, np.float32)])
    try:
        cut = Pauses().cut(waveform)
    except NoSpeechError:
        assert len(waveform) > 30 * 16_000
        return
    assert accounted_s(cut) == pytest.approx(len(waveform) / 16_000, abs=1e-6)
    assert all(one.duration_s <= 30 for one in cut.segments)


def test_the_version_names_detector_and_rules() -> None:
    """Change the name with any of it: it decides which embeddings may be compared."""
    assert newest_segmentation("pauses") == segmentation_named("pauses-1").name == Pauses().name == "pauses-1"
    assert Rules() == Rules(
        begins_at=0.3,
        ends_below=0.15,
        pause_s=0.3,
        least_speech_s=0.25,
        target_from_s=3.0,
        target_to_s=10.0,
        bridged_s=1.5,
        shortest_s=1.0,
        padding_s=0.1,
        dip_s=0.2,
    )
    assert (pauses.CLIP_S, pauses.LONG_CLIP_S, pauses.TURN_S, accounting.SILENCE_DB) == (10, 30, 2.0, -40.0)
