"""From probabilities of speech to utterances: whatever the detection, the rules hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emovec_db.speech.cutting import Detection, Rules, Stretch, speech, utterances

HZ = 31.25
RULES = Rules()


def detection(*parts: tuple[float, float]) -> Detection:
    """Parts of (seconds, probability)."""
    return Detection(np.concatenate([np.full(round(s * HZ), p, np.float32) for s, p in parts]), HZ)


def seconds(stretches: list[Stretch]) -> list[tuple[float, float]]:
    return [(round(begin / HZ, 1), round(end / HZ, 1)) for begin, end in stretches]


@st.composite
def detections(draw: st.DrawFn) -> Detection:
    """Runs of speech and pauses of any length, with a little noise on them; 10 s at least, as recordings cut are."""
    runs = draw(
        st.lists(st.tuples(st.floats(0.03, 40), st.sampled_from([0.0, 0.14, 0.16, 0.3, 0.6, 1.0])), max_size=40)
    )
    seed = draw(st.integers(0, 1000))
    made = detection((0.0, 0.0), *runs, (draw(st.floats(0, 10)), 0.0))
    short = max(0, 320 - len(made.probabilities))
    probabilities = np.pad(made.probabilities, (0, short))
    noise = np.random.default_rng(seed).uniform(-0.05, 0.05, len(probabilities)) * draw(st.booleans())
    return Detection(np.clip(probabilities + noise, 0, 1).astype(np.float32), HZ)


@settings(deadline=None, max_examples=300)
@given(detections())
@example(detection((9.8, 1), (0.35, 0), (0.3, 1), (0.35, 0), (9.8, 1)))
@example(detection((0.3, 1), (9.7, 0)))
@example(detection((9.7, 0), (0.3, 1)))
@example(detection(*[(0.3, 1), (0.4, 0)] * 200))
@example(detection((3600, 1)))
def test_the_rules_hold_for_any_track(made: Detection) -> None:
    found = utterances(made, RULES)
    heard = speech(made, RULES)
    lengths_s = [(end - begin) / HZ for begin, end in found]

    assert all(0 <= begin < end <= len(made.probabilities) for begin, end in found)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert all(length >= RULES.shortest_s for length in lengths_s)
    assert all(length <= RULES.target_to_s + 2 * RULES.padding_s for length in lengths_s)
    covered = np.zeros(len(made.probabilities), bool)
    for begin, end in found:
        covered[begin:end] = True
    assert all(covered[begin:end].all() for begin, end in heard)
    assert bool(found) == bool(heard)


@settings(deadline=None, max_examples=100)
@given(detections())
def test_every_utterance_holds_speech_and_little_else(made: Detection) -> None:
    """No pause within is longer than may be bridged; none begins or ends far from speech."""
    heard = np.zeros(len(made.probabilities), bool)
    for begin, end in speech(made, RULES):
        heard[begin:end] = True
    for begin, end in utterances(made, RULES):
        edges = np.flatnonzero(np.diff(~heard[begin:end], prepend=False, append=False)).reshape(-1, 2)
        assert heard[begin:end].any()
        assert all((after - before) / HZ <= RULES.bridged_s for before, after in edges.tolist())


def test_a_pause_parts_long_enough_speech() -> None:
    made = detection((1, 0), (4, 1), (0.5, 0), (5, 1), (1, 0))
    assert seconds(utterances(made, RULES)) == [(0.9, 5.1), (5.4, 10.6)]


def test_short_speech_joins_its_neighbour() -> None:
    made = detection((1, 0), (1, 1), (0.5, 0), (4, 1), (1, 0), (2, 1), (3, 0))
    assert seconds(utterances(made, RULES)) == [(0.9, 9.6)]


def test_a_long_pause_parts_even_short_speech() -> None:
    made = detection((2, 0), (2, 1), (3, 0), (2, 1), (2, 0))
    assert seconds(utterances(made, RULES)) == [(1.9, 4.1), (6.9, 9.1)]


def test_a_breath_is_no_pause() -> None:
    made = detection((2, 0), (4, 1), (0.2, 0), (4, 1), (2, 0))
    assert len(utterances(made, RULES)) == 1


def test_a_click_is_no_speech() -> None:
    assert utterances(detection((5, 0), (0.2, 1), (5, 0)), RULES) == []


def test_a_word_alone_is_widened_to_a_second() -> None:
    (found,) = utterances(detection((5, 0), (0.4, 1), (5, 0)), RULES)
    assert (found[1] - found[0]) / HZ == pytest.approx(1, abs=2 / HZ)
    assert found[0] / HZ == pytest.approx(4.7, abs=2 / HZ)


def test_speech_without_a_pause_is_cut_where_it_is_weakest() -> None:
    made = detection((1, 0), (7, 1), (0.2, 0.4), (9, 1), (1, 0))
    first, second = utterances(made, RULES)
    assert first[1] == second[0]
    assert 8 <= first[1] / HZ <= 8.2


def test_speech_begins_late_and_ends_late() -> None:
    """It begins at 0.3 and lasts until it falls below 0.15, so that it does not flicker."""
    made = detection((2, 0), (1, 0.2), (3, 0.5), (1, 0.2), (3, 0))
    assert seconds(speech(made, RULES)) == [(3.0, 7.0)]
