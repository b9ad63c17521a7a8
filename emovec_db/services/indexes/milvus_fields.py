"""What Milvus holds of an utterance beside its vector, and filters as conditions on that.

Names are held and asked for as numbers that are made of them, so that no name leaves the database, and none can be
taken for a part of a condition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emovec_db.domain import conditions
from emovec_db.domain.conditions import Condition, Equals, Exists, Not, Order
from emovec_db.domain.query import Filter
from emovec_db.domain.recording import Utterance

#: by name, the kind of array that holds it: numbers made of texts, microseconds since 1970, or numbers as they are
FIELDS: Final = {
    **dict.fromkeys(("customer", "speaker", "role", "label", "recorded_at"), "i"),
    **dict.fromkeys(("confidence", "duration_s"), "f"),
}
TEXTS: Final = ("customer", "speaker", "role", "label")
#: of a text or time that is not known; no text and no time gives it
UNKNOWN = -(2**63) + 1
#: of and, or and not in a condition: Milvus refuses some fifty, since it sends them to its parts one in another
MAX_JOINED = 30
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def fields_of(utterances: Sequence[Utterance]) -> dict[str, NDArray[Any]]:
    """By field, an array of what is known of each, int64 or float64 (n,)."""
    columns: dict[str, list[Any]] = {
        **{name: [_number_of(_text(each, name)) for each in utterances] for name in TEXTS},
        "recorded_at": [UNKNOWN if each.recorded_at is None else _time(each.recorded_at) for each in utterances],
        "confidence": [each.prediction.confidence for each in utterances],
        "duration_s": [each.end_s - each.start_s for each in utterances],
    }
    return {name: np.array(columns[name], dtype=f"{kind}8") for name, kind in FIELDS.items()}


def condition_of(filter: Filter) -> str | None:
    """The filter in Milvus's own language; None: it asks for what Milvus doesn't hold."""
    if filter.metadata:
        return None
    try:
        condition = " and ".join(_asked(filter))
    except KeyError:
        return None
    joined = sum(condition.count(word) for word in (" and ", " or ", "(not "))
    return condition if joined <= MAX_JOINED else None


def _asked(filter: Filter) -> Iterator[str]:
    for name in TEXTS:
        value = getattr(filter, name)
        if value is not None:
            yield f"({name} == {_written(name, value)})"
    if filter.since is not None:
        yield _order("recorded_at", ">=", filter.since)
    if filter.until is not None:
        yield _order("recorded_at", "<", filter.until)
    for name, sign, value in (
        ("confidence", ">=", filter.min_confidence),
        ("duration_s", ">=", filter.min_duration_s),
        ("duration_s", "<=", filter.max_duration_s),
    ):
        if value is not None:
            yield _order(name, sign, value)
    if filter.condition is not None:
        yield _compiled(filter.condition)


def _compiled(condition: Condition) -> str:
    match condition:
        case Not(inner):
            return f"(not {_compiled(inner)})"
        case conditions.All(parts):
            return "(" + " and ".join(_compiled(part) for part in parts) + ")"
        case conditions.Any(parts):
            return "(" + " or ".join(_compiled(part) for part in parts) + ")"
        case Equals(field, values):
            return f"({field} in [{', '.join(_written(field, value) for value in values)}])"
        case Order(field, sign, value):
            return _order(field, sign, value)
        case Exists(field):
            return f"({field} != {UNKNOWN})" if FIELDS[field] == "i" else "(utterance_id >= 0)"


def _order(field: str, sign: str, value: Any) -> str:
    compared = f"{field} {sign} {_written(field, value)}"
    return f"({compared} and {field} != {UNKNOWN})" if FIELDS[field] == "i" else f"({compared})"


def _written(field: str, value: Any) -> str:
    if field in TEXTS:
        return str(_number_of(str(value)))
    return str(_time(value)) if FIELDS[field] == "i" else repr(float(value))


def _text(utterance: Utterance, name: str) -> str | None:
    text: str | None = utterance.prediction.label if name == "label" else getattr(utterance, name)
    return text


def _number_of(text: str | None) -> int:
    """62 bits of the text's digest: of a million names, two are the same once in ten million collections."""
    if text is None:
        return UNKNOWN
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 2


def _time(moment: datetime) -> int:
    return (moment - _BEGINNING) // timedelta(microseconds=1)
