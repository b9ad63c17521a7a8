"""How Alembic reaches the database: over the connection that `emovec_db.store.schema.migrate` opened and locked."""

from __future__ import annotations

from alembic import context

from emovec_db.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite changes a table by rebuilding it
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
