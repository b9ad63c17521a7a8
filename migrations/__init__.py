"""Alembic migrations of the store.

`emovec migrate` runs them through `emovec_db.store.schema.migrate`; there is no alembic.ini, since the connection comes
from there. To change the schema: change `emovec_db.store.tables`, write `versions/NNNN_what.py` with `upgrade` and
`downgrade` by hand, raise `HEAD_REVISION` in `emovec_db.store.schema`; tests/integration/store/test_migrations.py
compares the result with the tables on both databases. A migration never imports the tables: they move on, it stays.
"""
