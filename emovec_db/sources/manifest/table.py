"""What a manifest is read as: rows, one at a time, whatever the table's length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from emovec_db.audio.source import open_source, shown
from emovec_db.errors import QueryError

#: the longest line of a text table, characters
MAX_LINE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row, or what stands in a row's place."""

    #: for people: `line 7` of a text, `row 7` of what has no lines
    place: str
    #: cells by column; empty if there is a problem
    values: Mapping[str, Any] = field(default_factory=dict)
    #: why it is no row
    problem: str | None = None


class Table(Protocol):
    """A table on disk."""

    @property
    def path(self) -> Path: ...

    @property
    def names(self) -> tuple[str, ...] | None:
        """Its columns; None where each row names its own."""

    def rows(self) -> Iterator[Row]:
        """From the first, each time anew; a bad row has a problem and does not end them.

        Raises:
            UnreadableError: the medium failed.
        """


def open_table(path: Path) -> Table:
    """A CSV, TSV, JSON lines or Parquet file, by its suffix.

    Raises:
        QueryError: another suffix, or the file is not what its suffix says.
        MissingPartError: pyarrow is not installed.
        UnreadableError, NotAudioError (empty): there are no bytes to read.
    """
    suffix = path.suffix.lower()
    if suffix not in {".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}:
        raise QueryError(f"{shown(path)} is no manifest by its name: expected .csv, .tsv, .jsonl, .ndjson or .parquet")
    with open_source(path):
        pass  # says what is wrong with it
    if suffix == ".parquet":
        from emovec_db.sources.manifest.parquet import ParquetTable

        return ParquetTable.open(path)
    if suffix in {".csv", ".tsv"}:
        from emovec_db.sources.manifest.csv_table import CsvTable

        return CsvTable.open(path)
    from emovec_db.sources.manifest.json_lines import JsonLinesTable

    return JsonLinesTable(path)
