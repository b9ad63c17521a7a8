"""What an ingest is told and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emovec_db.domain.recording import ROLES, Details
from emovec_db.domain.sound import MIX
from emovec_db.errors import QueryError


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestRequest:
    """Which recordings to take and what is known of them."""

    #: files, folders and globs, as absolute paths
    paths: tuple[str, ...] = ()
    #: see `PathPattern`; matched below each path's root
    customer_from: str | None = None
    #: of every recording; what the pattern finds goes first
    details: Details = field(default_factory=Details)
    #: each becomes a recording of its own
    channels: tuple[str, ...] = (MIX,)
    #: role by channel
    roles: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.channels:
            raise QueryError("no channels are asked for: expected for example mix, or left and right")
        if MIX in self.channels and len(self.channels) > 1:
            raise QueryError(
                f"channels are {', '.join(self.channels)}: a file is stored either mixed or by channels, so expected "
                f"{MIX} alone, or the others without it"
            )
        for channel, role in self.roles.items():
            if role not in ROLES:
                raise QueryError(f"the role of channel {channel} is {role!r}: expected one of {', '.join(ROLES)}")
            if channel not in self.channels:
                raise QueryError(f"channel {channel} has a role but is not among {', '.join(self.channels)}")

    def details_of(self, channel: str, found: Details | None) -> Details:
        """Details of one channel of one file: pattern, then the given ones, and the channel's role."""
        merged = self.details if found is None else overlay(self.details, found)
        return replace(merged, role=self.roles[channel]) if channel in self.roles else merged

    def details_by_channel(self, found: Details | None) -> dict[str, Details]:
        """`details_of` every channel that is asked for."""
        return {channel: self.details_of(channel, found) for channel in self.channels}

    def as_params(self) -> dict[str, Any]:
        """As JSON, to be kept with the job."""
        details = self.details
        return {
            "paths": list(self.paths),
            "customer_from": self.customer_from,
            "channels": list(self.channels),
            "roles": dict(self.roles),
            "details": details.as_params(),
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> IngestRequest:
        """The inverse of `as_params`."""
        return cls(
            paths=tuple(params["paths"]),
            customer_from=params["customer_from"],
            details=Details.from_params(params["details"]),
            channels=tuple(params["channels"]),
            roles=params["roles"],
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


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """Counts are recordings, that is file × channel."""

    ingested: int = 0
    unchanged: int = 0
    #: known recordings that got a new source or new details
    updated: int = 0
    refused: int = 0
    failed: int = 0
    errors: tuple[IngestFailure, ...] = ()
    seconds: float = 0.0
    #: sound encoded, seconds
    duration_s: float = 0.0
    #: remarks that are not failures: conflicts, the same sound in another file, names that did not match
    notes: tuple[str, ...] = ()


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
