"""Peaks of recordings, and what tables of recordings and of jobs are sorted by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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


def downgrade() -> None:
    op.drop_table("waveforms")
