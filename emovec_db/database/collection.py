"""A collection as Python users hold it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Unpack

import numpy as np
from numpy.typing import NDArray

from emovec_db.bootstrap import Parts
from emovec_db.database.generations import Generations
from emovec_db.domain.audit import AuditReport
from emovec_db.domain.classification import CheckReport, Classification, Deletion
from emovec_db.domain.clustering import Clustering
from emovec_db.domain.collection import NO_WISHES, CollectionSummary, Wishes
from emovec_db.domain.collection import Collection as StoredCollection
from emovec_db.domain.ingest import (
    AudioFile,
    Forecast,
    IngestFields,
    IngestReport,
    IngestRequest,
    Progress,
)
from emovec_db.domain.job import Job, JobItem
from emovec_db.domain.path_pattern import PathPattern
from emovec_db.domain.policy import Policy, PolicyChange, Refusal
from emovec_db.domain.profile import Profile
from emovec_db.domain.query import Filter, FilterFields, Match, Page
from emovec_db.domain.recording import Details, Recording, Utterance
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.domain.track import Track
from emovec_db.emotions import LABELS
from emovec_db.errors import QueryError
from emovec_db.services.archives import Archives
from emovec_db.services.audit import Audit
from emovec_db.services.check import check
from emovec_db.services.classify import classify, compare
from emovec_db.services.clusters import cluster
from emovec_db.services.collections import open_or_create
from emovec_db.services.gate import NO_POLICY, admitted_sound
from emovec_db.services.ingest.asking import localised, request_of
from emovec_db.services.methods import Method, method_for_new, method_of
from emovec_db.services.playback import audio_file, sources_of
from emovec_db.services.profiles import ProfileQuestion, profile
from emovec_db.services.search import Question
from emovec_db.services.watching import UNWATCHED, Watch, Watched, folders_of
from emovec_db.sources.finding import check as check_sources
from emovec_db.spaces.registry import SPACES, space_named


class Collection:
    """A named set of recordings bound to one encoder. Filters are the fields of `domain.query.Filter`."""

    def __init__(self, parts: Parts, name: str) -> None:
        self._parts = parts
        self.name = name

    @property
    def generations(self) -> Generations:
        """What it was encoded by, is, and will be."""
        return Generations(self._parts, self.name)

    def exists(self) -> bool:
        """Whether anything was ever ingested into it."""
        with self._parts.store.read() as unit:
            return unit.collections.find(self.name) is not None

    def summary(self) -> CollectionSummary:
        """How much is in it; NotFoundError where it does not exist."""
        with self._parts.store.read() as unit:
            return unit.collections.summary(unit.collections.get(self.name))

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

    # --- taking recordings in

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
        if retry_failed:
            return self._archives(progress, stop).retry_failed(self._opened(wishes))
        request = self._request(paths, said)
        return self._archives(progress, stop).ingest(self._opened(wishes), request)

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
        request = request_of(zone, channels=channels, roles=roles, allow_again=allow_again)
        request = replace(request, details=localised(details or Details(), zone))
        stored = self._opened()
        limit = self._parts.upload_limits.max_bytes
        job_id = self._parts.uploads.receive(stored, stream, file_name, request, limit)
        with self._parts.store.read() as unit:
            return unit.jobs.get(job_id)

    def failures(self) -> tuple[JobItem, ...]:
        """Recordings that could not be taken in, and why."""
        with self._parts.store.read() as unit:
            return unit.failures.of_collection(unit.collections.get(self.name).collection_id)

    # --- asking

    def classify(
        self,
        recording: str | Path | Sound,
        *,
        frames: bool = False,
        frame_embeddings: bool = False,
        role: str | None = None,
        channel: str = MIX,
        limits: SoundLimits | None = None,
    ) -> Classification:
        """Emotion of a recording, or one channel of it, by the collection's encoder; nothing is stored.

        Raises:
            RefusedError: the collection's policy forbids the recording's role, or wants to know it.
        """
        method = self._method()
        sound = self._admitted(recording, limits, role=role, channel=channel)
        return classify(method, self._parts.sounds, sound, frames=frames, frame_embeddings=frame_embeddings)

    def compare(
        self,
        first: str | Path | Sound,
        second: str | Path | Sound,
        *,
        space: str = "embedding",
        role: str | None = None,
        channel: str = MIX,
        limits: SoundLimits | None = None,
    ) -> float:
        """Similarity of two recordings by the collection's encoder, -1..1; nothing is stored.

        `role` and `channel` are those of both.

        Raises:
            RefusedError: as `classify`.
        """
        method = self._method()
        sounds = [self._admitted(one, limits, role=role, channel=channel) for one in (first, second)]
        return compare(method, self._parts.sounds, space_named(space), *sounds)

    def similar(
        self,
        recording: str | Path | Sound,
        *,
        k: int = 10,
        space: str = "embedding",
        min_similarity: float | None = None,
        recording_role: str | None = None,
        recording_channel: str = MIX,
        limits: SoundLimits | None = None,
        **chosen: Unpack[FilterFields],
    ) -> tuple[Match, ...]:
        """Stored utterances whose emotion is nearest to a recording's, most similar first.

        `role` chooses among the stored; `recording_role` and `recording_channel` say what the given one is.

        Raises:
            RefusedError: as `classify`.
        """
        stored = self._stored()
        # by the encoder of the generation that is searched, also if the collection is given another one meanwhile
        method = method_of(self._parts.encoders, self._parts.diarizers, stored)
        sound = self._admitted(recording, limits, role=recording_role, channel=recording_channel)
        heard = classify(method, self._parts.sounds, sound, frames=False)
        scores = np.array(heard.prediction.scores, dtype=np.float32)
        question = Question(k=k, min_similarity=min_similarity, filter=Filter(**chosen))
        return self._parts.search.near(stored, space_named(space), heard.embedding, scores, question)

    def similar_by_id(
        self,
        utterance_id: int,
        *,
        k: int = 10,
        space: str = "embedding",
        min_similarity: float | None = None,
        **chosen: Unpack[FilterFields],
    ) -> tuple[Match, ...]:
        """Stored utterances nearest to a stored one, without itself."""
        question = Question(k=k, min_similarity=min_similarity, filter=Filter(**chosen), without=utterance_id)
        return self._parts.search.near_utterance(self._stored(), space_named(space), utterance_id, question)

    def similar_to_vector(
        self,
        embedding: NDArray[np.float32],
        *,
        k: int = 10,
        space: str = "embedding",
        min_similarity: float | None = None,
        **chosen: Unpack[FilterFields],
    ) -> tuple[Match, ...]:
        """Stored utterances nearest to an embedding, float32 (dim,); only spaces that need no scores."""
        if space != "embedding":
            raise QueryError(f"an embedding can be searched in space 'embedding' only, not in {space!r}")
        uniform = np.full(len(LABELS), 1 / len(LABELS), np.float32)
        question = Question(k=k, min_similarity=min_similarity, filter=Filter(**chosen))
        vector = np.asarray(embedding, dtype=np.float32)
        return self._parts.search.near(self._stored(), space_named(space), vector, uniform, question)

    def cluster(self, k: int, *, seed: int = 0, space: str = "embedding", **chosen: Unpack[FilterFields]) -> Clustering:
        """K-Means over the utterances that the filter lets through; stored with its parameters."""
        return cluster(self._parts.store, self._stored(), space_named(space), k=k, seed=seed, chosen=Filter(**chosen))

    def clustering(self, clustering_id: int) -> Clustering:
        """A stored K-Means run."""
        with self._parts.store.read() as unit:
            return unit.clusterings.get(unit.collections.get(self.name), clustering_id)

    def clusterings(self, *, cursor: str | None = None, limit: int = 50) -> Page[Clustering]:
        """Stored K-Means runs, the newest first."""
        with self._parts.store.read() as unit:
            return unit.clusterings.page(unit.collections.get(self.name), cursor, limit)

    def profile(
        self,
        customer: str,
        *,
        period: str = "week",
        since: datetime | None = None,
        until: datetime | None = None,
        space: str = "embedding",
        examples: int = 5,
    ) -> Profile:
        """A customer's emotion over a time; `period` (day, week or month) is the step of the trend."""
        question = ProfileQuestion(customer=customer, period=period, since=since, until=until, examples=examples)
        zone = self._parts.settings.zone
        return profile(self._parts.store, self._stored(), space_named(space), zone, question)

    # --- looking

    def customers(self) -> tuple[str, ...]:
        """Names of all customers."""
        with self._parts.store.read() as unit:
            return unit.collections.customers(unit.collections.get(self.name).collection_id)

    def recordings(
        self, *, cursor: str | None = None, limit: int = 50, **chosen: Unpack[FilterFields]
    ) -> Page[Recording]:
        """Recordings, the newest first; the filter looks at whole recordings."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            return unit.recordings.page(stored.collection_id, Filter(**chosen), cursor, limit)

    def recording(self, recording_id: int) -> Recording:
        """One recording; NotFoundError where there is none."""
        with self._parts.store.read() as unit:
            return unit.recordings.get(unit.collections.get(self.name).collection_id, recording_id)

    def utterances(self, recording_id: int) -> tuple[Utterance, ...]:
        """A recording's utterances in the order of time."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            unit.recordings.get(stored.collection_id, recording_id)
            return unit.utterances.of_recording(stored, recording_id)

    def track(self, recording_id: int) -> Track:
        """The course of the nine scores over a stored recording, two steps a second."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            unit.recordings.get(stored.collection_id, recording_id)
            return unit.tracks.get(stored, recording_id)

    def utterance(self, utterance_id: int) -> Utterance:
        """One utterance; NotFoundError where there is none."""
        with self._parts.store.read() as unit:
            return unit.utterances.get(unit.collections.get(self.name), utterance_id)

    def audio(self, recording_id: int) -> AudioFile:
        """A file with the recording's sound; NotFoundError where its source is gone or changed."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            recording = unit.recordings.get(stored.collection_id, recording_id)
            sources = sources_of(unit, stored, recording)
            policy = unit.policies.of(stored.collection_id)
        parts = self._parts
        limits = parts.archive_limits
        return audio_file(parts.blobs, parts.decoders, parts.places, policy, recording, sources, limits)

    # --- policy

    def policy(self) -> Policy:
        """Which roles are forbidden here; none where the collection does not exist."""
        with self._parts.store.read() as unit:
            stored = unit.collections.find(self.name)
            return NO_POLICY if stored is None else unit.policies.of(stored.collection_id)

    def policy_changes(self) -> tuple[PolicyChange, ...]:
        """Who forbade and allowed what, oldest first."""
        with self._parts.store.read() as unit:
            return unit.policies.changes(unit.collections.get(self.name).collection_id)

    def refusals(self, *, cursor: str | None = None, limit: int = 50) -> Page[Refusal]:
        """Recordings that the policy keeps out, the newest first."""
        with self._parts.store.read() as unit:
            return unit.refusals.page(unit.collections.get(self.name).collection_id, cursor, limit)

    def forbid_role(
        self, role: str, *, reason: str = "", delete_existing: bool = False, by: str | None = None
    ) -> Deletion:
        """Never encode, store or play recordings of this role, from now on; says what was deleted for it.

        Recordings that nobody gave a role, and mixes of several channels, are refused from now on too.

        Raises:
            ConflictError: such recordings are stored, and `delete_existing` was not said.
        """
        stored = self._opened()
        return self._parts.policies.forbid(stored, role, reason=reason, by=by, delete_existing=delete_existing)

    def allow_role(self, role: str, *, reason: str, by: str | None = None) -> None:
        """Undo `forbid_role`; the reason and who it was stay in the policy's log.

        Raises:
            QueryError: no reason was given, or the role is not forbidden.
        """
        self._parts.policies.allow(self._stored(), role, reason=reason, by=by)

    def siblings(self, recording_id: int) -> tuple[Recording, ...]:
        """The other channels that are stored of the same file."""
        with self._parts.store.read() as unit:
            stored = unit.collections.get(self.name)
            recording = unit.recordings.get(stored.collection_id, recording_id)
            of_file = unit.recordings.by_bytes(stored.collection_id, recording.sha256)
        return tuple(one for one in of_file if one.recording_id != recording_id)

    # --- keeping it right

    def delete(self, recording_id: int) -> Deletion:
        """Delete a recording: rows, index, stored file, caches. Ingesting it again leaves it out; see `ingest`."""
        return self._parts.eraser.recording(self._stored(), recording_id)

    def delete_customer(self, customer: str) -> Deletion:
        """Delete every recording of a customer. Ingesting them again leaves them out; see `ingest`."""
        return self._parts.eraser.customer(self._stored(), customer)

    def check(self) -> CheckReport:
        """Whether the indexes say what the database says."""
        return check(self._parts.store, self._parts.blobs, self._parts.indexes, self._stored(), tuple(SPACES.values()))

    def audit(self, *, sample: int = 200, seed: int = 0) -> AuditReport:
        """Encode a sample of the stored utterances again and say how far the stored numbers are off."""
        if sample < 1:
            raise QueryError(f"sample is {sample}: expected at least 1")
        stored = self._stored()
        audit = Audit(
            store=self._parts.store,
            blobs=self._parts.blobs,
            decoders=self._parts.decoders,
            places=self._parts.places,
            method=method_of(self._parts.encoders, self._parts.diarizers, stored),
            limits=self._parts.archive_limits,
        )
        return audit.run(stored, sample, seed)

    def reindex(self) -> int:
        """Build the indexes again from the database; returns the number of utterances indexed."""
        stored = self._stored()
        return max(self._parts.indexes.of(stored, space).rebuild() for space in SPACES.values())

    def _admitted(
        self, recording: str | Path | Sound, limits: SoundLimits | None, *, role: str | None, channel: str
    ) -> Sound:
        decoders, chosen = self._parts.decoders, limits or self._parts.archive_limits
        return admitted_sound(decoders, self.policy(), recording, chosen, role=role, channel=channel)

    def _method(self) -> Method:
        """The collection's, or the one that it would be bound to if it were made now."""
        with self._parts.store.read() as unit:
            stored = unit.collections.find(self.name)
        parts = self._parts
        if stored is None:
            return method_for_new(parts.encoders, parts.diarizers)
        return method_of(parts.encoders, parts.diarizers, stored)

    def _stored(self) -> StoredCollection:
        with self._parts.store.read() as unit:
            return unit.collections.get(self.name)

    def _opened(self, wishes: Wishes = NO_WISHES) -> StoredCollection:
        """The stored collection, made if need be."""
        return open_or_create(self._parts.store, self._parts.encoders, self._parts.diarizers, self.name, wishes)

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
