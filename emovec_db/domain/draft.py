"""Recordings that were sent to be classified and are kept for an hour, in no collection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from emovec_db.domain.classification import Classification
from emovec_db.domain.sound import Sound

#: for how long a draft is kept
DRAFT_LIFE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDraft:
    """A recording that somebody sent to be classified, and what was heard in it."""

    #: whose encoder heard it and whose policy holds; the collection need not exist
    collection: str
    #: as the sender named it, without folders
    file_name: str
    #: of the file as it came
    size_bytes: int
    sha256: str
    #: who speaks, as far as it was told
    role: str | None
    #: as it was decoded
    sound: Sound
    heard: Classification
    decode_ms: float
    #: cleaning, cutting, encoding
    classify_ms: float

    @property
    def granularity(self) -> str:
        return "utterance" if self.heard.frames is None else "frame"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(NewDraft):
    """One that is kept."""

    #: unguessable: whoever knows it may hear the recording
    token: str
    created_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.created_at + DRAFT_LIFE
