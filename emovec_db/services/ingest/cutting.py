"""Decoded sounds, cleaned and cut into the segments to encode; in the reading threads, so that no encoder waits."""

from __future__ import annotations

from dataclasses import replace

from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.segmentation import Cut
from emovec_db.domain.sound import MIX, Sound
from emovec_db.errors import RecordingError
from emovec_db.services.ingest.reading import Reading, failure_of
from emovec_db.services.methods import Method


def cut(reading: Reading, method: Method) -> Reading:
    """The reading with its sounds cleaned and a cut for each; one in which no speech is heard becomes a failure."""
    taken: list[tuple[Sound, Cut]] = []
    failures: list[IngestFailure] = []
    for sound in reading.sounds:
        cleaned = method.cleaned(sound)
        try:
            taken.append((cleaned, method.segmentation.cut(cleaned.waveform)))
        except RecordingError as error:
            channel = None if sound.channel == MIX else sound.channel
            failures.append(failure_of(reading.candidate.source.uri, error, channel))
    return replace(
        reading,
        sounds=tuple(sound for sound, _ in taken),
        cuts=tuple(one for _, one in taken),
        cut_by=method.segmentation.name,
        failures=(*reading.failures, *failures),
    )
