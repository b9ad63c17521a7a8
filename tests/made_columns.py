"""Made-up columns that hold what the drawn conditions ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain.columns import OF_RECORDINGS, OF_UTTERANCES, UNKNOWN, Columns, Table, Words, exactly
from tests.drawn_conditions import NUMBERS, TEXTS
from tests.stored import JUNE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: utterances of one recording
SHARED = 3


def made_columns(ids: NDArray[np.int64], seed: int) -> Columns:
    """Of these ids; recordings of three utterances each, with texts and numbers of conditions, or without."""
    rng = np.random.default_rng(seed)
    recordings = -(-len(ids) // SHARED)
    return Columns(
        ids,
        (np.arange(len(ids)) // SHARED).astype(np.int32),
        _table(OF_UTTERANCES, len(ids), rng),
        _table(OF_RECORDINGS, recordings, rng),
    )


def known(columns: Columns) -> dict[int, dict[str, Any]]:
    """By id, what is known of an utterance."""
    found = {}
    for row, id_ in enumerate(columns.ids.tolist()):
        values = {**_row(columns.utterances, row), **_row(columns.recordings, int(columns.recording[row]))}
        moment = values["recorded_at"]
        values["recorded_at"] = None if moment is None else _EPOCH + timedelta(microseconds=moment)
        found[id_] = values
    return found


def _table(fields: dict[str, tuple[str, ...]], count: int, rng: np.random.Generator) -> Table:
    values = [*NUMBERS, 0.7, float("nan")]
    if rng.integers(0, 2):
        # as scores are: what lies beside a limit only in float64 is drawn too
        values = [float(np.float32(value)) for value in values]
    return Table(
        {field: Words.of(_drawn([*TEXTS[field], None], count, rng)) for field in fields["texts"]},
        {
            field: exactly(np.array(_drawn(_moments() if field == "recorded_at" else values, count, rng), np.float64))
            for field in fields["numbers"]
        },
    )


def _moments() -> list[float]:
    return [*((JUNE.timestamp() + 86_400 * day) * 1e6 for day in range(-1, 4)), float("nan")]


def _drawn(values: Sequence[Any], count: int, rng: np.random.Generator) -> list[Any]:
    return [values[at] for at in rng.integers(0, len(values), count)]


def _row(table: Table, row: int) -> dict[str, Any]:
    texts = {field: _text(words, row) for field, words in table.texts.items()}
    numbers = {field: float(column[row]) for field, column in table.numbers.items()}
    return {**texts, **{field: None if np.isnan(number) else number for field, number in numbers.items()}}


def _text(words: Words, row: int) -> str | None:
    code = words.codes[row]
    return None if code == UNKNOWN else words.words[code]
