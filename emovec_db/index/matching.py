"""Which utterances fulfil a condition, by their columns; says what SQL says of the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import reduce
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain import conditions
from emovec_db.domain.columns import OF_RECORDINGS, OF_UTTERANCES, UNKNOWN, Columns, Table, microseconds
from emovec_db.domain.conditions import Condition, Equals, Exists, Not, Order, Value

Mask = NDArray[np.bool_]

_OF_RECORDINGS: Final = frozenset((*OF_RECORDINGS["texts"], *OF_RECORDINGS["numbers"]))
_FIELDS: Final = _OF_RECORDINGS | {*OF_UTTERANCES["texts"], *OF_UTTERANCES["numbers"]}


def is_answered(condition: Condition) -> bool:
    """Whether every field that it asks of has a column."""
    return all(field in _FIELDS for field in _fields(condition))


def matching(columns: Columns, condition: Condition) -> Mask:
    """bool (n,): the rows that fulfil a condition that `is_answered`."""
    if all(field in _OF_RECORDINGS for field in _fields(condition)):
        # there are fewer of them
        return columns.of_recordings(_holds(condition, columns.recordings, columns.recording_count))
    match condition:
        case Not(inner):
            return ~matching(columns, inner)
        case conditions.All(parts):
            return reduce(np.logical_and, (matching(columns, part) for part in parts))
        case conditions.Any(parts):
            return reduce(np.logical_or, (matching(columns, part) for part in parts))
        case _:
            return _holds(condition, columns.utterances, len(columns.ids))


def _fields(condition: Condition) -> Iterator[str]:
    match condition:
        case Not(inner):
            yield from _fields(inner)
        case conditions.All(parts) | conditions.Any(parts):
            for part in parts:
                yield from _fields(part)
        case Equals(field) | Order(field) | Exists(field):
            yield field


def _holds(condition: Condition, table: Table, count: int) -> Mask:
    match condition:
        case Not(inner):
            return ~_holds(inner, table, count)
        case conditions.All(parts):
            return reduce(np.logical_and, (_holds(part, table, count) for part in parts), np.ones(count, np.bool_))
        case conditions.Any(parts):
            return reduce(np.logical_or, (_holds(part, table, count) for part in parts), np.zeros(count, np.bool_))
        case Equals(field, values):
            return reduce(np.logical_or, (_equals(table, field, value) for value in values))
        case Order(field, sign, value):
            return _ordered(table.numbers[field], sign, _number(value))
        case Exists(field):
            known: Mask
            known = table.texts[field].codes != UNKNOWN if field in table.texts else ~np.isnan(table.numbers[field])
            return known


def _equals(table: Table, field: str, value: Value) -> Mask:
    equal: Mask
    if field not in table.texts:
        equal = table.numbers[field] == np.float64(_number(value))
        return equal
    words = table.texts[field]
    code = words.code(str(value))
    equal = np.zeros(len(words.codes), np.bool_) if code is None else words.codes == code
    return equal


def _ordered(numbers: NDArray[Any], sign: str, value: float) -> Mask:
    """Float32 columns are held against the float32 that splits them where the value does: converting takes longer."""
    comparisons: dict[str, Callable[[Any, Any], Mask]] = {
        "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    }  # fmt: skip
    if numbers.dtype == np.float32:
        return comparisons[sign](numbers, _split(value, up=sign in ("<", ">=")))
    return comparisons[sign](numbers, value)


def _split(value: float, *, up: bool) -> np.float32:
    """The least float32 that is not below the value; or the greatest that is not above."""
    with np.errstate(over="ignore"):
        near = np.float32(value)
    if up:
        return near if float(near) >= value else np.nextafter(near, np.float32(np.inf))
    return near if float(near) <= value else np.nextafter(near, np.float32(-np.inf))


def _number(value: Value) -> float:
    if isinstance(value, datetime):
        return microseconds(value)
    assert not isinstance(value, str)
    return value
