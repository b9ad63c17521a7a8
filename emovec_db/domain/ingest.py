"""What an ingest is told and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict

from emovec_db.domain.recording import ROLES, Details
from emovec_db.domain.sound import MIX
from emovec_db.errors import QueryError


class IngestFields(TypedDict, total=False):
    """What people say of the recordings that they want to be ingested, by keyword."""

    #: a table that lists recordings: .csv, .tsv, .jsonl, .ndjson or .parquet
    manifest: str | Path | None
    #: which of its columns tells what, where their names don't say: ``{"customer": "caller"}``
    columns: Mapping[str, str] | None
    #: a pattern such as ``{customer}/{recorded_at:%Y-%m-%d}_*.wav`` for the path below each folder
    customer_from: str | None
    customer: str | None
    speaker: str | None
    role: str | None
    #: without a zone in that of the settings
    recorded_at: datetime | None
    metadata: Mapping[str, Any] | None
    #: ``("left", "right")``: each becomes a recording of its own; else they are mixed
    channels: Sequence[str]
    #: the party on each channel, ``{"left": "agent", "right": "customer"}``; makes each a recording of its own
    roles: Mapping[str, str] | None
    #: take in what was deleted before, too
    allow_again: bool


#: two names of one channel, of which two roles could be said
SAME_CHANNEL = (frozenset({"left", "ch0"}), frozenset({"right", "ch1"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestRequest:
    """Which recordings to take and what is known of them."""

    #: files, folders and globs, as absolute paths
    paths: tuple[str, ...] = ()
    #: a table that lists recordings, as an absolute path
    manifest: str | None = None
    #: which column of it tells what, where their names don't say; see `sources.manifest.columns.FIELDS`
    columns: Mapping[str, str] = field(default_factory=dict)
    #: see `PathPattern`; matched below each path's root, or the manifest's folder
    customer_from: str | None = None
    #: of every recording; see `details_by_channel`
    details: Details = field(default_factory=Details)
    #: each becomes a recording of its own, unless a manifest names others
    channels: tuple[str, ...] = (MIX,)
    #: role by channel
    roles: Mapping[str, str] = field(default_factory=dict)
    #: lift what keeps these recordings out since they were deleted
    allow_again: bool = False

    def __post_init__(self) -> None:
        if not self.channels:
            raise QueryError("no channels are asked for: expected for example mix, or left and right")
        _check_apart(self.channels)
        for pair in SAME_CHANNEL:
            if pair <= {*self.channels}:
                raise QueryError(f"channels {' and '.join(sorted(pair))} are one and the same: ask for one of them")
        for channel, role in self.roles.items():
            if role not in ROLES:
                raise QueryError(f"the role of channel {channel} is {role!r}: expected one of {', '.join(ROLES)}")
            if channel not in self.channels:
                raise QueryError(f"channel {channel} has a role but is not among {', '.join(self.channels)}")

    def details_by_channel(
        self, matched: Details | None, told: Mapping[str | None, Details] | None = None
    ) -> dict[str, Details]:
        """What is known of each channel of a file that becomes a recording.

        What is said of a few goes before what is said of many: a manifest's row (`told`, by channel; None: of those
        that are asked for), the channel's role, what the pattern `matched` in the path, the details of all.

        Raises:
            QueryError: the mix of a file and single channels of it.
        """
        rows = told or {None: Details()}
        every = rows.get(None)
        channels = dict.fromkeys(rows) if every is None else dict.fromkeys((*self.channels, *rows))
        named = [channel for channel in channels if channel is not None]
        _check_apart(named)
        return {
            channel: overlay(self._details_of(channel, matched), rows.get(channel) or every or Details())
            for channel in named
        }

    def _details_of(self, channel: str, matched: Details | None) -> Details:
        merged = self.details if matched is None else overlay(self.details, matched)
        return replace(merged, role=self.roles[channel]) if channel in self.roles else merged

    def as_params(self) -> dict[str, Any]:
        """As JSON, to be kept with the job."""
        details = self.details
        return {
            "paths": list(self.paths),
            "manifest": self.manifest,
            "columns": dict(self.columns),
            "customer_from": self.customer_from,
            "channels": list(self.channels),
            "roles": dict(self.roles),
            "details": details.as_params(),
            "allow_again": self.allow_again,
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> IngestRequest:
        """The inverse of `as_params`."""
        return cls(
            paths=tuple(params["paths"]),
            manifest=params["manifest"],
            columns=params["columns"],
            customer_from=params["customer_from"],
            details=Details.from_params(params["details"]),
            channels=tuple(params["channels"]),
            roles=params["roles"],
            allow_again=params.get("allow_again", False),  # older uploads, still queued, lack it
        )


def _check_apart(channels: Sequence[str]) -> None:
    if MIX in channels and len(channels) > 1:
        raise QueryError(
            f"channels are {', '.join(channels)}: a file is stored either mixed or by channels, so expected "
            f"{MIX} alone, or the others without it"
        )


def overlay(base: Details, later: Details) -> Details:
    """`base` with every field that `later` knows replaced; metadata is merged by name."""
    return Details(
        customer=later.customer or base.customer,
        speaker=later.speaker or base.speaker,
        role=later.role or base.role,
        recorded_at=later.recorded_at or base.recorded_at,
        metadata={**base.metadata, **later.metadata},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestFailure:
    """A file or recording that was not stored, and why."""

    uri: str
    code: str
    message: str


class StoredBefore(StrEnum):
    """What became of what was said of a recording that was stored before; the gravest first."""

    #: the mix was asked for, and its channels are stored: nothing was taken
    CHANNELS_KEPT = "channels_kept"
    #: it was stored from another uri, and its details are the first ones still
    DETAILS_KEPT = "details_kept"
    #: it was stored from the same uri, and has the later details now
    DETAILS_CHANGED = "details_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """Counts are recordings, that is file × channel."""

    ingested: int = 0
    unchanged: int = 0
    #: known recordings that got a new source or new details
    updated: int = 0
    refused: int = 0
    #: deleted before, and left out
    suppressed: int = 0
    failed: int = 0
    errors: tuple[IngestFailure, ...] = ()
    seconds: float = 0.0
    #: sound encoded, seconds
    duration_s: float = 0.0
    #: remarks that are not failures: conflicts, the same sound in another file, names that did not match
    notes: tuple[str, ...] = ()


class Outcome(StrEnum):
    """What an ingest would do with a recording."""

    NEW = "new"
    #: its file is another one than the one that was stored from this uri
    CHANGED = "changed"
    #: it is stored, and more would be known of it
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What an ingest would do with one recording, by its file's name, size and time alone."""

    uri: str
    channel: str
    outcome: Outcome
    #: as they would be stored
    details: Details
    #: why it would be refused or fail
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestProgress:
    """How far an ingest has come."""

    #: recordings that are settled, whatever their outcome
    done: int
    #: recordings expected; None while unknown
    total: int | None
    failed: int
    #: sound encoded, seconds
    duration_s: float


#: called after each batch; must not raise
Progress = Callable[[IngestProgress], None]


@dataclass(frozen=True, slots=True)
class AudioFile:
    """A file of sound that may be shown to whoever asked."""

    path: Path
    media_type: str
