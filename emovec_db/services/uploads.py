"""Recordings that arrive over the network: kept as blobs, queued as jobs, ingested by a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO
from urllib.parse import quote

from emovec_db.blobs.protocol import Blobs
from emovec_db.domain.collection import Collection
from emovec_db.domain.ingest import IngestRequest
from emovec_db.domain.job import UPLOAD_JOB, JobItem
from emovec_db.domain.recording import Source
from emovec_db.errors import RefusedError, SuppressedError
from emovec_db.services.ingest.archive import Ingest
from emovec_db.services.ingest.reading import Candidate, Reading, admit, suppressed_channels
from emovec_db.services.playback import keep_alone
from emovec_db.services.suppression import REASON, lifts_up_to
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
            RefusedError: by what is said of it, the collection's policy keeps all of it out; nothing is kept.
            SuppressedError: all of it was deleted before, and `allow_again` was not said; nothing is kept.
        """
        received = self.blobs.receive(stream, max_bytes)
        uri = upload_uri(received.sha256, file_name)
        source = Source(uri=uri, size_bytes=received.size_bytes, mtime_ns=0)
        liftable = lifts_up_to(self.store, collection, request)
        details = request.details_by_channel(None)
        candidate = Candidate(place=Path(), source=source, details=details, lifts_up_to=liftable)
        try:
            self._check_some_admitted(collection, received.sha256, candidate)
        except (RefusedError, SuppressedError):
            self._drop_if_unused(received.key)
            raise
        params = {"blob_key": received.key, "request": request.as_params(), "lifts_up_to": liftable}
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
        key = item.params["blob_key"]
        path = self.blobs.path(key)
        details = request.details_by_channel(None)
        candidate = Candidate(
            place=path,
            source=source_of(path, item.uri),
            details=details,
            blob_key=key,
            lifts_up_to=item.params.get("lifts_up_to", 0),
        )
        reading = ingest.decode(candidate)
        ingest.stop_if_cancelled()
        apart = self._apart(reading)  # before it is cleaned: what is played is the sound as it came
        try:
            return ingest.settle([ingest.prepare(apart)])[item.uri]
        finally:
            for alone in apart.kept_alone.values():
                self._drop_if_unused(alone)

    def drop_if_unused(self, item: JobItem) -> None:
        """An upload that failed, that was cancelled, or that was known from elsewhere, leaves no file behind."""
        self._drop_if_unused(item.params["blob_key"])

    def _check_some_admitted(self, collection: Collection, sha256: str, candidate: Candidate) -> None:
        """Refuse at once what no worker needs to look at; what is stored already has to be taken out by one."""
        with self.store.read() as unit:
            policy = unit.policies.of(collection.collection_id)
            stored = unit.recordings.by_bytes(collection.collection_id, sha256)
            deleted = suppressed_channels(unit, collection.collection_id, sha256, candidate)
        missing = [channel for channel in candidate.details if channel not in deleted]
        admitted, refusals = admit(policy, candidate, missing)
        if admitted or stored:
            return
        if not refusals:
            raise SuppressedError(f"the recording is not stored: {REASON}")
        with self.store.write() as unit:
            for refusal in refusals:
                unit.refusals.record(collection.collection_id, refusal)
        raise RefusedError(f"the recording is refused: {refusals[0].reason}")

    def _apart(self, reading: Reading) -> Reading:
        """Under a policy a file is not kept for one of its channels: another may be a forbidden party's."""
        if not reading.policy.in_force:
            return reading
        kept = {sound.channel: keep_alone(self.blobs, reading.sha256, sound) for sound in reading.sounds}
        return replace(reading, kept_alone=kept)

    def _drop_if_unused(self, key: str) -> None:
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
