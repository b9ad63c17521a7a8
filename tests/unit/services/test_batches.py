"""How much of an archive is encoded and committed at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emovec_db.domain.recording import Source
from emovec_db.domain.sound import MIX, SAMPLE_RATE_HZ, Sound
from emovec_db.services.ingest.pipeline import (
    BATCH_FILES,
    BATCH_MAX_SOUND_S,
    BATCH_MIN_SOUND_S,
    BATCH_TARGET_S,
    Pace,
    in_batches,
)
from emovec_db.services.ingest.reading import Candidate, Reading
from tests.stored import QUALITY


def reading(duration_s: float) -> Reading:
    source = Source(uri="file:///a.wav", size_bytes=1, mtime_ns=1)
    waveform = np.zeros(int(duration_s * SAMPLE_RATE_HZ), np.float32)
    return Reading(
        candidate=Candidate(place=Path("a.wav"), source=source, details={}),
        sha256="",
        known={},
        sounds=(Sound(waveform, "", MIX, QUALITY),),
        failures=(),
    )


@given(st.lists(st.sampled_from([0.5, 3.0, 30.0]), max_size=150))
def test_batches_keep_order_and_bounds(durations_s: Sequence[float]) -> None:
    readings = [reading(duration_s) for duration_s in durations_s]
    batches = list(in_batches(readings, Pace()))
    assert [one for batch in batches for one in batch] == readings
    for batch in batches:
        assert 1 <= len(batch) <= BATCH_FILES
        assert sum(one.sounds[0].duration_s for one in batch[:-1]) < BATCH_MIN_SOUND_S


def test_the_pace_follows_the_encoder() -> None:
    pace = Pace()
    assert pace.sound_s == BATCH_MIN_SOUND_S
    pace.measured(60, 1)
    assert pace.sound_s == 60 * BATCH_TARGET_S
    pace.measured(600, 0.1)
    assert pace.sound_s == BATCH_MAX_SOUND_S
    pace.measured(5, 10)
    assert pace.sound_s == BATCH_MIN_SOUND_S
    pace.measured(0, 3)
    assert pace.sound_s == BATCH_MIN_SOUND_S, "a batch of failures says nothing of the encoder"
