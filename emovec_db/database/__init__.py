"""What Python users hold: `Database` and `Collection`."""

from emovec_db.database.collection import Collection
from emovec_db.database.database import DEFAULT_COLLECTION, Database, open_database

__all__ = ["DEFAULT_COLLECTION", "Collection", "Database", "open_database"]
