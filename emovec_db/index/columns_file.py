"""Columns on disk: their arrays one after the other in a mapped file, and a small one that says what is where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.columns import OF_RECORDINGS, OF_UTTERANCES, Columns, Table, Words
from emovec_db.errors import IndexDamagedError

_RECORDING = "recording"
#: every array begins at a multiple of this many bytes
_ALIGNED = 64
_DTYPES = ("int32", "float32", "float64")

Arrays = dict[str, NDArray[Any]]


def save_columns(folder: Path, name: str, columns: Columns) -> None:
    """Write all but the ids into this existing folder, as NAME.columns and NAME.json."""
    arrays: Arrays = {_RECORDING: columns.recording}
    words: dict[str, tuple[str, ...]] = {}
    for table in (columns.utterances, columns.recordings):
        arrays |= {field: texts.codes for field, texts in table.texts.items()} | dict(table.numbers)
        words |= {field: texts.words for field, texts in table.texts.items()}
    places: dict[str, tuple[str, int, int]] = {}
    with (folder / f"{name}.columns").open("wb") as file:
        for field, array in arrays.items():
            file.write(bytes(-file.tell() % _ALIGNED))
            places[field] = (array.dtype.name, file.tell(), len(array))
            file.write(np.ascontiguousarray(array).data)
    (folder / f"{name}.json").write_text(json.dumps({"arrays": places, "words": words}), encoding="utf-8")


def load_columns(folder: Path, name: str, ids: NDArray[np.int64]) -> Columns:
    """What save_columns() wrote, of these ids.

    Raises IndexDamagedError where it is something else, FileNotFoundError where it is gone.
    """
    try:
        content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        arrays, words = _mapped(folder / f"{name}.columns", content["arrays"]), content["words"]
        columns = Columns(
            ids, arrays[_RECORDING], _table(OF_UTTERANCES, arrays, words), _table(OF_RECORDINGS, arrays, words)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamagedError(f"{folder} holds no columns: {error!r}; run `emovec reindex`") from error
    if not _fits(columns):
        raise IndexDamagedError(f"{folder} holds columns of other lengths than their ids; run `emovec reindex`")
    return columns


def _mapped(file: Path, places: Mapping[str, tuple[str, int, int]]) -> Arrays:
    # nothing can be mapped where there is nothing
    content = np.asarray(np.memmap(file, np.uint8, "r")) if file.stat().st_size else np.empty(0, np.uint8)
    arrays: Arrays = {}
    for field, (dtype, start, count) in places.items():
        if dtype not in _DTYPES:
            raise ValueError(f"{field} is of {dtype}, expected {', '.join(_DTYPES)}")
        arrays[field] = content[start : start + count * np.dtype(dtype).itemsize].view(dtype)
    return arrays


def _table(fields: Mapping[str, tuple[str, ...]], arrays: Arrays, words: Mapping[str, list[str]]) -> Table:
    return Table(
        {field: Words(arrays[field], tuple(words[field])) for field in fields["texts"]},
        {field: arrays[field] for field in fields["numbers"]},
    )


def _fits(columns: Columns) -> bool:
    """What would make a search fail; which bytes they are is told by their hashes."""
    tables = ((columns.utterances, len(columns.ids)), (columns.recordings, columns.recording_count))
    return len(columns.recording) == len(columns.ids) and all(
        len(array) == count
        for table, count in tables
        for array in (*table.numbers.values(), *(texts.codes for texts in table.texts.values()))
    )
