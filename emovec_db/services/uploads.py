"""Recordings that arrive over the network: kept as blobs, queued as jobs, ingested by a worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO
from urllib.parse import quote

from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestFailure, IngestRequest
from emovec_db.domain.job import Job, JobItem, JobState
from emovec_db.domain.recording import Source
from emovec_db.errors import EmovecError, RefusedError
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.reading import Candidate, Reading, admit, failure_of, read
from emovec_db.services.leases import heartbeat
from emovec_db.services.playback import keep_alone
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
            RefusedError: by what is said of it, the collection's policy keeps all of it out; nothing is kept.
        """
        received = self.blobs.receive(stream, max_bytes)
        uri = upload_uri(received.sha256, file_name)
        source = Source(uri=uri, size_bytes=received.size_bytes, mtime_ns=0)
        try:
            self._check_some_admitted(collection, received.sha256, source, request)
        except RefusedError:
            self._drop_if_unused(received.key)
            raise
        params = {"blob_key": received.key, "request": request.as_params()}
        with self.store.write() as unit:
            job_id = unit.jobs.create(collection.collection_id, UPLOAD_JOB, {})
            unit.jobs.add_items(job_id, [(uri, params)])
        return job_id

    def _check_some_admitted(self, collection: Collection, sha256: str, source: Source, request: IngestRequest) -> None:
        """Refuse at once what no worker needs to look at; what is stored already has to be taken out by one."""
        candidate = Candidate(path=Path(), source=source, details=request.details_by_channel(None))
        with self.store.read() as unit:
            policy = unit.policies.of(collection.collection_id)
            stored = unit.recordings.by_bytes(collection.collection_id, sha256)
        admitted, refusals = admit(policy, candidate, request.channels)
        if admitted or stored:
            return
        with self.store.write() as unit:
            for refusal in refusals:
                unit.refusals.record(collection.collection_id, refusal)
        raise RefusedError(f"the recording is refused: {refusals[0].reason}")

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
        kept_alone: Iterable[str] = ()
        try:
            candidate = self._candidate(item.uri, key, request)
        except EmovecError as error:
            failures: Sequence[IngestFailure] = [failure_of(item.uri, error)]
            ingest.tally.fail(failures[0])
            recording_ids: list[int] = []
        else:
            reading = self._apart(read(self.store, ingest.collection.collection_id, candidate, ingest.limits))
            recording_ids = ingest.settle([reading])[item.uri]
            failures = reading.failures
            kept_alone = reading.kept_alone.values()
        self._finish(item, ingest.collection, failures, recording_ids)
        for unneeded in (key, *kept_alone):
            self._drop_if_unused(unneeded)

    def _candidate(self, uri: str, key: str, request: IngestRequest) -> Candidate:
        path = self.blobs.path(key)
        return Candidate(path=path, source=source_of(path, uri), details=request.details_by_channel(None), blob_key=key)

    def _apart(self, reading: Reading) -> Reading:
        """Under a policy a file is not kept for one of its channels: another may be a forbidden party's."""
        if not reading.policy.in_force:
            return reading
        kept = {sound.channel: keep_alone(self.blobs, reading.sha256, sound) for sound in reading.sounds}
        return replace(reading, kept_alone=kept)

    def _finish(
        self, item: JobItem, collection: Collection, failures: Sequence[IngestFailure], recording_ids: Sequence[int]
    ) -> None:
        state = JobState.FAILED if failures else JobState.DONE
        code, message = (failures[0].code, failures[0].message) if failures else (None, None)
        with self.store.write() as unit:
            refusals = unit.refusals.of(collection.collection_id, [item.uri]).values()
            if refusals and not failures:
                code = RefusedError.code
                message = "; ".join(f"channel {one.channel}: {one.reason}" for one in refusals)
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
