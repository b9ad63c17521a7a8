"""SQLAlchemy's errors as errors of this package: no other layer knows SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from emovec_db.errors import BusyError, ConflictError, DiskFullError, EmovecError, QueryError, UnavailableError

#: SQLSTATE of PostgreSQL: serialization failure, deadlock, lock not available, too many connections
BUSY_STATES = frozenset({"40001", "40P01", "55P03", "53300"})
#: of PostgreSQL: ended by an administrator or a crash, or not ready to accept connections
AWAY_STATES = frozenset({"57P01", "57P02", "57P03"})
#: of PostgreSQL: disk full; SQLite says it in words
DISK_FULL_STATE = "53100"


@contextmanager
def translated(database: str) -> Iterator[None]:
    """Raise SQLAlchemy's errors as EmovecError; `database` is the URL without its password."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _translate(error, database) from error


def refuse_value(context: ExceptionContext) -> EmovecError | None:
    """Translate what a value's conversion raises: drivers raise it as it is, for example for NaN in JSON.

    Listens to SQLAlchemy's `handle_error`; None leaves the error to `translated`.
    """
    cause = context.original_exception
    if isinstance(cause, EmovecError):
        return cause
    if isinstance(cause, ValueError | OverflowError | TypeError):
        return QueryError(f"the database can't store this value: {_reason(cause)}")
    return None


def _translate(error: SQLAlchemyError, database: str) -> EmovecError:
    # the driver's own error, without SQLAlchemy's statement
    cause = (error.orig if isinstance(error, StatementError) else None) or error
    if isinstance(error, PoolTimeoutError) or _is_busy(cause):
        return BusyError(f"{database} is in use by too many at once: try again")
    return _out_of_order(error, cause, database) or _contradicted(error, cause, database)


def _out_of_order(error: SQLAlchemyError, cause: BaseException, database: str) -> EmovecError | None:
    """What is wrong with the database's server or disk, if that is it."""
    if _is_away(error, cause):
        return UnavailableError(f"{database} is away ({_reason(cause)}): see whether it runs, then do the same again")
    if "database or disk is full" in str(cause) or getattr(cause, "sqlstate", None) == DISK_FULL_STATE:
        return DiskFullError(
            f"the disk of {database} is full: make room and do the same again; what was stored before is kept"
        )
    if "disk I/O error" in str(cause):  # SQLite's, also where a full disk has no room for its shared memory
        return EmovecError(
            f"{database} can't be read or written ({getattr(cause, 'sqlite_errorname', 'I/O error')}): see whether its "
            "disk is full or failing, then do the same again; what was stored before is kept"
        )
    return None


def _contradicted(error: SQLAlchemyError, cause: BaseException, database: str) -> EmovecError:
    if isinstance(error, IntegrityError):
        return ConflictError(f"{database} refused a row that contradicts another one: {_reason(cause)}")
    if isinstance(error, DataError):
        return QueryError(f"{database} can't store this value: {_reason(cause)}")
    return EmovecError(f"{database} failed: {_reason(cause)}")


def _is_busy(cause: BaseException) -> bool:
    return "database is locked" in str(cause) or getattr(cause, "sqlstate", None) in BUSY_STATES


def _is_away(error: SQLAlchemyError, cause: BaseException) -> bool:
    """Whether the connection was lost, or there was none to be had."""
    state = getattr(cause, "sqlstate", None)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if state is None:  # no server answered: libpq's own words
        return "connection failed" in str(cause) or "connection is bad" in str(cause)
    return state in AWAY_STATES or state.startswith("08")


def _reason(cause: BaseException) -> str:
    # PostgreSQL's further lines (DETAIL, CONTEXT) quote rows, which may hold names
    return (str(cause).splitlines() or [type(cause).__name__])[0]
