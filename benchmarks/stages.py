"""What an ingest does to its recordings, one stage after the other on one thread, each timed by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar

from benchmarks.clips import LIMITS
from benchmarks.stored import parts_of
from emovec_db.audio.decode import DECODE_CHAIN
from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.encoding import Provenance
from emovec_db.domain.job import ARCHIVE_JOB
from emovec_db.domain.peaks import Peaks
from emovec_db.domain.recording import Details
from emovec_db.domain.segmentation import Cut
from emovec_db.domain.sound import MIX, Sound
from emovec_db.encoder.protocol import Encoder
from emovec_db.services.collections import open_or_create
from emovec_db.services.encoding import EncodedSound, encode_sounds
from emovec_db.services.ingest.pipeline import BATCH_FILES
from emovec_db.services.ingest.reading import Candidate, Reading
from emovec_db.services.ingest.tally import Tally
from emovec_db.services.ingest.writing import Displaced, EncodedReading, write
from emovec_db.sources.local import digest, source_of, uri_of
from emovec_db.speech.pauses import Pauses
from emovec_db.speech.protocol import Segmentation

Item = TypeVar("Item")
STAGES: Final = ("read", "decode", "find speech", "encode", "write")


@dataclass(slots=True)
class StageTimes:
    """Seconds on the clock of each stage, for all recordings together, one value a round."""

    of: dict[str, list[float]] = field(default_factory=lambda: {stage: [] for stage in STAGES})

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Note how long the block takes."""
        began_s = perf_counter()
        yield
        self.of[stage].append(perf_counter() - began_s)

    def total_s(self) -> list[float]:
        """Of all stages, a value a round."""
        return [sum(values) for values in zip(*self.of.values(), strict=True)]


def take_stages(paths: Sequence[Path], encoder: Encoder, times: StageTimes) -> float:
    """One round over the recordings; seconds of sound in them."""
    segmentation: Segmentation = Pauses()
    decoders = DecoderPool(1, timeout_s=60)
    decoders.decode(paths[0], limits=LIMITS)  # its process is started
    with times.timing("read"):
        hashes = [digest(path) for path in paths]
    with times.timing("decode"):
        sounds = [decoders.decode(path, limits=LIMITS)[0] for path in paths]
    decoders.close()
    with times.timing("find speech"):
        cuts = [segmentation.cut(sound.waveform) for sound in sounds]
    with times.timing("encode"):
        pairs = list(zip(sounds, cuts, strict=True))
        encoded = [one for batch in batches(pairs) for one in encode_sounds(encoder, batch)]
    readings = [_reading(*known) for known in zip(paths, hashes, sounds, cuts, encoded, strict=True)]
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as store_batch, times.timing("write"):
        for batch in batches(readings):
            store_batch(batch)
    return sum(sound.duration_s for sound in sounds)


def _reading(path: Path, sha256: str, sound: Sound, cut: Cut, encoded: EncodedSound) -> EncodedReading:
    candidate = Candidate(place=path, source=source_of(path, uri_of(path)), details={MIX: Details()})
    reading = Reading(
        candidate=candidate, sha256=sha256, known={}, sounds=(sound,), failures=(), cuts=(cut,),
        peaks={MIX: Peaks.of(sound.waveform)},
    )  # fmt: skip
    return EncodedReading(reading, (encoded,))


@contextmanager
def _database(folder: Path) -> Iterator[Callable[[Sequence[EncodedReading]], object]]:
    """A fresh SQLite database, open, and what writes a batch into it."""
    parts = parts_of(folder)
    collection = open_or_create(parts.store, parts.encoders, parts.diarizers, "benchmark")
    with parts.store.write() as unit:
        job_id = unit.jobs.create(collection.collection_id, ARCHIVE_JOB, total=None)
    provenance = Provenance(backend=parts.encoders.configured().backend, decode_chain=DECODE_CHAIN)
    yield lambda batch: write(parts.store, collection, provenance, batch, job_id, Tally(), Displaced())
    parts.store.close()


def batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """As many files as an ingest takes together, at most."""
    return (items[start : start + BATCH_FILES] for start in range(0, len(items), BATCH_FILES))
