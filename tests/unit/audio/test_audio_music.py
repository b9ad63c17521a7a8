"""The warning of music: tones that stand still."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.made_up_music import MUSIC
from emovec_db.audio import music
from emovec_db.audio.decode import from_samples
from tests.sounds import babble, tone


def warned(samples: np.ndarray) -> bool:
    return "music" in from_samples(samples, 16_000).quality.warnings


@pytest.mark.parametrize("kind", sorted(set(MUSIC) - {"drums alone"}))
def test_music_is_warned_of(kind):
    assert warned(MUSIC[kind](0, 10))


def test_drums_alone_are_not_found():
    assert not warned(MUSIC["drums alone"](0, 10))


def test_a_steady_tone_counts_as_music_and_gliding_ones_do_not():
    assert warned(sum(tone(hz, 3, level=0.1) for hz in (350.0, 440.0, 900.0, 1500.0, 2500.0)))
    times = np.arange(3 * 16_000) / 16_000
    cycles = 150 * times + 40 * np.cos(2 * np.pi * times) / (2 * np.pi)  # 110 to 190 Hz and back, once a second
    voice = sum(np.sin(2 * np.pi * number * cycles) / number for number in range(1, 20)) * 0.2
    assert not warned(voice.astype(np.float32))


def test_noise_in_syllables_and_what_is_too_short_to_tell_is_not():
    assert not warned(babble(60))
    assert not warned(MUSIC["strings, chords"](0, 1.9))


def test_a_hum_in_the_pauses_does_not_count():
    hum = sum(tone(50.0 * number, 10, level=0.0005) for number in range(2, 12))
    speech = babble(10)
    speech[40_000:70_000] = speech[100_000:130_000] = 0
    assert not warned(speech + hum)


def test_a_long_recording_is_judged_by_most_of_it():
    song = MUSIC["band"](0, 60)
    assert warned(np.concatenate([song, babble(20)]))
    assert not warned(np.concatenate([song[: 20 * 16_000], babble(60)]))


def heights_by_hand(values: list[float]) -> list[float]:
    """Walk down from each top to both sides as long as it goes down."""
    found = []
    runs = [value for place, value in enumerate(values) if place == 0 or value != values[place - 1]]
    for place in range(1, len(runs) - 1):
        if runs[place] > max(runs[place - 1], runs[place + 1]):
            left = right = place
            while left > 0 and runs[left - 1] < runs[left]:
                left -= 1
            while right < len(runs) - 1 and runs[right + 1] < runs[right]:
                right += 1
            found.append(runs[place] - max(runs[left], runs[right]))
    return found


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=30))
def test_heights_are_those_found_by_walking(values):
    assert music._heights(np.array(values)).tolist() == heights_by_hand(values)
