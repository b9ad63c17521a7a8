"""Everything that is kept: SQLite or PostgreSQL through SQLAlchemy."""
