"""The first schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")
TIME = sa.DateTime(timezone=True)
TEXT = sa.String()
REAL: sa.Double[float] = sa.Double()
TABLES = (
    *("collections", "generations", "customers", "changes", "recordings", "sources", "summaries"),
    *("utterances", "provenances", "predictions", "embeddings", "tracks"),
    *("clusterings", "clustering_members", "jobs", "job_items", "failures"),
    *("policy_changes", "refusals"),
)
LABELS = ("angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "unknown")


def upgrade() -> None:
    _create_collections()
    _create_recordings()
    _create_utterances()
    _create_clusterings()
    _create_jobs()
    _create_policies()


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("fk_collections_active_generation_id_generations", "collections")
    for table in TABLES[::-1]:
        op.drop_table(table)


def _create_collections() -> None:
    _table(
        "collections",
        _new_id("collection_id"),
        _column("name", TEXT),
        _column("created_at", TIME),
        _column("change_seq", sa.BigInteger(), server_default="0"),
        # SQLite takes a reference to a table that is yet to come, PostgreSQL gets it below
        sa.Column("active_generation_id", ID, sa.ForeignKey("generations.generation_id", use_alter=True)),
        sa.UniqueConstraint("name"),
    )
    _table(
        "generations",
        _new_id("generation_id"),
        _link("collection_id", "collections.collection_id"),
        *_columns("encoder_name encoder_revision weights_sha256 precision", TEXT),
        _column("dim", sa.Integer()),
        *_columns("encoder_source segmentation", TEXT),
        _column("created_at", TIME),
    )
    if op.get_context().dialect.name == "postgresql":
        op.create_foreign_key(None, "collections", "generations", ["active_generation_id"], ["generation_id"])
    _table(
        "customers",
        _new_id("customer_id"),
        _link("collection_id", "collections.collection_id"),
        _column("name", TEXT),
        sa.UniqueConstraint("collection_id", "name"),
    )
    op.create_table(
        "changes",
        _link("collection_id", "collections.collection_id", primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        *_columns("generation_id utterance_id", ID),
        _column("added", sa.Boolean()),
    )


def _create_recordings() -> None:
    _table(
        "recordings",
        _new_id("recording_id"),
        _link("collection_id", "collections.collection_id"),
        *_columns("sha256 pcm_sha256 channel", TEXT),
        sa.Column("customer_id", ID, sa.ForeignKey("customers.customer_id")),
        *_optional("speaker role", TEXT),
        *_optional("recorded_at", TIME),
        _column("metadata", JSON),
        *_optional("blob_key", TEXT),
        _column("created_at", TIME),
        *_columns("duration_s peak clipping_ratio", REAL),
        *_optional("snr_db", REAL),
        _column("silence_ratio", REAL),
        _column("sample_rate_hz", sa.Integer()),
        _column("codec", TEXT),
        _column("channels", sa.Integer()),
        _column("warnings", JSON),
        sa.UniqueConstraint("collection_id", "sha256", "channel"),
    )
    for second in ("pcm_sha256", "recorded_at", "speaker"):
        _index("recordings", "collection_id", second)
    _index("recordings", "customer_id")
    _index("recordings", "blob_key")
    _table(
        "sources",
        _new_id("source_id"),
        _link("collection_id", "collections.collection_id"),
        _link("recording_id", "recordings.recording_id", cascade=True),
        *_columns("uri channel", TEXT),
        *_columns("size_bytes mtime_ns", sa.BigInteger()),
        sa.UniqueConstraint("collection_id", "uri", "channel"),
    )
    _index("sources", "recording_id", "source_id")
    op.create_table(
        "summaries",
        _link("recording_id", "recordings.recording_id", cascade=True, primary_key=True),
        _link("generation_id", "generations.generation_id", primary_key=True),
        *_columns("silence_s other_sound_s", REAL),
        *_prediction(),
    )
    _index("summaries", "generation_id", "label")


def _create_utterances() -> None:
    _table(
        "utterances",
        _new_id("utterance_id"),
        _link("generation_id", "generations.generation_id"),
        _link("recording_id", "recordings.recording_id", cascade=True),
        *_columns("start_s end_s", REAL),
    )
    _index("utterances", "generation_id", "utterance_id")
    _index("utterances", "recording_id", "generation_id")
    _table(
        "provenances",
        _new_id("provenance_id"),
        *_columns("backend decode_chain", TEXT),
        sa.UniqueConstraint("backend", "decode_chain"),
    )
    op.create_table(
        "predictions",
        _link("utterance_id", "utterances.utterance_id", cascade=True, primary_key=True),
        _link("provenance_id", "provenances.provenance_id"),
        *_prediction(),
    )
    _index("predictions", "label", "confidence")
    op.create_table(
        "embeddings",
        _link("utterance_id", "utterances.utterance_id", cascade=True, primary_key=True),
        _column("vector", sa.LargeBinary()),
    )
    op.create_table(
        "tracks",
        _link("recording_id", "recordings.recording_id", cascade=True, primary_key=True),
        _link("generation_id", "generations.generation_id", primary_key=True),
        _column("hz", REAL),
        _column("levels", sa.LargeBinary()),
    )


def _create_clusterings() -> None:
    _table(
        "clusterings",
        _new_id("clustering_id"),
        _link("collection_id", "collections.collection_id"),
        _link("generation_id", "generations.generation_id"),
        *_columns("parameters clusters", JSON),
        _column("utterances", sa.Integer()),
        _column("inertia", REAL),
        *_optional("silhouette", REAL),
        _column("created_at", TIME),
    )
    _index("clusterings", "collection_id", "clustering_id")
    op.create_table(
        "clustering_members",
        _link("clustering_id", "clusterings.clustering_id", cascade=True, primary_key=True),
        _link("utterance_id", "utterances.utterance_id", cascade=True, primary_key=True),
        _column("cluster", sa.Integer()),
    )
    _index("clustering_members", "utterance_id")


def _create_jobs() -> None:
    _table(
        "jobs",
        _new_id("job_id"),
        _link("collection_id", "collections.collection_id"),
        *_columns("kind state", TEXT),
        _column("counts", JSON),
        *_optional("total", sa.Integer()),
        _column("duration_s", REAL),
        *_optional("lease_owner", TEXT),
        *_optional("lease_until heartbeat_at", TIME),
        _column("created_at", TIME),
        *_optional("started_at finished_at", TIME),
        *_optional("error", TEXT),
    )
    _index("jobs", "state", "job_id")
    _index("jobs", "collection_id", "job_id")
    _table(
        "job_items",
        _new_id("item_id"),
        _link("job_id", "jobs.job_id", cascade=True),
        *_columns("uri state", TEXT),
        _column("attempts", sa.Integer()),
        *_optional("lease_owner", TEXT),
        *_optional("lease_until", TIME),
        *_optional("code message", TEXT),
        *_columns("params recording_ids", JSON),
        sa.UniqueConstraint("job_id", "uri"),
    )
    _index("job_items", "uri")
    _index("job_items", "state", "item_id")
    _table(
        "failures",
        _new_id("failure_id"),
        _link("collection_id", "collections.collection_id"),
        _link("job_id", "jobs.job_id"),
        _column("uri", TEXT),
        _column("attempts", sa.Integer()),
        *_columns("code message", TEXT),
        _column("params", JSON),
        sa.UniqueConstraint("collection_id", "uri"),
    )


def _create_policies() -> None:
    _table(
        "policy_changes",
        _new_id("policy_change_id"),
        _link("collection_id", "collections.collection_id"),
        _column("role", TEXT),
        _column("forbidden", sa.Boolean()),
        *_columns("reason changed_by", TEXT),
        _column("deleted", sa.Integer()),
        _column("changed_at", TIME),
    )
    _index("policy_changes", "collection_id", "policy_change_id")
    _table(
        "refusals",
        _new_id("refusal_id"),
        _link("collection_id", "collections.collection_id"),
        *_columns("uri channel", TEXT),
        *_columns("size_bytes mtime_ns", sa.BigInteger()),
        *_optional("role", TEXT),
        _column("mixed", sa.Boolean()),
        *_optional("customer", TEXT),
        _column("reason", TEXT),
        _column("refused_at", TIME),
        sa.UniqueConstraint("collection_id", "uri", "channel"),
    )
    _index("refusals", "collection_id", "customer")


def _table(name: str, *parts: Any) -> None:
    op.create_table(name, *parts, sqlite_autoincrement=True)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _new_id(name: str) -> sa.Column[Any]:
    return sa.Column(name, ID, sa.Identity(), primary_key=True)


def _link(name: str, target: str, *, cascade: bool = False, primary_key: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey(target, ondelete="CASCADE" if cascade else None)
    return sa.Column(name, ID, key, primary_key=primary_key, autoincrement=False, nullable=False)


def _column(name: str, type_: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False, **options)


def _columns(names: str, type_: Any) -> list[sa.Column[Any]]:
    return [_column(name, type_) for name in names.split()]


def _optional(names: str, type_: Any) -> list[sa.Column[Any]]:
    return [sa.Column(name, type_, nullable=True) for name in names.split()]


def _prediction() -> list[sa.Column[Any]]:
    scores = " ".join(f"score_{label}" for label in LABELS)
    return [_column("label", TEXT), *_columns(f"confidence {scores}", REAL)]
