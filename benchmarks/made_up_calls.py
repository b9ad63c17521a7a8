"""A database of recordings whose tracks are made up, written once by the store itself and kept for later runs."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.stored import customer_of, made_up_peaks, parts_of
from emovec_db.domain.collection import Recipe
from emovec_db.domain.encoding import EncoderIdentity, Prediction, Provenance
from emovec_db.domain.recording import Details, NewRecording, NewUtterance, Source
from emovec_db.domain.sound import Quality
from emovec_db.domain.track import FULL_LEVEL, TRACK_HZ, Track
from emovec_db.emotions import LABELS
from emovec_db.speech.windows import WINDOWS

#: median length; half are between 3 and 8 minutes
MEDIAN_S = 300.0
#: emotion changes every 10 s on average, and a tenth is pauses of 2 s on average
_CHANGES, _PAUSES, _RESUMES = 0.05, 0.028, 0.25
#: how often each label is the next; the encoder is this sure of it on average
_OFTEN = np.array([0.15, 0.08, 0.05, 0.15, 0.38, 0.01, 0.1, 0.07, 0.01])
_SURE = 0.7
_BATCH = 1_000
_DIM = 4
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def fill(folder: Path, count: int) -> Path:
    """A data folder with `count` recordings in its default collection; what an earlier run wrote is completed."""
    parts = parts_of(folder)
    with parts.store.write() as unit:
        identity = EncoderIdentity("made-up", "1", "0" * 64, "fp32", _DIM)
        recipe = Recipe(encoder_source="made-up", segmentation=WINDOWS)
        collection = unit.collections.find("default") or unit.collections.create("default", identity, recipe)
        present = unit.recordings.count_encoded(collection)
    for start in range(present, count, _BATCH):
        with parts.store.write() as unit:
            for number in range(start, min(start + _BATCH, count)):
                unit.recordings.add(collection, _recording(number), Provenance("made-up", "none/1"))
    parts.store.compact()
    parts.store.close()
    return folder


def made_up_track(seed: int) -> Track:
    """Labels that change at random, each with scores that waver, and pauses."""
    rng = np.random.default_rng(seed)
    steps = max(4, round(MEDIAN_S * TRACK_HZ * np.exp(0.7 * rng.standard_normal())))
    changed = rng.random(steps) < _CHANGES
    labels = rng.choice(len(LABELS), steps, p=_OFTEN)[np.maximum.accumulate(np.where(changed, np.arange(steps), 0))]
    scores = rng.gamma(0.3, size=(steps, len(LABELS)))
    scores *= (1 - _SURE) / scores.sum(axis=1, keepdims=True)
    sure = np.clip(rng.normal(_SURE, 0.2, steps), 0, 1)
    scores *= ((1 - sure) / (1 - _SURE))[:, None]
    scores[np.arange(steps), labels] += sure
    levels = np.rint(scores * FULL_LEVEL).astype(np.uint8)
    levels[_pauses(rng.random(steps))] = 0
    return Track(TRACK_HZ, levels)


def _pauses(drawn: NDArray[np.float64]) -> NDArray[np.bool_]:
    silent, pauses = False, np.zeros(len(drawn), np.bool_)
    for step, chance in enumerate(drawn.tolist()):
        silent = chance >= _RESUMES if silent else chance < _PAUSES
        pauses[step] = silent
    pauses[0] = False
    return pauses


def _recording(number: int) -> NewRecording:
    track = made_up_track(number)
    duration_s = len(track.levels) / TRACK_HZ
    heard = track.scores[track.encoded]
    summary = Prediction.of(heard.mean(axis=0) / heard.mean(axis=0).sum())
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    recorded_at = _FIRST_DAY + timedelta(minutes=number % (365 * 24 * 60))
    customer = customer_of(number)
    uri = f"file:///archive/{customer}/{recorded_at:%Y-%m-%d}_{number:07}.wav"
    return NewRecording(
        sha256=digest,
        pcm_sha256=digest,
        details=Details(customer=customer, recorded_at=recorded_at),
        source=Source(uri=uri, size_bytes=1_000_000, mtime_ns=0),
        quality=Quality(duration_s, 0.5, 0.0, 20.0, 0.1, 16_000, "pcm_s16le", 1),
        summary=summary,
        utterances=(
            NewUtterance(start_s=0.0, end_s=duration_s, embedding=np.ones(_DIM, np.float32), prediction=summary),
        ),
        track=track,
        peaks=made_up_peaks(duration_s),
    )
