"""Taking recordings into a collection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Unpack

from emovec_db.database.handle import Handle
from emovec_db.domain.collection import Wishes
from emovec_db.domain.ingest import (
    Forecast,
    IngestFields,
    IngestReport,
    IngestRequest,
    Progress,
)
from emovec_db.domain.job import Job, JobItem
from emovec_db.domain.path_pattern import PathPattern
from emovec_db.domain.recording import Details
from emovec_db.domain.sound import MIX
from emovec_db.errors import QueryError
from emovec_db.services.archives import Archives
from emovec_db.services.ingest.asking import request_of, request_of_upload
from emovec_db.services.watching import UNWATCHED, Watch, Watched, folders_of
from emovec_db.sources.finding import check as check_sources


class Taking(Handle):
    """Ingests and uploads."""

    def create(
        self,
        *,
        segmentation: str | None = None,
        clean: Sequence[str] | None = None,
        diarize: str | None = None,
        voices: int | None = None,
    ) -> None:
        """Make the collection, empty, unless it is there; what is wished as in `ingest`.

        Raises:
            QueryError, RecipeMismatchError, MissingPartError: what is wished is nothing that there is, or not the
                collection's.
        """
        self._opened(_wishes(segmentation, clean, diarize, voices))

    def ingest(
        self,
        *paths: str | Path,
        segmentation: str | None = None,
        clean: Sequence[str] | None = None,
        diarize: str | None = None,
        voices: int | None = None,
        retry_failed: bool = False,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
        **said: Unpack[IngestFields],
    ) -> IngestReport:
        """Store the recordings below `paths` (files, folders, globs) or listed in a manifest.

        What is stored already is passed over. What is `said` of them is in `domain.ingest.IngestFields`.
        `segmentation` says how a new collection cuts recordings, until it is encoded anew: at ``pauses`` (the
        default), or into equal ``windows``; `clean` what is done to their sound before, for good: any of
        ``separate``, ``high-pass``, ``denoise`` and ``normalise``, nothing if left out; `diarize` who tells the voices
        of a recording apart, for good: ``campplus`` or ``pyannote``, nobody if left out; `voices` how many there are,
        where that is known. With `retry_failed` only recordings that failed before are tried again. What was deleted
        from the collection is left out (`suppressed`), unless `allow_again` is said. Once `stop` is set, the ingest
        stores what it has in hand and ends.

        Raises:
            QueryError: a pattern, channel, role or manifest makes no sense.
            EncoderMismatchError: the configured encoder is not the collection's.
            RecipeMismatchError: the collection was made with another segmentation, cleaning or diarizer.
            MissingPartError: what a wish needs is not there.
            StoppedError: `stop` was set before all was done; the same again goes on from there.
            DiskFullError, BusyError: what is stored is kept, and the same again goes on from there.
        """
        wishes = _wishes(segmentation, clean, diarize, voices)
        archives = self._archives(progress, stop)
        if retry_failed:
            return archives.retry_failed(self._opened(wishes))
        request = self._request(paths, said)
        stored = self._opened(wishes)
        report = archives.ingest(stored, request)
        self._parts.upkeep.tend(stored)
        return report

    def distribute(
        self,
        *paths: str | Path,
        segmentation: str | None = None,
        clean: Sequence[str] | None = None,
        diarize: str | None = None,
        voices: int | None = None,
        queued: Callable[[Job], None] | None = None,
        **said: Unpack[IngestFields],
    ) -> Job:
        """Queue what `ingest` would take for workers, on any host that sees the same paths; the job.

        `queued` is called with it whenever more of it is queued. Raises as `ingest`.
        """
        request = self._request(paths, said)
        stored = self._opened(_wishes(segmentation, clean, diarize, voices))
        return self._archives().distribute(stored, request, queued or (lambda _job: None))

    def watch(
        self,
        *folders: str | Path,
        stop: threading.Event | None = None,
        watched: Watched = UNWATCHED,
        progress: Progress | None = None,
        **said: Unpack[IngestFields],
    ) -> Iterator[IngestReport]:
        """Ingest what lies in the folders, then whatever comes into them and has stopped growing, until `stop` is set.

        A report for what is there, then one for each batch that came. A database that is away is waited for.

        Raises:
            QueryError: a path is no folder of this machine, or as `ingest`.
        """
        request = self._request(folders, said)
        folders_of(request)
        stop = stop or threading.Event()
        archives = self._archives(progress, stop)
        watch = Watch(archives=archives, collection=self._opened(), request=request, stop=stop, watched=watched)
        return watch.reports()

    def dry_run(self, *paths: str | Path, **said: Unpack[IngestFields]) -> Iterator[Forecast]:
        """What `ingest` would do with each recording, lazily; nothing is written, and no recording is opened.

        So what shows only in a file's bytes does not show here: damage, silence, copies of what is stored.

        Raises:
            QueryError: a pattern, channel, role or manifest makes no sense.
        """
        request = self._request(paths, said)
        with self._parts.store.read() as unit:
            stored = unit.collections.find(self.name)
        return self._archives().forecast(stored, request)

    def upload(
        self,
        stream: BinaryIO,
        file_name: str,
        *,
        details: Details | None = None,
        channels: Sequence[str] = (MIX,),
        roles: Mapping[str, str] | None = None,
        allow_again: bool = False,
    ) -> Job:
        """Keep an upload and queue it for a worker; with `allow_again` even if it was deleted before.

        Raises:
            TooLargeError: the upload is larger than the settings allow.
            RefusedError: the collection's policy forbids all of it.
            SuppressedError: all of it was deleted before.
        """
        zone = self._parts.settings.zone
        request = request_of_upload(zone, details or Details(), channels=channels, roles=roles, allow_again=allow_again)
        stored = self._opened()
        limit = self._parts.upload_limits.max_bytes
        job_id = self._parts.uploads.receive(stored, stream, file_name, request, limit)
        with self._parts.store.read() as unit:
            return unit.jobs.get(job_id)

    def failures(self) -> tuple[JobItem, ...]:
        """Recordings that could not be taken in, and why."""
        with self._parts.store.read() as unit:
            return unit.failures.of_collection(unit.collections.get(self.name).collection_id)

    def _request(self, paths: Sequence[str | Path], said: IngestFields) -> IngestRequest:
        """Checked before anything is written."""
        zone = self._parts.settings.zone
        request = request_of(zone, paths, **said)
        if bool(request.paths) == bool(request.manifest):
            raise QueryError("expected files, folders or globs, or a manifest that lists recordings, and not both")
        if request.customer_from:
            PathPattern.parse(request.customer_from, zone)
        check_sources(request, zone)
        return request

    def _archives(self, progress: Progress | None = None, stop: threading.Event | None = None) -> Archives:
        return Archives(
            self._parts.store,
            self._parts.settings.zone,
            self._parts.places,
            lambda collection, job_id, tally: self._parts.ingest(
                collection, job_id, tally, self._parts.archive_limits, progress, stop
            ),
        )


def _wishes(segmentation: str | None, clean: Sequence[str] | None, diarize: str | None, voices: int | None) -> Wishes:
    cleaning = None if clean is None else tuple(clean)
    return Wishes(segmentation=segmentation, cleaning=cleaning, diarize=diarize, voices=voices)
