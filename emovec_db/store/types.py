"""Column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from emovec_db.errors import QueryError

#: ids and counters; SQLite gives AUTOINCREMENT to INTEGER only, which holds 64 bits there
BigId = BigInteger().with_variant(Integer(), "sqlite")

#: free JSON
Json = JSON().with_variant(JSONB(), "postgresql")

#: little-endian float32, so that a database file means the same on every machine
VECTOR_DTYPE = "<f4"
Vector = LargeBinary


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in, the same moment in UTC out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise QueryError(f"the time {value} has no zone: a time with a zone, such as UTC, is expected")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
