"""Tables of clusterings and background work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from emovec_db.store.tables.base import NEVER_REUSE_IDS, Base, link, new_id
from emovec_db.store.types import BigId


class ClusteringRow(Base):
    """One K-Means run."""

    __tablename__ = "clusterings"
    __table_args__ = (Index(None, "collection_id", "clustering_id"), NEVER_REUSE_IDS)

    clustering_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    generation_id: Mapped[int] = link("generations.generation_id")
    #: k, seed, space, filter
    parameters: Mapped[dict[str, Any]]
    #: per cluster: size, labels, central
    clusters: Mapped[list[Any]]
    utterances: Mapped[int]
    inertia: Mapped[float]
    silhouette: Mapped[float | None]
    created_at: Mapped[datetime]


class ClusteringMemberRow(Base):
    """Which cluster an utterance fell into."""

    __tablename__ = "clustering_members"
    __table_args__ = (Index(None, "utterance_id"),)

    clustering_id: Mapped[int] = link("clusterings.clustering_id", cascade=True, primary_key=True)
    utterance_id: Mapped[int] = link("utterances.utterance_id", cascade=True, primary_key=True)
    cluster: Mapped[int]


class ClusterNameRow(Base):
    """What people call a cluster."""

    __tablename__ = "cluster_names"

    clustering_id: Mapped[int] = link("clusterings.clustering_id", cascade=True, primary_key=True)
    cluster: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]


class JobRow(Base):
    """One piece of background work; who finds its recordings, until when that is believed, and what came of them."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index(None, "state", "job_id"),
        Index(None, "collection_id", "job_id"),
        Index(None, "finished_at"),
        NEVER_REUSE_IDS,
    )

    job_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    kind: Mapped[str]
    state: Mapped[str]
    counts: Mapped[dict[str, Any]]
    total: Mapped[int | None]
    duration_s: Mapped[float]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


class JobItemRow(Base):
    """What one worker does of a job in one go, and who holds it until when; while it waits, not before when."""

    __tablename__ = "job_items"
    __table_args__ = (
        UniqueConstraint("job_id", "uri"),
        Index(None, "uri"),
        Index(None, "state", "item_id"),
        NEVER_REUSE_IDS,
    )

    item_id: Mapped[int] = new_id()
    job_id: Mapped[int] = link("jobs.job_id", cascade=True)
    uri: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    #: when a broker was last told that it waits; None: not since it began to
    sent_at: Mapped[datetime | None]
    code: Mapped[str | None]
    message: Mapped[str | None]
    params: Mapped[dict[str, Any]]
    recording_ids: Mapped[list[Any]]


class FailureRow(Base):
    """Why a uri is not in a collection: one row per uri whatever job met it, gone once it is stored.

    Apart from `job_items` because a failure outlives its job, and because a folder of a million readable files should
    not leave a million items behind.
    """

    __tablename__ = "failures"
    __table_args__ = (UniqueConstraint("collection_id", "uri"), Index(None, "job_id", "failure_id"), NEVER_REUSE_IDS)

    failure_id: Mapped[int] = new_id()
    collection_id: Mapped[int] = link("collections.collection_id")
    job_id: Mapped[int] = mapped_column(BigId, ForeignKey("jobs.job_id"))
    uri: Mapped[str]
    attempts: Mapped[int]
    code: Mapped[str]
    message: Mapped[str]
    #: what was known of the file, for another try
    params: Mapped[dict[str, Any]]
