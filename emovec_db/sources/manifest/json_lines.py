"""JSON lines: an object a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

from emovec_db.audio.source import shown, unreadable
from emovec_db.sources.manifest.table import MAX_LINE, Row


@dataclass(frozen=True, slots=True)
class JsonLinesTable:
    """Each row names its own columns."""

    path: Path

    @property
    def names(self) -> None:
        return None

    def rows(self) -> Iterator[Row]:
        try:
            with self.path.open("rb") as file:
                for number, line in enumerate(_lines(file), start=1):
                    if line is None or line.strip():
                        yield _row(f"line {number}", line)
        except OSError as error:
            raise unreadable(shown(self.path), error) from error


def _row(place: str, line: bytes | None) -> Row:
    if line is None:
        return Row(place, problem=f"it is longer than {MAX_LINE:,} bytes")
    try:
        values = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        return Row(place, problem=f"it is no JSON ({error.msg})")
    if not isinstance(values, dict):
        return Row(place, problem='it is no JSON object; expected {"uri": …, "customer": …}')
    return Row(place, values)


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """None: a line that is too long to be kept in memory."""
    while line := file.readline(MAX_LINE):
        if len(line) < MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE)
        yield None
