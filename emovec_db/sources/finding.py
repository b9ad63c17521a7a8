"""Everything that an ingest was asked for, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path

from emovec_db.domain.ingest import IngestRequest
from emovec_db.sources.folders import find_recordings
from emovec_db.sources.found import Found
from emovec_db.sources.manifest.manifest import Manifest
from emovec_db.sources.remote.address import scheme_of
from emovec_db.sources.remote.fetching import Remote
from emovec_db.sources.remote.finding import asked, find_remote
from emovec_db.sources.remote.storage import require_library


def find(request: IngestRequest, zone: tzinfo, remote: Remote, ignored: Counter[str]) -> Iterator[Found]:
    """The manifest's recordings, then those at the paths, lazily; what lies elsewhere comes with its state.

    See `Manifest.found`, `find_recordings` and `find_remote`.

    Raises:
        QueryError, MissingPartError, UnreadableError, NotAudioError: as `Manifest.open`.
    """
    return asked(remote, _find(request, zone, remote, ignored))


def _find(request: IngestRequest, zone: tzinfo, remote: Remote, ignored: Counter[str]) -> Iterator[Found]:
    manifest = manifest_of(request, zone)
    if manifest is not None:
        yield from manifest.found()
    for path in request.paths:
        if scheme_of(path) is None:
            yield from find_recordings([path], ignored=ignored)
        else:
            yield from find_remote(remote, path, ignored)


def check(request: IngestRequest, zone: tzinfo) -> None:
    """Before anything is found or written.

    Raises:
        QueryError, MissingPartError, UnreadableError, NotAudioError: as `Manifest.open`, or there is no way to read
            from one of the addresses.
    """
    manifest_of(request, zone)
    for scheme in sorted({scheme_of(path) or "" for path in request.paths} - {""}):
        require_library(scheme)


def count(request: IngestRequest, zone: tzinfo, remote: Remote) -> Iterator[int]:
    """How many recordings each of those stands for, by names and rows alone."""
    manifest = manifest_of(request, zone)
    if manifest is not None:
        yield from manifest.recordings(len(request.channels))
    for _found in _find(replace(request, manifest=None), zone, remote, Counter()):
        yield len(request.channels)


def manifest_of(request: IngestRequest, zone: tzinfo) -> Manifest | None:
    """Opened, if one is asked for; raises as `Manifest.open`."""
    return None if request.manifest is None else Manifest.open(Path(request.manifest), request.columns, zone)
