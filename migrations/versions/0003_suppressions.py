"""Deleted recordings stay out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("suppression_id", ID, sa.Identity(), primary_key=True),
        sa.Column("collection_id", ID, sa.ForeignKey("collections.collection_id"), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("pcm_sha256", sa.String(), nullable=True),
        sa.UniqueConstraint("collection_id", "sha256", "channel"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_suppressions_collection_id_pcm_sha256", "suppressions", ["collection_id", "pcm_sha256"])


def downgrade() -> None:
    op.drop_table("suppressions")
