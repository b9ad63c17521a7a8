"""Everything that an ingest was asked for, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path

from emovec_db.domain.ingest import IngestRequest
from emovec_db.sources.folders import find_recordings
from emovec_db.sources.found import Found
from emovec_db.sources.manifest.manifest import Manifest


def find(request: IngestRequest, zone: tzinfo, ignored: Counter[str]) -> Iterator[Found]:
    """The manifest's recordings, then those at the paths, lazily; see `Manifest.found` and `find_recordings`.

    Raises:
        QueryError, MissingPartError, UnreadableError, NotAudioError: as `Manifest.open`.
    """
    manifest = manifest_of(request, zone)
    if manifest is not None:
        yield from manifest.found()
    yield from find_recordings(request.paths, ignored=ignored)


def count(request: IngestRequest, zone: tzinfo) -> Iterator[int]:
    """How many recordings each of those stands for, by names and rows alone."""
    manifest = manifest_of(request, zone)
    if manifest is not None:
        yield from manifest.recordings(len(request.channels))
    for _found in find_recordings(request.paths):
        yield len(request.channels)


def manifest_of(request: IngestRequest, zone: tzinfo) -> Manifest | None:
    """Opened, if one is asked for; raises as `Manifest.open`."""
    return None if request.manifest is None else Manifest.open(Path(request.manifest), request.columns, zone)
