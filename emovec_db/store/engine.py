"""Database URLs, engines, and how a transaction begins on each database.

SQLite: WAL, so that readers and the writer don't wait for each other; page size 32768, because embeddings of 4 kB
would overflow smaller pages; secure_delete, so that deleted voices leave the file; BEGIN IMMEDIATE for writes, so that
a writer waits at its start instead of failing in the middle.
PostgreSQL: writes READ COMMITTED, reads REPEATABLE READ READ ONLY, so that a read unit sees one snapshot.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from emovec_db.errors import MissingPartError, SettingsError
from emovec_db.store.translation import refuse_value

#: how long a writer waits for another one
BUSY_TIMEOUT_MS = 30_000
PAGE_SIZE_BYTES = 32_768
POSTGRESQL_DRIVER = "postgresql+psycopg"

#: execution option of statements that read many bytes: PostgreSQL sends them three times as fast in binary form
BINARY_ROWS = {"emovec_binary": True}

_ACCESS = "emovec_access"
_dump_json = partial(json.dumps, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Engines:
    """One pool of connections, and how a transaction on it begins."""

    #: without transactions of its own
    plain: Engine
    read: Engine
    write: Engine

    @classmethod
    def at(cls, url: URL) -> Engines:
        """Engines for a URL from `parse_url`; connects when first used."""
        plain = _create(url)
        if is_sqlite(url):
            return cls(plain, _with_access(plain, "read"), _with_access(plain, "write"))
        snapshot = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return cls(plain, snapshot, plain)


def is_sqlite(url: URL) -> bool:
    """Whether the database is one SQLite file, else PostgreSQL."""
    return url.get_backend_name() == "sqlite"


def sqlite_file(url: URL) -> Path:
    """The database's file."""
    return Path(url.database or "")


def shown(url: URL) -> str:
    """The URL as messages may show it: without its password."""
    return url.render_as_string(hide_password=True)


def parse_url(text: str) -> URL:
    """A SQLite or PostgreSQL URL with the driver that is used here; SettingsError for anything else."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(
            "the database URL can't be read: expected sqlite:///path/to/file.db or postgresql://user@host/name"
        ) from error
    if url.drivername in {"postgresql", "postgres", POSTGRESQL_DRIVER}:
        return url.set(drivername=POSTGRESQL_DRIVER)
    if url.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise SettingsError(f"{url.drivername} is no database for emovec-db: expected sqlite:/// or postgresql://")
    if url.database in {None, "", ":memory:"}:
        raise SettingsError(f"{shown(url)} names no file: expected sqlite:///path/to/file.db")
    return url


def _create(url: URL) -> Engine:
    options: dict[str, Any] = {"hide_parameters": True, "json_serializer": _dump_json}
    if not is_sqlite(url):
        options["pool_pre_ping"] = True
    try:
        engine = create_engine(url, **options)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise MissingPartError(
            f"{shown(url)} needs PostgreSQL's driver: run pip install 'emovec-db[postgres]'"
        ) from error
    event.listen(engine, "handle_error", refuse_value)
    if is_sqlite(url):
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "before_cursor_execute", _choose_format)
    return engine


def _with_access(engine: Engine, access: str) -> Engine:
    return engine.execution_options(**{_ACCESS: access})


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # transactions are begun by _begin_sqlite, not by Python's sqlite3
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    access = connection.get_execution_options().get(_ACCESS)
    if access is None:
        return
    # a write in a read unit fails here as it does on PostgreSQL
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if access == 'read' else 'OFF'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if access == "write" else "BEGIN")


def _choose_format(
    _connection: Connection, cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
) -> None:
    if context.execution_options.get("emovec_binary"):
        cursor.format = 1  # psycopg.pq.Format.BINARY
