"""Recordings that arrive over the network: kept as blobs, queued as jobs, ingested by a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO
from urllib.parse import quote

from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestRequest
from emovec_db.domain.job import UPLOAD_JOB, JobItem
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.reading import Candidate, read
from emovec_db.sources.local import source_of
from emovec_db.store.store import Store


@dataclass(frozen=True, slots=True)
class Uploads:
    """Takes uploads in and does their items."""

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
            job_id = unit.jobs.create(collection.collection_id, UPLOAD_JOB, total=len(request.channels))
            unit.items.add(job_id, [(uri, params)])
        return job_id

    def ingest(self, item: JobItem, ingest: Ingest) -> list[int]:
        """Do a claimed item; its recordings' ids. What an earlier, killed attempt stored is found again.

        Raises:
            NotFoundError: the bytes are gone.
            JobCancelledError: nothing of it was stored.
        """
        request = IngestRequest.from_params(item.params["request"])
        path = self.blobs.path(item.params["blob_key"])
        candidate = Candidate(
            path=path,
            source=source_of(path, item.uri),
            details={channel: request.details_of(channel, None) for channel in request.channels},
            blob_key=item.params["blob_key"],
        )
        reading = read(self.store, ingest.decoders, ingest.collection.collection_id, candidate, ingest.limits)
        ingest.stop_if_cancelled()
        return ingest.settle([reading])[item.uri]

    def drop_if_unused(self, item: JobItem) -> None:
        """An upload that failed, that was cancelled, or that was known from elsewhere, leaves no file behind."""
        key = item.params["blob_key"]
        with self.store.read() as unit:
            in_use = unit.recordings.blob_in_use(key) or unit.items.blob_awaited(key)
        if not in_use:
            self.blobs.delete(key)


def upload_uri(sha256: str, file_name: str) -> str:
    """Where an upload was found, for people: ``upload:3f2a9c01d4e8/call%207.wav``."""
    return f"upload:{sha256[:12]}/{quote(base_name(file_name))}"


def base_name(file_name: str) -> str:
    """The last part of a client's file name, whichever system wrote it; only ever shown, never opened."""
    return PurePosixPath(PureWindowsPath(file_name).name).name or "recording"
