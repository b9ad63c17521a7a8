"""Peaks of recordings, and what tables of recordings and of jobs are sorted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

#: what lists of recordings are sorted by, jobs that ended lately, and what failed in a job
INDEXES = (
    ("recordings", ("collection_id", "recording_id")),
    ("recordings", ("collection_id", "created_at")),
    ("recordings", ("collection_id", "duration_s")),
    ("summaries", ("generation_id", "confidence", "recording_id")),
    ("jobs", ("finished_at",)),
    ("failures", ("job_id", "failure_id")),
)


def upgrade() -> None:
    op.create_table(
        "waveforms",
        sa.Column(
            "recording_id",
            ID,
            sa.ForeignKey("recordings.recording_id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
    )
    for table, columns in INDEXES:
        op.create_index(_name(table, columns), table, list(columns))


def downgrade() -> None:
    for table, columns in INDEXES:
        op.drop_index(_name(table, columns), table)
    op.drop_table("waveforms")


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
