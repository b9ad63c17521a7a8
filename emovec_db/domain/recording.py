"""Recordings, their sources and their utterances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.encoding import EncoderIdentity, Prediction, Provenance
from emovec_db.domain.peaks import Peaks
from emovec_db.domain.segmentation import NOTHING_LEFT_OUT, LeftOut
from emovec_db.domain.sound import MIX, Quality
from emovec_db.domain.track import Track
from emovec_db.errors import QueryError

#: what a party to a recording may be
ROLES = ("customer", "agent", "other")
#: steps in an address, which browsers take out of it however they are written: such a customer could not be asked for
NO_CUSTOMERS = (".", "..")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What people know of a recording besides its sound.

    Raises:
        QueryError: a role that is none, or a customer's name that no address can have.
    """

    customer: str | None = None
    speaker: str | None = None
    #: customer, agent or other
    role: str | None = None
    #: UTC; recordings without a time stay out of trends
    recorded_at: datetime | None = None
    #: free JSON
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.role is not None and self.role not in ROLES:
            raise QueryError(f"role is {self.role!r}: expected one of {', '.join(ROLES)}")
        if self.customer in NO_CUSTOMERS:
            raise QueryError(f"customer is {self.customer!r}, which no address can name: expected another name")

    def as_params(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "customer": self.customer,
            "speaker": self.speaker,
            "role": self.role,
            "recorded_at": self.recorded_at.isoformat() if self.recorded_at else None,
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Details:
        """The inverse of `as_params`."""
        recorded_at = params["recorded_at"]
        return cls(**{**params, "recorded_at": datetime.fromisoformat(recorded_at) if recorded_at else None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A uri at which a recording was found, and the file's state then."""

    uri: str
    size_bytes: int
    #: of what lies elsewhere, a number that stands for what its server tells changes by; see `sources.remote.storage`
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUtterance:
    """A segment that was just encoded."""

    start_s: float
    end_s: float
    #: float32 (dim,)
    embedding: NDArray[np.float32]
    prediction: Prediction
    #: A, B … where voices are told apart
    voice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecording:
    """All that one transaction stores of a recording."""

    sha256: str
    pcm_sha256: str
    channel: str = MIX
    details: Details
    source: Source
    quality: Quality
    #: duration-weighted over the utterances
    summary: Prediction
    left_out: LeftOut = NOTHING_LEFT_OUT
    #: where the original bytes are kept, if emovec-db keeps them
    blob_key: str | None = None
    utterances: tuple[NewUtterance, ...]
    track: Track
    #: of the sound as it came, before it was cleaned
    peaks: Peaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A stored recording."""

    recording_id: int
    sha256: str
    pcm_sha256: str
    channel: str
    details: Details
    #: every uri at which it was found, the first first
    uris: tuple[str, ...]
    quality: Quality
    summary: Prediction
    left_out: LeftOut
    blob_key: str | None
    created_at: datetime

    @property
    def is_mixed(self) -> bool:
        return self.quality.is_mixed(self.channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A stored utterance with what a search result shows of its recording."""

    utterance_id: int
    recording_id: int
    #: the recording's first uri
    uri: str
    channel: str
    customer: str | None
    speaker: str | None
    role: str | None
    recorded_at: datetime | None
    start_s: float
    end_s: float
    #: A, B … where voices are told apart; nobody's name, and another recording's A is somebody else
    voice: str | None
    prediction: Prediction
    #: of the encoder that made embedding and prediction
    encoder: EncoderIdentity
    provenance: Provenance
