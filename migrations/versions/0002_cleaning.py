"""What is done to a generation's sound before it is encoded; nothing, for those that were there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("cleaning", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("generations", "cleaning")
