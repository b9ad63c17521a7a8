"""Whose each utterance is, where several speak at once, and who said so."""

from __future__ import annotations

from dataclasses import replace

from emovec_db.domain.segmentation import LeftOut, Segment
from emovec_db.store.store import Store
from tests.stored import IDENTITY, PROVENANCE, RECIPE, recording, utterance

TOLD_APART = replace(RECIPE, diarization="campplus-1@1f2e3d4c5b6a", voices=2)
LEFT_OUT = LeftOut(silence_s=0.5, fragments_s=0.25, overlaps=(Segment(1.0, 1.512), Segment(2.0, 2.032)))


def test_voices_and_overlaps_come_back_as_they_were_stored(store: Store) -> None:
    parts = [
        replace(utterance(1, 0.0, 1.0), voice="A"),
        replace(utterance(2, 1.512, 2.0), voice="B"),
        utterance(3, 2.5, 3.5),
    ]
    with store.write() as unit:
        calls = unit.collections.create("calls", IDENTITY, TOLD_APART)
        key = unit.recordings.add(calls, recording("a", utterances=parts, left_out=LEFT_OUT), PROVENANCE)
    with store.read() as unit:
        assert unit.collections.get("calls").generation.recipe == TOLD_APART
        assert [one.voice for one in unit.utterances.of_recording(calls, key)] == ["A", "B", None]
        left_out = unit.recordings.get(calls.collection_id, key).left_out
    assert left_out == LEFT_OUT
    assert round(left_out.overlap_s, 6) == 0.544
    assert round(left_out.total_s, 6) == 1.294
