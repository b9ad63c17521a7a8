"""Tables of labels that people gave to recordings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from emovec_db.errors import QueryError
from emovec_db.sources.local import path_of, uri_of
from emovec_db.sources.manifest.table import Table, open_table
from emovec_db.store.store import Unit

COLUMNS = ("path", "label", "speaker", "sentence")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What the table says of a recording; empty where it says nothing."""

    #: for people, where it stands in the table
    place: str
    uri: str
    label: str
    speaker: str
    sentence: str


def read_labels(labels: Path) -> Iterator[LabelRow]:
    """Rows of a table with the columns path (relative to the table), label, speaker and sentence; the uri may be empty.

    Raises QueryError where a column is missing or a row can't be read.
    """
    table = open_table(labels)
    _check_columns(table, labels)
    for row in table.rows():
        if row.problem is not None:
            raise QueryError(f"{labels.name}, {row.place}: {row.problem}")
        path, label, speaker, sentence = (str(row.values.get(name) or "").strip() for name in COLUMNS)
        yield LabelRow(row.place, uri_of(labels.parent / path) if path else "", label, speaker, sentence)


def recordings_of(unit: Unit, collection_id: int, rows: Iterable[LabelRow]) -> dict[str, Sequence[int]]:
    """By uri, the recordings of it that are stored: several where it is stored by channels.

    A link stands for itself, and where that is not stored for the file that it leads to.
    """
    target = {row.uri: _target_of(row.uri) for row in rows if row.uri}
    stored: dict[str, list[int]] = {}
    sources = unit.recordings.sources(collection_id, [*{*target.keys(), *target.values()}])
    for (uri, _channel), (recording_id, _source) in sources.items():
        stored.setdefault(uri, []).append(recording_id)
    found = {uri: stored.get(uri) or stored.get(to) for uri, to in target.items()}
    return {uri: ids for uri, ids in found.items() if ids}


def _target_of(uri: str) -> str:
    path = path_of(uri)
    return uri_of(Path(os.path.realpath(path))) if path.is_symlink() else uri


def _check_columns(table: Table, labels: Path) -> None:
    missing = [name for name in COLUMNS if table.names is not None and name not in table.names]
    if missing:
        raise QueryError(
            f"{labels.name} has no column {missing[0]!r}: expected the columns {', '.join(COLUMNS)}, with "
            "paths relative to the table"
        )
