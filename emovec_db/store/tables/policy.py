"""Tables of what a collection forbids, what it kept out, and what was deleted from it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from emovec_db.store.tables.base import NEVER_REUSE_IDS, Base, link, new_id


class PolicyChangeRow(Base):
    """A role was forbidden or allowed again; the newest row of a role says which holds."""

    __tablename__ = "policy_changes"
    __table_args__ = (Index(None, "collection_id", "policy_change_id"), NEVER_REUSE_IDS)

    policy_change_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    role: Mapped[str]
    forbidden: Mapped[bool]
    reason: Mapped[str]
    #: who or what did it
    changed_by: Mapped[str]
    #: recordings that were deleted because of it
    deleted: Mapped[int]
    changed_at: Mapped[datetime]


class RefusalRow(Base):
    """A recording that policy keeps out: one row per uri and channel, gone once it is let in or deleted."""

    __tablename__ = "refusals"
    __table_args__ = (
        UniqueConstraint("collection_id", "uri", "channel"),
        Index(None, "collection_id", "customer"),
        NEVER_REUSE_IDS,
    )

    refusal_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    uri: Mapped[str]
    channel: Mapped[str]
    #: the file's state then: while it holds, the file need not be read again
    size_bytes: Mapped[int] = mapped_column(BigInteger())
    mtime_ns: Mapped[int] = mapped_column(BigInteger())
    role: Mapped[str | None]
    #: whether it would have been the mix of several channels
    mixed: Mapped[bool]
    customer: Mapped[str | None]
    reason: Mapped[str]
    refused_at: Mapped[datetime]


class SuppressionRow(Base):
    """A recording that was deleted and stays out; it names nobody, and outlives the recording."""

    __tablename__ = "suppressions"
    __table_args__ = (
        UniqueConstraint("collection_id", "sha256", "channel"),
        Index(None, "collection_id", "pcm_sha256"),
        NEVER_REUSE_IDS,
    )

    suppression_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    #: of the file's bytes
    sha256: Mapped[str]
    channel: Mapped[str]
    #: of the sound; None: it was never decoded
    pcm_sha256: Mapped[str | None]
