"""When a collection last began to serve from a generation: NULL while one is being built."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("generations", sa.Column("activated_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE generations SET activated_at = created_at WHERE generation_id IN "
        "(SELECT active_generation_id FROM collections)"
    )


def downgrade() -> None:
    op.drop_column("generations", "activated_at")
