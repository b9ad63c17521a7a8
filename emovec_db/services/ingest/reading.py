"""From a found file to decoded sounds that the collection does not hold yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emovec_db.audio.decoders.pool import DecoderPool
from emovec_db.domain.ingest import IngestFailure
from emovec_db.domain.peaks import Peaks
from emovec_db.domain.policy import MIXED, Policy, Refusal
from emovec_db.domain.recording import Details, Recording, Source
from emovec_db.domain.segmentation import Cut
from emovec_db.domain.sound import MIX, Sound, SoundLimits
from emovec_db.domain.suppression import firm
from emovec_db.errors import (
    DecoderCrashedError,
    DecodeTimeoutError,
    EmovecError,
    MixedError,
    RecordingError,
    UnreadableError,
)
from emovec_db.services.gate import NO_POLICY, limits_under
from emovec_db.services.patience import patiently
from emovec_db.sources.local import source_of
from emovec_db.sources.places import Place, Places, place_of
from emovec_db.sources.remote.address import Address
from emovec_db.sources.remote.fetching import AtHand
from emovec_db.store.store import Store, Unit

#: errors that another try at the same file would only repeat, at the cost of a process
BREAKS_DECODERS = (DecoderCrashedError, DecodeTimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file and what should be taken from it."""

    place: Place
    source: Source
    #: details by channel; the channels that are asked for
    details: dict[str, Details]
    #: where the bytes are kept, if emovec-db keeps them
    blob_key: str | None = None
    #: the last suppression that may be lifted for it: what was deleted after it was asked for stays out
    lifts_up_to: int = 0

    @property
    def name(self) -> str | None:
        """What people call an upload or a fetched file, whose bytes lie elsewhere; None: the file's own name."""
        if isinstance(self.place, Address):
            return self.place.name
        return None if self.blob_key is None else self.source.uri.rsplit("/", 1)[-1]

    @property
    def wants_mix(self) -> bool:
        return MIX in self.details

    def as_params(self) -> dict[str, Any]:
        """What another try needs, as JSON."""
        details = {channel: known.as_params() for channel, known in self.details.items()}
        return {"details": details, "lifts_up_to": self.lifts_up_to}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of reading a candidate."""

    candidate: Candidate
    sha256: str
    #: recording ids of the channels that the collection already holds under these bytes
    known: dict[str, int]
    sounds: tuple[Sound, ...]
    failures: tuple[IngestFailure, ...]
    #: of the sounds by channel, as they came: they are cleaned later
    peaks: Mapping[str, Peaks] = field(default_factory=dict)
    #: of the sounds, in their order, once they are cut
    cuts: tuple[Cut, ...] = ()
    #: by which segmentation
    cut_by: str | None = None
    #: that held when it was read
    policy: Policy = NO_POLICY
    #: what it keeps out
    refusals: tuple[Refusal, ...] = ()
    #: channels that were deleted before and stay out
    suppressed: tuple[str, ...] = ()
    #: ids of the single channels that are stored under these bytes, where their mix was asked for
    apart: tuple[int, ...] = ()
    #: by channel, where an upload's sound is kept without the other parties'
    kept_alone: Mapping[str, str] = field(default_factory=dict)

    @property
    def details(self) -> dict[str, Details]:
        return self.candidate.details


def failed(uri: str, details: dict[str, Details], error: EmovecError, *, lifts_up_to: int = 0) -> Reading:
    """The reading of a file that can't even be looked at: all its channels have failed."""
    source = Source(uri=uri, size_bytes=0, mtime_ns=0)
    return _unread(Candidate(place=Path(), source=source, details=details, lifts_up_to=lifts_up_to), error)


def _unread(candidate: Candidate, error: EmovecError) -> Reading:
    failures = tuple(failure_of(candidate.source.uri, error) for _ in candidate.details)
    return Reading(candidate=candidate, sha256="", known={}, sounds=(), failures=failures)


def look_at(path: Path, uri: str, details: dict[str, Details], *, lifts_up_to: int = 0) -> Candidate | Reading:
    """The file as it is now, with what should be taken from it."""
    try:
        return Candidate(place=path, source=source_of(path, uri), details=details, lifts_up_to=lifts_up_to)
    except EmovecError as error:
        return failed(uri, details, error, lifts_up_to=lifts_up_to)


def look_again(places: Places, uri: str, params: Mapping[str, Any]) -> Candidate | Reading:
    """The file of an earlier try as it is now, by what `Candidate.as_params` gave then."""
    details = {channel: Details.from_params(known) for channel, known in params["details"].items()}
    lifts_up_to = params.get("lifts_up_to", 0)
    try:
        place = place_of(uri)
        source = places.state(place, uri)
        return Candidate(place=place, source=source, details=details, lifts_up_to=lifts_up_to)
    except EmovecError as error:
        return failed(uri, details, error, lifts_up_to=lifts_up_to)


