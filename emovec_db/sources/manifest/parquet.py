"""Parquet, by pyarrow: some rows at a time, so that neither the table nor a row group has to fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from emovec_db.audio.source import shown, unreadable
from emovec_db.errors import MissingPartError, QueryError, UnreadableError
from emovec_db.sources.manifest.table import Row

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH_ROWS: Final = 1024
#: of each column that is read at a time
_BUFFER_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class ParquetTable:
    """A Parquet file."""

    path: Path
    names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> ParquetTable:
        """Read the schema; raises MissingPartError, QueryError, UnreadableError."""
        with _parquet_file(path) as file:
            return cls(path, tuple(file.schema_arrow.names))

    def rows(self) -> Iterator[Row]:
        number = 0
        with _parquet_file(self.path) as file:
            batches = file.iter_batches(batch_size=_BATCH_ROWS)
            while (values := _next_values(self.path, batches)) is not None:
                for row in values:
                    number += 1
                    yield Row(f"row {number}", row)


def _parquet_file(path: Path) -> pq.ParquetFile:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingPartError(
            f"{shown(path)} needs pyarrow to be read: pip install 'emovec-db[parquet]', or save it as CSV"
        ) from error
    try:
        return pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    except pa.ArrowInvalid as error:
        raise QueryError(f"{shown(path)} is no Parquet file: {_first_line(error)}") from error
    except OSError as error:
        raise unreadable(shown(path), error) from error


def _next_values(path: Path, batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]] | None:
    """The cells of the next rows; None: there are no more."""
    import pyarrow as pa

    try:
        batch = next(batches, None)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(f"{shown(path)} can't be read to its end, it is damaged: {_first_line(error)}") from error
    if batch is None:
        return None
    columns = [_in_microseconds(column).to_pylist() for column in batch.columns]
    return [dict(zip(batch.schema.names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _in_microseconds(column: pa.Array) -> pa.Array:
    """Python's times know no more, and pandas, which does, may be missing."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
