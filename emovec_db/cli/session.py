"""Opening the database for one command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emovec_db.database import Database


def open_database(encoder: str | None = None, precision: str | None = None) -> Database:
    """The database that the settings name, with another encoder or precision where one is asked for."""
    import emovec_db

    return emovec_db.open(encoder=encoder, precision=precision)


@contextmanager
def opened(encoder: str | None = None, precision: str | None = None) -> Iterator[Database]:
    """The database, closed when the command ends.

    Raises:
        SettingsError, SchemaOutdatedError: as `emovec_db.open`.
    """
    with open_database(encoder, precision) as database:
        yield database