def read(
    store: Store,
    decoders: DecoderPool,
    places: Places,
    collection_id: int,
    candidate: Candidate,
    limits: SoundLimits,
) -> Reading:
    """Hash the file and decode the channels that are new and that neither policy nor deletion keeps out.

    Never raises for a bad file.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(places.at_hand(candidate.place, limits.max_bytes))
        except EmovecError as error:
            return _unread(candidate, error)
        return _read(store, decoders, collection_id, candidate, file, limits)


def _read(
    store: Store,
    decoders: DecoderPool,
    collection_id: int,
    candidate: Candidate,
    file: AtHand,
    limits: SoundLimits,
) -> Reading:
    stored, policy, deleted = patiently(lambda: _known(store, collection_id, candidate, file.sha256))
    known = {channel: stored[channel].recording_id for channel in candidate.details if channel in stored}
    apart = tuple(one.recording_id for one in stored.values()) if candidate.wants_mix and not known else ()
    missing = () if apart else tuple(channel for channel in candidate.details if channel not in known)
    suppressed = tuple(channel for channel in missing if channel in deleted)
    admitted, refusals = admit(policy, candidate, [channel for channel in missing if channel not in deleted])
    sounds, failures, mixed = _decode_each(decoders, candidate, file, admitted, limits_under(policy, limits))
    if policy.in_force and len(candidate.details) > 1 and any(sound.quality.channels == 1 for sound in sounds):
        # one channel for several parties: whoever is said to be on the first is not alone on it
        mixed = tuple(refusal_of(candidate, one, MIXED, mixed=True) for one in admitted)
        sounds, failures = (), ()
    changed = _changed(candidate) if sounds else None
    if changed is not None:
        sounds, failures = (), (failure_of(candidate.source.uri, changed),) * len(admitted)
    return Reading(
        candidate=candidate,
        sha256=file.sha256,
        known=known,
        sounds=sounds,
        failures=failures,
        peaks={sound.channel: Peaks.of(sound.waveform) for sound in sounds},
        policy=policy,
        refusals=(*refusals, *mixed),
        suppressed=suppressed,
        apart=apart,
    )


def admit(policy: Policy, candidate: Candidate, channels: Sequence[str]) -> tuple[tuple[str, ...], tuple[Refusal, ...]]:
    """Those of the channels that the policy lets in by what is said of them, and the refusals of the others."""
    reasons = {channel: policy.refusal(candidate.details[channel].role) for channel in channels}
    refusals = tuple(refusal_of(candidate, channel, reason) for channel, reason in reasons.items() if reason)
    return tuple(channel for channel, reason in reasons.items() if not reason), refusals


def _known(
    store: Store, collection_id: int, candidate: Candidate, sha256: str
) -> tuple[dict[str, Recording], Policy, frozenset[str]]:
    """What is stored of these bytes by channel, the policy, and which of the candidate's channels were deleted."""
    with store.read() as unit:
        stored = {one.channel: one for one in unit.recordings.by_bytes(collection_id, sha256)}
        return stored, unit.policies.of(collection_id), suppressed_channels(unit, collection_id, sha256, candidate)


def _changed(candidate: Candidate) -> UnreadableError | None:
    """Why what was read of the file may not be what it holds; None: it is as it was.

    What was fetched from elsewhere is of one state anyway.
    """
    if not isinstance(candidate.place, Path):
        return None
    try:
        now = source_of(candidate.place, candidate.source.uri)
    except UnreadableError as error:  # it went away meanwhile
        return error
    if now == candidate.source:
        return None
    return UnreadableError("the file changed while it was being read: ingest it again when it is complete")


def suppressed_channels(unit: Unit, collection_id: int, sha256: str, candidate: Candidate) -> frozenset[str]:
    """Those of the candidate's channels that were deleted before and that it may not bring back, by these bytes."""
    known = {channel: unit.suppressions.of(collection_id, sha256, channel) for channel in candidate.details}
    return frozenset(channel for channel, kept in known.items() if firm(kept, candidate.lifts_up_to))


def refusal_of(candidate: Candidate, channel: str, reason: str, *, mixed: bool = False) -> Refusal:
    """What is kept of a channel that the policy keeps out; `mixed` as in `Refusal`."""
    details = candidate.details[channel]
    return Refusal(
        source=candidate.source,
        channel=channel,
        role=details.role,
        mixed=mixed,
        reason=reason,
        customer=details.customer,
    )


def failure_of(uri: str, error: EmovecError, channel: str | None = None) -> IngestFailure:
    """The error as it is reported and kept."""
    message = error.message if channel is None else f"channel {channel}: {error.message}"
    return IngestFailure(uri=uri, code=error.code, message=message)


def _decode_each(
    decoders: DecoderPool, candidate: Candidate, file: AtHand, asked: tuple[str, ...], limits: SoundLimits
) -> tuple[tuple[Sound, ...], tuple[IngestFailure, ...], tuple[Refusal, ...]]:
    """All channels in one pass; one by one where that fails, since one party of a call may be silent."""
    if not asked:
        return (), (), ()
    try:
        return decoders.decode(file.path, channels=asked, limits=limits, name=candidate.name), (), ()
    except MixedError:
        # a mix is asked for alone, and both sides of a file with one channel are alike
        return (), (), tuple(refusal_of(candidate, one, MIXED, mixed=True) for one in asked)
    except EmovecError as error:
        if len(asked) == 1 or not isinstance(error, RecordingError) or isinstance(error, BREAKS_DECODERS):
            return (), tuple(failure_of(candidate.source.uri, error) for _ in asked), ()
    sounds: list[Sound] = []
    failures: list[IngestFailure] = []
    for channel in asked:
        try:
            sounds.extend(decoders.decode(file.path, channels=(channel,), limits=limits, name=candidate.name))
        except EmovecError as error:
            failures.append(failure_of(candidate.source.uri, error, channel))
    return tuple(sounds), tuple(failures), ()
