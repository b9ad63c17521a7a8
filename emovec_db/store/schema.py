"""Bringing a database to this version's tables: at once when it is empty, else only on demand."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text

from emovec_db.errors import EmovecError, QueryError, SchemaOutdatedError, SettingsError
from emovec_db.store.engine import PAGE_SIZE_BYTES, Engines, is_sqlite, parse_url, shown, sqlite_file
from emovec_db.store.translation import translated
from emovec_db.store.vector_tables import drop_vector_tables

#: the newest migration; a constant, so that opening a database need not load Alembic
HEAD_REVISION = "0011"

#: any number; every process that migrates on PostgreSQL takes this lock
_ADVISORY_LOCK = 0x656D6F766563


def ensure_schema(url: str, engines: Engines) -> None:
    """Create the tables in an empty database; raise SchemaOutdatedError if it holds others than this version's."""
    with engines.read.connect() as connection:
        revision, empty = _revision(connection), _is_empty(connection)
    if empty and revision is None:
        migrate(url)
    elif revision != HEAD_REVISION:
        raise SchemaOutdatedError(_outdated(shown(parse_url(url)), revision))


def migrate(url: str, revision: str = "head") -> tuple[str | None, str]:
    """Bring the database up or down to `revision`: (revision before, revision after).

    One process migrates at a time; each database does it in one transaction, so a killed one leaves nothing half done.
    Raises QueryError for a revision that does not exist, SchemaOutdatedError if the database is at one that this
    version does not know.
    """
    parsed = parse_url(url)
    make_parent(parsed)
    with translated(shown(parsed)), _alone(parsed) as connection:
        before = _revision(connection)
        _run_alembic(connection, before, revision, shown(parsed))
        return before, _revision(connection) or "base"


def _run_alembic(connection: Connection, before: str | None, revision: str, database: str) -> None:
    # here, since opening a database that is up to date need not pay for it
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(files("emovec_db.migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    order = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    target = order[-1] if revision == "head" else revision
    if before is not None and before not in order:
        raise SchemaOutdatedError(_outdated(database, before))
    if target not in {*order, "base"}:
        raise QueryError(f"no schema revision {revision!r}: expected head, base or one of {', '.join(order)}")
    down = before is not None and (target == "base" or order.index(target) < order.index(before))
    if down:
        drop_vector_tables(connection)
    (command.downgrade if down else command.upgrade)(config, target)


@contextmanager
def _alone(url: URL) -> Iterator[Connection]:
    """A transaction that no other migration runs beside."""
    engines = Engines.at(url)
    try:
        if is_sqlite(url):
            with _folder_lock(sqlite_file(url).absolute().parent), _sqlite_exclusive(engines) as connection:
                yield connection
        else:
            with engines.write.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
                yield connection
    finally:
        engines.plain.dispose()


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    # on the folder itself, so that no lock file stays; switching an empty file to WAL can't wait for a busy database
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _sqlite_exclusive(engines: Engines) -> Iterator[Connection]:
    with engines.plain.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA page_size={PAGE_SIZE_BYTES}")
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        # rebuilding a table drops it, which must not cascade; both pragmas do nothing inside a transaction
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        yield connection
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise EmovecError(f"the migration would leave {len(broken)} rows without what they refer to: undone")
        connection.commit()


def make_parent(url: URL) -> None:
    """Make the folder of a SQLite file; PostgreSQL has none."""
    if not is_sqlite(url):
        return
    folder = sqlite_file(url).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"the database's folder {folder} can't be made: {error.strerror}") from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _is_empty(connection: Connection) -> bool:
    return set(inspect(connection).get_table_names()) <= {"alembic_version"}


def _outdated(database: str, revision: str | None) -> str:
    if revision is None:
        return f"{database} holds tables that emovec-db did not make: expected an empty database or one of its own"
    if revision < HEAD_REVISION:
        return f"{database} is at schema revision {revision}, {HEAD_REVISION} is expected: run `emovec migrate`"
    return (
        f"{database} is at schema revision {revision}, which this version does not know ({HEAD_REVISION} is its "
        f"newest): install the emovec-db that wrote it and there run `emovec migrate` back, or use another database"
    )
