"""A database of made-up utterances, written once by the store itself and kept for later runs."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from benchmarks.mixture import BLOCK, UTTERANCES_PER_RECORDING, Drawn, Mixture
from emovec_db.bootstrap import Parts, build
from emovec_db.domain.collection import Collection, Recipe
from emovec_db.domain.encoding import EncoderIdentity, Prediction, Provenance
from emovec_db.domain.peaks import FULL_LEVEL as FULL_PEAK
from emovec_db.domain.peaks import MAX_BINS, Peaks
from emovec_db.domain.recording import Details, NewRecording, NewUtterance, Source
from emovec_db.domain.sound import Quality
from emovec_db.domain.track import FULL_LEVEL, TRACK_HZ, Track
from emovec_db.emotions import LABELS
from emovec_db.settings import read_settings
from emovec_db.speech.windows import WINDOWS
from emovec_db.store.store import Unit

COLLECTION = "benchmark"
#: each has 1 % of the recordings; a customer has five of the speakers
CUSTOMERS = 100
CONFIDENCE = 0.6
UTTERANCE_S = 12.0
#: of the first recording; each is a minute after the one before
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_PROVENANCE = Provenance("made-up", "none/1")
_PREDICTIONS = [
    Prediction.of(
        # as encoders give them
        np.array([CONFIDENCE if label == top else (1 - CONFIDENCE) / (len(LABELS) - 1) for label in LABELS], np.float32)
    )
    for top in LABELS
]


@dataclass(frozen=True, slots=True)
class Stored:
    """A database and what it took to write it."""

    folder: Path
    parts: Parts
    #: of this run; None: everything was there already
    written_per_s: float | None

    @property
    def database_bytes(self) -> int:
        """Of the SQLite file."""
        return (self.folder / "emovec.db").stat().st_size

    @property
    def snapshot_bytes(self) -> int:
        """Of the index's files; 0 where the collection is too small for a snapshot."""
        return sum(path.stat().st_size for path in self.parts.settings.index_dir.rglob("*") if path.is_file())


def parts_of(folder: Path) -> Parts:
    """Everything over a data folder, whatever the environment and `.env` say."""
    database_url = f"sqlite:///{folder.absolute() / 'emovec.db'}"
    return build(read_settings(data_dir=folder, database_url=database_url, index_url="faiss:"))


def customer_of(speaker: int) -> str:
    """Whose recordings a speaker's are."""
    return f"customer-{speaker % CUSTOMERS:02}"


def fill(folder: Path, count: int, dim: int) -> Stored:
    """A database of `count` utterances in this folder; what an earlier run wrote is kept and completed."""
    parts = parts_of(folder)
    collection = _collection(parts, dim)
    with parts.store.read() as unit:
        present = unit.utterances.count(collection)
    if present == count:
        return Stored(folder, parts, None)
    mixture, began_s = Mixture(dim), perf_counter()
    for start in range(present, count, BLOCK):
        drawn = mixture.block(start // BLOCK)
        with parts.store.write() as unit:
            _write(unit, collection, drawn, start, min(count - start, BLOCK))
    took_s = perf_counter() - began_s
    parts.store.compact()
    return Stored(folder, parts, (count - present) / took_s)


def one_more(stored: Stored, vector: NDArray[np.float32]) -> tuple[int, int]:
    """Store another recording, of one utterance with this embedding; its id and the utterance's."""
    drawn = Drawn(vectors=vector[None], emotions=np.zeros(1, np.int64), speakers=np.zeros(1, np.int64))
    digest = hashlib.sha256(os.urandom(32)).hexdigest()  # what was deleted stays out
    new = replace(_recording(drawn, 0, range(1)), sha256=digest, pcm_sha256=digest)
    with stored.parts.store.write() as unit:
        collection = unit.collections.get(COLLECTION)
        recording_id = unit.recordings.add(collection, replace(new, source=_source(f"file:///{digest}")), _PROVENANCE)
        (utterance,) = unit.utterances.of_recording(collection, recording_id)
    return recording_id, utterance.utterance_id


def _source(uri: str) -> Source:
    return Source(uri=uri, size_bytes=1_000_000, mtime_ns=0)


def _collection(parts: Parts, dim: int) -> Collection:
    with parts.store.write() as unit:
        found = unit.collections.find(COLLECTION)
        identity = EncoderIdentity("made-up", "1", "0" * 64, "fp32", dim)
        recipe = Recipe(encoder_source="made-up", segmentation=WINDOWS)
        return found or unit.collections.create(COLLECTION, identity, recipe)


def _write(unit: Unit, collection: Collection, drawn: Drawn, start: int, count: int) -> None:
    for first in range(0, count, UTTERANCES_PER_RECORDING):
        rows = range(first, min(first + UTTERANCES_PER_RECORDING, count))
        unit.recordings.add(collection, _recording(drawn, start, rows), _PROVENANCE)


def _recording(drawn: Drawn, start: int, rows: range) -> NewRecording:
    number = (start + rows[0]) // UTTERANCES_PER_RECORDING
    speaker = int(drawn.speakers[rows[0]])
    recorded_at = FIRST_DAY + timedelta(minutes=number % (365 * 24 * 60))
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    uri = f"file:///archive/{customer_of(speaker)}/{recorded_at:%Y-%m-%d}_{number:07}.wav"
    scores = np.mean([_PREDICTIONS[drawn.emotions[row]].scores for row in rows], axis=0)
    return NewRecording(
        sha256=digest,
        pcm_sha256=digest,
        details=Details(customer=customer_of(speaker), speaker=f"speaker-{speaker}", recorded_at=recorded_at),
        source=_source(uri),
        quality=Quality(len(rows) * UTTERANCE_S, 0.5, 0.0, 20.0, 0.1, 16_000, "pcm_s16le", 1),
        summary=Prediction.of(scores),
        utterances=tuple(
            NewUtterance(
                start_s=place * UTTERANCE_S,
                end_s=(place + 1) * UTTERANCE_S,
                embedding=drawn.vectors[row],
                prediction=_PREDICTIONS[drawn.emotions[row]],
            )
            for place, row in enumerate(rows)
        ),
        track=_track(scores, len(rows)),
        peaks=made_up_peaks(len(rows) * UTTERANCE_S),
    )


def made_up_peaks(duration_s: float) -> Peaks:
    """A ramp of as many bins as recordings of minutes have."""
    return Peaks(duration_s, np.linspace(0, FULL_PEAK, MAX_BINS).astype(np.uint8))


def _track(scores: NDArray[np.float64], utterances: int) -> Track:
    """The recording's scores all along."""
    steps = int(utterances * UTTERANCE_S * TRACK_HZ)
    return Track(TRACK_HZ, np.tile(np.rint(scores * FULL_LEVEL).astype(np.uint8), (steps, 1)))
