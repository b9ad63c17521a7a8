"""Recordings found by the course of their emotion: planted ones, and all that a collection's answers must hold to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import emovec_db
from emovec_db.audio.decode import decode
from emovec_db.database import Collection, Database
from emovec_db.domain.sound import SoundLimits
from emovec_db.emotions import LABELS
from emovec_db.errors import NotFoundError, QueryError, RefusedError
from emovec_db.services.trajectories import search, steps
from tests.sounds import noise, tone, write


def hum(*stretches: tuple[str, float], seed: int = 0) -> NDArray[np.float32]:
    """(label, seconds) one after the other, over some noise; the fake encoder hears the label of each pitch."""
    parts = [tone(200 * (LABELS.index(label) + 1), seconds, level=0.4) for label, seconds in stretches]
    whole = np.concatenate(parts)
    return (whole + noise(len(whole) / 16_000, rms=0.01, seed=seed)).astype(np.float32)


RECORDINGS = {
    "calms": [("neutral", 12.0), ("angry", 6.0), ("neutral", 8.0)],
    "stays": [("neutral", 12.0), ("angry", 14.0)],
    "other": [("happy", 10.0), ("sad", 10.0), ("angry", 6.0)],
    "brief": [("neutral", 12.0), ("angry", 1.0), ("neutral", 12.0)],
    "slow": [("neutral", 20.0), ("angry", 13.0), ("neutral", 12.0)],
}


@pytest.fixture
def calls(database: Database, tmp_path: Path) -> Collection:
    """Ids are in the order of `RECORDINGS`, from 1."""
    for seed, (name, stretches) in enumerate(RECORDINGS.items()):
        write(tmp_path / f"{seed}-{name}.wav", hum(*stretches, seed=seed))
    collection = database.collection("calls")
    # no segmentation hears speech in tones
    collection.ingest(tmp_path, customer_from="{customer}-*.wav", segmentation="windows")
    return collection


def names(found: tuple[object, ...]) -> list[str]:
    return [list(RECORDINGS)[one.recording.recording_id - 1] for one in found]  # type: ignore[attr-defined]


def test_planted_patterns_are_found_where_they_are(calls: Collection) -> None:
    found = calls.trajectories("neutral 5s > angry 4s > calm 5s")
    assert sorted(names(found)) == ["calms", "slow"]
    for one in found:
        ends = np.cumsum([0, *(seconds for _, seconds in RECORDINGS[names((one,))[0]])])
        assert [part.name for part in one.parts] == ["neutral", "angry", "neutral"]
        assert [part.start_s for part in one.parts] == pytest.approx(ends[:-1], abs=0.5)
        assert [part.end_s for part in one.parts] == pytest.approx(ends[1:], abs=0.5)
        assert min(part.score for part in one.parts) >= one.clarity > 0.85
    assert sorted(names(calls.trajectories("neutral > angry 4s"))) == ["calms", "slow", "stays"]
    assert names(calls.trajectories("sad > angry")) == ["other"]
    assert names(calls.trajectories("happy > any > angry")) == ["other"]
    assert calls.trajectories("happy > angry") == ()
    assert calls.trajectories("angry > happy|sad") == ()


def test_as_many_as_asked_the_clearest_first_whatever_the_batches(
    calls: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = calls.trajectories("neutral > angry", min_clarity=0)
    assert len(everything) == 5
    order = [(-one.clarity, one.recording.recording_id) for one in everything]
    assert order == sorted(order)
    alike = calls.similar_courses_by_id(1, stretch=100).matches
    assert [one.similarity for one in alike] == sorted((one.similarity for one in alike), reverse=True)
    monkeypatch.setattr(search, "_PAGE", 2)
    monkeypatch.setattr(steps, "STEPS_AT_ONCE", 1)
    for k in (1, 2, 5, 10):
        assert calls.trajectories("neutral > angry", k=k, min_clarity=0) == everything[:k]
        assert calls.similar_courses_by_id(1, k=k, stretch=100).matches == alike[:k]
    floor = everything[2].clarity
    assert calls.trajectories("neutral > angry", min_clarity=floor) == everything[:3]


def test_recordings_that_run_alike_at_another_pace(calls: Collection, tmp_path: Path) -> None:
    found = calls.similar_courses_by_id(1)
    assert names(found.matches)[0] == "slow"
    assert "calms" not in names(found.matches)
    assert found.matches[0].similarity > 0.98
    assert found.matches[1].similarity < 0.93
    assert [part.name for part in found.course] == ["neutral", "angry", "neutral"]
    assert [part.start_s for part in found.course] == pytest.approx([0, 12, 18], abs=0.6)
    assert [part.name for part in found.matches[0].parts] == ["neutral", "angry", "neutral"]
    assert [part.start_s for part in found.matches[0].parts] == pytest.approx([0, 20, 33], abs=1.0)
    # of a file it says the same, and finds the stored one too
    again = calls.similar_courses(tmp_path / "0-calms.wav")
    assert again.course == found.course
    assert names(again.matches)[:2] == ["calms", "slow"]
    assert again.matches[0].similarity == pytest.approx(1, abs=1e-6)
    assert again.matches[1:3] == found.matches[:2]


def test_speech_may_be_so_much_longer_or_shorter(calls: Collection) -> None:
    assert "slow" not in names(calls.similar_courses_by_id(1, stretch=1.5).matches)
    assert len(calls.similar_courses_by_id(1, stretch=1.8).matches) == 4


def test_filters_choose_among_recordings(calls: Collection) -> None:
    assert names(calls.trajectories("neutral > angry 4s", customer="1")) == ["stays"]
    assert names(calls.trajectories("neutral > angry 4s", min_duration_s=40)) == ["slow"]
    assert names(calls.similar_courses_by_id(1, customer="4").matches) == ["slow"]
    assert calls.trajectories("neutral", customer="nobody") == ()


def test_what_is_deleted_is_gone(calls: Collection) -> None:
    calls.delete(1)
    assert sorted(names(calls.trajectories("neutral > angry 4s"))) == ["slow", "stays"]
    assert "calms" not in names(calls.similar_courses_by_id(5).matches)
    with pytest.raises(NotFoundError, match="no recording 1"):
        calls.similar_courses_by_id(1)


def test_a_policy_holds(calls: Collection, tmp_path: Path) -> None:
    calls.forbid_role("agent", delete_existing=True)
    with pytest.raises(RefusedError, match="refused"):
        calls.similar_courses(tmp_path / "0-calms.wav")
    with pytest.raises(RefusedError, match="agent"):
        calls.similar_courses(tmp_path / "0-calms.wav", recording_role="agent")
    assert calls.similar_courses(tmp_path / "0-calms.wav", recording_role="customer").matches == ()


def test_what_makes_no_sense_is_refused(calls: Collection) -> None:
    for wrong in ({"k": 0}, {"min_clarity": 1.5}, {"min_clarity": float("nan")}):
        with pytest.raises(QueryError, match=rf"{next(iter(wrong))} is .*: expected"):
            calls.trajectories("angry", **wrong)  # type: ignore[arg-type]
    for stretch in (0.5, float("inf"), float("nan")):
        with pytest.raises(QueryError, match=f"stretch is {stretch}: expected 1 or more"):
            calls.similar_courses_by_id(1, stretch=stretch)
    with pytest.raises(QueryError, match=r"at 'anger' \(character 1\)"):
        calls.trajectories("anger")


def test_real_clips_of_different_emotions_in_a_row(shared_data: Path, tmp_path: Path) -> None:
    """Six sentences of one actor in four orders: each order finds its own recording, and where the emotion changes."""
    clips = {
        label: [_clip(shared_data / f"speech/ravdess/09/03-01-{code}-01-01-{take}-09.ogg") for take in ("01", "02")]
        for label, code in {"neutral": "01", "angry": "05", "sad": "04"}.items()
    }
    with emovec_db.open(tmp_path / "data", encoder="compact") as opened:
        calls = opened.collection("calls")
        orders = [("neutral", "angry", "sad"), ("sad", "angry", "neutral"), ("angry", "neutral", "sad")]
        for order in orders:
            whole = np.concatenate([clip for label in order for clip in clips[label]])
            calls.ingest(write(tmp_path / f"{'-'.join(order)}.wav", whole))
        for number, order in enumerate(orders, start=1):
            best = calls.trajectories(" > ".join(order), min_clarity=0)[0]
            assert best.recording.recording_id == number
            changes = np.cumsum([sum(len(clip) for clip in clips[label]) / 16_000 for label in order])[:-1]
            assert [part.start_s for part in best.parts[1:]] == pytest.approx(changes, abs=2.0)


def _clip(file: Path) -> NDArray[np.float32]:
    return decode(file, limits=SoundLimits(10_000_000, 600))[0].waveform
