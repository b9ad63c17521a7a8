"""What spaces learned from collections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fitted_spaces",
        sa.Column(
            "generation_id",
            ID,
            sa.ForeignKey("generations.generation_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("utterances", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("embedding_mean", sa.LargeBinary(), nullable=False),
        sa.Column("basis", sa.LargeBinary(), nullable=False),
        sa.Column("score_mean", sa.LargeBinary(), nullable=False),
        sa.Column("embedding_baseline", sa.Double(), nullable=False),
        sa.Column("score_baseline", sa.Double(), nullable=False),
    )
    op.create_table(
        "fitted_space_people",
        sa.Column("generation_id", ID, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("offsets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["generation_id", "name"], ["fitted_spaces.generation_id", "fitted_spaces.name"], ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("fitted_space_people")
    op.drop_table("fitted_spaces")
