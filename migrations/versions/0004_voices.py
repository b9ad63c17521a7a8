"""Who tells voices apart, whose each utterance is, and where several speak at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("generations", sa.Column("diarization", sa.String(), nullable=True))
    op.add_column("generations", sa.Column("voices", sa.Integer(), nullable=True))
    op.add_column("utterances", sa.Column("voice", sa.String(), nullable=True))
    op.add_column("summaries", sa.Column("fragments_s", sa.Double(), nullable=False, server_default="0"))
    op.add_column("summaries", sa.Column("overlaps", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    for table, column in (
        ("summaries", "overlaps"),
        ("summaries", "fragments_s"),
        ("utterances", "voice"),
        ("generations", "voices"),
        ("generations", "diarization"),
    ):
        op.drop_column(table, column)
