"""Versions of fits that never took over are not drawn again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fitted_spaces", sa.Column("drawn", sa.Integer(), nullable=False, server_default="0"))
    op.execute(sa.text("UPDATE fitted_spaces SET drawn = version"))


def downgrade() -> None:
    op.drop_column("fitted_spaces", "drawn")
