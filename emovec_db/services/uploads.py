"""Recordings that arrive over the network: kept as blobs, queued as jobs, ingested by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO
from urllib.parse import quote

from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestFailure, IngestRequest
from emovec_db.domain.job import Job, JobItem, JobState
from emovec_db.errors import EmovecError
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.reading import Candidate, failure_of, read
from emovec_db.services.leases import heartbeat
from emovec_db.sources.local import source_of
from emovec_db.store.store import Store

#: kind of the jobs that a worker may claim
UPLOAD_JOB = "upload"


@dataclass(frozen=True, slots=True)
class Uploads:
    """Takes uploads in and finishes their jobs."""

    store: Store
    blobs: Blobs

    def receive(
        self, collection: Collection, stream: BinaryIO, file_name: str, request: IngestRequest, max_bytes: int
    ) -> int:
        """Stream an upload to the blob store and queue a job for it; returns the job's id.

        Raises:
            TooLargeError: more than `max_bytes` came; nothing is kept.
        """
        received = self.blobs.receive(stream, max_bytes)
        params = {"blob_key": received.key, "request": request.as_params()}
        uri = upload_uri(received.sha256, file_name)
        with self.store.write() as unit:
            job_id = unit.jobs.create(collection.collection_id, UPLOAD_JOB, {})
            unit.jobs.add_items(job_id, [(uri, params)])
        return job_id

    def run(self, job: Job, ingest: Ingest, owner: str) -> None:
        """Ingest a claimed job's items; what an earlier, killed attempt stored is found again."""
        with self.store.read() as unit:
            items = unit.jobs.items(job.job_id)
        with heartbeat(self.store, job.job_id, owner, ingest.tally):
            for item in items:
                if item.state in (JobState.QUEUED, JobState.RUNNING):
                    self._run_item(item, ingest)
        state = JobState.FAILED if ingest.tally.counts["failed"] else JobState.DONE
        with self.store.write() as unit:
            unit.jobs.finish(job.job_id, owner, state, dict(ingest.tally.counts), None)

    def _run_item(self, item: JobItem, ingest: Ingest) -> None:
        request = IngestRequest.from_params(item.params["request"])
        key = item.params["blob_key"]
        try:
            candidate = self._candidate(item.uri, key, request)
        except EmovecError as error:
            failures: Sequence[IngestFailure] = [failure_of(item.uri, error)]
            ingest.tally.fail(failures[0])
            recording_ids: list[int] = []
        else:
            reading = read(self.store, ingest.decoders, ingest.collection.collection_id, candidate, ingest.limits)
            recording_ids = ingest.settle([reading])[item.uri]
            failures = reading.failures
        self._finish(item, failures, recording_ids)
        self._drop_if_unused(key)

    def _candidate(self, uri: str, key: str, request: IngestRequest) -> Candidate:
        path = self.blobs.path(key)
        return Candidate(
            path=path,
            source=source_of(path, uri),
            details={channel: request.details_of(channel, None) for channel in request.channels},
            blob_key=key,
        )

    def _finish(self, item: JobItem, failures: Sequence[IngestFailure], recording_ids: Sequence[int]) -> None:
        state = JobState.FAILED if failures else JobState.DONE
        code, message = (failures[0].code, failures[0].message) if failures else (None, None)
        with self.store.write() as unit:
            unit.jobs.finish_item(item.item_id, state, code, message, tuple(recording_ids))

    def _drop_if_unused(self, key: str) -> None:
        """An upload that failed, or that was known from elsewhere, leaves no file behind."""
        with self.store.read() as unit:
            in_use = unit.recordings.blob_in_use(key)
        if not in_use:
            self.blobs.delete(key)


def upload_uri(sha256: str, file_name: str) -> str:
    """Where an upload was found, for people: ``upload:3f2a9c01d4e8/call%207.wav``."""
    return f"upload:{sha256[:12]}/{quote(base_name(file_name))}"


def base_name(file_name: str) -> str:
    """The last part of a client's file name, whichever system wrote it; only ever shown, never opened."""
    return PurePosixPath(PureWindowsPath(file_name).name).name or "recording"
