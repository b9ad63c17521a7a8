"""CSV and TSV: the first line names the columns; comma, semicolon, tab or bar between them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from emovec_db.audio.source import shown, unreadable
from emovec_db.errors import QueryError
from emovec_db.sources.manifest.table import MAX_LINE, Row

_DELIMITERS: Final = ",;\t|"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


class _TooLongError(Exception):
    """A line is longer than any row."""


class _Lines:
    """The lines of a text, none longer than MAX_LINE in memory; goes on after it raised _TooLongError."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) < MAX_LINE or line.endswith(("\n", "\r")):
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._file.readline(MAX_LINE)
        raise _TooLongError


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A text table; undecodable bytes are kept as in file names."""

    path: Path
    delimiter: str
    names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> CsvTable:
        """Read the header; raises QueryError, UnreadableError."""
        with _opened(path) as file:
            try:
                delimiter = _delimiter(next(_Lines(file), ""))
                file.seek(0)
                names = tuple(name.strip() for name in next(csv.reader(_Lines(file), delimiter=delimiter, strict=True)))
            except (csv.Error, _TooLongError, StopIteration) as error:
                raise QueryError(
                    f"{shown(path)} has no header: expected the columns' names in its first line"
                ) from error
        doubled = [name for name in names if name and names.count(name) > 1]
        if doubled:
            raise QueryError(f"{shown(path)} has several columns {doubled[0]!r}: give each a name of its own")
        return cls(path, delimiter, names)

    def rows(self) -> Iterator[Row]:
        with _opened(self.path) as file:
            lines = _Lines(file)
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            next(reader, None)
            while True:
                begins = lines.number + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except _TooLongError:
                    yield Row(f"line {lines.number}", problem=f"it is longer than {MAX_LINE:,} characters")
                except csv.Error as error:
                    yield Row(_lines(begins, lines.number), problem=f"it is no CSV ({error}): check its quotes")
                else:
                    if cells:
                        yield self._row(f"line {lines.number}", cells)

    def _row(self, place: str, cells: list[str]) -> Row:
        if len(cells) != len(self.names):
            return Row(place, problem=f"it has {len(cells)} cells; expected {len(self.names)}, as the header has")
        return Row(place, {name: cell for name, cell in zip(self.names, cells, strict=True) if name})


def _delimiter(header: str) -> str:
    """The one that parts the header most often, outside quotes."""
    unquoted = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=unquoted.count)


def _lines(first: int, last: int) -> str:
    return f"line {first}" if first >= last else f"lines {first} to {last}"


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open("rb") as raw:
            if raw.read(2) in _UTF_16:
                raise QueryError(f"{shown(path)} is UTF-16: save it as UTF-8")
        # as file names are decoded, so that a path of any bytes can be listed
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield file
    except OSError as error:
        raise unreadable(shown(path), error) from error
