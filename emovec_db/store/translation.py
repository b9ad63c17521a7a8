"""SQLAlchemy's errors as errors of this package: no other layer knows SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import ExceptionContext
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from emovec_db.errors import BusyError, ConflictError, EmovecError, QueryError

#: SQLSTATE of PostgreSQL: serialization failure, deadlock, lock not available, too many connections
BUSY_STATES = frozenset({"40001", "40P01", "55P03", "53300"})


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
    if isinstance(error, IntegrityError):
        return ConflictError(f"{database} refused a row that contradicts another one: {_reason(cause)}")
    if isinstance(error, DataError):
        return QueryError(f"{database} can't store this value: {_reason(cause)}")
    return EmovecError(f"{database} failed: {_reason(cause)}")


def _is_busy(cause: BaseException) -> bool:
    return "database is locked" in str(cause) or getattr(cause, "sqlstate", None) in BUSY_STATES


def _reason(cause: BaseException) -> str:
    # PostgreSQL's further lines (DETAIL, CONTEXT) quote rows, which may hold names
    return (str(cause).splitlines() or [type(cause).__name__])[0]
