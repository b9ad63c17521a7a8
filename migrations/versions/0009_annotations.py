"""What people say is felt in recordings, and what spaces learned from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "annotations",
        sa.Column(
            "recording_id",
            ID,
            sa.ForeignKey("recordings.recording_id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("label", sa.String(), nullable=False),
    )
    op.add_column("fitted_spaces", sa.Column("annotated", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("fitted_spaces", sa.Column("taught", sa.LargeBinary(), nullable=True))
    op.add_column("fitted_spaces", sa.Column("taught_baseline", sa.Double(), nullable=False, server_default="1"))
    op.add_column("fitted_spaces", sa.Column("taught_weight", sa.Double(), nullable=False, server_default="0"))


def downgrade() -> None:
    # vectors of such a fit have more numbers than an older version makes of it: it has to be fitted anew
    op.execute(
        sa.text(
            "DELETE FROM fitted_space_people WHERE EXISTS (SELECT 1 FROM fitted_spaces WHERE taught IS NOT NULL AND "
            "fitted_spaces.generation_id = fitted_space_people.generation_id AND "
            "fitted_spaces.name = fitted_space_people.name)"
        )
    )
    op.execute(sa.text("UPDATE fitted_spaces SET utterances = 0 WHERE taught IS NOT NULL"))
    for column in ("taught_weight", "taught_baseline", "taught", "annotated"):
        op.drop_column("fitted_spaces", column)
    op.drop_table("annotations")
