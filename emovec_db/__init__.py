"""emovec-db: embedding database and similarity search for emotion in speech.

>>> import emovec_db
>>> db = emovec_db.open("emovec-data")                      # a folder or a database URL
>>> calls = db.collection("calls")
>>> calls.ingest("recordings/", customer_from="{customer}/*.wav")
>>> calls.similar("clip.mp3", k=10, customer="c42")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emovec_db.database import Database

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(location: str | Path | None = None, **settings: Any) -> Database:
    """Open a data folder or a database URL; without one, what `EMOVEC_*` and `.env` say.

    `settings` are fields of `emovec_db.settings.Settings` that go before the environment's.

    Raises:
        SettingsError: a setting is malformed.
        SchemaOutdatedError: the database needs `emovec migrate`.
    """
    from emovec_db.database import open_database
    from emovec_db.settings import read_settings

    if location is not None:
        settings["database_url" if "://" in str(location) else "data_dir"] = location
    return open_database(read_settings(**settings))
