"""What a database's errors mean to people; the real ones come up in tests/e2e/test_faults.py."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from emovec_db.errors import BusyError, DiskFullError, EmovecError, UnavailableError
from emovec_db.store.translation import translated


def sqlite_error(words: str) -> OperationalError:
    return OperationalError("SELECT secret", {}, sqlite3.OperationalError(words))


def postgres_error(kind: type[psycopg.Error], words: str = "it says\nDETAIL: secret") -> OperationalError:
    return OperationalError("SELECT secret", {}, kind(words))


CASES = [
    (sqlite_error("database is locked"), BusyError, "is in use by too many at once"),
    (sqlite_error("database or disk is full"), DiskFullError, "the disk of the database is full: make room and do"),
    (sqlite_error("disk I/O error"), EmovecError, "see whether its disk is full or failing, then do the same again"),
    (sqlite_error("no such table: x"), EmovecError, "the database failed: no such table: x"),
    (postgres_error(psycopg.errors.DiskFull), DiskFullError, "the disk of the database is full"),
    (postgres_error(psycopg.errors.AdminShutdown), UnavailableError, "is away (it says): see whether it runs"),
    (postgres_error(psycopg.errors.CannotConnectNow), UnavailableError, "is away"),
    (postgres_error(psycopg.errors.ConnectionFailure), UnavailableError, "is away"),
    (postgres_error(psycopg.OperationalError, "connection failed: refused"), UnavailableError, "is away"),
    (postgres_error(psycopg.errors.DeadlockDetected), BusyError, "is in use by too many at once"),
    (postgres_error(psycopg.errors.UndefinedTable), EmovecError, "the database failed: it says"),
]


@pytest.mark.parametrize(("error", "kind", "message"), CASES, ids=[str(case[0].orig)[:30] for case in CASES])
def test_each_says_what_to_do_and_quotes_nothing(
    error: OperationalError, kind: type[EmovecError], message: str
) -> None:
    with pytest.raises(EmovecError) as caught, translated("the database"):
        raise error
    assert type(caught.value) is kind
    assert message in caught.value.message
    assert "secret" not in caught.value.message


def test_a_connection_that_broke_in_the_middle_is_away() -> None:
    with pytest.raises(UnavailableError), translated("the database"):
        raise OperationalError(
            "SELECT 1", {}, psycopg.OperationalError("server closed the connection"), connection_invalidated=True
        )
