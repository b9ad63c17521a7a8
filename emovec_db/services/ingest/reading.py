"""From a found file to decoded sounds that the collection does not hold yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.recording import Details, Source
from emovec_db.domain.sound import Sound, SoundLimits
from emovec_db.errors import (
    DecoderCrashedError,
    DecodeTimeoutError,
    EmovecError,
    RecordingError,
    UnreadableError,
)
from emovec_db.sources.local import digest, path_of, source_of
from emovec_db.store.store import Store

#: errors that another try at the same file would only repeat, at the cost of a process
BREAKS_DECODERS = (DecoderCrashedError, DecodeTimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file and what should be taken from it."""

    path: Path
    source: Source
    #: details by channel; the channels that are asked for
    details: dict[str, Details]
    #: where the bytes are kept, if emovec-db keeps them
    blob_key: str | None = None

    @property
    def name(self) -> str | None:
        """What people call an upload, whose bytes lie under a key; None: the file's own name."""
        return None if self.blob_key is None else self.source.uri.rsplit("/", 1)[-1]

    def as_params(self) -> dict[str, Any]:
        """What another try needs, as JSON."""
        return {"details": {channel: details.as_params() for channel, details in self.details.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of reading a candidate."""

    candidate: Candidate
    sha256: str
    #: recording ids of the channels that the collection already holds under these bytes
    known: dict[str, int]
    sounds: tuple[Sound, ...]
    failures: tuple[IngestFailure, ...]


def failed(path: Path, uri: str, details: dict[str, Details], error: EmovecError) -> Reading:
    """The reading of a file that can't even be looked at: all its channels have failed."""
    candidate = Candidate(path=path, source=Source(uri=uri, size_bytes=0, mtime_ns=0), details=details)
    failures = tuple(failure_of(uri, error) for _ in details)
    return Reading(candidate=candidate, sha256="", known={}, sounds=(), failures=failures)


def look_at(path: Path, uri: str, details: dict[str, Details]) -> Candidate | Reading:
    """The file as it is now, with what should be taken from it."""
    try:
        return Candidate(path=path, source=source_of(path, uri), details=details)
    except EmovecError as error:
        return failed(path, uri, details, error)


def look_again(uri: str, params: Mapping[str, Any]) -> Candidate | Reading:
    """The file of an earlier try as it is now, by what `Candidate.as_params` gave then."""
    details = {channel: Details.from_params(known) for channel, known in params["details"].items()}
    return look_at(path_of(uri), uri, details)


def read(store: Store, decoders: DecoderPool, collection_id: int, candidate: Candidate, limits: SoundLimits) -> Reading:
    """Hash the file and decode the channels that are new; never raises for a bad file."""
    uri = candidate.source.uri
    try:
        sha256 = digest(candidate.path)
    except EmovecError as error:
        failures = tuple(failure_of(uri, error) for _ in candidate.details)
        return Reading(candidate=candidate, sha256="", known={}, sounds=(), failures=failures)
    with store.read() as unit:
        found = {channel: unit.recordings.find(collection_id, sha256, channel) for channel in candidate.details}
    known = {channel: recording.recording_id for channel, recording in found.items() if recording is not None}
    missing = [channel for channel in candidate.details if channel not in known]
    sounds, failures = _decode_each(decoders, candidate, missing, limits)
    if sounds and source_of(candidate.path, uri) != candidate.source:
        changed = UnreadableError("the file changed while it was being read: ingest it again when it is complete")
        return Reading(
            candidate=candidate,
            sha256=sha256,
            known=known,
            sounds=(),
            failures=(failure_of(uri, changed),) * len(missing),
        )
    return Reading(candidate=candidate, sha256=sha256, known=known, sounds=sounds, failures=failures)


def failure_of(uri: str, error: EmovecError, channel: str | None = None) -> IngestFailure:
    """The error as it is reported and kept."""
    message = error.message if channel is None else f"channel {channel}: {error.message}"
    return IngestFailure(uri=uri, code=error.code, message=message)


def _decode_each(
    decoders: DecoderPool, candidate: Candidate, channels: Iterable[str], limits: SoundLimits
) -> tuple[tuple[Sound, ...], tuple[IngestFailure, ...]]:
    """All channels in one pass; one by one where that fails, since one party of a call may be silent."""
    asked = tuple(channels)
    if not asked:
        return (), ()
    try:
        return decoders.decode(candidate.path, channels=asked, limits=limits, name=candidate.name), ()
    except EmovecError as error:
        if len(asked) == 1 or not isinstance(error, RecordingError) or isinstance(error, BREAKS_DECODERS):
            return (), tuple(failure_of(candidate.source.uri, error) for _ in asked)
    sounds: list[Sound] = []
    failures: list[IngestFailure] = []
    for channel in asked:
        try:
            sounds.extend(decoders.decode(candidate.path, channels=(channel,), limits=limits, name=candidate.name))
        except EmovecError as error:
            failures.append(failure_of(candidate.source.uri, error, channel))
    return tuple(sounds), tuple(failures)
